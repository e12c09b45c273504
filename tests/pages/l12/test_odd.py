"""The zero: networks of one lesson whose maps differ as much as those of two lessons have no odd one out."""

import numpy as np
import pytest

from helpers.pages.l12.odd import odd_one_out

RNG = np.random.default_rng(0)


def trainings(mean, spread, seeds=3, dogs=12, rng=RNG):
    """Where maps lean: a place of each training's own, and of each dog's."""
    return mean + spread * rng.normal(size=(seeds, 1)) + 0.1 * rng.normal(size=(seeds, dogs))


def test_a_map_that_only_the_lesson_moves_is_the_odd_one_out_each_time():
    found = odd_one_out(np.full((3, 12), 0.8), np.full((3, 12), 0.2))
    assert found.value == 1
    assert 0.5 < found.low < 1 == found.high


def test_a_map_that_asks_no_network_has_no_odd_one_out_and_no_interval():
    dogs = np.tile(RNG.random(12), (3, 1))
    assert odd_one_out(dogs, dogs).as_dict() == {"value": 0, "low": None, "high": None, "n": 12, "covers": "nothing"}


def test_a_map_that_another_seed_moves_as_far_is_hardly_ever_called_one_that_follows():
    """Each training has a map of its own, whatever it learned; of 600, 2.5 % are allowed, and 2.7 standard errors."""
    rng, above, values = np.random.default_rng(1), 0, []
    for _ in range(600):
        found = odd_one_out(*(trainings(0.5, 1.0, rng=rng) for _ in range(2)))
        values.append(found.value)
        above += found.low is not None and found.low > 0
    assert above / 600 < 0.043
    assert abs(np.mean(values)) < 0.06


def test_a_large_shift_is_found_with_six_trainings():
    rng = np.random.default_rng(2)
    found = [odd_one_out(*(trainings(mean, 0.1, seeds=6, rng=rng) for mean in (1, 0))) for _ in range(20)]
    assert np.mean([one.low > 0.5 for one in found]) == 1


def test_two_trainings_have_a_value_and_no_interval_and_one_is_refused():
    assert odd_one_out(trainings(1, 0.1, seeds=2), trainings(0, 0.1, seeds=2)).low is None
    with pytest.raises(ValueError, match="two trainings at least"):
        odd_one_out(trainings(1, 0.1, seeds=1), trainings(0, 0.1, seeds=2))


def test_by_hand_two_of_one_lesson_and_two_of_the_other():
    coat, build = np.array([[0.9], [0.7]]), np.array([[0.6], [0.0]])
    # from .9: .7 is 0.2 away, .6 is 0.3 and .0 0.9: twice farther; from .7: .9 is 0.2, .6 is 0.1 and .0 0.7: 0
    # from .6: .0 is 0.6 away, .9 is 0.3 and .7 0.1: twice nearer; from .0: .6 is 0.6, .9 and .7 twice farther
    assert odd_one_out(coat, build).value == pytest.approx(np.mean([np.mean([1, 0]), np.mean([-1, 1])]))
