"""Counting words whose guessed place is a link: worked out by hand on two short sentences."""

import numpy as np
import pytest

from helpers.pages.c08.links import diagonal, hits, largest, link_figures, link_table, paired, share_near

CROSSED = {
    "source": ["une", "voiture", "rouge", "."],
    "target": ["a", "red", "car", "."],
    "links": [[0], [2], [1], [3]],
    "weights": [[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1], [0.1, 0.2, 0.6, 0.1], [0, 0, 0, 1], [0, 0, 0, 1]],
}
UNLINKED = {
    "source": ["il", "dort"],
    "target": ["he", "does", "sleep"],
    "links": [[0], [], [1]],
    "weights": [[0.4, 0.6], [0.2, 0.8], [0.1, 0.9], [0.5, 0.5]],
}


def test_hits_count_linked_words_alone():
    assert hits([CROSSED, UNLINKED], largest("weights")).tolist() == [[3, 4], [1, 2]]
    assert hits([CROSSED, UNLINKED], diagonal).tolist() == [[2, 4], [2, 2]]
    assert hits([CROSSED], diagonal, stops=False).tolist() == [[1, 3]]
    assert share_near([CROSSED, UNLINKED], diagonal) == 100


def test_two_guesses_are_compared_on_the_same_words():
    difference = paired(hits([CROSSED, UNLINKED], largest("weights")), hits([CROSSED, UNLINKED], diagonal))
    assert difference.value == 0  # four words of six, both
    assert (difference.low, difference.high) == (-1 / 2, 1 / 4)  # the second sentence twice, the first one twice


def test_a_record_that_counts_otherwise_is_refused():
    by_model = {"additive": [CROSSED, UNLINKED], "dot": [CROSSED, UNLINKED]}
    right = {"value": 4 / 6, "low": 0.5, "high": 0.9, "n": 2, "words": 6}
    agreement = {"additive": {"attention": right, "diagonal": right}, "dot": {"attention": right}}
    assert [row["no stops"] for row in link_table(by_model, agreement)] == ["60.0 %", "60.0 %", "60.0 %"]
    agreement["dot"] = {"attention": right | {"value": 0.5}}
    with pytest.raises(ValueError, match=r"dot: expected the record's 0\.5"):
        link_table(by_model, agreement)


def test_a_full_stop_off_the_diagonal_is_refused():
    moved = CROSSED | {"links": [[0], [2], [1], [0]]}
    share = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 1, "words": 4}
    agreement = {"additive": {"attention": share, "diagonal": share}, "dot": {"attention": share}}
    with pytest.raises(ValueError, match="expected every full stop on the diagonal"):
        link_figures({"additive": [moved], "dot": [moved]}, agreement)
    assert np.array_equal(hits([moved], diagonal), [[1, 4]])
