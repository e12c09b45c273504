"""The best of many coins against tosses, and what a choice promises and keeps."""

import numpy as np
import pytest

from helpers.pages.c01 import luck


def test_the_best_of_coins_by_hand_and_by_tossing():
    assert luck.best_of_coins(1, 100) == pytest.approx(0.5)
    assert luck.best_of_coins(2, 2) == pytest.approx(11 / 16)
    tossed = np.random.default_rng(0).binomial(40, 0.5, (20_000, 7)).max(axis=1) / 40
    assert luck.best_of_coins(7, 40) == pytest.approx(tossed.mean(), abs=4 * tossed.std() / 20_000**0.5)


@pytest.mark.parametrize(("coins", "n"), [(0, 10), (3, 0)])
def test_no_coin_and_no_image_are_refused(coins, n):
    with pytest.raises(ValueError, match="at least one coin and one image"):
        luck.best_of_coins(coins, n)


def test_a_winners_interval_is_fooled_more_often_the_more_there_are():
    one, fifty = luck.seems_sure(1, 100), luck.seems_sure(50, 100)
    assert one < 0.05 < fifty
    best = np.random.default_rng(0).binomial(100, 0.5, (20_000, 50)).max(axis=1)
    assert fifty == pytest.approx(np.mean(best >= 60), abs=0.01)


def test_few_pixels_know_something_and_all_pixels_are_the_nearest_neighbour():
    rng = np.random.default_rng(0)
    known, asked = rng.normal(size=(30, 6)), rng.normal(size=(10, 6))
    names, truth = rng.integers(0, 3, 30), rng.integers(0, 3, 10)
    whole = luck.names_from_few_pixels(known, names, asked, truth, count=2, pixels=6)
    expected = luck.nearest_names(known, names, asked) == truth
    assert np.array_equal(whole, [expected, expected])
    assert luck.names_from_few_pixels(known, names, asked, truth, count=5, pixels=2).shape == (5, 10)


def test_choosing_among_equals_promises_and_keeps_nothing():
    right = np.random.default_rng(0).random((100, 2000)) < 0.5
    promised, kept = luck.chosen_by_validation(right, tries=50, validation=100)
    assert promised == pytest.approx(luck.best_of_coins(50, 100), abs=0.01)
    assert kept == pytest.approx(0.5, abs=0.01)


def test_choosing_among_unequals_keeps_something():
    accuracies = np.linspace(0.2, 0.8, 60)
    right = np.random.default_rng(0).random((60, 2000)) < accuracies[:, None]
    promised, kept = luck.chosen_by_validation(right, tries=40, validation=50)
    assert 0.65 < kept < promised


def test_what_cannot_be_chosen_is_refused():
    with pytest.raises(ValueError, match="expected 1 to 3 tries and 1 to 9 images, got 4 and 5"):
        luck.chosen_by_validation(np.ones((3, 10), dtype=bool), 4, 5)
    with pytest.raises(ValueError, match="got 2 and 10"):
        luck.chosen_by_validation(np.ones((3, 10), dtype=bool), 2, 10)
