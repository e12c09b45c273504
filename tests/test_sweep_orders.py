"""The sweep of orders, from drawn breeds to its record: plans do what they say, and nothing is trained twice."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.models import pretrained as pre
from helpers.records import Record

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "sweep_orders.py"


@pytest.fixture
def script(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("sweep_orders", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sizes = {"n_train_per_class": 3, "n_val_per_class": 1, "n_test_per_class": 1}
    monkeypatch.setattr(
        module,
        "load_dataset",
        lambda *_, image_size, **__: load_dataset("breeds", image_size=image_size, progress=False, **sizes),
    )
    monkeypatch.setattr(module, "build_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "project_root", lambda: tmp_path)
    (tmp_path / "results" / "cpu").mkdir(parents=True)
    return module


def test_plans_end_in_a_record_and_a_finished_run_is_not_made_again(script, tmp_path, monkeypatch):
    monkeypatch.setitem(script.MODELS, "small", ("vit_mini",))
    monkeypatch.setitem(script.SEEDS, "small", (0,))
    script.main("small")
    path = tmp_path / "results" / "cpu" / "15_orders.small.json"
    record = Record.model_validate_json(path.read_text(encoding="utf-8"))
    assert [run["plan"] for run in record.runs] == list(script.SMALL)
    assert [row["against_head"] is None for row in record.summary["rows"]] == [True, False, False, False, False]
    assert len({run["steps"] for run in record.runs}) == 1  # equal budgets
    monkeypatch.setattr(script, "small_run", lambda *_: pytest.fail("it was kept"))
    script.main("small")
    assert Record.model_validate_json(path.read_text(encoding="utf-8")).runs == record.runs


def test_the_two_parts_of_the_released_network_are_the_network(script):
    ready = pre.build_model("efficientnet_lite0", 12, weights="package")
    below, above = script.cut(ready.model.eval())
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(above(below(images)), ready.model(images))
    pre.select_trainable(ready, "top10")
    assert not any(p.requires_grad for p in below.parameters())


def test_the_body_is_slower_by_the_factor_of_its_stage(script, monkeypatch):
    ready = pre.build_model("vit_mini", 12, weights="photographs")
    told = []
    monkeypatch.setattr(
        script, "fit", lambda model, batches, config, layer_groups: told.append((config, layer_groups)) or _History()
    )
    script.train(ready, ready.model, script.SMALL["head first, then everything, body at a tenth"], None, 0)
    (first, _), (second, groups) = told
    assert (first.learning_rate, first.epochs) == (0.01, 1)
    assert (second.learning_rate, second.layer_decay) == (0.001, 0.1)
    assert groups[-1] == sorted(["head.weight", "head.bias"])
    assert len(groups) == 2
    names = [name for group in script.levels(ready, ready.model, by_layer=True) for name in group]
    assert sorted(names) == sorted(name for name, _ in ready.model.named_parameters())


class _History:
    steps = 1


def test_the_row_of_a_plan_is_paired_with_the_head_alone(script):
    truth = np.array([0, 1, 2, 3])
    runs = [
        {"model": "m", "plan": "head", "seed": 0, "answers": [0, 1, 0, 0]},
        {"model": "m", "plan": "everything", "seed": 0, "answers": [0, 1, 2, 0]},
    ]
    head, everything = script.summarise(runs, truth)
    assert head["top1"]["value"] == 0.5
    assert everything["against_head"]["value"] == 0.25
