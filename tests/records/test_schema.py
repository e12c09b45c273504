"""What a valid record is."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from helpers.records import Record

ROOT = Path(__file__).parents[2]
INTERVAL = {"n": 10, "covers": "test sampling"}


@pytest.fixture
def record_with(made):
    return lambda **row: Record(**made.record_dict(runs=[{"seed": 0, **row}]))


@pytest.mark.parametrize("path", sorted((ROOT / "results").glob("*/*.json")), ids=lambda path: path.stem)
def test_every_recorded_file_is_valid(path):
    assert Record.model_validate_json(path.read_text(encoding="utf-8")).runs


def test_a_number_that_is_not_finite_is_refused(record_with):
    with pytest.raises(ValidationError, match=r"runs\[0\].loss is nan: a record holds finite numbers only"):
        record_with(loss=float("nan"))


@pytest.mark.parametrize(
    "row",
    [
        {"test_top1": 82.4},
        {"test_top1": -3},
        {"test_top1": -0.01},
        {"test_top1": {"value": 72.7}},
        {"test_top1": {"value": -3}},
        {"test_top1": {"mean": 72.7}},
        {"token_accuracy": {"value": 0.5, "low": 0.4, "high": 1.2, **INTERVAL}},
        {"test_per_class": {"rex": 82}},
        {"curve": [{"val_top1": [0.5, 1.5]}]},
    ],
    ids=str,
)
def test_an_accuracy_that_is_no_fraction_is_refused_wherever_it_stands(record_with, row):
    with pytest.raises(ValidationError, match="an accuracy is a fraction"):
        record_with(**row)


@pytest.mark.parametrize(
    "row",
    [{"difference": {"value": 12.5, "low": 3.0, "high": 20.0}}, {"top1_gap": -1.5}, {"train_test_gap": 7}],
    ids=str,
)
def test_a_difference_of_accuracies_in_points_is_refused(record_with, row):
    with pytest.raises(ValidationError, match="a difference of accuracies is a fraction between -1 and 1"):
        record_with(**row)


def test_a_negative_difference_is_a_difference(record_with):
    assert record_with(top1_gap=-0.2, difference={"value": -0.3, "low": -0.4, "high": -0.1}).runs


@pytest.mark.parametrize(
    ("estimate", "message"),
    [
        ({"value": 0.5, "low": 0.6, "high": 0.7}, "low <= value <= high"),
        ({"value": 0.5, "low": 0.4, "high": 0.45}, "low <= value <= high"),
        ({"value": 0.5, "low": 0.4, "high": None}, "both ends"),
        ({"value": 0.5, "low": float("nan"), "high": 0.6}, "finite"),
        ({"value": 0.5, "low": 0.4, "high": 0.6, "n": 0}, "greater than or equal to 1"),
        ({"value": 0.5, "low": "0.x", "high": 0.6}, "valid number"),
    ],
    ids=str,
)
def test_an_estimate_that_cannot_be_is_refused_under_any_name(record_with, estimate, message):
    for name in ("test_top1", "bleu"):
        with pytest.raises(ValidationError, match=message):
            record_with(**{name: estimate})


def test_students_interval_over_seeds_may_reach_beyond_one(record_with):
    assert record_with(letter_top1={"value": 0.91, "low": 0.73, "high": 1.09, "n": 3, "covers": "seeds"}).runs


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_every_ordered_triple_of_fractions_is_an_estimate_of_an_accuracy(a, b, c):
    low, value, high = sorted((a, b, c))
    row = {"seed": 0, "test_top1": {"value": value, "low": low, "high": high, **INTERVAL}}
    record = json.loads((ROOT / "results" / "cpu" / "03_receptive_fields.json").read_text()) | {"runs": [row]}
    assert Record(**record).runs == [row]


def test_numbers_that_are_no_accuracy_are_free(record_with):
    row = {"macs_top10": 10.2, "seconds": 82.4, "widths": {"value": -576.0, "low": None, "high": None, "n": 1}}
    assert record_with(**row, test_top1={"value": 0.5, "low": 0.4, "high": 0.6, "n": 1200, "covers": "both"}).runs


def test_every_run_names_its_seed(made):
    with pytest.raises(ValidationError, match="every run needs its seed"):
        Record(**made.record_dict(runs=[{"test_top1": 0.5}]))


def test_an_unknown_field_is_refused(made):
    with pytest.raises(ValidationError, match="Extra inputs"):
        Record(**made.record_dict(accuracy=0.5))
