"""Words: their making, their assignment hard and soft, the intersection as a dot product, a decision as a sum."""

import numpy as np
import pytest
import torch

from helpers.layers.attention import scaled_dot_product_attention
from helpers.pages.c02 import words as w

RNG = np.random.default_rng(0)
DESCRIPTORS = RNG.random((6, 5, 5, 8))
WORDS = RNG.random((7, 8))
SEEN = w.nearest_word(DESCRIPTORS, WORDS)


def test_the_nearest_word_is_the_nearest():
    gaps = np.linalg.norm(DESCRIPTORS[..., None, :] - WORDS, axis=-1)
    assert np.array_equal(SEEN, gaps.argmin(axis=-1))
    assert np.allclose(w.squared_distances(DESCRIPTORS, WORDS), gaps**2)


def test_words_by_lot_are_descriptors_and_clustered_ones_are_nearer():
    lot, clustered = (make(DESCRIPTORS, 10, 3) for make in (w.words_by_lot, w.clustered_words))
    flat = DESCRIPTORS.reshape(-1, 8)
    assert all((flat == word).all(axis=1).any() for word in lot)
    nearest = [w.squared_distances(flat, words).min(axis=1).mean() for words in (lot, clustered)]
    assert nearest[1] < nearest[0]
    with pytest.raises(ValueError, match="expected at least 151, got 150"):
        w.words_by_lot(DESCRIPTORS, 151, 0)


def test_soft_words_are_attention_and_become_hard():
    temperature, d = 0.1, 9
    query = np.concatenate([DESCRIPTORS, np.ones((6, 5, 5, 1))], axis=-1).reshape(-1, d)
    key = np.concatenate([2 * WORDS, -(WORDS**2).sum(axis=1, keepdims=True)], axis=1) * d**0.5 / temperature
    read, _ = scaled_dot_product_attention(*map(torch.from_numpy, (query, key, np.eye(7))), return_weights=True)
    soft = w.soft_words(DESCRIPTORS, WORDS, temperature).reshape(-1, 7)
    assert np.allclose(read.numpy(), soft, atol=1e-12)
    assert np.allclose(w.soft_words(DESCRIPTORS, WORDS, 1e-7), np.eye(7)[SEEN])
    with pytest.raises(ValueError, match="temperature: expected above 0, got 0"):
        w.soft_words(DESCRIPTORS, WORDS, 0)


def test_the_example_by_hand():
    assert w.hinge(0.3) == pytest.approx(0.7)
    assert w.hinge(1.2) == 0
    assert w.intersection(np.array([3, 1, 0]), np.array([1, 1, 2])) == 2


def test_occurrences_turn_the_intersection_into_a_dot_product():
    rows = w.occurrences(SEEN, 7)
    counts = w.histograms(SEEN, 7) * 25
    assert rows.shape == (6, 7 * 25)
    assert set(rows.data) == {1.0}
    assert np.allclose(rows.sum(axis=1), 25)
    expected = [[w.intersection(a, b) for b in counts] for a in counts]
    assert np.allclose((rows @ rows.T).toarray(), expected)


def test_a_decision_is_a_sum_over_places():
    labels = np.array([0, 1, 2, 0, 1, 2])
    voter = w.fit_voter(WORDS, SEEN, labels)
    assert voter.scores(SEEN).shape == (6, 3)
    for seen, scores in zip(SEEN, voter.scores(SEEN), strict=True):
        votes = voter.votes(seen)
        assert votes.shape == (3, 5, 5)
        assert np.allclose(votes.sum(axis=(1, 2)) + voter.bias, scores, atol=1e-12)
        assert (voter.votes(seen[::-1, ::-1]).sum(axis=(1, 2))).tolist() == pytest.approx(
            votes.sum(axis=(1, 2)).tolist()
        )


def test_a_voter_learns_what_two_words_tell():
    seen = np.zeros((30, 4, 4), dtype=int)
    labels = np.arange(30) % 3
    seen[labels == 1, :2] = 1
    seen[labels == 2, 2:] = 2
    voter = w.fit_voter(np.eye(3), seen, labels)
    assert np.array_equal(voter.scores(seen).argmax(axis=1), labels)
    assert voter.weights.argmax(axis=1).tolist() == [0, 1, 2]
    assert voter.seen(np.eye(3)).tolist() == [0, 1, 2]


def test_images_are_described_at_every_place():
    images = RNG.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    assert w.describe(images).shape == (2, 7, 7, 32)
    assert w.describe(images, 8).shape == (2, 3, 3, 32)
