"""The equations of chapter 15 that have a number: intervals, the leak, layer-wise decay, the last tenth."""

import math

import numpy as np
import pytest

from helpers.measure.accuracy import paired_difference, pooled, top1
from helpers.measure.leakage import implied_share
from helpers.training.schedules import layer_scales


@pytest.mark.parametrize(("accuracy", "n", "half_width"), [(0.8243, 8580, 0.0081), (0.7272, 8580, 0.0094)])
def test_the_interval_by_hand_and_wilsons_agree_for_a_large_test_set(accuracy, n, half_width):
    by_hand = 1.96 * math.sqrt(accuracy * (1 - accuracy) / n)
    assert by_hand == pytest.approx(half_width, abs=5e-5)
    right = np.arange(n) < round(accuracy * n)
    estimate = top1(np.where(right, 0, 1), np.zeros(n, dtype=int))
    assert (estimate.high - estimate.low) / 2 == pytest.approx(by_hand, abs=2e-5)


def test_the_standard_error_is_printed_so_that_the_half_width_follows():
    assert math.sqrt(0.8243 * 0.1757 / 8580) == pytest.approx(0.00411, abs=5e-6)
    half_width = 1.96 * 0.00411
    assert half_width == pytest.approx(0.0081, abs=5e-5)


def test_the_difference_of_two_independent_accuracies():
    assert math.hypot(0.0081, 0.0094) == pytest.approx(0.0124, abs=5e-5)


def test_layer_wise_decay_of_twelve_blocks():
    scales = layer_scales(14, 0.75)  # embeddings, twelve blocks, head
    assert [scales[0], scales[1], scales[12], scales[13]] == pytest.approx([0.0238, 0.0317, 0.75, 1], abs=5e-5)


def test_a_tenth_of_the_list_finds_a_tenth_of_what_leaked():
    audit = implied_share({str(i) for i in range(8580)}, {str(i) for i in range(886)}, 0.1)
    assert audit.n_found == 886
    assert audit.implied_share == pytest.approx(1.03, abs=0.005)
    assert audit.standard_error == pytest.approx(0.033, abs=0.0005)


def test_exercise_37_of_500_names_in_a_tenth():
    audit = implied_share({str(i) for i in range(500)}, {str(i) for i in range(37)}, 0.1)
    low, high = (audit.implied_share + s * 1.96 * audit.standard_error for s in (-1, 1))
    assert audit.implied_share == pytest.approx(0.74)
    assert 0 < low < high < 1


def test_a_list_drawn_class_by_class_biases_the_share():
    rate = 128.1 / 1250
    largest = 128 / 1300
    assert largest == pytest.approx(0.098, abs=5e-4)
    assert 8580 * rate == pytest.approx(879, abs=1)
    assert 886 / 8580 / rate == pytest.approx(1.01, abs=0.005)


def test_a_step_of_vit_b16_by_pencil():
    blocks = 12 * (12 * 197 * 768**2 + 2 * 197**2 * 768)
    forward = blocks + 196 * 768**2 + 768 * 120
    assert forward == pytest.approx(17.56e9, abs=0.005e9)
    assert 3 * forward == pytest.approx(52.7e9, abs=0.05e9)
    top_four = 2 * (1_288_560 * 361 + 4_741_632 * 100)
    assert top_four == pytest.approx(1.88e9, abs=0.005e9)


def test_a_paired_interval_over_two_seeds_can_be_wider_than_that_of_independent_models():
    rng = np.random.default_rng(0)
    hard = rng.random(1200)
    right = [[hard < share for share in shares] for shares in ((0.74, 0.73), (0.64, 0.67))]
    a, b = (np.array(rows) for rows in right)
    paired = paired_difference(a, b)
    single = [pooled(rows) for rows in (a, b)]
    assert (paired.high - paired.low) / 2 > math.hypot(*((one.high - one.low) / 2 for one in single))


def test_four_of_thirty_six_convolutions_hold_29_per_cent_of_the_weights():
    weights = (9 + 728) * 728 + (9 + 1024) * 728 + (9 + 1536) * 1024 + (9 + 2048) * 1536
    assert weights == 6_030_192
    assert weights / 20_806_952 == pytest.approx(0.29, abs=5e-4)


def test_remembered_images_inflate_an_accuracy():
    clean, remembered = 0.7, 0.3
    answers = np.random.default_rng(0).random(1_000_000) < clean
    answers[: int(remembered * len(answers))] = True
    assert answers.mean() == pytest.approx(remembered + (1 - remembered) * clean, abs=2e-3)
