"""What an interval says, and answers stacked by their seeds."""

import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, Finding, Statement, by_seed, verdict


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.01, 0.05, HOLDS),
        (-0.05, -0.01, OPPOSITE),
        (-0.01, 0.01, UNDECIDED),
        (0.0, 0.1, UNDECIDED),
        (None, None, UNDECIDED),
    ],
)
def test_the_verdict_is_that_of_the_interval(low: float | None, high: float | None, said: str) -> None:
    assert verdict(Estimate(0.02, low, high, 100, "both")) == said


@pytest.mark.parametrize(
    ("yes", "low", "high", "said"),
    [
        (True, 0.01, 0.05, "as expected"),
        (True, -0.05, -0.01, "against it"),
        (False, -0.05, -0.01, "as expected"),
        (False, 0.01, 0.05, "against it"),
        (False, -0.01, 0.05, "open"),
        (None, 0.01, 0.05, "–"),
    ],
)
def test_what_was_expected_is_compared_with_what_came(yes: bool | None, low: float, high: float, said: str) -> None:
    statement = Statement("a beats b", "a guess", yes, ((1, "a"), (-1, "b")), beforehand=yes is not None)
    row = Finding(statement, Estimate(0.02, low, high, 100, "both")).as_row()
    assert row["as_expected"] == said
    assert row["beforehand"] == (yes is not None)
    assert row["statement"] == "a beats b"


def test_seeds_are_stacked_in_their_order() -> None:
    stacked = by_seed(
        [("a", 1, [True, False]), ("b", 0, [False, False]), ("a", 0, [True, True]), ("b", 1, [True, True])]
    )
    assert np.array_equal(stacked["a"], [[True, True], [True, False]])
    assert list(stacked) == ["a", "b"]


def test_every_run_needs_every_seed() -> None:
    with pytest.raises(ValueError, match="every run needs every seed"):
        by_seed([("a", 0, [True]), ("b", 1, [True])])
