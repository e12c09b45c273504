"""Equal error rates without each person in turn, all at once."""

import numpy as np

from helpers.measure.verification import Pairs, people_weights


def rates_left_out(pairs: Pairs) -> np.ndarray:
    """The equal error rate without each person in turn, (P,).

    Pairs in the order of their scores; the errors of both kinds are cumulative sums of their weights, and the rate is
    the mean of the two where they cross. With ties it may differ from `equal_error_rate` by one pair.
    """
    order = np.argsort(-pairs.scores, kind="stable")
    same = pairs.same[order]
    weights = people_weights(pairs, 1 - np.eye(pairs.people))[:, order]  # (P, n)
    let_in = np.cumsum(weights * ~same, axis=1)
    kept = np.cumsum(weights * same, axis=1)
    let_in, kept_out = let_in / let_in[:, -1:], 1 - kept / kept[:, -1:]
    at = np.argmax(let_in >= kept_out, axis=1)[:, None]
    both = np.take_along_axis(let_in, at, 1) + np.take_along_axis(kept_out, at, 1)
    return np.asarray(both[:, 0] / 2)
