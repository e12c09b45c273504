"""Lab 07 with made-up answers: a whole run, its pieces put together, fewer arms, wrong parameters.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.data import Dataset, Split
from helpers.pages.l07 import study
from helpers.pages.l07.methods import ARMS, MODELS, STATEMENTS

LAB = Path(__file__).parents[2] / "labs" / "07_where_they_cross.ipynb"
GIVEN = {"edition": "smoke", "sizes": [2, 4], "other_sizes": [2], "images": 12}


def made_up_data():
    def split(n):
        images = np.zeros((n, 32, 32, 3), np.uint8)
        return Split(images, np.arange(n, dtype=np.int64) % 3, tuple(map(str, range(n))))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    return Dataset("breeds", ("a", "b", "c"), split(12), split(0), split(60), 32, "f" * 64, where)


def made_up_run(arm, model, size, seed, data, parameters, folder):
    rng = np.random.default_rng([list(ARMS).index(arm), list(MODELS).index(model), size, seed])
    guesses = np.where(rng.random(len(data.test)) < 0.8, data.test.labels, (data.test.labels + 1) % 3)
    folder.mkdir(parents=True, exist_ok=True)
    epochs = study.epochs_of(parameters, 3 * size)
    row = {"arm": arm, "model": model, "size": size, "seed": seed, "train": 3 * size, "epochs": epochs}
    row |= {"images_seen": epochs * 3 * size, "steps": epochs, "fit_s": 2.0, "predictions": guesses.tolist()}
    return row | {"history": {"epochs": [{"train_accuracy": 0.5}]}}


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "load", lambda parameters: made_up_data())
    monkeypatch.setattr(study, "run_one", made_up_run)
    return empty_course


def test_a_whole_run_leaves_a_record_without_answers_and_no_checkpoints(course, run_lab):
    record, _ = run_lab(**GIVEN, seeds=2)
    assert len(record.runs) == 2 * 2 * (2 + 1 + 1)
    assert "predictions" not in record.runs[0]
    assert {row["statement"] for row in record.summary["findings"]} <= {one.text for one in STATEMENTS}
    assert [row["size"] for row in record.summary["gaps"]["scratch"]] == [2, 4]
    assert not any(path.is_dir() for path in (course / "_build" / "checkpoints" / "smoke" / LAB.stem).glob("*"))


@pytest.mark.parametrize(
    "given", [{"arms": ["scratch"]}, {"arms": ["pretrained"]}, {"sizes": [2], "arms": ["scratch", "strong"]}]
)
def test_any_choice_comes_to_its_end(course, run_lab, given):
    record, _ = run_lab(**GIVEN | given)
    assert {row["arm"] for row in record.runs} == set(given.get("arms", ["scratch"]))


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = GIVEN | {"arms": ["scratch", "strong"]}
    whole, now = run_lab(**given)
    names = list(now["grid"])
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
        assert len(record.runs) == 1
        assert len(record.runs[0]["predictions"]) == 60
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "run_one", None)  # nothing is trained
    record, _ = run_lab(**given, piece="gathered")
    assert record.runs == whole.runs
    assert record.summary == whole.summary
    assert len(record.pieces) == len(names)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"arms": "weak"}, "arms: expected a list of scratch, strong, pretrained"),
        ({"dataset": "cifar"}, "dataset: expected one of breeds, tiny_imagenet, stanford_dogs"),
        ({"other_sizes": [7]}, "other_sizes: expected some of sizes"),
        ({"piece": "scratch/vit_mini/9/0"}, "piece: expected gathered, or one of scratch/xception_mini/4/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**GIVEN | wrong)
