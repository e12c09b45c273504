"""Readers on drawn dogs, shuffles, patches described alone, ranked lists, a step of k-means."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from helpers.pages.c02 import dogs as d
from helpers.pages.c02 import words as w

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def striped():
    """60 word maps of two classes that differ by *where* word 1 lies, and a third that differs by how often."""
    seen, labels = np.zeros((60, 8, 8), dtype=int), np.arange(60) % 3
    for place, label in zip(seen, labels, strict=True):
        rows = {0: slice(0, 3), 1: slice(5, 8), 2: slice(2, 6)}[int(label)]
        place[rows, RNG.permutation(8)[:6]] = 1
        if label == 2:
            place[rows] = 2
    return seen, labels


def test_a_bag_reads_counts_and_a_pyramid_reads_places(striped):
    seen, labels = striped
    bag, pyramid = (d.Reader(seen, labels, 3, levels) for levels in (1, 2))
    assert np.mean(bag.answers(seen) == labels) < 0.8
    assert np.mean(bag.answers(seen)[labels == 2] == 2) == 1
    assert np.mean(pyramid.answers(seen) == labels) == 1


def test_a_shuffle_of_places_keeps_the_counts_and_the_answers_of_a_bag(striped):
    seen, labels = striped
    moved = d.shuffled_places(seen)
    assert not np.array_equal(moved, seen)
    assert np.array_equal(np.sort(moved.reshape(60, -1)), np.sort(seen.reshape(60, -1)))
    bag, pyramid = (d.Reader(seen, labels, 3, levels) for levels in (1, 2))
    assert np.array_equal(bag.answers(moved), bag.answers(seen))
    assert not np.array_equal(pyramid.answers(moved), pyramid.answers(seen))


def test_patches_that_move_are_described_as_before():
    image = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    moved = d.shuffled_patches(image, 8)
    assert sorted(moved.ravel().tolist()) == sorted(image.ravel().tolist())
    before, after = (d.describe_alone(one, 8).reshape(16, 32) for one in (image, moved))
    assert before.shape == (16, 32)
    assert not np.array_equal(before, after)
    assert sorted(map(tuple, before)) == sorted(map(tuple, after))
    dense = [w.describe(one[None])[0].reshape(-1, 32) for one in (image, moved)]
    assert sorted(map(tuple, dense[0])) != sorted(map(tuple, dense[1]))  # it looks across the cuts
    with pytest.raises(ValueError, match="expected a square of a multiple of 5 pixels"):
        d.shuffled_patches(image, 5)


def test_average_precision_is_the_librarys():
    scores, truth = RNG.random(50), RNG.random(50) < 0.3
    ranks = np.flatnonzero(truth[np.argsort(-scores)])
    assert d.average_precision(ranks) == pytest.approx(average_precision_score(truth, scores))
    recall, precision = d.precision_recall(ranks)
    assert recall[-1] == 1
    assert precision[0] == 1 / (ranks[0] + 1)
    assert precision[-1] == pytest.approx(len(ranks) / (ranks[-1] + 1))


def test_k_means_moves_to_the_means_and_rests():
    points, centres = np.array([[1.0], [2], [3], [8], [9]]), np.array([[1.0], [2]])
    belongs, centres = d.k_means_step(points, centres)
    assert belongs.tolist() == [0, 1, 1, 1, 1]
    assert centres.ravel().tolist() == [1, 5.5]
    _, centres = d.k_means_step(points, centres)
    assert centres.ravel().tolist() == [2, 8.5]
    assert np.array_equal(d.k_means_step(points, centres)[1], centres)
    with pytest.raises(ValueError, match="one of them got no point"):
        d.k_means_step(points, np.array([[1.0], [100]]))


def test_a_flat_place_has_no_contrast_and_an_edge_has():
    image = np.zeros((1, 16, 16, 3), np.uint8)
    image[:, :, 10:] = 200
    found = d.contrasts(image)
    assert found.shape == w.describe(image).shape[:3]
    assert (found[0, :, 0] == 0).all()
    assert (found[0, :, 1:] > 50).all()


def test_there_are_as_many_dogs_of_each_kind():
    for part in d.drawn_dogs():
        assert part.descriptors.shape == (480, 15, 15, 32)
        assert np.bincount(part.coat * 3 + part.build).tolist() == 12 * [40]
    assert not np.array_equal(d.drawn_dogs()[0].images, d.drawn_dogs()[1].images)
