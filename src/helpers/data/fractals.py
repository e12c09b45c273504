"""Fractals for pre-training without photographs: every class is one iterated function system.

An iterated function system (IFS) is a handful of contracting affine maps of the plane; applying one of them at
random, again and again, leads any point to the system's attractor (the *chaos game*). Pre-training on such pictures is
formula-driven supervised learning: Nakashima et al., "Can vision transformers learn without natural images?",
AAAI 2022, doi 10.1609/aaai.v36i2.20094 (FractalDB); Kataoka et al., arXiv:2206.09132 (ExFractalDB).

We deviate: maps are drawn by their singular values, so that each of them contracts, and the points carry a colour that
each map pulls its own way, so that the pictures are coloured where FractalDB's are grey.
"""

from functools import lru_cache

import numpy as np
from tqdm.auto import tqdm

MINIMUM_FILL = 0.16  # least share of a 32 x 32 grid that a system must touch to become a class
MAXIMUM_FILL = 0.75  # above, the picture is a blot without structure
MOST_AREA = 0.9  # largest sum of the maps' |det A|
MINIMUM_SIZE = 16
MOST_MAPS = 6
BURN_IN = 12  # steps until a point has come to the attractor
CHUNK_IMAGES = 16
POINTS_PER_PIXEL = 2
SHAKE = 0.2  # an instance multiplies each number of its maps by 1 - SHAKE/2 .. 1 + SHAKE/2


def draw_fractals(
    num_classes: int,
    per_class: int,
    image_size: int = 64,
    seed: int = 0,
    classes_offset: int = 0,
    *,
    progress: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `per_class` pictures of each of `num_classes` fractals.

    Instances of a class differ in the weight of its maps, slightly in the maps themselves, in rotation, mirror, place,
    colours and background. Class k and its pictures depend on (seed, classes_offset + k) only, and image i of a class
    on i: neither more classes nor more images change the first ones.

    Parameters
    ----------
    num_classes, per_class
        K and the pictures of each, at least 1.
    image_size
        S in pixels, at least 16.
    classes_offset
        Number of the first class, to draw other classes with the same seed.
    progress
        Show a bar.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        Images uint8 (K * per_class, S, S, 3), class after class, and labels int64 (K * per_class,) in 0..K-1.

    Raises
    ------
    ValueError
        For an argument out of its range.
    """
    least = {"num_classes": 1, "per_class": 1, "image_size": MINIMUM_SIZE, "seed": 0, "classes_offset": 0}
    given = {"num_classes": num_classes, "per_class": per_class, "image_size": image_size, "seed": seed}
    for name, value in (given | {"classes_offset": classes_offset}).items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least[name]:
            raise ValueError(f"{name}: expected an integer of at least {least[name]}, got {value!r}")
    images = np.empty((num_classes * per_class, image_size, image_size, 3), dtype=np.uint8)
    with tqdm(total=len(images), desc="drawing fractals", unit="img", disable=not progress) as bar:
        for k in range(num_classes):
            maps, weights = find_system(int(seed), int(classes_offset) + k)
            rng = np.random.default_rng([int(seed), int(classes_offset) + k, 1])
            for start in range(0, per_class, CHUNK_IMAGES):
                stop = min(start + CHUNK_IMAGES, per_class)
                chunk = _draw_chunk(maps, weights, stop - start, image_size, rng)
                images[k * per_class + start : k * per_class + stop] = chunk
                bar.update(stop - start)
    return images, np.repeat(np.arange(num_classes, dtype=np.int64), per_class)


@lru_cache(maxsize=4096)
def find_system(seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps (m, 2, 3) and weights (m,) of class `number`: the first candidate with a good fill rate.

    A map sends p to A p + t, with A = R(a) diag(s1, s2) R(b), 0 < s2 <= s1 < 1; its weight goes with |det A|.
    Systems whose maps cover more than `MOST_AREA` together overlap into dust and are rejected too.
    """
    rng = np.random.default_rng([seed, number, 0])
    while True:
        count = int(rng.integers(2, MOST_MAPS + 1))
        a, b = rng.uniform(0, 2 * np.pi, (2, count))  # angles of the two rotations
        first = rng.uniform(0.35, 0.9, count)
        second = first * rng.uniform(0.25, 1.0, count)
        if (first * second).sum() > MOST_AREA:
            continue
        flip = rng.choice([-1.0, 1.0], count)
        linear = _rotation(a) @ (np.stack([first, second * flip], 1)[:, :, None] * _rotation(b))
        maps = np.concatenate([linear, rng.uniform(-1, 1, (count, 2, 1))], 2).astype(np.float32)
        weights = np.maximum(first * second, 0.02)
        weights = weights / weights.sum()
        x, y, _ = _chaos_game(maps[None], weights[None], 4096, 128, [rng])
        if MINIMUM_FILL <= fill_rate(x[0], y[0]) <= MAXIMUM_FILL:
            return maps, weights


def fill_rate(x: np.ndarray, y: np.ndarray, grid: int = 32) -> float:
    """Share of a grid x grid raster over the points' bounding box that at least one point touches."""
    columns, rows = ((v - v.min()) / max(float(np.ptp(v)), 1e-6) * (grid - 1e-3) for v in (x, y))
    return len(np.unique(rows.astype(np.int64) * grid + columns.astype(np.int64))) / grid**2


def _rotation(angle: np.ndarray) -> np.ndarray:
    """Rotation matrices (n, 2, 2)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)


def _chaos_game(
    maps: np.ndarray, weights: np.ndarray, points: int, chains: int, rngs: list[np.random.Generator]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Play for n images at once, each with its own generator.

    maps (n, m, 2, 3), weights (n, m) -> x, y and a colour in [0, 1] of at least `points` points per image;
    each (n, points).
    Every image plays `chains` games side by side; the first steps of each are thrown away.
    """
    n, count = weights.shape
    steps = -(-points // chains)
    numbers = np.empty((n, BURN_IN + steps, chains), dtype=np.float32)
    for image, rng in zip(numbers, rngs, strict=True):
        rng.random(out=image, dtype=np.float32)
    choice = np.zeros(numbers.shape, dtype=np.int32)  # index of a map, by the cumulative weights
    for bound in np.cumsum(weights, 1)[:, :-1].T.astype(np.float32):
        choice += numbers > bound[:, None, None]
    choice += (np.arange(n, dtype=np.int32) * count)[:, None, None]
    table = np.ascontiguousarray(maps.reshape(n * count, 6).T)  # (6, n m)
    hue = np.tile(np.linspace(0, 1, count, dtype=np.float32), n)
    x, y, c = (np.zeros((n, chains), dtype=np.float32) for _ in range(3))
    out = np.empty((3, n, steps, chains), dtype=np.float32)
    for step in range(BURN_IN + steps):
        at = choice[:, step]
        x, y = (table[k].take(at) * x + table[k + 1].take(at) * y + table[k + 2].take(at) for k in (0, 3))
        c = np.float32(0.5) * (c + hue.take(at))  # the last maps count most
        if step >= BURN_IN:
            out[:, :, step - BURN_IN] = x, y, c
    x, y, c = out.reshape(3, n, steps * chains)
    return x, y, c


def _draw_chunk(maps: np.ndarray, weights: np.ndarray, n: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n instances of one system; uint8 (n, size, size, 3)."""
    rngs = rng.spawn(n)  # one stream per image, so that image i does not depend on the chunk
    draws = np.stack([r.random(32 + 7 * MOST_MAPS) for r in rngs]).astype(np.float32)
    count = len(weights)
    shake = draws[:, 32 : 32 + 6 * count].reshape(n, count, 2, 3) - np.float32(0.5)
    tilt = weights[None] * (0.6 + 0.8 * draws[:, -count:])
    tilt /= tilt.sum(1, keepdims=True)
    points = POINTS_PER_PIXEL * size**2
    x, y, c = _chaos_game(maps[None] * (1 + np.float32(SHAKE) * shake), tilt, points, max(64, points // 32), rngs)
    return _render(*_pose(x, y, draws), c, draws, size)


def _pose(x: np.ndarray, y: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn, mirror and fit the points (n, points) into [0, 1) x [0, 1); draws (n, 32)."""
    angle = 2 * np.pi * draws[:, 0:1]
    y = y * np.where(draws[:, 1:2] < 0.5, np.float32(-1), np.float32(1))
    x, y = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
    share = np.float32(0.7) + np.float32(0.28) * draws[:, 2:3]
    low = [v.min(1, keepdims=True) for v in (x, y)]
    span = [v.max(1, keepdims=True) - lo for v, lo in zip((x, y), low, strict=True)]
    scale = share / np.maximum(np.maximum(*span), 1e-6)
    slack = [(1 - s * scale) * (0.2 + 0.6 * draws[:, 3 + k : 4 + k]) for k, s in enumerate(span)]
    return (x - low[0]) * scale + slack[0], (y - low[1]) * scale + slack[1]


def _render(x: np.ndarray, y: np.ndarray, c: np.ndarray, draws: np.ndarray, size: int) -> np.ndarray:
    """Count the points per pixel and colour them over a two-colour background; uint8 (n, size, size, 3)."""
    n = len(x)
    cell = (y * size).astype(np.int32).clip(0, size - 1) * size + (x * size).astype(np.int32).clip(0, size - 1)
    cell += (np.arange(n, dtype=np.int32) * size**2)[:, None]
    density: np.ndarray = np.bincount(cell.ravel(), minlength=n * size**2).astype(np.float32)
    hue: np.ndarray = np.bincount(cell.ravel(), c.ravel(), minlength=n * size**2).astype(np.float32) / np.maximum(
        density, 1
    )
    density, hue = density.reshape(n, -1, 1), hue.reshape(n, -1, 1)
    alpha = np.minimum(np.log1p(density) / np.log1p(np.float32(POINTS_PER_PIXEL * 3)), 1)
    palette = draws[:, 8:23].reshape(n, 5, 3)  # background from, to; fractal's colours from, over, to
    dark = (draws[:, 5] < 0.5)[:, None, None]
    back = np.where(dark, palette[:, :2] * np.float32(0.45), 1 - palette[:, :2] * np.float32(0.45))
    front = np.where(dark, 1 - palette[:, 2:] * np.float32(0.6), palette[:, 2:] * np.float32(0.6))
    angle = 2 * np.pi * draws[:, 6, None]
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / size - np.float32(0.5)
    ramp = np.cos(angle) * np.tile(axis, size) + np.sin(angle) * np.repeat(axis, size)
    ramp = (ramp * np.float32(0.7) + np.float32(0.5))[..., None]  # (n, P, 1)
    picture = back[:, :1] + (back[:, 1:] - back[:, :1]) * ramp
    colour = np.where(
        hue < 0.5,
        front[:, :1] + (front[:, 1:2] - front[:, :1]) * (2 * hue),
        front[:, 1:2] + (front[:, 2:] - front[:, 1:2]) * (2 * hue - 1),
    )
    picture += alpha * (colour - picture)
    return (picture * 255 + np.float32(0.5)).clip(0, 255).astype(np.uint8).reshape(n, size, size, 3)
