"""Scores of heaps against counts by hand, and labels with a habit."""

import numpy as np
import pytest

from helpers.pages.c01 import heaps


def test_scores_by_hand():
    labels = np.array([0, 0, 0, 1, 1, 1])
    scored = heaps.score_heaps(labels, np.array([0, 0, 1, 1, 1, 1]))
    assert scored.purity == pytest.approx(5 / 6)
    assert scored.one_to_one == pytest.approx(5 / 6)
    perfect = heaps.score_heaps(labels, 1 - labels)
    assert (perfect.purity, perfect.one_to_one, perfect.ari) == (1, 1, 1)
    assert perfect.nmi == pytest.approx(1)


def test_one_class_may_not_have_two_heaps_where_each_heap_has_one_class():
    labels = np.array([0] * 6 + [1, 1])
    scored = heaps.score_heaps(labels, np.array([0, 0, 0, 1, 1, 1, 0, 1]))
    assert scored.purity == pytest.approx(6 / 8)
    assert scored.one_to_one == pytest.approx(4 / 8)


def test_a_heap_for_each_image_is_pure_and_worth_nothing():
    pixels = np.random.default_rng(0).normal(size=(40, 3))
    labels = np.arange(40) % 4
    alone = heaps.sort_into_heaps(pixels, 40)
    assert len(set(alone)) == 40
    scored = heaps.score_heaps(labels, alone)
    assert scored.purity == 1
    assert scored.ari == pytest.approx(0, abs=1e-12)
    assert scored.nmi > 0.3
    many = heaps.scores_by_count(pixels, labels, (2, 40))
    assert many[0].purity < many[1].purity


def test_every_image_gets_the_name_of_its_heap():
    labels, sorted_into = np.array([0, 0, 1, 2, 2, 1]), np.array([5, 5, 5, 9, 9, 9])
    assert heaps.named_by_heap(labels, sorted_into).tolist() == [0, 0, 0, 2, 2, 2]


def test_wrong_labels_by_lot_lower_a_score_as_the_formula_says():
    rng = np.random.default_rng(0)
    n, classes, accuracy, wrong = 200_000, 10, 0.9, 0.05

    def mistaken(truth, share):
        other = (truth + rng.integers(1, classes, n)) % classes
        return np.where(rng.random(n) < share, other, truth)

    truth = rng.integers(0, classes, n)
    answers, labels = mistaken(truth, 1 - accuracy), mistaken(truth, wrong)
    assert heaps.score_by_labels(accuracy, wrong, classes) == pytest.approx(np.mean(answers == labels), abs=0.003)
    assert heaps.score_by_labels(1.0, wrong, classes) == pytest.approx(0.95)
