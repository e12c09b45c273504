"""What an interval says of a statement that was written down beforehand."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from helpers.measure.accuracy import Estimate, paired_difference

HOLDS, OPPOSITE, UNDECIDED = "holds", "the opposite holds", "undecided"
AS_EXPECTED, AGAINST, OPEN, NOTHING = "as expected", "against it", "open", "–"
LEVEL = 0.05  # of a 95 % interval
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
        return as_expected(self.verdict, self.statement.yes)

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


def as_expected(said: str, yes: bool | None) -> str:
    """A verdict against what was expected of its statement: that it holds, that its opposite does, or nothing."""
    if yes is None:
        return NOTHING
    if said == UNDECIDED:
        return OPEN
    return AS_EXPECTED if (said == HOLDS) == yes else AGAINST


def tally(rows: Iterable[Mapping[str, Any]]) -> str:
    """How many statements came out as expected, against it, and open; those added later are counted apart.

    Parameters
    ----------
    rows
        As of `Finding.as_row`: `as_expected`, and `beforehand`, which is true where it is missing.
    """
    rows, parts = list(rows), []
    for beforehand, when in ((True, "written down beforehand"), (False, "added or changed after runs had been seen")):
        words = [row["as_expected"] for row in rows if row.get("beforehand", True) is beforehand]
        asked = len(words) - words.count(NOTHING)
        came = f"**{words.count(AS_EXPECTED)} as expected, {words.count(AGAINST)} against, {words.count(OPEN)} open**"
        came = came if asked else "nothing was expected of any"
        rest = f"; of {words.count(NOTHING)} nothing was expected" if 0 < asked < len(words) else ""
        if words:
            parts.append(f"Of {len(words)} statement{'s' if len(words) > 1 else ''} {when}: {came}{rest}.")
    return " ".join(parts)


def tally_line(found: Sequence[Finding]) -> str:
    """As `tally`, after how many are decided and how many would be by chance alone: a line of a lab's conclusion."""
    decided = sum(one.verdict != UNDECIDED for one in found)
    return (
        f"**{len(found)} statements**, {decided} decided. If none of them had anything to it, "
        f"{f'{LEVEL * len(found):.2f}'.rstrip('0').rstrip('.')} would be decided all the same. "
        f"{tally(one.as_row() for one in found)}"
    )


def order_text(correct: Mapping[str, ArrayLike], labels: Mapping[str, str] | None = None) -> str:
    """Best first; between two neighbours > where the test images tell these two apart, else ≈.

    Parameters
    ----------
    correct
        Name -> right or wrong on the same images, bool (n,) or (seeds, n).
    labels
        Name -> what it is called in the text; the name itself where missing.
    """
    right, text = {name: np.asarray(rows) for name, rows in correct.items()}, ""
    names = sorted(right, key=lambda name: -float(right[name].mean()))
    for before, name in zip([None, *names], names, strict=False):
        if before is not None:
            text += "  >  " if verdict(paired_difference(right[before], right[name])) == HOLDS else "  ≈  "
        text += (labels or {}).get(name, name)
    return text


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
