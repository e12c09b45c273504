"""Lab 10 with made-up answers: a whole run, its pieces put together, fewer arms, wrong parameters.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.data import Dataset, Split
from helpers.pages.l10 import study
from helpers.pages.l10.methods import ARMS, MODELS, STATEMENTS

LAB = Path(__file__).parents[2] / "labs" / "10_augmentation.ipynb"
GIVEN = {"edition": "smoke", "epochs": 2}


def made_up_data():
    def split(n):
        images = np.random.default_rng(n).integers(0, 255, (n, 32, 32, 3), dtype=np.uint8)
        return Split(images, np.arange(n, dtype=np.int64) % 3, tuple(map(str, range(n))))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    return Dataset("breeds", ("a", "b", "c"), split(12), split(0), split(60), 32, "f" * 64, where)


def made_up_run(arm, model, seed, data, parameters, folder):
    rng = np.random.default_rng([list(ARMS).index(arm), list(MODELS).index(model), seed])
    guesses = np.where(rng.random(len(data.test)) < 0.8, data.test.labels, (data.test.labels + 1) % 3)
    folder.mkdir(parents=True, exist_ok=True)
    row = {"arm": arm, "model": model, "seed": seed, "images_seen": parameters["epochs"] * len(data.train)}
    row |= {"steps": 2, "fit_s": 2.0, "train_top1": 0.9, "predictions": guesses.tolist()}
    return row | {"confidences": rng.random(len(data.test)).round(4).tolist(), "history": {"epochs": []}}


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "load", lambda parameters: made_up_data())
    monkeypatch.setattr(study, "run_one", made_up_run)
    return empty_course


def test_a_whole_run_leaves_a_record_without_answers_and_no_checkpoints(course, run_lab):
    record, _ = run_lab(**GIVEN, seeds=2)
    assert len(record.runs) == 2 * len(ARMS) * len(MODELS)
    assert "predictions" not in record.runs[0]
    assert {row["statement"] for row in record.summary["findings"]} == {one.text for one in STATEMENTS}
    assert not any(path.is_dir() for path in (course / "_build" / "checkpoints" / "smoke" / LAB.stem).glob("*"))


@pytest.mark.parametrize("arms", [["none"], ["flip_crop", "mixup"]])
def test_any_choice_of_arms_comes_to_its_end(course, run_lab, arms):
    record, _ = run_lab(**GIVEN, arms=arms)
    assert {row["arm"] for row in record.runs} == set(arms)


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = GIVEN | {"arms": ["none", "flip_crop"]}
    whole, now = run_lab(**given)
    names = list(now["grid"])
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
        assert len(record.runs[0]["confidences"]) == 60
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "run_one", None)  # nothing is trained
    record, _ = run_lab(**given, piece="gathered")
    assert record.runs == whole.runs
    assert record.summary == whole.summary
    assert len(record.pieces) == len(names)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"arms": ["blur"]}, "arms: expected a list of none, flip_crop"),
        ({"dataset": "cifar"}, "dataset: expected one of breeds, tiny_imagenet, stanford_dogs"),
        ({"start": "warm"}, "start: expected one of pretrained, scratch"),
        ({"piece": "none/vit_mini/9"}, "piece: expected gathered, or one of none/xception_mini/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**GIVEN | wrong)
