"""Verification: AUC, EER and rank one by hand and against scikit-learn; intervals over people."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from helpers.measure.verification import (
    Pairs,
    auc,
    compare,
    equal_error_rate,
    jackknife,
    left_out,
    over_pairs,
    over_people,
    people_weights,
    rank_one,
    roc,
)


def unit(rng, people, pictures, spread):
    person = np.repeat(np.arange(people), pictures)
    rows = rng.standard_normal((people, 8))[person] + spread * rng.standard_normal((len(person), 8))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), person


def test_auc_counts_couples_and_halves_ties():
    scores, same = np.array([0.9, 0.6, 0.4, 0.6, 0.3, 0.1]), np.array([True] * 3 + [False] * 3)
    assert auc(scores, same) == pytest.approx((3 + 2.5 + 2) / 9)
    assert auc(-scores, same) == pytest.approx(1 - 7.5 / 9)
    rng = np.random.default_rng(0)
    scores, same = rng.integers(0, 9, 200), rng.random(200) < 0.3
    assert auc(scores, same) == pytest.approx(roc_auc_score(same, scores))
    weights = rng.integers(0, 3, (4, 200))
    for row, value in zip(weights, auc(scores, same, weights), strict=True):
        assert value == pytest.approx(roc_auc_score(same, scores, sample_weight=row))
    with pytest.raises(ValueError, match="pairs of two"):
        auc(scores, np.ones(200, dtype=bool))


def test_the_area_under_the_roc_is_the_auc():
    rng = np.random.default_rng(1)
    scores, same = rng.normal(size=300), rng.random(300) < 0.4
    x, y = roc(scores, same)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(y, x) == pytest.approx(auc(scores, same))


def test_equal_error_rate_by_hand():
    same = np.array([True] * 4 + [False] * 4)
    assert equal_error_rate(np.array([9, 8, 7, 3, 6, 4, 2, 1]), same) == 0.25
    assert equal_error_rate(np.array([9, 8, 7, 6, 4, 3, 2, 1]), same) == 0
    assert equal_error_rate(np.array([1, 2, 3, 4, 6, 7, 8, 9]), same) == 1


def test_pairs_are_of_other_pictures_and_know_their_people():
    rows, person = unit(np.random.default_rng(0), 3, 2, 0.1)
    pairs = compare(rows, rows, person)
    assert len(pairs.scores) == 6 * 5 / 2
    assert pairs.same.sum() == 3
    assert len(compare(rows, rows.copy(), person).scores) == 6 * 5
    assert pairs.people == 3
    assert pairs.scores[pairs.same].min() > 0.8


def test_weights_count_copies_of_people():
    pairs = Pairs(np.zeros(3), np.array([0, 0, 1]), np.array([0, 1, 2]))
    assert people_weights(pairs, np.array([[2, 3, 1]])).tolist() == [[2, 6, 3]]


def test_intervals_hold_the_value_and_people_make_the_wider_one():
    rows, person = unit(np.random.default_rng(3), 11, 6, 0.8)
    pairs = compare(rows, rows, person)
    wide, narrow, knife = (
        over_people(pairs, 200),
        over_pairs(pairs, 200),
        jackknife(auc(pairs.scores, pairs.same), left_out(pairs)),
    )
    for one in (wide, narrow, knife):
        assert one.low < one.value < one.high
        assert one.value == pytest.approx(roc_auc_score(pairs.same, pairs.scores))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert over_people(pairs, 200) == wide
    half = over_people(pairs, 200, confidence=0.5)
    assert wide.low < half.low < half.high < wide.high
    keep = (pairs.first != 4) & (pairs.second != 4)
    assert left_out(pairs)[4] == pytest.approx(roc_auc_score(pairs.same[keep], pairs.scores[keep]))
    assert jackknife(0.5, np.array([0.4, 0.6])).low is None


def test_rank_one_names_the_nearest():
    enrolled = np.eye(3)
    assert rank_one(enrolled, np.array([[0.9, 0.1, 0], [0.9, 0.1, 0]]), np.array([0, 1])).tolist() == [True, False]
