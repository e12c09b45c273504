"""What the chapter reads from records: its arms, differences, the voter, and lab 2's row."""

import numpy as np
import pytest

from helpers.pages.c02 import recorded as r
from helpers.pages.c02.dogs import average_precision
from helpers.pages.c02.study import ARMS


def test_every_arm_is_recorded_and_lies_in_its_interval():
    for name in ARMS:
        found = r.arm(name)
        assert found.low <= found.value <= found.high
        assert found.value <= r.learned(name)
    with pytest.raises(ValueError, match="no arm 'none'"):
        r.arm("none")


def test_a_difference_is_that_of_the_arms():
    assert r.difference("3 levels").value == pytest.approx(r.arm("3 levels").value - r.arm("base").value)
    pair = ("800 words by lot", "800 words")
    assert r.difference(*pair).value == pytest.approx(r.arm(pair[0]).value - r.arm(pair[1]).value)
    with pytest.raises(ValueError, match="was not compared"):
        r.difference("base", "3 levels")


def test_the_voter_has_a_weight_for_each_class_and_word_and_ranks_all():
    voter = r.voter()
    assert voter.words.shape == (100, 32)
    assert voter.weights.shape == (20, 100)
    assert len(r.class_names()) == len(voter.bias) == 20
    for name in r.class_names():
        places = r.ranks(name)
        assert len(places) == 100 == len(np.unique(places))
        assert 0 <= places.min() <= places.max() < 2000
        assert average_precision(places) > 0.05  # what a random order gets
    assert 1 / 20 < r.voter_right() < 1


def test_lab_2_knows_the_bag_and_what_it_is_compared_with():
    gap = r.lab2_difference("resnet_like", "bow_svm")
    assert gap.value == pytest.approx(r.lab2("resnet_like").value - r.lab2("bow_svm").value)
    with pytest.raises(ValueError, match="lab 2 does not compare"):
        r.lab2_difference("knn", "knn")
