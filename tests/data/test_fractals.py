"""Drawn fractals: one system a class, many pictures of it, the same from the same seed."""

import numpy as np
import pytest

from helpers.data import fractals
from helpers.data.fractals import MAXIMUM_FILL, MINIMUM_FILL, draw_fractals, fill_rate, find_system


def test_the_same_seed_draws_the_same_pixels():
    one, other = draw_fractals(3, 4, 32, seed=2), draw_fractals(3, 4, 32, seed=2)
    np.testing.assert_array_equal(one[0], other[0])
    assert (draw_fractals(3, 4, 32, seed=3)[0] != one[0]).any()


def test_shapes_types_and_labels():
    images, labels = draw_fractals(3, 2, 40)
    assert images.shape == (6, 40, 40, 3)
    assert images.dtype == np.uint8
    assert labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert labels.dtype == np.int64


def test_more_classes_or_images_leave_the_first_ones_as_they_were(monkeypatch):
    few = draw_fractals(2, 3, 32)[0].reshape(2, 3, 32, 32, 3)
    monkeypatch.setattr(fractals, "CHUNK_IMAGES", 2)
    many = draw_fractals(4, 7, 32)[0].reshape(4, 7, 32, 32, 3)
    np.testing.assert_array_equal(few, many[:2, :3])


def test_an_offset_continues_the_classes():
    np.testing.assert_array_equal(draw_fractals(3, 2, 32)[0][4:], draw_fractals(1, 2, 32, classes_offset=2)[0])


def test_maps_contract_and_fill_their_share():
    for number in range(20):
        maps, weights = find_system(0, number)
        assert np.linalg.svd(maps[:, :, :2], compute_uv=False).max() < 1
        assert weights.sum() == pytest.approx(1)
    rng = np.random.default_rng(0)
    x, y, _ = fractals._chaos_game(maps[None], weights[None], 4096, 128, [rng])
    assert 0.7 * MINIMUM_FILL < fill_rate(x[0], y[0]) < 1.3 * MAXIMUM_FILL


def test_the_chaos_game_ends_on_a_known_attractor():
    """Three halving maps draw the Sierpinski triangle: 9 of 16 cells at depth two, of which every point is in one."""
    corners = np.array([(0, 0), (0.5, 0), (0, 0.5)], dtype=np.float32)
    maps = np.concatenate([np.tile(np.eye(2, dtype=np.float32) / 2, (3, 1, 1)), corners[:, :, None]], 2)
    x, y, _ = fractals._chaos_game(maps[None], np.full((1, 3), 1 / 3), 4096, 64, [np.random.default_rng(0)])
    cells = {(int(4 * a), int(4 * b)) for a, b in zip(x[0].clip(0, 0.999), y[0].clip(0, 0.999), strict=True)}
    assert cells == {(i, j) for i in range(4) for j in range(4) if not i & j}


def test_fill_rate_of_a_line_and_of_a_square():
    along = np.linspace(0, 1, 4096)
    assert fill_rate(along, along) == pytest.approx(1 / 32)
    u, v = np.meshgrid(along[::32], along[::32])
    assert fill_rate(u.ravel(), v.ravel()) == pytest.approx(1.0)


def test_instances_vary_and_classes_differ():
    """Pictures of one class differ, yet their silhouettes are more alike than those of different classes."""
    count, per_class = 12, 24
    images, labels = draw_fractals(count, per_class, 48, seed=1)
    assert len({image.tobytes() for image in images}) == count * per_class
    # Turned and mirrored pictures: compare by what a rotation keeps, the power spectrum in rings of |frequency|.
    grey = images.astype(np.float32).mean(3)
    grey -= np.median(grey, (1, 2), keepdims=True)
    power = np.abs(np.fft.fftshift(np.fft.fft2(np.abs(grey)), axes=(1, 2))) ** 2
    radius = np.hypot(*np.mgrid[-24:24, -24:24]).astype(int).clip(0, 23)
    rings = np.stack([power[:, radius == r].mean(1) for r in range(1, 20)], 1)
    features = np.log(rings / rings.sum(1, keepdims=True))
    features = (features - features.mean(0)) / features.std(0)
    odd = np.arange(len(labels)) % 2 == 1
    centres = np.stack([features[~odd & (labels == k)].mean(0) for k in range(count)])
    nearest = ((features[odd, None] - centres) ** 2).sum(2).argmin(1)
    assert (nearest == labels[odd]).mean() > 3 / count


def test_mean_colour_does_not_tell_classes_apart():
    count, per_class = 12, 40
    images, labels = draw_fractals(count, per_class, 32, seed=4)
    colour = images.mean((1, 2))
    odd = np.arange(len(labels)) % 2 == 1
    centres = np.stack([colour[~odd & (labels == k)].mean(0) for k in range(count)])
    nearest = ((colour[odd, None] - centres) ** 2).sum(2).argmin(1)
    assert (nearest == labels[odd]).mean() < 2.5 / count


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 0}, "num_classes: expected"),
        ({"per_class": 0}, "per_class: expected"),
        ({"image_size": 8}, "image_size: expected"),
        ({"seed": -1}, "seed: expected"),
        ({"seed": 0.5}, "seed: expected"),
        ({"classes_offset": -3}, "classes_offset: expected"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_fractals(**({"num_classes": 1, "per_class": 1} | arguments))
