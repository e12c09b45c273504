"""Lab 15 with made-up answers: a whole run, its pieces put together, one student alone, the leak alone.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.data import Dataset, Split
from helpers.pages.l15 import leak, study
from helpers.pages.l15.methods import LEAK, STUDENTS

LAB = Path(__file__).parents[2] / "labs" / "15_distillation.ipynb"
CLASSES = ("a", "b", "c")
WHOLE = [name for name in STUDENTS if name != "token_efficientnet"] + list(LEAK)
SIDES = ("seen", "unseen")


def made_up_data():
    def split(n):
        images = np.zeros((n, 32, 32, 3), np.uint8)
        return Split(images, np.arange(n, dtype=np.int64) % 3, tuple(map(str, range(n))))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    return Dataset("breeds", CLASSES, split(12), split(0), split(60), 32, "f" * 64, where)


def made_up_run(name, seed, room, folder):
    rng = np.random.default_rng([list(STUDENTS).index(name), seed])
    right = rng.random(len(room.data.test)) < 0.4 + 0.05 * list(STUDENTS).index(name)
    named = np.where(right, room.data.test.labels, (room.data.test.labels + 1) % 3).tolist()
    folder.mkdir(parents=True, exist_ok=True)
    row = {
        "student": name,
        "seed": seed,
        "predictions": named,
        "fit_s": 2.0,
        "images_seen": 36,
        "history": {"steps": 3},
    }
    if STUDENTS[name].two_tokens:
        row |= {"heads": dict.fromkeys(("label", "teacher", "probabilities"), named), "cosines": [0.1, 0.9]}
    return row


def made_up_leak(name, seed, data, parameters, folder):
    folder.mkdir(parents=True, exist_ok=True)
    named = data.test.labels.tolist()
    row = {"student": name, "seed": seed, "predictions": named, "teacher_predictions": named}
    return row | {"fit_s": 2.0, "images_seen": 20, "history": {"steps": 3}}


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "load", lambda parameters: made_up_data())
    monkeypatch.setattr(study, "run_one", made_up_run)
    monkeypatch.setattr(leak, "run_one", made_up_leak)
    monkeypatch.setattr(study.Room, "test_answers", lambda self, name: (self.data.test.labels + (name < "w")) % 3)
    return empty_course


def test_a_whole_run_leaves_a_record_without_answers_and_no_checkpoints(course, run_lab):
    record, now = run_lab(edition="smoke", seeds=2)
    assert [(row["student"], row["seed"]) for row in record.runs] == [(name, s) for name in WHOLE for s in (0, 1)]
    assert not {"predictions", "heads"} & set(record.runs[0])
    assert [row["name"] for row in record.summary["standings"]][:3] == [
        "teacher:xception_mini",
        "teacher:vit_mini",
        "none",
    ]
    assert len(record.summary["findings"]) == 8
    assert len(record.summary["tokens"]) == 6
    assert set(record.summary["leak"]) == {
        *(f"{who}, {x}" for who in ("teacher", "student") for x in SIDES),
        "travelled",
    }
    assert not now["checkpoints"].exists()


@pytest.mark.parametrize("students", [["none"], ["two_labels"], ["token", "soft"], ["leak_clean"], list(LEAK)])
def test_any_choice_of_students_comes_to_its_end(course, run_lab, students):
    record, _ = run_lab(edition="smoke", students=students)
    named = [row["name"] for row in record.summary["standings"] if not row["name"].startswith("teacher:")]
    assert named == [name for name in study.in_order(students) if name in STUDENTS]


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = {"edition": "smoke", "students": ["none", "token", "leak_clean", "leak_seen"], "seeds": 2}
    whole, _ = run_lab(**given)
    names = [f"{student}/{seed}" for student in given["students"] for seed in (0, 1)]
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
        assert [f"{row['student']}/{row['seed']}" for row in record.runs] == [name]
        assert len(record.runs[0]["predictions"]) == 60
    assert len(list(now["checkpoints"].iterdir())) == len(names), "they may be wanted again"
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "run_one", None)  # nothing is trained
    monkeypatch.setattr(leak, "run_one", None)
    record, now = run_lab(**given, piece="gathered")
    assert record.runs == whole.runs
    assert record.summary == whole.summary
    assert len(record.pieces) == len(names)
    assert not now["checkpoints"].exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"students": "nobody"}, "students: expected a list of none, two_labels"),
        ({"dataset": "cifar"}, "dataset: expected one of breeds, tiny_imagenet, stanford_dogs"),
        ({"students": ["token_efficientnet"]}, "needs dataset=tiny_imagenet"),
        ({"piece": "none/1"}, "piece: expected gathered, or one of none/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**wrong)
