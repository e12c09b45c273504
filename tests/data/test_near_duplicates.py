"""Near-duplicates: what the hash finds, what it does not, and groups."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.data.breeds import draw_breeds
from helpers.data.near_duplicates import LIMIT, Pair, groups, near_pairs, perceptual_hashes


@pytest.fixture(scope="module")
def dogs():
    rng = np.random.default_rng(3)
    return draw_breeds(np.arange(6) % 4, np.arange(6) % 3, rng, image_size=96)


def saved_again(image, quality=60):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def bits_apart(first, second):
    a, b = perceptual_hashes(np.stack([first, second]))
    return int(np.bitwise_count(a ^ b))


def test_a_picture_saved_again_resized_or_brighter_is_found(dogs):
    image = dogs[0]
    small = np.asarray(Image.fromarray(image).resize((48, 48)).resize((96, 96)))
    brighter = (image.astype(int) + 12).clip(0, 255).astype(np.uint8)
    for changed in (saved_again(image), small, brighter):
        assert bits_apart(image, changed) <= LIMIT


def test_a_mirror_image_is_not_found(dogs):
    assert bits_apart(dogs[0], dogs[0][:, ::-1]) > LIMIT


def test_pairs_are_the_planted_ones_nearest_first():
    noise = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), dtype=np.uint8)
    images = np.concatenate([noise, saved_again(noise[3], 20)[None], noise[7][None]])
    pairs = near_pairs(perceptual_hashes(images))
    assert [(pair.first, pair.second) for pair in pairs] == [(7, 21), (3, 20)]
    assert pairs[0].bits == 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12),
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12),
    st.integers(0, 63),
)
def test_pairs_agree_with_counting_bit_by_bit(first, second, limit):
    a, b = np.array(first, dtype=np.uint64), np.array(second, dtype=np.uint64)
    expected = {
        (i, j, (x ^ y).bit_count())
        for i, x in enumerate(first)
        for j, y in enumerate(second)
        if (x ^ y).bit_count() <= limit
    }
    assert {(pair.first, pair.second, pair.bits) for pair in near_pairs(a, b, limit)} == expected


def test_groups_join_through_others():
    labels = groups(5, [Pair(0, 1, 2), Pair(1, 4, 3)])
    assert labels[0] == labels[1] == labels[4]
    assert len(set(labels.tolist())) == 3


def test_no_picture_has_no_pair():
    empty = perceptual_hashes(np.empty((0, 8, 8, 3), np.uint8))
    assert empty.shape == (0,)
    assert near_pairs(empty) == []
    assert groups(0, []).shape == (0,)


def test_other_forms_are_refused():
    with pytest.raises(ValueError, match="expected uint8"):
        perceptual_hashes(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ValueError, match="0 to 63"):
        near_pairs(np.zeros(2, np.uint64), limit=64)
