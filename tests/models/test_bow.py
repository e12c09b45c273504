"""Bag of visual words: descriptors see gradients, the pyramid counts once, the classifier learns texture and place."""

import numpy as np
import pytest

from helpers.models.bow import BagOfWords, dense_descriptors, pyramid_histogram


def stripes(count, vertical, seed):
    """Noisy stripes of random phase, (count, 32, 32, 3) uint8."""
    rng = np.random.default_rng(seed)
    wave = np.sin(np.arange(32)[None] * 0.9 + rng.uniform(0, 6, (count, 1)))  # (count, 32)
    images = np.repeat(wave[:, None], 32, axis=1) if vertical else np.repeat(wave[:, :, None], 32, axis=2)
    images = 128 + 60 * images[..., None] + rng.normal(0, 20, (count, 32, 32, 3))
    return images.clip(0, 255).astype(np.uint8)


def bands(count, swapped, seed):
    """Four bands of stripes, V V H V or V H V V: the same bands and the same neighbours at other places."""
    vertical, horizontal = stripes(count, True, seed), stripes(count, False, seed + 1)
    place = 1 if swapped else 2
    images = vertical.copy()
    images[:, :, 8 * place : 8 * place + 8] = horizontal[:, :, 8 * place : 8 * place + 8]
    return images


def two_classes(make, count, seed):
    images = np.concatenate([make(count, False, seed), make(count, True, seed + 10)])
    return images, np.repeat([0, 1], count)


def test_descriptors_lie_on_a_dense_grid():
    image = stripes(1, True, 0)[0]
    assert dense_descriptors(image, 4).shape == (7, 7, 32)  # 8 cells a side, blocks of 2 x 2 overlap
    directions = dense_descriptors(image, 4).reshape(-1, 8).mean(axis=0)
    assert directions.argmax() in (0, 7)  # vertical stripes: horizontal gradients
    turned = dense_descriptors(np.rot90(image).copy(), 4).reshape(-1, 8).mean(axis=0)
    assert turned.argmax() in (3, 4)


def test_pyramid_by_hand():
    words = np.array([[0, 0], [0, 1]])
    # Two levels: level 0 weighs 1/2, level 1 weighs 1/2; each count is over 4 words.
    expected = [3 / 8, 1 / 8, 1 / 8, 0, 1 / 8, 0, 1 / 8, 0, 0, 1 / 8]
    assert pyramid_histogram(words, vocabulary_size=2, levels=2).tolist() == expected


@pytest.mark.parametrize(("levels", "length"), [(1, 5), (2, 25), (3, 105)])
def test_pyramid_counts_every_word_once(levels, length):
    words = np.random.default_rng(0).integers(0, 5, (9, 7))
    histogram = pyramid_histogram(words, 5, levels)
    assert histogram.shape == (length,)
    assert histogram.sum() == pytest.approx(1.0)


def test_a_plain_bag_forgets_where_the_words_are():
    words = np.random.default_rng(0).integers(0, 5, (8, 8))
    shuffled = np.random.default_rng(1).permutation(words.ravel()).reshape(8, 8)
    assert np.array_equal(pyramid_histogram(words, 5, 1), pyramid_histogram(shuffled, 5, 1))
    assert not np.array_equal(pyramid_histogram(words, 5, 2), pyramid_histogram(shuffled, 5, 2))


def test_texture_is_learned():
    images, labels = two_classes(stripes, 20, seed=0)
    model = BagOfWords(vocabulary_size=16, levels=1).fit(images, labels)
    assert model.score(*two_classes(stripes, 20, seed=50)) > 0.95


def test_place_needs_the_pyramid():
    images, labels = two_classes(bands, 25, seed=0)
    tests = two_classes(bands, 25, seed=50)
    plain = BagOfWords(vocabulary_size=16, levels=1).fit(images, labels).score(*tests)
    pyramid = BagOfWords(vocabulary_size=16, levels=2).fit(images, labels).score(*tests)
    assert pyramid > 0.95
    assert plain < 0.8


def test_the_same_seed_gives_the_same_model():
    images, labels = two_classes(stripes, 10, seed=0)
    first, second = (
        BagOfWords(vocabulary_size=8, levels=2, seed=3).fit(images, labels).decision_function(images) for _ in "ab"
    )
    assert np.array_equal(first, second)


def test_histograms_are_square_roots_so_that_their_squares_sum_to_one():
    """Hellinger's kernel: the product of two rows is the sum of sqrt(p q)."""
    images, labels = two_classes(stripes, 10, seed=0)
    model = BagOfWords(vocabulary_size=8, levels=2).fit(images, labels)
    assert (model.histograms(model.describe(images)) ** 2).sum(axis=1) == pytest.approx(np.ones(20))


def test_bad_images_are_named():
    model = BagOfWords()
    with pytest.raises(ValueError, match=r"expected \(B, S, S, 3\) in uint8, got \(2, 32, 32, 3\) in float64"):
        model.fit(np.zeros((2, 32, 32, 3)), [0, 1])
    with pytest.raises(ValueError, match="at least 4 descriptors a side for 3 levels, got 1 from 8 x 8"):
        model.fit(np.zeros((2, 8, 8, 3), np.uint8), [0, 1])
    with pytest.raises(ValueError, match="one for each of the 2 images, got 3"):
        model.fit(np.zeros((2, 32, 32, 3), np.uint8), [0, 1, 1])
    with pytest.raises(ValueError, match="at least 200 descriptors, got 98"):
        model.fit(np.zeros((2, 32, 32, 3), np.uint8), [0, 1])
