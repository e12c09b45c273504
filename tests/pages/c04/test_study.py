"""The study of what limits over-fitting, at a tiny size: who is chosen, and how it is summed up."""

import numpy as np
import pytest

from helpers.pages.c04 import study


@pytest.fixture(scope="module")
def made():
    return study.study(steps=4, seeds=(0, 1), most=10)


def test_each_measure_is_chosen_once_a_seed_by_validation(made):
    rows, _ = made
    own = [row for row in rows if "study" not in row and (row["wrong"], row["seed"]) == (0.2, 1)]
    for measure in [*study.GRID, "all together"]:
        tried = [row for row in own if row["measure"] == measure]
        assert [row["chosen"] for row in tried].count(True) == 1
        best = next(row for row in tried if row["chosen"])
        assert best["val_top1"] == max(row["val_top1"] for row in tried)
    assert {row["measure"] for row in own} == {*study.GRID, "plain", "early stopping", "all together"}


def test_differences_are_taken_within_a_seed(made):
    rows, summary = made
    at = {row["measure"]: row for row in summary["measures"] if row["wrong"] == 0.0}
    own = {
        (row["measure"], row["seed"]): row["test_top1"]
        for row in rows
        if "study" not in row and row["wrong"] == 0.0 and row["chosen"]
    }
    gaps = [own["dropout", seed] - own["plain", seed] for seed in (0, 1)]
    assert at["dropout"]["value"] == pytest.approx(np.mean(gaps))
    assert at["dropout"]["n"] == 2
    assert "value" not in at["plain"]
    assert {row["value_of"] for row in summary["activations"]} == {"test_top1", "gap"}


def test_the_first_of_equals_is_chosen():
    rows = [{"val_top1": share} for share in (0.5, 0.7, 0.7)]
    assert study.mark(rows) == 1
    assert [row["chosen"] for row in rows] == [False, True, False]
