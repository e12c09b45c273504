"""Accuracies, and whether their intervals cover what they say they cover."""

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from helpers.measure.accuracy import (
    ConfusedPair,
    confusion_pairs,
    mcnemar,
    mean_per_class,
    over_seeds,
    paired_difference,
    pooled,
    pooled_per_class,
    top1,
)


def answers(right: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and labels of n images, the first `right` of them correct."""
    return (np.arange(n) >= right).astype(int), np.zeros(n, dtype=int)


@pytest.mark.parametrize(("accuracy", "half_width"), [(0.8243, 0.0081), (0.7272, 0.0094)])
def test_the_proof_of_concept_is_known_to_a_point_on_8580_images(accuracy: float, half_width: float) -> None:
    estimate = top1(*answers(round(accuracy * 8580), 8580))
    assert estimate.value == pytest.approx(accuracy, abs=1e-4)
    assert (estimate.high - estimate.low) / 2 == pytest.approx(half_width, abs=5e-5)
    assert (estimate.n, estimate.covers) == (8580, "test sampling")


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (10, 10), (81, 263)])
def test_top1_interval_is_the_score_interval_of_scipy(right: int, n: int) -> None:
    estimate = top1(*answers(right, n))
    expected = stats.binomtest(right, n).proportion_ci(method="wilson")
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_an_accuracy_of_one_still_has_an_interval() -> None:
    for estimate in (top1(*answers(20, 20)), pooled(np.ones((3, 20), dtype=bool))):
        assert estimate.high == 1
        assert 0.8 < estimate.low < 0.9


def test_mean_per_class_weighs_classes_not_images() -> None:
    labels = np.repeat([0, 1, 2], [80, 10, 10])
    predictions = np.where(labels == 0, 0, 2)
    estimate = mean_per_class(predictions, labels, 3)
    assert estimate.covers == "test sampling", "one training"
    assert estimate.value == pytest.approx(balanced_accuracy_score(labels, predictions))
    assert estimate.value == pytest.approx(2 / 3)
    assert top1(predictions, labels).value == pytest.approx(0.9)
    assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize("accuracies", [(0.5, 0.5), (0.95, 0.6), (0.3, 0.99)])
@pytest.mark.parametrize("per_class", [2, 5, 60])
def test_mean_per_class_interval_covers_new_test_images(accuracies: tuple[float, float], per_class: int) -> None:
    """30 classes, half at each accuracy, half of them with twice the images; 95 % promised."""
    rng = np.random.default_rng(per_class)
    truth = np.resize(accuracies, 30)
    labels = np.repeat(np.arange(30), np.repeat([per_class, 2 * per_class], 15))
    hits = 0
    for _ in range(400):
        right = rng.random(len(labels)) < truth[labels]
        estimate = mean_per_class(np.where(right, labels, (labels + 1) % 30), labels, 30)
        hits += estimate.low <= truth.mean() <= estimate.high
    assert 0.92 <= hits / 400 <= 0.995


def test_over_seeds_is_students_interval() -> None:
    values = [0.71, 0.74, 0.69, 0.72]
    estimate = over_seeds(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
    assert (estimate.n, estimate.covers) == (4, "seeds")


def test_one_seed_has_no_interval() -> None:
    estimate = over_seeds([0.7])
    assert (estimate.value, estimate.low, estimate.high, estimate.covers) == (0.7, None, None, "nothing")
    assert "no interval" in str(estimate)
    assert json.loads(json.dumps(estimate.as_dict()))["low"] is None


def draws(rng: np.random.Generator, seeds: int, n: int, seed_sd: float, level: float) -> np.ndarray:
    """Right or wrong for each seed and image: images differ in difficulty, seeds in skill."""
    skill, difficulty = rng.normal(0, seed_sd, (seeds, 1)), rng.normal(0, 1.5, (1, n))
    return level + skill + difficulty + rng.normal(0, 1, (seeds, n)) > 0


def truth(seed_sd: float, level: float) -> float:
    return stats.norm.cdf(level / np.sqrt(1 + seed_sd**2 + 1.5**2))


@pytest.mark.parametrize("seeds", [2, 3, 8])
@pytest.mark.parametrize("seed_sd", [0.0, 0.2])
@pytest.mark.parametrize("level", [0.5, 2.5])
def test_pooled_interval_covers_new_seeds_and_new_images(seeds: int, seed_sd: float, level: float) -> None:
    rng = np.random.default_rng(1)
    estimates = [pooled(draws(rng, seeds, 200, seed_sd, level)) for _ in range(400)]
    hits = sum(e.low <= truth(seed_sd, level) <= e.high for e in estimates)
    assert 0.90 <= hits / 400 <= 0.995
    assert {e.covers for e in estimates} == {"both"}


def test_intervals_over_one_source_miss_the_other() -> None:
    """What `covers` is for: each narrower interval fails when the source that it leaves out varies."""
    rng = np.random.default_rng(2)
    images_only, bootstrap, both = 0, 0, 0
    for _ in range(200):
        correct = draws(rng, 3, 400, 0.4, 0.5)
        target = truth(0.4, 0.5)
        one_run = top1(1 - correct[0].astype(int), np.zeros(400, dtype=int))
        images_only += one_run.low <= target <= one_run.high
        means = [correct[np.ix_(rng.integers(3, size=3), rng.integers(400, size=400))].mean() for _ in range(200)]
        bootstrap += np.quantile(means, 0.025) <= target <= np.quantile(means, 0.975)
        whole = pooled(correct)
        both += whole.low <= target <= whole.high
    assert images_only / 200 < 0.6
    assert bootstrap / 200 < 0.91
    assert both / 200 > 0.9


def test_one_seed_pooled_says_that_it_covers_test_sampling_only() -> None:
    correct = np.arange(50)[None] < 40
    estimate = pooled(correct)
    expected = top1(*answers(40, 50))
    assert estimate == expected
    assert estimate.covers == "test sampling"


def test_paired_difference_matches_newcombes_published_example() -> None:
    """Newcombe 1998, table III, method 10, the row a, b, c, d = 36, 12, 2, 0."""
    a = np.repeat([True, True, False, False], [36, 12, 2, 0])
    b = np.repeat([True, False, True, False], [36, 12, 2, 0])
    estimate = paired_difference(a, b)
    assert estimate.value == pytest.approx(0.2)
    assert (estimate.low, estimate.high) == pytest.approx((0.0569, 0.3404), abs=1e-4)


@pytest.mark.parametrize("seeds", [1, 3])
def test_paired_difference_covers_the_true_difference(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    seed_sd = 0.2 if seeds > 1 else 0.0
    expected = truth(seed_sd, 1.2) - truth(seed_sd, 0.8)
    hits = 0
    for _ in range(400):
        difficulty = rng.normal(0, 1.5, (1, 200))
        a, b = (
            level + rng.normal(0, seed_sd, (seeds, 1)) + difficulty + rng.normal(0, 1, (seeds, 200)) > 0
            for level in (1.2, 0.8)
        )
        estimate = paired_difference(a[0], b[0]) if seeds == 1 else paired_difference(a, b)
        hits += estimate.low <= expected <= estimate.high
    assert 0.90 <= hits / 400 <= 0.99
    assert estimate.covers == ("both" if seeds > 1 else "test sampling")


def test_paired_difference_of_equal_predictions_is_zero_but_not_certain() -> None:
    correct = np.arange(60).reshape(2, 30) % 3 > 0
    for a in (correct[0], correct):
        estimate = paired_difference(a, a)
        assert estimate.value == 0
        assert estimate.low <= 0 <= estimate.high


def test_mcnemar_counts_only_discordant_images() -> None:
    a = np.repeat([True, True, False, False], [50, 15, 5, 30])
    b = np.repeat([True, False, True, False], [50, 15, 5, 30])
    result = mcnemar(a, b)
    assert (result["b"], result["c"], result["n"]) == (15, 5, 100)
    assert result["statistic"] == pytest.approx(81 / 20)
    assert result["p_exact"] == pytest.approx(2 * stats.binom.cdf(5, 20, 0.5))
    assert mcnemar(np.r_[a, [True] * 500], np.r_[b, [True] * 500])["p_exact"] == result["p_exact"]


def test_mcnemar_of_equal_errors_rejects_nothing() -> None:
    correct = np.arange(10) < 6
    assert mcnemar(correct, correct) == {"n": 10, "b": 0, "c": 0, "statistic": 0.0, "p_exact": 1.0}


def test_confusion_pairs_count_both_directions() -> None:
    labels = np.repeat([0, 1, 2, 3], [10, 10, 10, 10])
    predictions = labels.copy()
    predictions[:3] = 1  # 0 taken for 1
    predictions[10:12] = 0  # 1 taken for 0
    predictions[30:34] = 2  # 3 taken for 2
    first, second = confusion_pairs(predictions, labels, 5)
    assert first == ConfusedPair(first=0, second=1, count=5, first_as_second=3, second_as_first=2)
    assert second == ConfusedPair(first=2, second=3, count=4, first_as_second=0, second_as_first=4)


def test_pairs_that_are_confused_as_often_come_in_class_order() -> None:
    first, second = np.triu_indices(12, 1)
    pairs = confusion_pairs(second, first, 66)
    assert [(pair.first, pair.second) for pair in pairs] == list(zip(first, second, strict=True))
    assert confusion_pairs(second, first, 3) == pairs[:3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: top1([0, 1], [0, 1, 2]), "got 2 and 3"),
        (lambda: top1([], []), "integer|got 0 and 0"),
        (lambda: top1([0.2, 0.8], [0, 1]), "integer class indices, got float64"),
        (lambda: top1([0, -1], [0, 1]), "from 0, got -1"),
        (lambda: top1([0, 1], [0, 1], confidence=95), "between 0 and 1, got 95"),
        (lambda: mean_per_class([0, 1], [0, 5], 3), "0..2, got up to 5"),
        (lambda: mean_per_class([0, 1], [0, 2], 3), r"got none in \[1\]"),
        (lambda: over_seeds([]), "non-empty"),
        (lambda: over_seeds([0.5, float("nan")]), "finite"),
        (lambda: pooled(np.ones((2, 3))), "booleans .*got float64"),
        (lambda: pooled(np.ones(3, dtype=bool)), r"\(seeds, n\), got bool \(3,\)"),
        (lambda: mcnemar([True, False], [True]), r"\(2,\), got \(1,\)"),
        (lambda: paired_difference([True], [[True, False]]), "expected the shape of correct_a"),
        (lambda: confusion_pairs([0], [0], 0), "at least 1, got 0"),
    ],
)
def test_bad_input_names_expected_and_received(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("table", "corrected"),
    [
        ((20, 5, 3, 12), 20 * 12 - 5 * 3 - 20),  # less n / 2
        ((10, 5, 4, 3), 0),  # 10 x 3 - 5 x 4 = 10, less than n / 2 = 11: no correlation, and none the other way
        ((6, 5, 4, 3), 6 * 3 - 5 * 4),  # negative: without correction
    ],
)
def test_newcombes_correction_for_continuity_by_hand(table: tuple[int, ...], corrected: float) -> None:
    n, right_a, right_b = sum(table), table[0] + table[1], table[0] + table[2]
    a = np.repeat([True, True, False, False], table)
    b = np.repeat([True, False, True, False], table)
    phi = corrected / np.sqrt(right_a * (n - right_a) * right_b * (n - right_b))
    ends = [stats.binomtest(k, n).proportion_ci(method="wilson") for k in (right_a, right_b)]
    p_a, p_b = right_a / n, right_b / n
    below, above = (p_a - ends[0].low, ends[1].high - p_b), (ends[0].high - p_a, p_b - ends[1].low)
    low, high = (np.sqrt(x**2 - 2 * phi * x * y + y**2) for x, y in (below, above))
    estimate = paired_difference(a, b)
    assert (estimate.low, estimate.high) == pytest.approx((p_a - p_b - low, p_a - p_b + high), abs=1e-12)


def test_a_negative_component_of_the_seeds_counts_as_absent() -> None:
    """Seeds agree better than chance allows: what is left is the mean square of the images, with n - 1 degrees."""
    correct = np.array([[1, 1, 1, 0, 0, 1, 0, 1], [1, 1, 1, 0, 0, 0, 1, 1]], dtype=bool)  # both 5 of 8
    image_means = correct.mean(0)
    ms_image = 2 * image_means.var(ddof=1)
    variance = ms_image / 16
    z2, value = stats.t.ppf(0.975, 7) ** 2, 5 / 8
    size = value * (1 - value) / variance
    centre = (value + z2 / (2 * size)) / (1 + z2 / size)
    half = np.sqrt(z2 * (value * (1 - value) / size + z2 / (4 * size**2))) / (1 + z2 / size)
    estimate = pooled(correct)
    assert (estimate.low, estimate.high) == pytest.approx((centre - half, centre + half), abs=1e-12)


def test_classes_of_unequal_size_count_alike_over_seeds() -> None:
    """8 of 8 in one class, 1 of 2 in the other: 75 %, though 90 % of the images are right."""
    labels = np.repeat([0, 1], [8, 2])
    correct = np.ones((2, 10), dtype=bool)
    correct[0, 8] = correct[1, 8] = False
    estimate = pooled_per_class(correct, labels, 2)
    assert estimate.value == pytest.approx(0.75)
    residual = 10 / (2 * np.array([8, 2])[labels]) * (correct[0] - 0.75)  # both seeds alike: images vary alone
    size = 0.75 * 0.25 / (2 * residual.var(ddof=1) / 20)
    z2 = stats.t.ppf(0.975, 9) ** 2
    centre = (0.75 + z2 / (2 * size)) / (1 + z2 / size)
    half = np.sqrt(z2 * (0.75 * 0.25 / size + z2 / (4 * size**2))) / (1 + z2 / size)
    assert (estimate.low, estimate.high) == pytest.approx((centre - half, centre + half), abs=1e-12)
