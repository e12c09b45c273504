"""The sweep of learning rates, from drawn breeds to its record: nothing is trained twice, divergence is counted."""

import importlib.util
import json
from pathlib import Path

import pytest

from helpers.data import load_dataset
from helpers.records import Record
from helpers.training import TrainingDiverged

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "sweep_rates.py"


@pytest.fixture
def script(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("sweep_rates", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sizes = {"n_train_per_class": 3, "n_val_per_class": 1, "n_test_per_class": 1}
    small = load_dataset("breeds", image_size=64, progress=False, **sizes)
    monkeypatch.setattr(module, "load_dataset", lambda *_, **__: small)
    monkeypatch.setattr(module, "build_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "project_root", lambda: tmp_path)
    monkeypatch.setattr(module, "RATES", (1e-4, 1e-3))
    (tmp_path / "results" / "cpu").mkdir(parents=True)
    return module


def recorded(folder):
    return Record.model_validate_json((folder / "results" / "cpu" / "15_rates.json").read_text(encoding="utf-8"))


def test_the_sweep_ends_in_a_record_and_a_finished_run_is_not_made_again(script, tmp_path, monkeypatch):
    script.main()
    record = recorded(tmp_path)
    pairs = [(run["learning_rate"], run["model"]) for run in record.runs]
    assert pairs == [(rate, model) for rate in (1e-4, 1e-3) for model in script.MODELS]
    assert record.script == "scripts/sweep_rates.py"
    assert set(record.summary["best_rate"]) == set(script.MODELS)
    monkeypatch.setattr(script, "one_run", lambda *_: pytest.fail("it was kept"))
    script.main()
    assert recorded(tmp_path).runs == record.runs


def test_a_kept_run_of_other_settings_is_made_again(script, tmp_path, monkeypatch):
    path = tmp_path / "rates" / "vit_mini-0.0010.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"known": {"batch": 64}, "run": {"old": True}}), encoding="utf-8")
    monkeypatch.setattr(script, "one_run", lambda *_: {"new": True})
    assert script.resumed("vit_mini", 1e-3, script.load_dataset()) == {"new": True}


def test_a_run_that_diverges_counts_as_guessing_one_class(script, monkeypatch):
    def diverge(*_):
        raise TrainingDiverged("loss is nan at step 3")

    monkeypatch.setattr(script, "fit", diverge)
    data = script.load_dataset()
    run = script.one_run(script.pre.build_model("vit_mini", 12, weights="photographs"), 10.0, data)
    assert run["diverged"]
    assert run["val_top1"]["value"] == pytest.approx(1 / 12)


def test_of_equal_accuracies_the_lower_rate_is_the_best(script):
    runs = [{"model": "m", "learning_rate": rate, "val_top1": {"value": 0.5}} for rate in (0.1, 0.01)]
    assert script.best(runs, "m") == 0.01
