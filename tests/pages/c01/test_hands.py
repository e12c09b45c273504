"""The form behind the digits, the nearest neighbour against scikit-learn's, and rounds that hold back."""

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from helpers.pages.c01 import hands
from helpers.pages.c01.cat import distance, moved, plain_card


def test_labels_are_laid_on_copies_of_the_form_with_what_is_missing_left_out():
    form = np.array([3, 1, 4, 1, 5])
    places = np.arange(15)
    kept = np.delete(places, [1, 7, 8])
    found = hands.places_on_forms(form[kept % 5], form)
    assert np.array_equal(form[found % 5], form[kept % 5])
    assert np.array_equal(found // 5, kept // 5)
    assert (np.diff(found) > 0).all()


def test_a_label_unlike_the_form_is_kept_in_its_place():
    form = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    labels = np.tile(form, 3)
    labels[10] = 7
    places = hands.places_on_forms(np.delete(labels, 20), form)
    assert np.array_equal(places, np.delete(np.arange(24), 20))


def test_nothing_is_refused():
    with pytest.raises(ValueError, match="expected labels and a form, got 0 labels and a form of 8"):
        hands.places_on_forms(np.array([], dtype=int), np.arange(8))


def test_scikit_learns_digits_are_fourteen_forms_and_one_slip():
    digits = hands.digits()
    assert np.bincount(digits.hand).tolist() == [130, 126, 130, 130, 130, 130, 130, 123, 128, 130, 128, 130, 122, 130]
    assert (np.diff(digits.hand) >= 0).all()
    assert np.flatnonzero(digits.asked != digits.labels).tolist() == [385]
    assert digits.pixels.shape == (1797, 64)


def test_the_nearest_neighbour_is_scikit_learns():
    rng = np.random.default_rng(0)
    known, names, asked = rng.normal(size=(50, 7)), rng.integers(0, 4, 50), rng.normal(size=(20, 7))
    library = KNeighborsClassifier(1).fit(known, names)
    assert np.array_equal(hands.nearest_names(known, names, asked), library.predict(asked))


def test_rounds_are_leave_one_group_out():
    rng = np.random.default_rng(1)
    pixels, names, groups = rng.normal(size=(60, 5)), rng.integers(0, 3, 60), rng.integers(0, 6, 60)
    library = cross_val_predict(KNeighborsClassifier(1), pixels, names, groups=groups, cv=LeaveOneGroupOut())
    assert np.array_equal(hands.names_in_rounds(pixels, names, groups), library)


def test_rounds_by_lot_are_of_one_size_and_change_with_the_seed():
    rounds = hands.shuffled_rounds(1797, 14)
    assert np.ptp(np.bincount(rounds)) <= 1
    assert not np.array_equal(rounds, hands.shuffled_rounds(1797, 14, seed=1))


def test_a_new_hand_is_read_worse_than_a_known_one():
    digits = hands.digits()
    wrong = [
        int(np.sum(hands.names_in_rounds(digits.pixels, digits.labels, held) != digits.labels))
        for held in (hands.shuffled_rounds(1797, 14), digits.hand)
    ]
    assert wrong == [20, 65]


def test_the_nearest_is_sought_where_it_may_be_and_is_never_itself():
    pixels = np.array([[0.0], [1.0], [5.0], [0.1]])
    assert hands.nearest_of(pixels, 0, np.ones(4, dtype=bool)) == 3
    assert hands.nearest_of(pixels, 0, np.array([True, True, True, False])) == 1


def test_a_card_is_nearer_where_neighbours_do_not_resemble_each_other():
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3))
    before, after = moved(noise, 2)
    assert before.shape == after.shape == (40, 58, 3)
    assert np.array_equal(before[:, 2:], after[:, :-2])
    assert distance(before, before) == 0
    assert distance(before, plain_card(before)) < distance(before, after)
    with pytest.raises(ValueError, match="step: expected 1 to 59, got 60"):
        moved(noise, 60)
