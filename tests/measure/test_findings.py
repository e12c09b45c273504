"""What an interval says, and answers stacked by their seeds."""

import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import (
    HOLDS,
    OPPOSITE,
    UNDECIDED,
    Finding,
    Statement,
    by_seed,
    order_text,
    tally,
    tally_line,
    verdict,
)


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


def test_statements_are_counted_in_one_wording_and_later_ones_apart() -> None:
    rows = [{"as_expected": word} for word in ("as expected", "against it", "open", "open", "–")]
    assert tally(rows) == (
        "Of 5 statements written down beforehand: **1 as expected, 1 against, 2 open**; of 1 nothing was expected."
    )
    later = [{"as_expected": word, "beforehand": False} for word in ("as expected", "–")]
    assert tally(rows[:1] + later).endswith(
        " Of 2 statements added or changed after runs had been seen: **1 as expected, 0 against, 0 open**; of 1 "
        "nothing was expected."
    )
    assert tally([{"as_expected": "–"}]) == "Of 1 statement written down beforehand: nothing was expected of any."
    assert tally([]) == ""


def test_a_conclusion_says_how_many_chance_would_decide() -> None:
    statement = Statement("a beats b", "a guess", True, ((1, "a"), (-1, "b")))
    found = [Finding(statement, Estimate(0.02, low, 0.05, 100, "both")) for low in (0.01, -0.01)]
    assert tally_line(found).startswith("**2 statements**, 1 decided. If none of them had anything to it, 0.1 would be")
    assert tally_line(found).endswith("**1 as expected, 0 against, 1 open**.")


def test_a_sign_stands_between_two_neighbours_and_compares_these_alone() -> None:
    right = {name: np.arange(400) < count for name, count in (("worst", 100), ("best", 300), ("near", 299))}
    assert order_text(right) == "best  ≈  near  >  worst"
    assert order_text(right, {"near": "the next"}) == "best  ≈  the next  >  worst"
    assert order_text({}) == ""


def test_seeds_are_stacked_in_their_order() -> None:
    stacked = by_seed(
        [("a", 1, [True, False]), ("b", 0, [False, False]), ("a", 0, [True, True]), ("b", 1, [True, True])]
    )
    assert np.array_equal(stacked["a"], [[True, True], [True, False]])
    assert list(stacked) == ["a", "b"]


def test_every_run_needs_every_seed() -> None:
    with pytest.raises(ValueError, match="every run needs every seed"):
        by_seed([("a", 0, [True]), ("b", 1, [True])])
