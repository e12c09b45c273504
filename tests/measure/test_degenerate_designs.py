"""Intervals of every design, the degenerate ones above all: finite, ordered, inside the range, true in simulations.

Designs are drawn at random: one image, one seed, all right, all wrong, equal seeds, cancelling seeds, unequal classes.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.measure.accuracy import (
    Estimate,
    mean_per_class,
    over_seeds,
    paired_difference,
    pooled,
    pooled_per_class,
    top1,
)


def assert_sound(estimate: Estimate, lowest: float = 0.0) -> None:
    """An interval that holds its own value, has a width, and stays inside the range."""
    assert math.isfinite(estimate.value)
    assert lowest <= estimate.low <= estimate.value <= estimate.high <= 1.0
    assert estimate.high - estimate.low > 0


def assert_same(one: Estimate, other: Estimate) -> None:
    """The order of the seeds plays no part."""
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-9)
    assert (one.n, one.covers) == (other.n, other.covers)


@st.composite
def designs(draw, tables: int = 1) -> list[np.ndarray]:
    """Tables (S, n) of right and wrong with 1 to 4 seeds and 1 to 12 images, many of them degenerate."""
    seeds, n = draw(st.integers(1, 4)), draw(st.integers(1, 12))
    table = arrays(bool, (seeds, n))
    kinds = st.sampled_from(["any", "any", "right", "wrong", "equal seeds", "cancelling seeds"])

    def one() -> np.ndarray:
        kind, correct = draw(kinds), draw(table)
        if kind in ("right", "wrong"):
            correct = np.full((seeds, n), kind == "right")
        elif kind == "equal seeds":
            correct = np.repeat(correct[:1], seeds, axis=0)
        elif kind == "cancelling seeds":
            correct = np.stack([correct[0] ^ bool(s % 2) for s in range(seeds)])
        return correct

    return [one() for _ in range(tables)]


@st.composite
def labelled_designs(draw) -> tuple[np.ndarray, np.ndarray, int]:
    """A table and labels in which each of 1 to 4 classes has its own number of images."""
    (correct,) = draw(designs())
    n = correct.shape[1]
    num_classes = draw(st.integers(1, min(4, n)))
    extra = draw(arrays(np.int64, n - num_classes, elements=st.integers(0, num_classes - 1)))
    return correct, np.concatenate([np.arange(num_classes), extra]), num_classes


@settings(max_examples=100, deadline=None, derandomize=True)
@given(designs())
def test_pooled_of_any_design(design):
    (correct,) = design
    estimate = pooled(correct)
    assert_sound(estimate)
    assert estimate.value == pytest.approx(correct.mean())
    assert_same(pooled(correct[::-1]), estimate)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(labelled_designs())
def test_per_class_of_any_design(design):
    correct, labels, num_classes = design
    by_class = [correct[:, labels == k].mean() for k in range(num_classes)]
    estimate = pooled_per_class(correct, labels, num_classes)
    assert_sound(estimate)
    assert estimate.value == pytest.approx(np.mean(by_class), abs=1e-12)
    assert_same(pooled_per_class(correct[::-1], labels, num_classes), estimate)
    if num_classes > 1:
        single = mean_per_class(np.where(correct[0], labels, (labels + 1) % num_classes), labels, num_classes)
        assert_sound(single)
        assert single == pooled_per_class(correct[:1], labels, num_classes)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(designs(tables=2))
def test_paired_difference_of_any_design(design):
    a, b = design
    estimate = paired_difference(a, b)
    assert_sound(estimate, lowest=-1.0)
    assert estimate.value == pytest.approx(a.mean() - b.mean(), abs=1e-12)
    assert_same(paired_difference(a[::-1], b[::-1]), estimate)
    swapped = paired_difference(b, a)
    assert (swapped.low, swapped.high) == pytest.approx((-estimate.high, -estimate.low), abs=1e-9)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6))
def test_over_seeds_of_any_values(values):
    estimate = over_seeds(values)
    assert all(map(math.isfinite, (estimate.low, estimate.value, estimate.high)))
    assert estimate.low <= estimate.value <= estimate.high


# ------------------------------------------------------------------------------------- what was wrong, one by one


@pytest.mark.parametrize("sizes", [[7, 9, 11], [40, 33, 27, 21], [9, 9, 9]])
def test_everything_right_in_classes_of_any_size(sizes):
    """The interval of one run: the classes count alike, so it is Wilson's at K^2 / sum(1 / n_k) images."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    right = pooled_per_class(np.ones((2, len(labels)), dtype=bool), labels, len(sizes))
    size = len(sizes) ** 2 / sum(1 / n for n in sizes)
    assert (right.value, right.high) == (1.0, 1.0)
    assert right.low == pytest.approx(size / (size + 1.959964**2), abs=1e-6)
    wrong = pooled_per_class(np.zeros((2, len(labels)), dtype=bool), labels, len(sizes))
    assert (wrong.value, wrong.low, wrong.high) == pytest.approx((0, 0, 1 - right.low))
    assert str(right).startswith("100.0 % [")


def test_one_wrong_answer_hardly_moves_the_interval_of_unequal_classes():
    """Unequal weights are no variation of the images: a step from everything right must not open the interval."""
    labels = np.repeat(np.arange(4), [40, 33, 27, 21])
    correct = np.ones((2, 121), dtype=bool)
    all_right = pooled_per_class(correct, labels, 4)
    correct[0, 50] = False
    assert pooled_per_class(correct, labels, 4).low > all_right.low - 0.02


def test_seeds_that_cancel_count_as_independent_answers():
    """Both variance components are negative: the total mean square is left, S n - 1 degrees of freedom."""
    estimate = pooled(np.array([[True, False], [False, True]]))
    assert estimate.value == 0.5
    z2, size = 3.182446**2, 3.0  # Student's quantile with 3 degrees of freedom; p (1 - p) / (MS / 4), MS = 1 / 3
    half = (z2 * (0.25 / size + z2 / (4 * size**2))) ** 0.5 / (1 + z2 / size)
    assert (estimate.low, estimate.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-5)
    a = np.tile([[True, False], [False, True]], 50)  # 100 images
    difference = paired_difference(a, ~a)
    total = 200 / 199  # mean square of 200 differences of 1 and -1
    assert difference.high == pytest.approx(1.97196 * (total / 200) ** 0.5, abs=1e-5)
    assert difference.low == -difference.high


def test_one_image_and_three_seeds():
    a, b = np.array([[True], [False], [False]]), np.array([[False], [True], [True]])
    estimate = paired_difference(a, b)
    assert estimate.value == pytest.approx(-1 / 3)
    assert estimate.low <= estimate.value <= estimate.high
    assert estimate.high > 0  # one image cannot decide


def test_one_class_alone_can_be_wrong():
    """With one class there is no other to take it for."""
    assert pooled_per_class(np.array([[False, False]]), np.array([0, 0]), 1).value == 0


@pytest.mark.parametrize(
    ("labels", "num_classes", "message"),
    [
        ([0, 0, 1, 1, 0], 2, r"labels: expected one for each of 3 images, got \(5,\)"),
        ([0.0, 1.0, 1.0], 2, "integer class indices"),
        ([0, 0, 2], 3, r"got none in \[1\]"),
        ([0, 1, 2], 2, "0..1, got up to 2"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, num_classes, message):
    for seeds in (1, 2):
        with pytest.raises(ValueError, match=message):
            pooled_per_class(np.ones((seeds, 3), dtype=bool), labels, num_classes)


def test_the_confidence_is_checked_whatever_the_design():
    correct = np.ones((2, 4), dtype=bool)
    for call in (
        lambda: over_seeds([0.5], 95),
        lambda: over_seeds([0.5, 0.5], 95),
        lambda: pooled(correct, 95),
        lambda: pooled_per_class(correct, [0, 0, 1, 1], 2, 95),
        lambda: paired_difference(correct, correct, 95),
    ):
        with pytest.raises(ValueError, match="between 0 and 1, got 95"):
            call()


# ----------------------------------------------------------------------------------------------------- simulations


@pytest.mark.parametrize(("seeds", "n", "level"), [(2, 15, 3.0), (3, 30, 3.0), (3, 10, 0.5), (4, 8, -3.0)])
def test_pooled_covers_in_small_and_nearly_perfect_designs(seeds, n, level):
    """95 % promised, 0.90 and more wanted over 600 draws; a standard error is 0.009. Many draws are all right."""
    rng = np.random.default_rng(seeds)
    truth = _share_right(level)
    estimates = [pooled(_answers(rng, seeds, n, level)) for _ in range(600)]
    assert np.mean([e.low <= truth <= e.high for e in estimates]) >= 0.90


def test_pooled_with_seeds_that_differ_and_images_that_do_not():
    """The weak spot that `variance_of_mean` tells of: 0.941 in 20,000 draws, where 0.95 is promised."""
    rng = np.random.default_rng(0)
    truth = 0.5 * (1 + math.erf(0.5 / math.sqrt(2 * (1 + 0.15**2))))
    skill = rng.normal(0, 0.15, (2000, 4, 1))
    estimates = [pooled(0.5 + one + rng.normal(0, 1, (4, 200)) > 0) for one in skill]
    covered = np.mean([e.low <= truth <= e.high for e in estimates])
    assert 0.925 <= covered <= 0.957  # three standard errors of 0.0053


@pytest.mark.parametrize("level", [0.5, 2.5])
def test_per_class_covers_with_unequal_classes_and_is_no_wider_than_it_must_be(level):
    """40, 33, 27 and 21 images, three seeds, one difficulty for all classes; 0.90 to 0.99 wanted over 500 draws."""
    rng = np.random.default_rng(7)
    labels = np.repeat(np.arange(4), [40, 33, 27, 21])
    estimates, equal = [], []
    for _ in range(500):
        correct = _answers(rng, 3, len(labels), level)
        estimates.append(pooled_per_class(correct, labels, 4))
        equal.append(pooled(correct))
    truth = _share_right(level)
    assert 0.90 <= np.mean([e.low <= truth <= e.high for e in estimates]) <= 0.99
    widths = [np.median([e.high - e.low for e in those]) for those in (estimates, equal)]
    assert widths[0] < 1.15 * widths[1]  # 121 images that count unequally are worth 114


def test_paired_difference_covers_between_nearly_perfect_models():
    """Many draws have no difference at all; 0.93 to 1 wanted over 500 draws of 25 images and two seeds."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(500):
        a, b = _answers(rng, 2, 25, 3.5), _answers(rng, 2, 25, 3.5)
        estimate = paired_difference(a, b)
        hits += estimate.low <= 0 <= estimate.high
    assert hits / 500 >= 0.93


def _answers(rng: np.random.Generator, seeds: int, n: int, level: float) -> np.ndarray:
    """Right or wrong, (S, n): images differ in difficulty, seeds a little in skill."""
    return level + rng.normal(0, 0.2, (seeds, 1)) + rng.normal(0, 1.5, (1, n)) + rng.normal(0, 1, (seeds, n)) > 0


def _share_right(level: float) -> float:
    return 0.5 * (1 + math.erf(level / math.sqrt(2 * (1 + 0.2**2 + 1.5**2))))


def test_one_run_of_few_images_is_not_certain():
    assert top1(np.zeros(7, dtype=int), np.zeros(7, dtype=int)).low == pytest.approx(7 / (7 + 1.959964**2), abs=1e-6)
