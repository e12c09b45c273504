"""The recorded study on images that are told apart by their stripes: the split, every arm, the summary."""

import json

import numpy as np
import pytest

from helpers.data.base import Dataset, Split
from helpers.measure.accuracy import Estimate
from helpers.pages.c02 import study as s
from helpers.pages.c02 import words as w


def striped(count, first):
    """Three classes: stripes that lie, that stand, and noise."""
    rng = np.random.default_rng(first)
    images = rng.integers(0, 60, (3 * count, 32, 32, 3), dtype=np.uint8)
    labels = np.repeat(np.arange(3), count)
    images[labels == 0, ::4] += 150
    images[labels == 1, :, ::4] += 150
    return Split(images, labels, tuple(f"{first}/{number}" for number in range(3 * count)))


@pytest.fixture(scope="module")
def data():
    nothing = Split(np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0, int), ())
    whole = Dataset("striped", ("lying", "standing", "noise"), striped(12, 0), nothing, striped(4, 1), 32, "0" * 16, {})
    return s.photographs(whole, 10)


def test_each_class_gives_as_many_to_learn_from_and_the_rest_to_test(data):
    assert np.bincount(data.learn_labels).tolist() == [10, 10, 10]
    assert np.bincount(data.test_labels).tolist() == [6, 6, 6]
    assert data.learn_labels[:6].tolist() == [0, 1, 2, 0, 1, 2]
    flat = {one.tobytes() for one in data.learn} & {one.tobytes() for one in data.test}
    assert not flat


def test_rows_of_a_pyramid_have_its_intersection_as_dot_product(data):
    seen = w.nearest_word(data.learn[:5], w.words_by_lot(data.learn, 6, 0))
    rows = s.pyramid_of_occurrences(seen, 6, 3)
    pyramids = w.histograms(seen, 6, 3) * seen[0].size
    expected = [[w.intersection(a, b) for b in pyramids] for a in pyramids]
    assert np.allclose((rows @ rows.T).toarray(), expected)


@pytest.mark.parametrize("name", ["base", "soft, 0.02", "square root", "chi-squared", "3 levels, intersection"])
def test_an_arm_tells_stripes_apart(data, name):
    arm = s.Arm(**{**s.asdict(s.ARMS[name]), "words": 12})
    right, row = s.one(arm, data, 0)
    assert right.mean() == row["test_top1"] > 0.8
    assert row["cost"] in s.COSTS


def test_the_summary_has_every_arm_and_every_pair(data):
    arms = {
        name: s.Arm(**{**s.asdict(arm), "words": 8})
        for name, arm in s.ARMS.items()
        if "words" in name or name == "base"
    }
    runs, summary = s.study(data, 3, 2, arms)
    assert len(runs) == 2 * len(arms)
    assert {row["arm"] for row in summary["arms"]} == set(arms)
    pairs = {(row["plus"], row["minus"]) for row in summary["differences"]}
    assert {("50 words by lot", "50 words"), ("200 words by lot", "base"), ("50 words", "base")} <= pairs
    for row in summary["differences"]:
        Estimate(**{key: row[key] for key in ("value", "low", "high", "n", "covers")})


def test_the_voter_is_recorded_with_the_ranks_of_each_class(data):
    told = json.loads(json.dumps(s.voter(data, 3)))
    found = w.Voter(*(np.array(told[key]) for key in ("words", "weights", "bias")))
    scores = found.scores(found.seen(data.test))
    assert told["right"] == np.mean(scores.argmax(axis=1) == data.test_labels) > 0.8
    for label, ranks in enumerate(told["ranks"]):
        order = np.argsort(-scores[:, label], kind="stable")
        assert np.array_equal(np.flatnonzero(data.test_labels[order] == label), ranks)
