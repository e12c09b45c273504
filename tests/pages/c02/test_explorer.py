"""The explorer of votes: its words, its sums, its sentence, its size and its still picture."""

import numpy as np
import pytest

from helpers.pages.c02 import explorer as e
from helpers.pages.c02.dogs import COST, drawn_dogs
from helpers.pages.c02.words import clustered_words, fit_voter, nearest_word


@pytest.fixture(scope="module")
def groups():
    learn, new = drawn_dogs()
    words = clustered_words(learn.descriptors, 50, 0)
    voter = fit_voter(words, nearest_word(learn.descriptors, words), learn.build, COST)
    seen = nearest_word(new.descriptors, words)
    return [e.drawn_group(voter, new, seen), e.photograph_group()], voter, seen


def test_explorer_is_light_and_has_a_still_picture(groups, light_with_a_still):
    explorer = e.VoteExplorer(groups[0])
    light_with_a_still(explorer)
    assert e.told(groups[0][0], 0, groups[0][0]["pictures"][0]["first"]) in explorer.alt


def test_the_words_come_back_and_the_votes_add_up_to_the_score(groups):
    (dogs, photographs), voter, seen = groups
    maps = {one.tobytes(): one for one in seen.reshape(len(seen), -1)}
    for picture in range(len(dogs["pictures"])):
        words = e.words_of(dogs, picture)
        assert words.tobytes() in maps
        scores = voter.scores(words.reshape(1, 15, 15))[0]
        for label in range(3):
            votes, score = e.votes_of(dogs, picture, label)
            assert votes.shape == (15, 15)
            assert score == pytest.approx(scores[label], abs=1e-3)  # weights are rounded to thousandths
    assert [p["name"] for p in photographs["pictures"]] == [name for name, _ in e.ASKED]
    assert len(photographs["classes"]) == 20


def test_words_are_walked_from_for_to_against(groups):
    dogs = groups[0][0]
    rows = e.by_vote(dogs, 0, 1)
    totals = [total for _, total, _ in rows]
    assert totals == sorted(totals, reverse=True)
    assert sum(places for _, _, places in rows) == 225
    assert sum(totals) + dogs["bias"][1] == pytest.approx(e.votes_of(dogs, 0, 1)[1])


def test_the_sentence_is_the_sum(groups):
    group = {
        "name": "toy", "classes": ["a", "b"], "thousandths": [[4000, -2000], [0, 0]], "bias": [0.5, 1.0], "side": 2,
        "pictures": [{"name": "one", "first": 0, "image": "", "words": e.pack(np.array([0, 0, 1, 1]), 0, 255)}],
    }  # fmt: skip
    said = e.told(group, 0, 0)
    assert said.startswith("one, asked for “a”: for +2.00, against −1.00, bias +0.50, score +1.50: place 1 of 2.")
    assert said.endswith("Outlined: word 0, 2 of 4 places, +2.00 in all.")
    assert "Outlined: word 1, 2 of 4 places, −1.00 in all." in e.told(group, 0, 0, 1)
    assert "place 2 of 2. Its answer: “a”" in e.told(group, 0, 1)
    assert [e.signed(x) for x in (-0.001, -0.625, 0.625, -1.0)] == ["+0.00", "−0.63", "+0.63", "−1.00"]
