"""What an interval says of a statement that was written down beforehand."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from helpers.measure.accuracy import Estimate

HOLDS, OPPOSITE, UNDECIDED = "holds", "the opposite holds", "undecided"
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Statement:
    """One sentence, what one may expect of it, and the sum of accuracies that decides it.

    Attributes
    ----------
    text
        The sentence; it holds where the sum is surely above zero.
    expected
        Who says what of it, in the words of the page; empty where nothing was said beforehand.
    yes
        Whether it was expected to hold; None where nothing was.
    terms
        (sign, ...) of each accuracy of the sum; how a lab names its accuracies is its own affair.
    beforehand
        Whether it was a statement before the first run; else it was added after runs had been seen.
    """

    text: str
    expected: str
    yes: bool | None
    terms: tuple[tuple[Any, ...], ...]
    beforehand: bool = True


@dataclass(frozen=True)
class Finding:
    """A statement, the signed sum of accuracies that decides it, and what its interval says."""

    statement: Statement
    sum: Estimate

    @property
    def verdict(self) -> str:
        """As `verdict` of the sum."""
        return verdict(self.sum)

    @property
    def as_expected(self) -> str:
        """ "as expected", "against it", "open" where undecided, "–" where nothing was expected.

        A statement that was not expected to hold is as expected where its opposite holds.
        """
        if self.statement.yes is None:
            return "–"
        if self.verdict == UNDECIDED:
            return "open"
        return "as expected" if (self.verdict == HOLDS) == self.statement.yes else "against it"

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        row: dict[str, Any] = {"statement": self.statement.text, "expected": self.statement.expected}
        row |= {"beforehand": self.statement.beforehand, "as_expected": self.as_expected}
        return row | {"verdict": self.verdict, "sum": self.sum.as_dict()}


def verdict(estimate: Estimate) -> str:
    """ "holds" where the interval lies above zero, "the opposite holds" below it, else "undecided"."""
    if estimate.low is None or estimate.high is None or estimate.low <= 0 <= estimate.high:
        return UNDECIDED
    return HOLDS if estimate.low > 0 else OPPOSITE


def by_seed(rows: Iterable[tuple[Key, int, ArrayLike]]) -> dict[Key, np.ndarray]:
    """Stack what each seed got, in the order of the seeds.

    Parameters
    ----------
    rows
        What was run (any key), its seed, and an array (n, ...).

    Returns
    -------
    dict
        Key -> array (seeds, n, ...).

    Raises
    ------
    ValueError
        If two keys have different seeds.
    """
    found: dict[Key, dict[int, np.ndarray]] = {}
    for key, seed, values in rows:
        found.setdefault(key, {})[seed] = np.asarray(values)
    seeds = {key: tuple(sorted(own)) for key, own in found.items()}
    if len(set(seeds.values())) > 1:
        raise ValueError(f"every run needs every seed, got {seeds}")
    return {key: np.stack([own[seed] for seed in sorted(own)]) for key, own in found.items()}
