"""Lab 9 with a made-up search: a whole run, its pieces put together, one network alone, wrong parameters.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.data import Dataset, Split
from helpers.pages.l09 import study
from helpers.pages.l09.methods import BEST, DEFAULT, DEFAULTS, MODELS, STATEMENTS

LAB = Path(__file__).parents[2] / "labs" / "09_search.ipynb"
GIVEN = {"edition": "smoke", "trials": 3, "epochs": 2}


def made_up_data():
    def split(n):
        images = np.zeros((n, 32, 32, 3), np.uint8)
        return Split(images, np.arange(n, dtype=np.int64) % 3, tuple(map(str, range(n))))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    return Dataset("breeds", ("a", "b", "c"), split(12), split(9), split(60), 32, "f" * 64, where)


def made_up_run(model, data, parameters, folder, worker=0):
    rng = np.random.default_rng(list(MODELS).index(model))
    folder.mkdir(parents=True, exist_ok=True)
    trials = [
        {"number": k, "settings": DEFAULTS | {"learning_rate": 1e-3 * 2**k}, "stopped": k == 2, "diverged": False}
        | {"val_top1": [0.3 + 0.1 * k] * (1 if k == 2 else parameters["epochs"]), "seconds": 1.0}
        | {"worker": k % parameters["workers"]}
        for k in range(parameters["trials"])
    ]
    finals = [
        {"setting": setting, "seed": 100 + seed}
        | {"predictions": np.where(rng.random(60) < 0.8, data.test.labels, (data.test.labels + 1) % 3).tolist()}
        for setting in (DEFAULT, BEST)
        for seed in range(parameters["seeds"])
    ]
    row = {"model": model, "seed": 9, "trials": trials}
    if worker != parameters["workers"] - 1:  # the last one closes the search, and sees all of it
        return row | {"trials": trials[:1], "best": None, "finals": []}
    return row | {"best": 1, "finals": finals}


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "load", lambda parameters: made_up_data())
    monkeypatch.setattr(study, "run_one", made_up_run)
    return empty_course


def test_a_whole_run_leaves_a_record_without_answers_and_no_checkpoints(course, run_lab):
    record, _ = run_lab(**GIVEN, seeds=2)
    assert [row["model"] for row in record.runs] == list(MODELS)
    assert "predictions" not in record.runs[0]["finals"][0]
    assert {row["statement"] for row in record.summary["findings"]} == {one.text for one in STATEMENTS}
    assert not any(path.is_dir() for path in (course / "_build" / "checkpoints" / "smoke" / LAB.stem).glob("*"))


@pytest.mark.parametrize("model", MODELS)
def test_one_network_alone_comes_to_its_end(course, run_lab, model):
    record, _ = run_lab(**GIVEN, models=[model])
    assert [row["model"] for row in record.runs] == [model]


@pytest.mark.parametrize("workers", [1, 2])
def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch, workers):
    given = GIVEN | {"workers": workers}
    whole, now = run_lab(**given)
    names = list(now["grid"])
    assert len(names) == 2 * workers
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        _, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "run_one", None)  # nothing is trained
    record, _ = run_lab(**given, piece="gathered")
    assert [row["model"] for row in record.runs] == list(MODELS), "one whole search a network"
    assert record.runs == whole.runs
    assert record.summary == whole.summary
    assert len(record.pieces) == len(names)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"models": ["resnet"]}, "models: expected a list of xception_mini, vit_mini"),
        ({"dataset": "tiny_imagenet"}, "dataset: expected one of breeds, stanford_dogs"),
        ({"trials": 1}, "trials: expected at least 2"),
        ({"workers": 4}, "workers: expected 1 to 3, the trials, got 4"),
        ({"workers": 2, "piece": "vit_mini"}, "piece: expected gathered, or one of xception_mini/0, xception_mini/1"),
        ({"piece": "lenet"}, "piece: expected gathered, or one of xception_mini, vit_mini"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**GIVEN | wrong)
