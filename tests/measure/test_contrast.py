"""Signed sums of accuracies on the same images."""

import numpy as np
import pytest

from helpers.measure.accuracy import paired_difference
from helpers.measure.contrast import contrast


def answers(share, seeds=1, seed=0):
    return np.random.default_rng(seed).random((seeds, 400)) < share


def test_two_terms_are_a_paired_difference_in_either_order():
    a, b = answers(0.7), answers(0.5, seed=1)
    assert contrast([(1, a), (-1, b)]) == contrast([(-1, b), (1, a)]) == paired_difference(a, b)


@pytest.mark.parametrize("seeds", [1, 3])
def test_four_terms_are_a_difference_of_differences_and_its_interval_is_wider(seeds):
    a, b, c, d = (answers(share, seeds, k) for k, share in enumerate((0.8, 0.5, 0.6, 0.5)))
    found = contrast([(1, a), (-1, b), (-1, c), (1, d)])
    assert found.value == pytest.approx(a.mean() - b.mean() - c.mean() + d.mean())
    one = paired_difference(a, b)
    assert found.high - found.low > one.high - one.low
    assert found.covers == ("both" if seeds > 1 else "test sampling")


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    rng, inside = np.random.default_rng(3), 0
    for _ in range(400):
        rows = [rng.random((1, 300)) < share for share in (0.7, 0.5, 0.6, 0.5)]
        found = contrast(list(zip((1, -1, -1, 1), rows, strict=True)))
        inside += found.low <= 0.1 <= found.high
    assert 0.92 < inside / 400 < 0.98


def test_what_does_not_vary_has_no_interval_and_shapes_must_agree():
    same = np.ones((2, 5), dtype=bool)
    assert contrast([(1, same), (-1, same), (1, same), (-1, same)]).low is None
    with pytest.raises(ValueError, match="one shape"):
        contrast([(1, same), (-1, same[:1])])
