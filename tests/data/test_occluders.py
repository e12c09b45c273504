"""Occluders: how many pixels they hide, where, and that all else stays."""

import numpy as np
import pytest

from helpers.data.occluders import drop_cells, filled, from_afar, square


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(1, 255, (5, 36, 36, 3), dtype=np.uint8)


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_cells_hide_their_share_in_every_picture(images, share, shift):
    hidden = (drop_cells(images, share, 6, shift=shift) == 0).all(-1)
    np.testing.assert_allclose(hidden.mean((1, 2)), share)
    whole = np.roll(hidden, (-shift, -shift), (1, 2)).reshape(5, 6, 6, 6, 6).mean((2, 4))
    assert set(np.unique(whole)) <= {0.0, 1.0}  # cells are hidden whole, on the shifted grid
    if 0 < share < 1:
        assert (hidden[0] != hidden[1]).any()


def test_fills_and_the_pixels_that_stay(images):
    for fill in ("black", "mean", "noise"):
        out = drop_cells(images, 0.5, 6, fill=fill, seed=3)
        black = (drop_cells(images, 0.5, 6, seed=3) == 0).all(-1)
        np.testing.assert_array_equal(out[~black], images[~black])
    mean = drop_cells(images, 1, 6, fill="mean")
    np.testing.assert_allclose(mean[0, 0, 0], images.mean((0, 1, 2)), atol=0.5)
    with pytest.raises(ValueError, match="fill"):
        filled(images, np.zeros(images.shape[:3], dtype=bool), "white")


def test_a_square_lies_where_it_is_put(images):
    hidden = (square(images, 10, 4, 7) == 0).all(-1)
    assert hidden[:, 4:14, 7:17].all()
    assert hidden.sum() == 5 * 100
    np.testing.assert_array_equal(square(images, 0, 0, 0), images)
    with pytest.raises(ValueError, match="within"):
        square(images, 10, 30, 0)


def test_distance_takes_detail_and_keeps_the_mean(images):
    far = from_afar(images, 6)
    assert far.astype(float).std() < images.astype(float).std() / 3
    assert far.mean() == pytest.approx(images.mean(), abs=2)
    np.testing.assert_array_equal(from_afar(images, 1), images)
    moved = from_afar(np.roll(images, (3, 3), (1, 2)), 6, shift=3)
    np.testing.assert_array_equal(moved, np.roll(far, (3, 3), (1, 2)))  # as if the picture had stood elsewhere
    assert not np.array_equal(from_afar(images, 6, shift=3), far)
    for times in (0.5, 30):
        with pytest.raises(ValueError, match="times"):
            from_afar(images, times)


def test_cells_that_do_not_tile_are_refused(images):
    for wrong in ({"share": 1.5}, {"side": 7}, {"shift": 6}):
        with pytest.raises(ValueError, match="expected"):
            drop_cells(images, **({"share": 0.5, "side": 6} | wrong))
