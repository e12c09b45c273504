"""Lab 02 with made-up answers: a whole run, its pieces put together, one method alone, a record to compare with.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.data import Dataset, Split
from helpers.pages.l02 import study
from helpers.pages.l02.methods import CLASSICAL, LATER_STATEMENTS, METHODS, STATEMENTS

LAB = Path(__file__).parents[2] / "labs" / "02_twenty_years.ipynb"
CLASSES = ("a", "b", "c")

LATER = {name for _, *pair in LATER_STATEMENTS for name in pair} - {name for _, *pair in STATEMENTS for name in pair}
ELEVEN = [name for name in METHODS if name not in LATER]


def made_up_data():
    def split(n):
        images = np.zeros((n, 32, 32, 3), np.uint8)
        return Split(images, np.arange(n, dtype=np.int64) % 3, tuple(map(str, range(n))))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    return Dataset("breeds", CLASSES, split(12), split(0), split(60), 32, "f" * 64, where)


def made_up_run(name, seed, data, parameters, folders):
    rng = np.random.default_rng([list(METHODS).index(name), seed])
    right = rng.random(len(data.test)) < 0.4 + 0.05 * list(METHODS).index(name)
    guesses = np.where(right, data.test.labels, (data.test.labels + 1) % 3)
    row = {"model": name, "seed": seed, "predictions": guesses.tolist(), "fit_s": 2.0, "answer_s": 0.3}
    if name in CLASSICAL:
        return row | {"images_seen": 24, "history": None, "numbers": 10, "macs": 10 if name == "knn" else None}
    folders[name, seed].mkdir(parents=True, exist_ok=True)
    return row | {"images_seen": 36, "history": {"epochs": [{"train_accuracy": 0.5}]}}


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "load", lambda parameters: made_up_data())
    monkeypatch.setattr(study, "run_one", made_up_run)
    counted = {"parameters": 1000, "macs": 2000, "training_macs": 6000, "kept_mib": 0.5}
    monkeypatch.setattr(study, "counts", lambda *_: counted)
    return empty_course


def test_a_whole_run_leaves_a_record_without_answers_and_no_checkpoints(course, run_lab):
    record, _ = run_lab(edition="smoke", seeds=2)
    assert [(row["model"], row["seed"]) for row in record.runs] == [(name, s) for name in ELEVEN for s in (0, 1)]
    assert "predictions" not in record.runs[0]
    assert [row["model"] for row in record.summary["methods"]] == ELEVEN
    assert len(record.summary["verdicts"]) == len(STATEMENTS)
    assert not any(path.is_dir() for path in (course / "_build" / "checkpoints" / "smoke" / LAB.stem).glob("*"))


@pytest.mark.parametrize("models", [["knn"], ["vit_mini"], ["bow_svm", "lenet"]])
def test_any_choice_of_methods_comes_to_its_end(course, run_lab, models):
    record, _ = run_lab(edition="smoke", models=models)
    assert [row["model"] for row in record.summary["methods"]] == study.in_order(models)


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = {"edition": "smoke", "models": ["knn", "xception_mini", "deit_mini"], "seeds": 2}
    whole, _ = run_lab(**given)
    names = [f"{model}/{seed}" for model in given["models"] for seed in (0, 1)]
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
        assert [f"{row['model']}/{row['seed']}" for row in record.runs] == [name]
        assert len(record.runs[0]["predictions"]) == 60
    checkpoints = course / "_build" / "checkpoints" / "smoke" / LAB.stem
    assert len(list(checkpoints.iterdir())) == 4, "a teacher may be wanted again"
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "run_one", None)  # nothing is trained
    record, _ = run_lab(**given, piece="gathered")
    assert record.runs == whole.runs
    assert record.summary == whole.summary
    assert len(record.pieces) == len(names)
    assert not list(checkpoints.iterdir())


def test_the_verdicts_of_an_earlier_record_stand_beside_the_own(course, run_lab):
    earlier, now = run_lab(edition="smoke")
    record, _ = run_lab(edition="smoke", class_seed=2, compare_with=str(now["path"]))
    rows = record.summary["agreement"]
    assert [row["statement"] for row in rows] == [row["statement"] for row in earlier.summary["verdicts"]]
    assert {row["so they"] for row in rows} == {"agree"}
    assert "verdicts of another run" not in record.skipped


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"models": "resnet"}, "models: expected a list of knn, mlp, lenet"),
        ({"dataset": "stanford_dogs"}, "dataset: expected one of breeds, tiny_imagenet"),
        ({"teacher": "vit_mini"}, "teacher: expected one of alexnet_like"),
        ({"image_size": 96}, r"image_size: expected one of \(32, 64\)"),
        ({"piece": "knn/1"}, "piece: expected gathered, or one of knn/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**wrong)
