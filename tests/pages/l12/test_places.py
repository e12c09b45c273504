"""Where coat and build lie: the outline measured anew is that of the drawing."""

import numpy as np
import pytest

from helpers.pages.l12 import study
from helpers.pages.l12.places import places, signed_distance


@pytest.fixture(scope="module")
def dogs():
    return study.conflicts(12, seed=5, difficulty=0.2)


def test_another_coat_changes_pixels_inside_the_outline_only(dogs):
    kinds = np.array(study.BUILDS)[dogs.build]
    distance = signed_distance(kinds, np.random.default_rng(dogs.seed), study.SIZE, dogs.difficulty)
    changed = np.zeros(distance.shape, bool)
    for step in range(1, study.KINDS):
        again = dogs.again(coat=(dogs.coat + step) % study.KINDS)
        changed |= (again.pixels != dogs.pixels).any(-1)
    assert not changed[distance > 1].any(), "a coat reaches beyond the outline: this is not the drawing's"
    assert changed[distance < -2].mean() > 0.6, "most of the inside carries the coat"


def test_another_build_moves_the_outline(dogs):
    _, before = dogs.places()
    _, after = dogs.again(build=(dogs.build + 1) % study.KINDS).places()
    assert all((one != other).mean() > 0.05 for one, other in zip(before, after, strict=True))


def test_the_two_places_share_no_pixel_and_grow_with_the_picture():
    distance = np.array([[[-3.0, -2.0, 0.0, 2.0, 3.0]]])
    coat, build = places(np.repeat(np.pad(distance, ((0, 0), (0, 0), (0, 59)), constant_values=9.0), 64, axis=1))
    assert coat[0, 0, :5].tolist() == [True, False, False, False, False]
    assert build[0, 0, :5].tolist() == [False, True, True, True, False]
    thick, _ = places(np.full((1, 64, 64), -2.5), 3.0)
    assert not thick.any(), "2.5 pixels inside are the build's where the outline is 3 wide"
    wide = np.full((1, 128, 128), -3.0)
    assert places(wide)[1].all(), "3 of 128 pixels are as near as 1.5 of 64"


def test_the_thickest_outline_leaves_every_dog_an_inside():
    dogs = study.conflicts(120, seed=12, difficulty=0.1)
    assert all(place.any((1, 2)).all() for place in dogs.places(study.THICKEST))


def test_cue_conflicts_disagree_and_agreeing_lessons_agree(dogs):
    assert (dogs.coat != dogs.build).all()
    assert len({*zip(dogs.coat.tolist(), dogs.build.tolist(), strict=True)}) == 6
    both = study.lesson_dogs(20, 1, 0.1, agree=True)
    apart = study.lesson_dogs(20, 1, 0.1, agree=False)
    assert (both.coat == both.build).all()
    assert (apart.coat != apart.build).any()


def test_more_dogs_leave_the_first_ones_as_they_were(dogs):
    few = study.conflicts(6, seed=5, difficulty=0.2)
    assert np.array_equal(few.pixels, dogs.pixels[:6])
    assert np.array_equal(few.places()[0], dogs.places()[0][:6])
