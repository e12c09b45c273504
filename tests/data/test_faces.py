"""Drawn faces: the same from the same seed, alike within a person, and harder at a higher difficulty."""

import numpy as np
import pytest

from helpers.data.faces import TRAITS, draw_people, traits_of
from helpers.measure.verification import auc, compare


def test_shapes_types_people_and_seeds():
    images, people = draw_people(3, 2, 20)
    assert images.shape == (6, 20, 20, 3)
    assert images.dtype == np.uint8
    assert people.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(images, draw_people(3, 2, 20)[0])
    assert (images != draw_people(3, 2, 20, seed=1)[0]).any()


def test_more_people_or_pictures_leave_the_first_ones_as_they_were():
    few = draw_people(2, 2, 16)[0].reshape(2, 2, 16, 16, 3)
    many = draw_people(25, 3, 16)[0].reshape(25, 3, 16, 16, 3)
    np.testing.assert_array_equal(few, many[:2, :2])
    np.testing.assert_array_equal(draw_people(1, 3, 16, first_person=1)[0], many[1])


def test_all_traits_matter_and_lie_within_their_bounds():
    traits = traits_of(np.arange(50), 0, difficulty=1.0)
    assert list(traits) == list(TRAITS)
    assert max(np.abs(column).max() for column in traits.values()) <= 0.5
    assert min(column.std() for column in traits.values()) > 0.1
    np.testing.assert_allclose(traits_of(np.array([7]), 0, 0.0)["skin"][0], 2 * traits["skin"][7])


@pytest.mark.parametrize(("wears", "rows"), [("scarf", slice(26, 48)), ("sunglasses", slice(12, 28))])
def test_what_is_worn_hides_a_part_and_leaves_the_rest(wears, rows):
    plain, worn = draw_people(8, 1, 48)[0], draw_people(8, 1, 48, wears=wears)[0]
    changed = (plain != worn).any(-1)
    assert changed[:, rows].sum() > 0.7 * changed.sum()
    assert 0.02 < changed.mean() < 0.4
    assert not changed[:, :8].any()


def test_pixels_tell_something_and_less_when_it_is_harder():
    found = []
    for difficulty in (0.0, 1.0):
        images, people = draw_people(20, 4, 24, difficulty=difficulty)
        rows = images.reshape(len(images), -1).astype(float)
        rows -= rows.mean(0)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        pairs = compare(rows, rows, people)
        found.append(auc(pairs.scores, pairs.same))
    assert 0.5 < found[0] < 0.9
    assert found[1] < found[0]


def test_what_cannot_be_drawn_is_refused():
    for wrong in ({"num_people": 0}, {"image_size": 8}, {"difficulty": 2}, {"wears": "hat"}):
        with pytest.raises(ValueError, match="expected"):
            draw_people(**({"num_people": 1, "per_person": 1} | wrong))
