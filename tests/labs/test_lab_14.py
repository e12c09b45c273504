"""Lab 14 with made-up answers: a whole run, its pieces put together, one arm alone, a training that diverged.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.data import Dataset, Split
from helpers.pages.l14 import study
from helpers.pages.l14.methods import ARMS, HIGH, STATEMENTS

LAB = Path(__file__).parents[2] / "labs" / "14_depth.ipynb"
CLASSES = ("a", "b", "c")
TINY = ("scale", "late", "cait")


def made_up_data():
    def split(n):
        images = np.zeros((n, 32, 32, 3), np.uint8)
        return Split(images, np.arange(n, dtype=np.int64) % 3, tuple(map(str, range(n))))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    return Dataset("breeds", CLASSES, split(12), split(0), split(60), 32, "f" * 64, where)


def made_up_counts(key, num_classes, parameters):
    return {"parameters": 1000 * key.depth - parameters["width"] * (key.arm == "late"), "macs": 5000 * key.depth}


def made_up_run(key, data, parameters, folder, start=1e-6):
    rng = np.random.default_rng([list(ARMS).index(key.arm), key.depth, key.seed, key.rate == HIGH])
    right = rng.random(len(data.test)) < 0.4 + 0.05 * list(ARMS).index(key.arm)
    named = np.where(right, data.test.labels, (data.test.labels + 1) % 3).tolist()
    folder.mkdir(parents=True, exist_ok=True)
    broken = (key.arm, key.rate) == ("plain", HIGH)
    gain = [start] * key.depth if key.arm in TINY else [None] * key.depth
    before = {"adds": [start if key.arm in TINY else 0.1] * key.depth, "gain": gain}
    before |= dict.fromkeys(("stream", "weights"), [0.5] * key.depth)
    history = None if broken else {"epochs": [{"train_accuracy": 0.5}]}
    row = {**key._asdict(), "predictions": named, "before": before, "after": None if broken else before}
    looks = study.epochs_of(parameters, len(data.train)) * len(data.train)
    return (
        row
        | {"history": history, "images_seen": None if broken else looks, "fit_s": 2.0}
        | {"diverged": "the loss became nan" if broken else None}
    )


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "load", lambda parameters: made_up_data())
    monkeypatch.setattr(study, "run_one", made_up_run)
    monkeypatch.setattr(study, "counts", made_up_counts)
    return empty_course


def checkpoints(course) -> list[Path]:
    return list((course / "_build" / "checkpoints" / "smoke" / LAB.stem).glob("*"))


def test_a_whole_run_leaves_a_record_without_answers_and_no_checkpoints(course, run_lab):
    record, now = run_lab(edition="smoke", seeds=2, arms=list(ARMS))
    assert len(record.runs) == 2 * (6 * 2 + 3 * 2)
    assert "predictions" not in record.runs[0]
    assert len(record.summary["findings"]) == len(STATEMENTS)
    assert record.summary["more_even"] == {"more_even": 0, "seeds": 2}, "the made-up blocks are all alike"
    assert [row["arm"] for row in record.summary["blocks"]] == list(ARMS)
    assert all(now["answers"].values()), "each prediction is answered"
    lost = now["answers"]["3. lost by the high rate"]
    assert (lost.count("plain ViT:"), lost.count("LayerScale:")) == (1, 1)
    assert not checkpoints(course)


def test_a_training_that_diverged_is_counted_not_dropped(course, run_lab):
    record, _ = run_lab(edition="smoke")
    rows = {(row["arm"], row["rate"]): row for row in record.summary["standings"] if row["depth"] == 24}
    assert rows["plain", HIGH]["diverged"] == 1
    assert rows["plain", HIGH]["training"] is None
    assert rows["scale", HIGH]["diverged"] == 0


@pytest.mark.parametrize("passed", [{"arms": "plain"}, {"arms": ["late"], "depths": "4"}, {"high_rate": None}])
def test_any_choice_of_arms_and_depths_comes_to_its_end(course, run_lab, passed):
    record, now = run_lab(edition="smoke", **passed)
    assert [row["arm"] for row in record.summary["blocks"]] == [arm for arm in ARMS if arm in now["arms"]]


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = {"edition": "smoke", "arms": ["plain", "scale"], "depths": [3, 5], "seeds": 2}
    whole, now = run_lab(**given)
    names = list(now["grid"])
    assert names[-1] == "scale/5/high/1"
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
        assert ["/".join(str(row[part]) for part in ("arm", "depth", "rate", "seed")) for row in record.runs] == [name]
        assert len(record.runs[0]["predictions"]) == 60
        assert list(now["counted"]) == [(record.runs[0]["arm"], record.runs[0]["depth"])]
    assert len(checkpoints(course)) == len(names)
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "run_one", None)  # nothing is trained
    record, _ = run_lab(**given, piece="gathered")
    assert record.runs == whole.runs
    assert record.summary == whole.summary
    assert len(record.pieces) == len(names)
    assert not checkpoints(course)


def test_the_lab_fails_where_layerscale_is_not_the_identity_at_first(course, run_lab, monkeypatch):
    monkeypatch.setattr(study, "run_one", lambda *given: made_up_run(*given, start=0.1))
    with pytest.raises(AssertionError, match="starts as the identity"):
        run_lab(edition="smoke")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"arms": "swin"}, "arms: expected a list of post, plain"),
        ({"dataset": "stanford_dogs"}, "dataset: expected one of breeds, tiny_imagenet"),
        ({"depths": [2]}, "depths: expected more than 2 blocks"),
        ({"piece": "plain/7/high/0"}, "piece: expected gathered, or one of post/6/usual/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**wrong)
