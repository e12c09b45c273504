"""BLEU against cases that were worked out by hand, and its bootstrap."""

import math
import warnings

import numpy as np
import pytest

from helpers.measure.bleu import bleu_counts, bleu_of, bootstrap, corpus_bleu, share_of

A = ["the", "red", "car", "is", "small", "."]


def test_a_perfect_translation_scores_one():
    assert corpus_bleu([A], [[A]]) == pytest.approx(1.0)


def test_two_words_exchanged_by_hand():
    """the car red is small . against the red car is small .: 6/6, 2/5, 1/4, 0/3: one order without a match gives 0."""
    counts = bleu_counts(["the", "car", "red", "is", "small", "."], [A])
    assert counts.tolist() == [6, 2, 1, 0, 6, 5, 4, 3, 6, 6]
    assert bleu_of(counts) == 0


def test_a_wrong_word_at_the_end_by_hand():
    counts = bleu_counts(["the", "red", "car", "is", "big", "."], [A])
    assert counts.tolist() == [5, 3, 2, 1, 6, 5, 4, 3, 6, 6]
    assert bleu_of(counts) == pytest.approx((5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)


def test_no_match_and_no_word_score_zero_and_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bleu_of(bleu_counts(["a", "b"], [A])) == 0
        assert bleu_of(bleu_counts([], [A])) == 0


def test_words_are_counted_as_often_as_the_reference_has_them():
    """The seven times "the" of Papineni et al., section 2.1: clipped to the 2 of the first reference."""
    references = [["the", "cat", "is", "on", "the", "mat"], ["there", "is", "a", "cat", "on", "the", "mat"]]
    assert bleu_counts(["the"] * 7, references)[[0, 4]].tolist() == [2, 7]


def test_brevity_costs():
    counts = bleu_counts(A[:5], [A])
    assert bleu_of(counts) == pytest.approx(math.exp(1 - 6 / 5))
    assert bleu_of(bleu_counts([*A, "."], [A])) < 1  # length costs by precision


def test_the_closest_reference_gives_the_length():
    assert bleu_counts(A, [A[:3], A + A])[-1] == 3
    assert bleu_counts(A, [A[:5], [*A, "!"]])[-1] == 5  # equally close: the shorter


def test_the_corpus_is_summed_before_it_is_divided():
    poor, good = ["a", "b", "c", "d"], ["e", "f", "g", "h"]
    assert bleu_of(bleu_counts(poor, [good])) == 0
    assert corpus_bleu([poor, good], [[good], [good]]) == pytest.approx(0.5)


def test_no_reference_and_no_sentence_are_refused():
    with pytest.raises(ValueError, match="at least one for each sentence"):
        bleu_counts(A, [])
    with pytest.raises(ValueError, match="got 1 and 2"):
        corpus_bleu([A], [[A], [A]])


def test_the_bootstrap_finds_the_error_of_a_share():
    right = np.random.default_rng(1).random(2000) < 0.7
    table = np.stack([right, np.ones(2000)], axis=1)
    estimate = bootstrap(table, share_of)
    assert estimate.value == pytest.approx(right.mean())
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * math.sqrt(0.7 * 0.3 / 2000), rel=0.1)
    assert (estimate.n, estimate.covers) == (2000, "test sampling")
    assert estimate == bootstrap(table, share_of)
    with pytest.raises(ValueError, match=r"expected \(n, S\) with n >= 1, got \(0, 2\)"):
        bootstrap(np.zeros((0, 2)), share_of)


@pytest.mark.parametrize("table", [[[3.0, 4.0]], [[1.0, 1.0]] * 7, [[0.0, 2.0]] * 3])
def test_sentences_that_are_all_alike_give_no_interval(table):
    """One sentence, or seven that are all right: drawing them again gives the same value, which is not certainty."""
    estimate = bootstrap(table, share_of)
    assert estimate.value == table[0][0] / table[0][1]
    assert (estimate.low, estimate.high, estimate.n, estimate.covers) == (None, None, len(table), "nothing")


def test_draws_without_a_single_word_say_nothing():
    """Two of three sentences have no linked word: 8 draws of 27 hold none, and their share is no number."""
    estimate = bootstrap([[0, 0], [0, 0], [3, 4], [1, 4]], share_of)
    assert estimate.value == 0.5
    assert 0 <= estimate.low <= 0.5 <= estimate.high <= 1


def test_a_corpus_without_a_value_and_clumsy_numbers_are_refused():
    with pytest.raises(ValueError, match="counts: expected a corpus whose measure is a number, got nan"):
        bootstrap([[0, 0], [0, 0]], share_of)
    with pytest.raises(ValueError, match="between 0 and 1, got 95"):
        bootstrap([[1, 2], [2, 2]], share_of, confidence=95)
    with pytest.raises(ValueError, match="draws: expected at least 1, got 0"):
        bootstrap([[1, 2], [2, 2]], share_of, draws=0)
