"""Intervals and leaks: the explorer's formulas against helpers.measure.accuracy, its size, its still picture."""

import numpy as np
import pytest

from helpers.measure.accuracy import paired_difference, top1
from helpers.widgets.intervals import (
    IntervalExplorer,
    difference_interval,
    half_width,
    reported_accuracy,
    wilson_interval,
)


@pytest.mark.parametrize(("right", "n"), [(7073, 8580), (0, 10), (10, 10), (1, 3), (70, 100), (99_900, 100_000)])
def test_wilson_is_that_of_the_measurements(right, n):
    measured = top1((np.arange(n) >= right).astype(int), np.zeros(n, dtype=int))
    assert wilson_interval(right / n, n) == pytest.approx((measured.low, measured.high), abs=1e-12)


def test_half_width_of_the_proof_of_concept():
    assert half_width(0.8243, 8580) == pytest.approx(0.0081, abs=5e-5)
    assert half_width(0.7272, 8580) == pytest.approx(0.0094, abs=5e-5)
    assert half_width(1.0, 20) == 0 < 1 - wilson_interval(1.0, 20)[0]  # why the brackets are shown too


def test_difference_is_newcombes_for_answers_that_do_not_correlate():
    a = np.array([True] * 40 + [True] * 40 + [False] * 10 + [False] * 10)
    b = np.array([True] * 40 + [False] * 40 + [True] * 10 + [False] * 10)  # phi = 0
    measured = paired_difference(a, b)
    assert difference_interval(0.8, 0.5, 100) == pytest.approx((measured.low, measured.high), abs=1e-12)


def test_difference_interval_covers_the_truth_95_times_in_100():
    rng = np.random.default_rng(0)
    a, b, n = 0.85, 0.80, 200
    right = rng.binomial(n, (a, b), (2000, 2)) / n
    seen = [difference_interval(x, y, n) for x, y in right]
    covered = np.mean([low <= a - b <= high for low, high in seen])
    assert covered == pytest.approx(0.95, abs=0.015)  # 3 standard errors of 2000 repetitions


def test_a_leak_lifts_the_accuracy():
    assert reported_accuracy(0.7, 0.3) == pytest.approx(0.79)
    assert reported_accuracy(0.7, 0) == 0.7
    assert reported_accuracy(0.1, 1) == 1


@pytest.mark.parametrize("n", [0, -5, 10.5, True, "100", 10_000_001])
def test_a_number_of_images_that_is_none_is_refused(n):
    with pytest.raises(ValueError, match="n: expected"):
        IntervalExplorer(n, 0.5)


@pytest.mark.parametrize("accuracy", [-0.1, 82.43, float("nan"), None])
def test_an_accuracy_that_is_no_fraction_is_refused(accuracy):
    with pytest.raises(ValueError, match=r"accuracy: expected a fraction in \[0, 1\], got"):
        IntervalExplorer(100, accuracy)
    with pytest.raises(ValueError, match=r"accuracy: expected a fraction in \[0, 1\], got"):
        reported_accuracy(accuracy, 0.1)


@pytest.mark.parametrize(("n", "accuracy"), [(8580, 0.8243), (1, 1.0), (10, 0), (np.int64(360), np.float64(0.5))])
def test_explorer_is_light_and_has_a_still_picture(light_with_a_still, n, accuracy):
    explorer = IntervalExplorer(n, accuracy)
    assert explorer.data["n"] == n
    light_with_a_still(explorer)
    assert f"{100 * accuracy:.1f} % on {n} test images" in explorer.alt
