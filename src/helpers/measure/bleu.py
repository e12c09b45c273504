"""BLEU: how many n-grams of a translation stand in a reference, over a whole corpus.

BLEU = BP exp(1/4 sum_n ln p_n), n = 1..4. p_n is the share of the candidates' n-grams that a reference holds, each
counted at most as often as there (*clipped*); the brevity penalty BP = min(1, e^(1 - r/c)) punishes candidates that are
shorter in all (c words) than their references (r words). Both sums run over the corpus before anything is divided: BLEU
of one sentence is mostly noise, and often 0. Nothing is smoothed here.

Source: Papineni, Roukos, Ward and Zhu, ACL 2002, section 2.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from helpers.measure.intervals import Estimate, percentile_interval

ORDERS = 4


def ngrams(words: Sequence[str], n: int) -> Counter:
    """How often each run of n words occurs."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def bleu_counts(candidate: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """What one sentence adds to the corpus: (10,) matches of order 1-4, n-grams of order 1-4, words c, words r.

    r is the length of the reference closest to the candidate's, the shorter of two equally close ones.

    Raises
    ------
    ValueError
        Without a reference.
    """
    if not references:
        raise ValueError("references: expected at least one for each sentence, got none")
    matches, totals = [], []
    for n in range(1, ORDERS + 1):
        ours = ngrams(candidate, n)
        allowed: Counter = Counter()
        for reference in references:
            allowed |= ngrams(reference, n)  # the largest count of any reference
        matches.append((ours & allowed).total())
        totals.append(ours.total())
    closest = min((abs(len(r) - len(candidate)), len(r)) for r in references)[1]
    return np.array([*matches, *totals, len(candidate), closest])


def bleu_of(counts: ArrayLike) -> np.ndarray:
    """BLEU in 0..1 from summed counts (..., 10) -> (...); 0 where some order has no match at all."""
    counts = np.asarray(counts, dtype=float)
    matches, totals = counts[..., :ORDERS], counts[..., ORDERS : 2 * ORDERS]
    c, r = counts[..., -2], counts[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.log(matches / totals).mean(axis=-1)  # -inf where nothing matches
        penalty = np.minimum(0.0, 1 - r / c)
        return np.where((matches > 0).all(axis=-1), np.exp(mean + penalty), 0.0)


def corpus_bleu(candidates: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]) -> float:
    """BLEU in 0..1 of a corpus of tokenised sentences, several references each.

    Raises
    ------
    ValueError
        For an empty corpus, or where candidates and reference lists differ in number.
    """
    if len(candidates) != len(references) or not candidates:
        raise ValueError(f"expected as many candidates as reference lists, got {len(candidates)} and {len(references)}")
    counts = [bleu_counts(candidate, refs) for candidate, refs in zip(candidates, references, strict=True)]
    return float(bleu_of(np.sum(counts, axis=0)))


def share_of(counts: ArrayLike) -> np.ndarray:
    """Right over all from summed counts (..., 2) -> (...)."""
    counts = np.asarray(counts, dtype=float)
    return counts[..., 0] / counts[..., 1]


def bootstrap(
    counts: ArrayLike,
    measure: Callable[[np.ndarray], np.ndarray],
    draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """A measure of summed counts with its percentile interval over sentences drawn again with replacement.

    It covers test sampling of this one trained model: other sentences, not another training run. Where all draws give
    the same value (one sentence, or all alike), they cannot say how sentences vary, and there is no interval. Draws for
    which the measure is no number, as a share of no words at all, say nothing and are left out.

    Parameters
    ----------
    counts
        (n, S), what each sentence adds.
    measure
        summed counts (..., S) -> values (...); `bleu_of` or `share_of`.
    draws
        how often n sentences are drawn.
    seed
        of the draws.
    confidence
        of the interval.

    Raises
    ------
    ValueError
        For an empty table or one of another form, a corpus whose measure is no number, or numbers out of range.
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or not len(table):
        raise ValueError(f"counts: expected (n, S) with n >= 1, got {table.shape}")
    if draws < 1:
        raise ValueError(f"draws: expected at least 1, got {draws}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a fraction between 0 and 1, got {confidence}")
    n = len(table)
    # How often each sentence is drawn, for all draws at once: (draws, n).
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, values = float(measure(table.sum(axis=0))), measure(drawn @ table)
    if not np.isfinite(value):
        raise ValueError(f"counts: expected a corpus whose measure is a number, got {value}")
    return percentile_interval(value, values, n, confidence)
