"""The expected calibration error and its bins."""

import numpy as np
import pytest

from helpers.measure.calibration import by_bin, calibration_error, calibration_estimate


def test_an_answer_belongs_to_the_bin_of_its_confidence_and_full_confidence_to_the_last() -> None:
    sure = np.array([0.0, 0.05, 0.1, 0.95, 1.0])
    right = np.array([False, True, True, True, False])
    assert by_bin(sure, right) == [(0.025, 0.5, 2), (0.1, 1.0, 1), (0.975, 0.5, 2)]
    assert by_bin(sure, right, bins=1) == [(pytest.approx(0.42), 0.6, 5)]


def test_the_error_is_the_distance_of_confidence_and_share_right_weighted_by_answers() -> None:
    sure = np.array([0.95, 0.95, 0.95, 0.95, 0.15])
    right = np.array([True, True, True, False, True])
    assert calibration_error(sure, right) == pytest.approx((4 * 0.2 + 1 * 0.85) / 5)
    for wrong in (right[:3], right[:0]):
        with pytest.raises(ValueError, match=f"got {len(wrong)} and 5"):
            calibration_error(sure, wrong)


def test_the_interval_holds_the_error_and_comes_from_redrawn_answers() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 400)
    right = rng.uniform(size=400) < sure  # calibrated
    found = calibration_estimate(sure, right)
    assert found == calibration_estimate(sure, right, seed=0)
    assert found != calibration_estimate(sure, right, seed=1)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value < found.high < 0.15
    assert (found.value, found.n, found.covers) == (calibration_error(sure, right), 400, "test sampling")


def test_answers_that_are_all_alike_have_no_interval() -> None:
    found = calibration_estimate(np.ones(5), np.ones(5, dtype=bool))
    assert (found.value, found.low, found.high) == (0.0, None, None)
