"""Drawn faces: people with traits of their own, and many pictures of each, no photograph among them.

A *person* is a row of traits: shape of the face, eyes, brows, nose, mouth, hair, shade, and the distances between them.
A *picture* of the person adds what is not the person: where the head is turned, the light, the expression, the place,
the background and noise. A scarf or sunglasses can be worn, which leaves all else of the picture as it was.

Coordinates span -1..1 over the picture, y down; a face is drawn in *face units*, in which the head is about 1.3 high.
"""

import numpy as np

from helpers.data.shapes2d import blend, cover, ellipse, hsv, paint, taper
from helpers.data.variation import Draws

TRAITS = (
    "face_width",
    "jaw",
    "chin",
    "eye_apart",
    "eye_height",
    "eye_size",
    "eye_shape",
    "brow_height",
    "brow_tilt",
    "brow_thick",
    "nose_long",
    "nose_wide",
    "mouth_wide",
    "mouth_height",
    "lips",
    "hairline",
    "hair_long",
    "hair_wide",
    "skin",
    "warmth",
    "hair_dark",
    "ears",
)
WORN = ("scarf", "sunglasses")
MINIMUM_SIZE = 16
UNIFORMS = 40  # random numbers that a picture may use
CHUNK = 64  # pictures drawn at once

Values = dict[str, np.ndarray]


def draw_people(
    num_people: int,
    per_person: int,
    image_size: int = 48,
    seed: int = 0,
    first_person: int = 0,
    *,
    wears: str | None = None,
    difficulty: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `per_person` pictures of each of `num_people` people.

    Person k depends on (seed, first_person + k) alone, and picture i of a person on i: neither more people nor more
    pictures change the first ones, and what is worn covers a picture without changing the rest of it.

    Parameters
    ----------
    num_people, per_person
        K and the pictures of each, at least 1.
    image_size
        S in pixels, at least 16.
    first_person
        Number of the first person, to draw other people with the same seed.
    wears
        None, "scarf" or "sunglasses", on all pictures.
    difficulty
        From 0 to 1: people more alike, and pictures of one person more different.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        Images uint8 (K * per_person, S, S, 3), person after person, and people int64 (K * per_person,) in 0..K-1.

    Raises
    ------
    ValueError
        For counts below 1, a size below 16, a difficulty outside 0..1 or another thing to wear.
    """
    if min(num_people, per_person) < 1 or image_size < MINIMUM_SIZE:
        raise ValueError(f"expected people, pictures >= 1, size >= 16, got {num_people}, {per_person}, {image_size}")
    if not 0 <= difficulty <= 1 or wears not in (None, *WORN):
        raise ValueError(f"expected difficulty 0..1, wears None or {WORN}, got {difficulty}, {wears!r}")
    number = np.repeat(np.arange(num_people), per_person)
    images = np.empty((len(number), image_size, image_size, 3), dtype=np.uint8)
    for start in range(0, len(number), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(number)))
        people = first_person + number[rows]
        rngs = [np.random.default_rng([seed, 1, p, i]) for p, i in zip(people, rows % per_person, strict=True)]
        table = np.stack([rng.random(UNIFORMS) for rng in rngs])
        noise = np.stack([rng.standard_normal((image_size, image_size), dtype=np.float32) for rng in rngs])
        images[rows] = draw_chunk(traits_of(people, seed, difficulty), table, noise, wears, difficulty)
    return images, number


def traits_of(people: np.ndarray, seed: int, difficulty: float = 0.5) -> Values:
    """Traits of numbered people, each (n, 1) about 0; at most 1 from it at difficulty 0, a half at 1."""
    spread = 1 - 0.5 * difficulty
    known = {p: np.random.default_rng([seed, 0, p]).uniform(-1, 1, len(TRAITS)) for p in set(people.tolist())}
    table = spread * np.stack([known[p] for p in people.tolist()]).astype(np.float32)
    return {name: table[:, k : k + 1] for k, name in enumerate(TRAITS)}


def draw_chunk(
    traits: Values, table: np.ndarray, noise: np.ndarray, wears: str | None, difficulty: float
) -> np.ndarray:
    """One picture a row, uint8 (n, S, S, 3): traits (n, 1) each, table (n, UNIFORMS) in 0..1, noise (n, S, S)."""
    n, size = len(noise), noise.shape[1]
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - 1
    x, y = np.tile(axis, size)[None], np.repeat(axis, size)[None]  # (1, P), pixel centres
    draws, hard = Draws(table), 0.5 + difficulty
    now = pose(draws, hard)
    canvas = np.empty((n, 3, size * size), dtype=np.float32)
    canvas[:] = hsv(draws.uniform(), draws.uniform(0.05, 0.4), draws.uniform(0.25, 0.85))
    wall = hsv(draws.uniform(), draws.uniform(0.05, 0.4), draws.uniform(0.25, 0.85))
    slope = draws.uniform(-2, 2)
    paint(canvas, cover(x + slope * y - draws.uniform(-0.9, 0.9), 0.4), wall)
    clothes = hsv(draws.uniform(), draws.uniform(0.2, 0.8), draws.uniform(0.2, 0.8))
    cloth = hsv(draws.uniform(), draws.uniform(0.3, 0.8), draws.uniform(0.25, 0.8))  # of the scarf, worn or not
    cos, sin = np.cos(now["roll"]), np.sin(now["roll"])
    px, py = (x - now["x"]) / now["scale"], (y - now["y"]) / now["scale"]
    u, v = px * cos + py * sin, py * cos - px * sin  # face units, (n, P)
    pixel = np.float32(2 / size) / now["scale"]
    paint(canvas, cover(taper(u, v, -0.35, 1.25, 0.35, 1.25, 0.4, 0.4), pixel), clothes)
    paint_face(canvas, u, v, pixel, traits, now)
    if wears == "scarf":
        paint_scarf(canvas, u, v, pixel, now, cloth)
    elif wears == "sunglasses":
        paint_sunglasses(canvas, u, v, pixel, traits, now)
    light(canvas, x, y, now, noise, hard)
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(0, 2, 1).reshape(n, size, size, 3)


def pose(draws: Draws, hard: float) -> Values:
    """What is not the person: place, turn, expression and light, each (n, 1)."""
    return {
        "x": hard * draws.uniform(-0.12, 0.12),
        "y": 0.08 + hard * draws.uniform(-0.10, 0.10),
        "scale": 0.98 + hard * draws.uniform(-0.10, 0.10),
        "roll": hard * draws.uniform(-0.16, 0.16),
        "yaw": hard * draws.uniform(-0.9, 0.9),
        "pitch": hard * draws.uniform(-0.8, 0.8),
        "smile": draws.uniform(-0.6, 1.0),
        "open": np.maximum(draws.uniform(-1.2, 1.0), 0),
        "lids": draws.uniform(0.55, 1.0),  # share of the eye that is open
        "raised": draws.uniform(-0.02, 0.04),
        "gain": 1 + hard * draws.uniform(-0.35, 0.25),
        "lamp": draws.uniform(0, 2 * np.pi),
        "shadow": hard * draws.uniform(0, 0.5),
        "cast": hard * draws.uniform(-0.10, 0.10),
    }


def turned(now: Values, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """How far a part that stands out by `depth` moves when the head turns, (n, 1) both ways."""
    return now["yaw"] * np.float32(0.16 * depth), now["pitch"] * np.float32(0.10 * depth)


def paint_face(canvas: np.ndarray, u: np.ndarray, v: np.ndarray, pixel: np.ndarray, t: Values, now: Values) -> None:
    """From back to front: long hair, neck, ears, head, hair, eyes, brows, nose, mouth."""
    skin = hsv(0.065 + 0.02 * t["warmth"], 0.42 - 0.10 * t["skin"], 0.66 + 0.22 * t["skin"])
    hair = hsv(0.08 + 0 * t["skin"], 0.45 + 0.2 * t["warmth"], 0.36 + 0.28 * t["hair_dark"])

    def fill(distance: np.ndarray, colour: np.ndarray) -> None:
        paint(canvas, cover(distance, pixel), colour)

    wide, low = 0.47 + 0.10 * t["face_width"], 0.42 + 0.11 * t["jaw"]  # half width of the head, of its lower part
    chin = 0.20 + 0.10 * t["chin"]
    back_x = -0.5 * turned(now, 1.0)[0]
    long_hair = taper(
        u, v, back_x, -0.15, back_x, 0.25 + 0.45 * t["hair_long"], wide + 0.12 + 0.08 * t["hair_wide"], wide
    )
    fill(long_hair, hair * np.float32(0.8))
    fill(taper(u, v, 0.0, 0.3, 0.0, 0.95, 0.24, 0.26), skin * np.float32(0.82))
    ear = 0.10 + 0.05 * t["ears"]
    for side in (-1, 1):
        fill(
            ellipse(u, v, back_x + side * wide, 0.06 - 0.6 * turned(now, 1.0)[1], ear, ear * 1.4),
            skin * np.float32(0.9),
        )
    skull = ellipse(u, v, 0.0, -0.12, wide, 0.56)
    head = blend(skull, taper(u, v, 0.0, 0.10, 0.0, 0.28 + low * 0.62, wide * 0.92, chin), 0.12)
    fill(head, skin)
    dx, dy = turned(now, 0.3)
    line = -0.36 + 0.12 * t["hairline"]
    cap = np.maximum(
        ellipse(u, v, 0.0, -0.16, wide + 0.05 + 0.05 * t["hair_wide"], 0.60), v - dy - line - 0.25 * (u - dx) ** 2
    )
    fill(cap, hair)
    paint_features(fill, u, v, t, now, skin, hair)


def paint_features(fill, u, v, t: Values, now: Values, skin, hair) -> None:  # type: ignore[no-untyped-def]
    """Eyes, brows, nose and mouth, each moved by the turn of the head."""
    dx, dy = turned(now, 0.8)
    narrow = 1 - 0.2 * np.abs(now["yaw"])
    apart, level = (0.215 + 0.06 * t["eye_apart"]) * narrow, -0.06 + 0.07 * t["eye_height"] + dy
    rx = 0.105 + 0.035 * t["eye_size"]
    ry = rx * (0.58 + 0.22 * t["eye_shape"]) * now["lids"]
    white, dark = np.full_like(skin, 0.94), np.full_like(skin, 0.12)
    rise = level - ry - 0.10 - 0.05 * t["brow_height"] - now["raised"]
    tilt, thick = 0.05 * t["brow_tilt"], 0.028 + 0.016 * t["brow_thick"]
    for side in (-1, 1):
        middle = dx + side * apart
        fill(ellipse(u, v, middle, level, rx, ry), white)
        fill(
            ellipse(u, v, middle + 0.3 * rx * now["yaw"], level, np.minimum(rx * 0.5, ry), np.minimum(rx * 0.5, ry)),
            dark,
        )
        inner, outer = middle - side * rx, middle + side * rx * 1.2
        fill(taper(u, v, inner, rise - tilt, outer, rise + tilt, thick, thick * 0.7), hair * np.float32(0.55))
    nx, ny = turned(now, 1.5)
    tip, wing = 0.20 + 0.08 * t["nose_long"] + ny, 0.075 + 0.03 * t["nose_wide"]
    fill(taper(u, v, dx * 0.8 + 0.03, level + 0.05, nx + 0.02, tip, 0.018, wing), skin * np.float32(0.78))
    fill(taper(u, v, dx * 0.8 - 0.01, level + 0.02, nx - 0.01, tip - 0.02, 0.025, wing * 0.8), skin * np.float32(1.04))
    mx, my = turned(now, 0.9)
    half, place = (
        (0.19 + 0.06 * t["mouth_wide"]) * narrow * (1 + 0.12 * now["smile"]),
        0.43 + 0.07 * t["mouth_height"] + my,
    )
    bend, lip = 0.06 * now["smile"], 0.034 + 0.018 * t["lips"]
    red = skin * np.array([0.86, 0.55, 0.55], dtype=np.float32)[None, :, None]
    for side in (-1, 1):
        fill(taper(u, v, mx, place + bend, mx + side * half, place - bend, lip, lip * 0.5), red)
    fill(ellipse(u, v, mx, place + bend, half * 0.6, 0.004 + 0.05 * now["open"]), dark)


def paint_scarf(
    canvas: np.ndarray, u: np.ndarray, v: np.ndarray, pixel: np.ndarray, now: Values, cloth: np.ndarray
) -> None:
    """From the chin to the tip of the nose, in a colour of the picture's own with two folds."""
    dx, dy = turned(now, 0.9)
    edge = 0.26 + dy - 0.18 * (u - dx) ** 2  # its upper rim
    wrap = np.maximum(edge - v, np.abs(u) - 0.72)
    paint(canvas, cover(wrap, pixel), cloth)
    for fold in (0.22, 0.46):
        paint(canvas, cover(np.maximum(np.abs(v - edge - fold + 0.1 * u) - 0.03, wrap), pixel), cloth * np.float32(0.7))


def paint_sunglasses(
    canvas: np.ndarray, u: np.ndarray, v: np.ndarray, pixel: np.ndarray, t: Values, now: Values
) -> None:
    """Two dark lenses on the eyes and a bridge: they hide eyes and most of the brows, and move with the head."""
    dx, dy = turned(now, 0.9)
    dark, level = np.full((len(u), 3, 1), 0.08, dtype=np.float32), -0.07 + 0.07 * t["eye_height"] + dy
    for side in (-1, 1):
        paint(canvas, cover(ellipse(u, v, dx + side * 0.215, level, 0.205, 0.155), pixel), dark)
    paint(canvas, cover(taper(u, v, dx - 0.45, level - 0.04, dx + 0.45, level - 0.04, 0.02, 0.02), pixel), dark)


def light(canvas: np.ndarray, x: np.ndarray, y: np.ndarray, now: Values, noise: np.ndarray, hard: float) -> None:
    """A lamp at one side, its strength and colour, and the noise of the sensor."""
    fall = x * np.cos(now["lamp"]) + y * np.sin(now["lamp"])
    canvas *= (now["gain"] * (1 + now["shadow"] * fall))[:, None]
    canvas[:, 0] *= 1 + now["cast"]
    canvas[:, 2] *= 1 - now["cast"]
    canvas += np.float32(0.03 * hard) * noise.reshape(len(noise), 1, -1)
