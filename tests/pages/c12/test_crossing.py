"""Two learners of a linear rule: what is expected is what is measured, and where they cross."""

import numpy as np
import pytest

from helpers.pages.c12 import crossing


def test_errors_are_those_expected_within_a_tenth():
    sizes = (40, 200, 800)
    measured = crossing.errors(sizes, departure=0.1, noise=1.0, repeats=20)
    expected = np.array([crossing.expected(n, 0.1, 1.0) for n in sizes]).T
    assert np.allclose(measured, expected, rtol=0.1)


def test_the_departure_has_its_size_and_nothing_that_three_weights_could_follow():
    matrix = crossing.truth(0.3, np.random.default_rng(0))
    ring = np.roll(np.eye(16), 1, axis=1) - np.roll(np.eye(16), -1, axis=1)
    rest = matrix - ring
    assert (rest**2).sum() / 16 == pytest.approx(0.3)
    for shift in (-1, 0, 1):
        assert rest[np.arange(16), (np.arange(16) + shift) % 16].mean() == pytest.approx(0, abs=1e-12)


def test_the_lines_meet_at_the_crossing():
    n = crossing.crossing_of(0.1, 1.0)
    few, many = crossing.expected(n, 0.1, 1.0)
    assert few == pytest.approx(many)
    assert crossing.crossing_of(0.05, 1.0) > n > crossing.crossing_of(0.1, 0.5)
    with pytest.raises(ValueError, match="departure"):
        crossing.crossing_of(0.0, 1.0)
