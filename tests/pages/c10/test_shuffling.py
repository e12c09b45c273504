"""What shuffled patches leave of a network's answers, on answers made up by hand."""

import numpy as np
import pytest

from helpers.data.base import Split
from helpers.pages.c10 import shuffling

BREEDS = np.arange(400) % 20


@pytest.fixture
def dogs():
    """400 dogs of 20 breeds: breed k has coat k mod 5 and build k div 5."""
    return Split(
        images=np.zeros((400, 8, 8, 3), dtype=np.uint8),
        labels=BREEDS,
        names=tuple(map(str, range(400))),
        factors={"texture": BREEDS % 5, "proportion": BREEDS // 5},
    )


def right_coat_alone(dogs):
    """Breeds with the right coat and another build."""
    return (dogs.labels + 5) % 20


def test_a_breed_of_the_right_coat_scores_for_the_coat_alone(dogs):
    scores = shuffling.cue_scores(dogs, {"in order": dogs.labels, "shuffled": right_coat_alone(dogs)})
    assert [estimate.value for estimate in scores["in order"]] == [1, 1, 1]
    assert [estimate.value for estimate in scores["shuffled"]] == [0, 1, 0]
    assert scores["shuffled"][0].n == 400


def test_the_lead_over_chance_that_is_kept_by_hand(dogs):
    half = np.where(np.arange(400) < 200, dogs.labels, right_coat_alone(dogs))  # build right in half of them
    share, low, high = shuffling.lead_kept(dogs, "build", half, dogs.labels)
    assert share == pytest.approx((0.5 - 0.25) / (1 - 0.25))
    assert low < share < high
    assert high - low == pytest.approx(2 * 1.96 * (0.25 / 400) ** 0.5 / 0.75, rel=0.1)  # the reference is certain
    assert shuffling.lead_kept(dogs, "coat", half, dogs.labels) == (1, 1, 1)


def test_the_figures_that_the_text_quotes(dogs):
    guesses = {"in order": dogs.labels, "same position": right_coat_alone(dogs), "shuffled": right_coat_alone(dogs)}
    figures = shuffling.shuffling_figures(dogs, guesses, no_position=dogs.labels)
    assert set(figures) == {
        *(f"{name}_{cue}" for name in ("in_order", "same_position", "shuffled") for cue in ("breed", "coat", "build")),
        *("left_coat", "left_build", "wrong_or_zero", "wrong_or_none", "no_position"),
    }
    assert figures["shuffled_coat"].data.startswith("100.0\xa0%")
    assert figures["left_coat"].data == "100 % [100, 100]"
    assert figures["wrong_or_zero"].data.startswith("−100.0\xa0points")
    assert figures["wrong_or_none"].data.startswith("+0.0\xa0points")
    assert figures["no_position"].data.startswith("100.0\xa0%")


def test_a_breed_with_two_coats_is_refused(dogs):
    dogs.factors["texture"][0] += 1
    with pytest.raises(ValueError, match="expected one coat for each breed"):
        shuffling.cue_of_breed(dogs, "coat")
