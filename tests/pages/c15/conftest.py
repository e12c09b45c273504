"""Made-up records in the layout of lab 08 and of the sweep of learning rates."""

import copy

import pytest

from helpers.records import Record, read_record


@pytest.fixture
def drawn():
    return read_record("08_xception_vs_vit", "cpu")


def changed(record: Record, summary: dict, runs: list | None = None, **data: int) -> Record:
    given = record.model_dump()
    given["summary"] |= summary
    given["data"] |= data
    given["runs"] = given["runs"] if runs is None else runs
    return Record.model_validate(copy.deepcopy(given))


@pytest.fixture
def square(drawn):
    """Four corners and a control on 120 breeds, as if on photographs."""
    return changed(drawn, {}, n_train=10_800, n_val=1_200, n_test=8_100, num_classes=120)


@pytest.fixture
def doubled(square):
    """One cell of the square with twice the epochs."""
    (full,) = (c for c in square.summary["cells"] if (c["model"], c["tuning"]) == ("xception_mini", "full"))
    more = changed(square, {"cells": [full | {"test_top1": {"value": 0.987, "low": 0.981, "high": 0.991}}]})
    more.parameters["epochs"] = 12
    return more


def estimate(value, n=1200):
    return {"value": value, "low": value - 0.02, "high": value + 0.02, "n": n, "covers": "test sampling"}


@pytest.fixture
def released(drawn):
    """A released network: nothing trained, probe, top tenth, and its curve."""
    (some, *_) = drawn.summary["cells"]
    cells = [
        dict(some) | {"model": "efficientnet_lite0", "tuning": how, "test_top1": estimate(value)}
        for how, value in (("probe", 0.8), ("top10", 0.85))
    ]
    curve = [{"images_a_class": float(n), "draws": 3, "test_top1": estimate(top1)} for n, top1 in ((1, 0.4), (18, 0.8))]
    summary = {"cells": cells, "zero_training_top1": estimate(0.9), "zero_training_model": "efficientnet_lite0"}
    return changed(drawn, summary | {"curve": {"efficientnet_lite0": curve}}, n_train=2_160, num_classes=120)


@pytest.fixture
def rates(drawn):
    """Two models at three rates, each with a cliff."""
    runs = [
        {
            "model": model,
            "seed": 0,
            "learning_rate": rate,
            "diverged": False,
            "steps": 225,
            "val_top1": estimate(top1, 2400),
        }
        for model, best in (("xception_mini", 0.2), ("vit_mini", 0.1))
        for rate, top1 in ((0.01, best / 2), (0.001, best), (0.1, 0.03))
    ]
    return changed(drawn, {}, runs, n_train=7_200, n_val=2_400, num_classes=120)


def order_row(model, plan, against_head):
    gain = None if against_head is None else estimate(against_head) | {"low": against_head - 0.01}
    gain = gain and gain | {"high": against_head + 0.01}
    return {"model": model, "plan": plan, "top1": estimate(0.8), "against_head": gain}


@pytest.fixture
def released_orders(drawn):
    """A released network that loses by whatever is freed, and less with each piece of the advice."""
    plans = {
        "head": None,
        "last tenth": -0.06,
        "head first, then last tenth": -0.04,
        "head first, then last tenth, body at a tenth": -0.02,
    }
    rows = [order_row("efficientnet_lite0", plan, value) for plan, value in plans.items()]
    record = changed(drawn, {"rows": rows}, n_train=2_160, n_test=1_200, num_classes=120)
    record.parameters |= {"plans": {"head": [{"passes": 6, "rate": 0.003}]}, "seeds": [0, 1, 2]}
    return record


@pytest.fixture
def small_orders(drawn):
    """The small pair: nothing gains for sure, the slowest body loses."""
    plans = {"head": None, "everything": 0.005, "everything, slower below": 0.0, "head first, then everything": -0.005}
    plans |= {"head first, then everything, body at a tenth": -0.02}
    rows = [order_row(name, plan, value) for name in ("xception_mini", "vit_mini") for plan, value in plans.items()]
    record = changed(drawn, {"rows": rows}, n_train=7_200, n_val=2_400, num_classes=120)
    record.parameters |= {"plans": {"head": [{"passes": 2}]}, "seeds": [0, 1]}
    return record
