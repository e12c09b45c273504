"""Lab 4's sentences by their length: bins, and whether a lead grows with it."""

from collections.abc import Sequence

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference


def bins_of(lengths: np.ndarray, ends: Sequence[int]) -> list[tuple[str, np.ndarray]]:
    """Bins of French words that are not empty: what each is called, and which sentences are in it, bool (n,).

    `ends` are the largest lengths of all bins but the last."""
    found, low = [], 1
    for high in [*ends, int(lengths.max())]:
        chosen = (low <= lengths) & (lengths <= high)
        if chosen.any():
            found.append((f"{low}–{high}", chosen))
        low = high + 1
    return found


def growth(a: np.ndarray, b: np.ndarray, lengths: np.ndarray, ends: Sequence[int]) -> Estimate | None:
    """How much larger a's lead over b is in the longest bin than in the shortest; None with one bin.

    The two leads are of different sentences; the interval joins theirs as if they were independent, which trainings
    shared by both make it not quite. Source: Zou and Donner, Statistics in Medicine 27 (2008).
    """
    chosen = bins_of(lengths, ends)
    if len(chosen) < 2:
        return None
    short, long = (paired_difference(a[:, rows], b[:, rows]) for _, rows in (chosen[0], chosen[-1]))
    value = long.value - short.value
    if None in (short.low, short.high, long.low, long.high):
        return Estimate(value, None, None, long.n, "nothing")
    below = ((long.value - long.low) ** 2 + (short.high - short.value) ** 2) ** 0.5  # type: ignore[operator]
    above = ((long.high - long.value) ** 2 + (short.value - short.low) ** 2) ** 0.5  # type: ignore[operator]
    return Estimate(value, value - below, value + above, min(short.n, long.n), long.covers)


def no_room(a: np.ndarray, b: np.ndarray, lengths: np.ndarray, ends: Sequence[int]) -> bool:
    """Whether a's lead over b in the longest bin is larger than what b has left to gain in the shortest."""
    chosen = bins_of(lengths, ends)
    (_, short), (_, long) = chosen[0], chosen[-1]
    return bool(a[:, long].mean() - b[:, long].mean() > 1 - b[:, short].mean())
