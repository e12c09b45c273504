"""Verification: is this the same person? Scores of pairs, ROC, AUC, EER, and intervals over people.

The pairs of a test share people: one person with an unusual face is in very many of them. An interval that draws
*pairs* again takes them for independent. Drawing *people* again, with all the pairs among them, is the subsets
bootstrap of Bolle, Ratha and Pankanti, WAIAT 1999, applied to both people of a pair.
"""

from dataclasses import dataclass

import numpy as np

from helpers.measure.intervals import Estimate, percentile_interval, t_quantile, without_interval

AT_ONCE = 2_000_000  # weights that are held at a time


@dataclass(frozen=True)
class Pairs:
    """Compared pictures, a row a pair.

    Attributes
    ----------
    scores
        (n,), higher is more alike.
    first
        (n,), the person of the enrolled picture, 0..P-1.
    second
        (n,), the person of the probe.
    """

    scores: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """Whether both pictures show one person, bool (n,)."""
        return np.asarray(self.first == self.second)

    @property
    def people(self) -> int:
        """P."""
        return int(max(self.first.max(), self.second.max())) + 1


def compare(enrolled: np.ndarray, probes: np.ndarray, people: np.ndarray) -> Pairs:
    """Every enrolled template against every probe of *another* picture; row i of both is one picture of people[i].

    Where probes are the enrolled templates themselves, each two pictures are one pair, not two.

    Parameters
    ----------
    enrolled, probes
        (n, D), rows of length 1; the second may show the pictures in another state, with a scarf for one.
    people
        (n,)
    """
    n = len(people)
    i, j = np.triu_indices(n, 1) if probes is enrolled else np.nonzero(~np.eye(n, dtype=bool))
    return Pairs((enrolled @ probes.T)[i, j], people[i], people[j])


def auc(scores: np.ndarray, same: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Share of (same, different) couples of pairs in which the same one scores higher, ties half; (B,) or a number.

    Parameters
    ----------
    scores, same
        (n,), and bool (n,).
    weights
        (B, n), how often each pair counts, or None for once.

    Raises
    ------
    ValueError
        Without a pair of one kind.
    """
    if same.all() or not same.any():
        raise ValueError("auc: expected pairs of one person and pairs of two")
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])  # of each group of equal scores
    rows = np.ones((1, len(scores))) if weights is None else weights
    yes = np.add.reduceat(rows[:, order] * same[order], starts, axis=1)
    no = np.add.reduceat(rows[:, order] * ~same[order], starts, axis=1)
    below = np.cumsum(no, axis=1) - no / 2
    total = yes.sum(1) * no.sum(1)
    with np.errstate(invalid="ignore"):
        value = (yes * below).sum(1) / total  # not a number where a draw holds no pair of one kind
    return value if weights is not None else value[0]


def roc(scores: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the strictest threshold to the laxest: false accepts and true accepts, as shares, each (T + 1,)."""
    levels = np.r_[np.inf, np.unique(scores)[::-1]]
    yes, no = np.sort(scores[same]), np.sort(scores[~same])
    accepted = [np.asarray(1 - np.searchsorted(kind, levels) / len(kind)) for kind in (no, yes)]
    return accepted[0], accepted[1]


def equal_error_rate(scores: np.ndarray, same: np.ndarray) -> float:
    """Where false accepts and false rejects are equally frequent, on the straight line between two thresholds."""
    false_accepts, true_accepts = roc(scores, same)
    gap = false_accepts - (1 - true_accepts)  # rises from -1 to 1
    k = int(np.argmax(gap >= 0))
    if gap[k] == 0 or k == 0:
        return float(false_accepts[k])
    part = -gap[k - 1] / (gap[k] - gap[k - 1])
    return float(false_accepts[k - 1] + part * (false_accepts[k] - false_accepts[k - 1]))


def people_weights(pairs: Pairs, counts: np.ndarray) -> np.ndarray:
    """How often each pair counts when people are drawn `counts` (B, P) times: once for each copy of one person, for
    two people by the product; (B, n)."""
    first, second = counts[:, pairs.first], counts[:, pairs.second]
    return np.where(pairs.same, first, first * second)


def over_people(pairs: Pairs, draws: int = 500, seed: int = 0, confidence: float = 0.95) -> Estimate:
    """AUC with a bootstrap that draws people, with all the pairs among them."""
    rng, n = np.random.default_rng(seed), pairs.people
    counts = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    step, found = max(1, AT_ONCE // len(pairs.scores)), []
    for k in range(0, draws, step):
        weights = people_weights(pairs, counts[k : k + step])
        found.append(auc(pairs.scores, pairs.same, weights))
    value = float(auc(pairs.scores, pairs.same))
    return percentile_interval(value, np.concatenate(found), n, confidence)


def over_pairs(pairs: Pairs, draws: int = 500, seed: int = 0, confidence: float = 0.95) -> Estimate:
    """AUC with a bootstrap that draws pairs as if they were independent: too narrow, and kept to show it."""
    rng, same, n = np.random.default_rng(seed), pairs.same, len(pairs.scores)
    step, parts = max(1, AT_ONCE // n), []
    for k in range(0, draws, step):
        weights = np.empty((min(step, draws - k), n))
        for kind in (same, ~same):  # as many of each kind as there are
            weights[:, kind] = rng.multinomial(kind.sum(), np.full(kind.sum(), 1 / kind.sum()), size=len(weights))
        parts.append(auc(pairs.scores, same, weights))
    return percentile_interval(float(auc(pairs.scores, same)), np.concatenate(parts), n, confidence)


def left_out(pairs: Pairs) -> np.ndarray:
    """AUC without each person in turn, (P,)."""
    counts = 1 - np.eye(pairs.people)
    step = max(1, AT_ONCE // len(pairs.scores))
    rows = [counts[k : k + step] for k in range(0, len(counts), step)]
    return np.concatenate([auc(pairs.scores, pairs.same, people_weights(pairs, part)) for part in rows])


def jackknife(value: float, left: np.ndarray, confidence: float = 0.95) -> Estimate:
    """Student's interval of anything made of AUCs, such as a difference of two, from its values without each person.

    Parameters
    ----------
    value, left
        With all people, and (P,) without each of them.
    """
    n = len(left)
    if n < 3 or np.ptp(left) == 0:
        return without_interval(value, n)
    half = t_quantile(confidence, n - 1) * np.sqrt((n - 1) / n * np.sum((left - left.mean()) ** 2))
    return Estimate(float(value), float(value - half), float(value + half), n, "test sampling")


def rank_one(enrolled: np.ndarray, probes: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Identification: does the probe's nearest enrolled template belong to its person? bool (m,).

    Parameters
    ----------
    enrolled
        (P, D), one template a person, in the order of their numbers.
    probes, people
        (m, D), and (m,) who it is.
    """
    return np.asarray((probes @ enrolled.T).argmax(1) == people)
