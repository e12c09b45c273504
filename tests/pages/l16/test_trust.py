"""Calibration on answers whose calibration is known, and pictures of no class."""

import numpy as np
import pytest
from scipy.special import softmax

from helpers.measure.calibration import calibration_estimate
from helpers.pages.l16 import trust


def calibrated(n, classes=5, seed=0):
    """Logits, and labels drawn from exactly their probabilities."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, classes))
    labels = (softmax(logits, axis=1).cumsum(1) > rng.random((n, 1))).argmax(1)
    return logits, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(temperature):
    logits, labels = calibrated(4000)
    assert trust.fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.06)


def test_right_answers_alone_do_not_ask_for_certainty():
    """Without a mistake the likeliest temperature is the lowest one that is allowed, and every answer 100 % sure."""
    logits, labels = np.eye(4)[np.arange(8) % 4] * 2, np.arange(8) % 4
    assert trust.fit_temperature(logits, labels) == 1
    assert "All 8 validation photographs are right" in trust.temperature_text(logits, labels, 1.0)


def test_a_few_mistakes_make_no_model_surer():
    labels = np.arange(40) % 4
    logits = np.eye(4)[labels] * 0.5  # timid
    logits[0] = np.eye(4)[1] * 0.5
    assert trust.fit_temperature(logits, labels) == 1
    assert "with 1 mistake: too few to make" in trust.temperature_text(logits, labels, 1.0)
    many = np.tile(logits, (12, 1))
    found = trust.fit_temperature(many, np.tile(labels, 12))
    assert found < 0.5
    assert f"12 mistakes: {found:.2f}." in trust.temperature_text(many, np.tile(labels, 12), found)


def test_few_photographs_do_not_pull_a_calibrated_sharp_model_away():
    """Labels smoothed over all classes did: where far classes have low logits, they asked for 1.8."""
    found = []
    for seed in range(25):
        logits = 4 * np.random.default_rng(seed).normal(0, 2, (30, 6))
        labels = (softmax(logits, axis=1).cumsum(1) > np.random.default_rng(seed + 99).random((30, 1))).argmax(1)
        found.append(trust.fit_temperature(logits, labels))
    assert np.median(found) == pytest.approx(1, abs=0.15)


def test_a_calibrated_model_shows_what_chance_lets_it_show():
    logits, labels = calibrated(300)
    found = trust.calibration(softmax(logits, axis=1), labels)
    assert found.ece.value <= found.by_chance[1]
    assert trust.calibration_text(found) == "300 photographs cannot show it miscalibrated."
    assert found.ece.low <= found.ece.value <= found.ece.high
    assert sum(row["n"] for row in found.bins) == 300
    assert found.ece == calibration_estimate(softmax(logits, axis=1).max(1), logits.argmax(1) == labels)
    assert all(row["low"] <= row["accuracy"] <= row["high"] for row in found.bins)


def test_an_overconfident_model_is_told_from_chance_and_the_temperature_mends_it():
    logits, labels = calibrated(600)
    sure = softmax(4 * logits, axis=1)
    before = trust.calibration(sure, labels)
    assert before.ece.low > before.by_chance[1]
    gap = 100 * (sure.max(1) - (sure.argmax(1) == labels)).mean()
    assert trust.calibration_text(before).endswith(f"{gap:.1f} points surer than right.")
    timid = trust.calibration(softmax(0.3 * logits, axis=1), labels)
    assert trust.calibration_text(timid).endswith("points less sure than right.")
    expected = abs(sure.max(1).mean() - (sure.argmax(1) == labels).mean())
    assert before.ece.value == pytest.approx(expected, abs=0.02)
    mended = softmax(4 * logits / trust.fit_temperature(4 * logits, labels), axis=1)
    assert trust.calibration(mended, labels).ece.value < before.ece.value / 3


def test_no_bin_is_empty():
    logits, labels = calibrated(7)
    rows = trust.calibration(softmax(logits, axis=1), labels).bins
    assert sum(row["n"] for row in rows) == 7
    assert min(row["n"] for row in rows) > 0


def test_the_line_leaves_one_in_twenty_below_it():
    logits, _ = calibrated(1000)
    below = trust.scores(logits) < trust.known_above(logits)
    assert below.mean() == pytest.approx(0.05, abs=0.002)
    assert (
        trust.lost_text(trust.scores(logits[:40]), 99.0)
        == "Of 40 test photographs, 2.0 were expected below it; 40 were."
    )
    assert trust.scores(np.zeros((1, 3)))[0] == pytest.approx(np.log(3))
