"""One drawn dog: body proportions (the global factor), a coat (the local factor), and the scene around it.

The dog stands in *dog units* (y up, ground at 0, facing right); a pose then turns, mirrors, scales and places it in
the picture, which spans -1..1 in both directions (y down). Everything random comes from one row of uniform numbers per
image, so that image i is the same however many are drawn.
"""

from dataclasses import dataclass

import numpy as np

from helpers.data.coats import COATS, marking
from helpers.data.shapes2d import blend, cover, ellipse, paint, taper

# Lengths in dog units: legs below the belly, hip to shoulder, half height of the torso, neck, radius of the head,
# muzzle in head radii, ear, tail, half width of the tail.
MEASURES = ("leg", "back", "girth", "neck", "head", "muzzle", "ear", "tail", "brush")
AVERAGE = (0.42, 0.74, 0.24, 0.14, 0.25, 0.60, 0.28, 0.45, 0.055)
BODIES: dict[str, tuple[float, ...]] = {
    "low-rider": (0.12, 1.18, 0.22, 0.12, 0.26, 0.60, 0.28, 0.45, 0.055),
    "stilt-legs": (0.86, 0.60, 0.20, 0.20, 0.21, 0.60, 0.28, 0.45, 0.055),
    "big-head": (0.28, 0.46, 0.23, 0.02, 0.42, 0.50, 0.28, 0.40, 0.055),
    "barrel": (0.26, 0.52, 0.40, 0.06, 0.22, 0.55, 0.24, 0.30, 0.055),
    "periscope": (0.40, 0.56, 0.22, 0.62, 0.20, 0.60, 0.26, 0.40, 0.055),
    "bush-tail": (0.40, 0.66, 0.20, 0.12, 0.23, 0.65, 0.28, 0.80, 0.170),
    "lop-ear": (0.34, 0.74, 0.24, 0.10, 0.25, 0.85, 0.72, 0.40, 0.055),
}

# Sky above, sky at the horizon, ground at the horizon, ground in front, things that stand around.
SCENES = np.array(
    [
        [(0.47, 0.72, 0.93), (0.88, 0.95, 0.98), (0.64, 0.80, 0.45), (0.40, 0.62, 0.30), (0.45, 0.66, 0.38)],
        [(0.58, 0.49, 0.74), (0.99, 0.79, 0.64), (0.62, 0.56, 0.42), (0.43, 0.40, 0.32), (0.49, 0.43, 0.50)],
        [(0.68, 0.80, 0.92), (0.92, 0.95, 0.98), (0.96, 0.97, 0.99), (0.80, 0.87, 0.94), (0.62, 0.74, 0.78)],
        [(0.42, 0.77, 0.87), (0.84, 0.95, 0.94), (0.96, 0.89, 0.71), (0.87, 0.76, 0.55), (0.92, 0.66, 0.47)],
        [(0.95, 0.88, 0.76), (0.91, 0.82, 0.68), (0.70, 0.52, 0.37), (0.55, 0.38, 0.27), (0.80, 0.55, 0.42)],
        [(0.75, 0.88, 0.82), (0.68, 0.82, 0.76), (0.83, 0.71, 0.55), (0.70, 0.57, 0.42), (0.50, 0.68, 0.66)],
        [(0.80, 0.82, 0.93), (0.72, 0.74, 0.88), (0.62, 0.60, 0.66), (0.48, 0.46, 0.54), (0.86, 0.70, 0.74)],
    ],
    dtype=np.float32,
)
INDOORS = 4  # scenes from this one on are rooms: no sun, no clouds

UNIFORMS = 96  # random numbers an image may use


@dataclass(frozen=True)
class Nuisance:
    """What `difficulty` d in [0, 1] means, each line from easy to hard."""

    contrast: float  # distance in grey between base and marking
    spread: float  # how far a breed's measures lie from the average dog, 1 = as in BODIES
    jitter: float  # standard deviation of each measure in an individual, relative
    turn: float  # largest rotation of the dog in radians
    smallest: float  # smallest size of the dog, as a share of the frame
    clutter: float  # chance of each thing that stands around, and of something in front of the dog
    noise: float  # standard deviation of pixel noise

    @classmethod
    def of(cls, difficulty: float) -> "Nuisance":
        def between(easy: float, hard: float) -> float:
            return easy + difficulty * (hard - easy)

        return cls(
            contrast=between(0.46, 0.12),
            spread=between(1.0, 0.35),
            jitter=between(0.03, 0.14),
            turn=between(0.05, 0.22),
            smallest=between(0.86, 0.55),
            clutter=between(0.25, 0.9),
            noise=between(0.006, 0.06),
        )


class Draws:
    """Hand out the columns of an (n, UNIFORMS) table of uniform numbers, one after the other, as (n, 1)."""

    def __init__(self, table: np.ndarray) -> None:
        self.table, self.used = table, 0

    def uniform(self, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        column = self.table[:, self.used : self.used + 1]
        self.used += 1
        return (low + (high - low) * column).astype(np.float32)

    def chance(self, probability: float) -> np.ndarray:
        return self.uniform() < probability


def hsv(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Colours from hue, saturation and value in [0, 1], each (n, 1); returns (n, 3, 1)."""
    k = (np.array([5, 3, 1], dtype=np.float32) + hue * 6) % 6
    return (value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1))[:, :, None].astype(np.float32)


def draw_chunk(
    texture: np.ndarray,
    proportion: np.ndarray,
    table: np.ndarray,
    noise: np.ndarray,
    size: int,
    difficulty: float,
    textures: tuple[str, ...],
    proportions: tuple[str, ...],
) -> np.ndarray:
    """Draw one picture per row.

    Arguments
    ---------
    texture, proportion : (n,) indices into `textures`, `proportions`.
    table : (n, UNIFORMS) uniform numbers in [0, 1).
    noise : (n, size, size) standard normal numbers.

    Returns uint8 (n, size, size, 3).
    """
    nuisance, draws, n = Nuisance.of(difficulty), Draws(table), len(texture)
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - 1
    x = np.tile(axis, size)[None]  # (1, P)
    y = np.repeat(axis, size)[None]
    # measures of each individual
    target = np.array([BODIES[proportions[p]] for p in proportion], dtype=np.float32)
    average = np.array(AVERAGE, dtype=np.float32)
    wobble = np.concatenate([draws.uniform(-1.7, 1.7) for _ in MEASURES], axis=1) * np.float32(nuisance.jitter)
    body = (average + nuisance.spread * (target - average)) * (1 + wobble)
    m = {name: body[:, i : i + 1].astype(np.float32) for i, name in enumerate(MEASURES)}
    limbs = skeleton(m, draws)
    pose = place(limbs, draws, nuisance)
    canvas = np.empty((n, 3, size * size), dtype=np.float32)
    scene = backdrop(canvas, x, y, pose, draws, nuisance, size)
    dog(canvas, x, y, limbs, pose, draws, nuisance, size, texture, textures, table)
    foreground(canvas, x, y, pose, scene, draws, nuisance, size)
    light(canvas, x, y, draws, noise, nuisance)
    out = np.clip(canvas, 0, 1, out=canvas)
    out *= 255
    out += np.float32(0.5)
    return np.ascontiguousarray(out.astype(np.uint8).transpose(0, 2, 1)).reshape(n, size, size, 3)


Limb = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def skeleton(m: dict[str, np.ndarray], draws: Draws) -> dict[str, Limb]:
    """Place every limb of a dog in dog units: name -> (ax, ay, bx, by, radius at a, radius at b), each (n, 1)."""
    leg, back, girth, head = m["leg"], m["back"], m["girth"], m["head"]
    spine = leg + girth * 0.92
    hip_x, chest_x = -back / 2, back / 2
    limbs: dict[str, Limb] = {}
    limbs["torso"] = (hip_x, spine, chest_x, spine + 0.02, girth * 0.9, girth)
    lean = draws.uniform(0.75, 1.1)  # neck angle above the horizon in radians
    reach = girth * 0.55 + m["neck"] + head * 0.55
    head_x, head_y = chest_x + reach * np.cos(lean), spine + reach * np.sin(lean)
    limbs["neck"] = (chest_x, spine, head_x, head_y, girth * 0.78, np.minimum(head * 0.62, girth * 0.62))
    limbs["head"] = (head_x, head_y, head_x + 0.01, head_y, head, head)
    nod = draws.uniform(-0.45, 0.05)  # muzzle angle
    tip_x = head_x + head * (0.55 + m["muzzle"]) * np.cos(nod)
    tip_y = head_y - head * 0.25 + head * (0.35 + m["muzzle"]) * np.sin(nod)
    limbs["muzzle"] = (head_x + head * 0.3, head_y - head * 0.22, tip_x, tip_y, head * 0.62, head * 0.36)
    limbs["nose"] = (
        tip_x + head * 0.18,
        tip_y + head * 0.2,
        tip_x + head * 0.26,
        tip_y + head * 0.18,
        head * 0.17,
        head * 0.14,
    )
    limbs["eye"] = (
        head_x + head * 0.3,
        head_y + head * 0.3,
        head_x + head * 0.3,
        head_y + head * 0.27,
        head * 0.145,
        head * 0.145,
    )
    perky = draws.chance(0.45)
    angle = np.where(perky, draws.uniform(1.7, 2.2), draws.uniform(3.9, 4.6))
    ear_x, ear_y = head_x - head * np.where(perky, 0.3, 0.45), head_y + head * np.where(perky, 0.6, 0.55)
    length = m["ear"] + head * 0.25
    limbs["ear"] = (
        ear_x,
        ear_y,
        ear_x + length * np.cos(angle),
        ear_y + length * np.sin(angle),
        head * np.where(perky, 0.34, 0.22),
        head * np.where(perky, 0.07, 0.33),
    )
    thick = 0.035 + girth * 0.2
    for name, top_x, shift in (
        ("fore", chest_x - girth * 0.1, 0.0),
        ("far_fore", chest_x + girth * 0.3, 0.0),
        ("hind", hip_x - girth * 0.15, 0.0),
        ("far_hind", hip_x + girth * 0.35, 0.0),
    ):
        swing = draws.uniform(-0.16, 0.16) * (leg + girth * 0.6) + shift
        limbs[name] = (top_x, spine - girth * 0.2, top_x + swing, thick, thick * 1.7, thick)
        limbs[name + "_paw"] = (
            top_x + swing,
            thick * 0.85,
            top_x + swing + thick * 0.9,
            thick * 0.8,
            thick * 0.9,
            thick * 0.8,
        )
    wag = draws.uniform(1.9, 2.9)
    curl = wag - draws.uniform(0.2, 1.0)
    tail_x, tail_y, half = hip_x - girth * 0.7, spine + girth * 0.35, m["tail"] / 2
    mid_x, mid_y = tail_x + half * np.cos(wag), tail_y + half * np.sin(wag)
    brush = m["brush"]
    limbs["tail"] = (tail_x, tail_y, mid_x, mid_y, brush * 0.75 + 0.02, brush)
    limbs["tail_tip"] = (mid_x, mid_y, mid_x + half * np.cos(curl), mid_y + half * np.sin(curl), brush, brush * 0.55)
    return {name: tuple(np.asarray(v, dtype=np.float32) for v in limb) for name, limb in limbs.items()}  # type: ignore[misc]


def place(limbs: dict[str, Limb], draws: Draws, nuisance: Nuisance) -> dict[str, np.ndarray]:
    """Fit the dog into the picture: size, position, mirror and turn, each (n, 1)."""
    left = np.minimum.reduce([np.minimum(a - r, b - s) for a, _, b, _, r, s in limbs.values()])
    right = np.maximum.reduce([np.maximum(a + r, b + s) for a, _, b, _, r, s in limbs.values()])
    top = np.maximum.reduce([np.maximum(a + r, b + s) for _, a, _, b, r, s in limbs.values()])
    width, height = right - left, top
    share = draws.uniform(nuisance.smallest, 1.0)
    scale = 1.78 * share / np.maximum(width, height)
    slack_x, slack_y = (1.9 - width * scale) / 2, (1.86 - height * scale)
    return {
        "scale": scale,
        "mirror": np.where(draws.chance(0.5), -1, 1).astype(np.float32),
        "turn": draws.uniform(-nuisance.turn, nuisance.turn),
        "x": slack_x * draws.uniform(-1, 1),
        "ground": 0.92 - slack_y * draws.uniform(0.0, 0.75),  # picture height of the feet
        "middle_x": (left + right) / 2,
        "half_width": width * scale / 2,
        "middle_y": height / 2,
    }


def backdrop(
    canvas: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    pose: dict[str, np.ndarray],
    draws: Draws,
    nuisance: Nuisance,
    size: int,
) -> np.ndarray:
    """Paint sky or wall, ground or floor, things that stand around, and the dog's shadow; return the colours."""
    pixel = np.float32(2 / size)
    which = (draws.uniform()[:, 0] * len(SCENES)).astype(np.int64)
    scene = SCENES[which] + 0.06 * (np.concatenate([draws.uniform(-1, 1) for _ in range(3)], axis=1))[:, None, :]
    scene = scene[..., None].astype(np.float32)  # (n, 5, 3, 1)
    horizon = np.minimum(pose["ground"] - draws.uniform(0.12, 0.5), 0.8)
    up = np.clip((y + 1) / (horizon + 1), 0, 1)
    down = np.clip((y - horizon) / (1 - horizon), 0, 1)
    ground = cover(horizon - y, pixel)
    for c in range(3):
        sky = scene[:, 0, c] + (scene[:, 1, c] - scene[:, 0, c]) * up
        floor = scene[:, 2, c] + (scene[:, 3, c] - scene[:, 2, c]) * down
        canvas[:, c] = sky + (floor - sky) * ground
    outdoors = (which < INDOORS)[:, None]
    white = np.full((len(which), 3, 1), 0.98, dtype=np.float32)
    for _ in range(2):  # clouds outdoors, pictures on the wall indoors
        there = draws.chance(nuisance.clutter)
        cx, cy, r = draws.uniform(-0.9, 0.9), draws.uniform(-0.9, -0.3), draws.uniform(0.12, 0.26)
        cloud = blend(
            ellipse(x, y, cx, cy, r * 1.4, r * 0.5),
            ellipse(x, y, cx + r * 0.2, cy - r * 0.4, r * 0.8, r * 0.55),
            r * 0.3,
        )
        frame = np.maximum(np.abs(x - cx) - r, np.abs(y - cy) - r * 0.8)
        colour = np.where(outdoors[..., None], white, scene[:, 4])
        paint(
            canvas,
            cover(np.where(outdoors, cloud, frame), np.where(outdoors, pixel * 3, pixel)) * there * np.float32(0.75),
            colour,
        )
    for _ in range(3):  # bushes, stones, cushions on the horizon
        there = draws.chance(nuisance.clutter)
        cx, r, flat = draws.uniform(-1, 1), draws.uniform(0.12, 0.4), draws.uniform(0.5, 1.0)
        bush = np.maximum(ellipse(x, y, cx, horizon, r, r * flat), y - horizon - pixel)
        paint(canvas, cover(bush, pixel) * there, scene[:, 4] * draws.uniform(0.85, 1.1)[..., None])
    shade = ellipse(x, y, pose["x"] + 0.03, pose["ground"], pose["half_width"] * 0.95, np.float32(0.07))
    paint(canvas, cover(shade, 0.09) * np.float32(0.38), scene[:, 3] * np.float32(0.35))
    return scene


def dog(
    canvas: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    limbs: dict[str, Limb],
    pose: dict[str, np.ndarray],
    draws: Draws,
    nuisance: Nuisance,
    size: int,
    texture: np.ndarray,
    textures: tuple[str, ...],
    table: np.ndarray,
) -> None:
    """Paint the dog: far legs, tail, body with its coat, ear, collar and face."""
    scale = pose["scale"]
    pixel = np.float32(2 / size) / scale
    # picture -> dog units, turning about the middle of the body
    px = (x - pose["x"]) * (pose["mirror"] / scale)
    py = (pose["ground"] - y) / scale - pose["middle_y"]
    cos, sin = np.cos(pose["turn"]), np.sin(pose["turn"])
    dx = px * cos + py * sin + pose["middle_x"]
    dy = py * cos - px * sin + pose["middle_y"]

    def limb(name: str) -> np.ndarray:
        return taper(dx, dy, *limbs[name])

    base, mark = coat_colours(draws, nuisance)
    ink = np.minimum(base, mark) * np.float32(0.28)
    line = pixel * np.float32(0.4) + np.float32(0.011)  # half width of outlines
    far = np.minimum(
        np.minimum(limb("far_fore"), limb("far_fore_paw")), np.minimum(limb("far_hind"), limb("far_hind_paw"))
    )
    paint(canvas, cover(far - line, pixel), ink)
    paint(canvas, cover(far + line, pixel), (base + mark) * np.float32(0.34))
    smooth = np.float32(0.09)
    body = blend(limb("torso"), limb("neck"), smooth)
    body = blend(body, blend(limb("head"), limb("muzzle"), np.float32(0.06)), np.float32(0.05))
    body = blend(body, np.minimum(limb("fore"), limb("fore_paw")), np.float32(0.05))
    body = blend(body, np.minimum(limb("hind"), limb("hind_paw")), np.float32(0.05))
    body = blend(body, np.minimum(limb("tail"), limb("tail_tip")), np.float32(0.04))
    ear = limb("ear")
    # the coat: only where there is dog, as flat lists of points
    whole = np.minimum(body, ear)
    rows, points = np.nonzero(whole < pixel)
    period = draws.uniform(0.17, 0.235)  # in picture units, so that a texture tells nothing about the proportions
    stretch = (scale / period)[rows, 0]
    angle = draws.uniform(-0.25, 0.25)[rows, 0]
    ca, sa = np.cos(angle), np.sin(angle)
    ux, uy = dx[rows, points] * stretch, dy[rows, points] * stretch
    u, v = (
        ux * ca + uy * sa + 8 + table[rows, 60].astype(np.float32),
        uy * ca - ux * sa + 8 + table[rows, 61].astype(np.float32),
    )
    key = (table[:, 62] * 2**31).astype(np.int64)[rows]
    wave = table[:, 63:70].astype(np.float32)
    share = np.zeros(len(rows), dtype=np.float32)
    edge = (np.float32(2 / size) / period)[rows, 0]
    kinds = texture[rows]
    for kind in np.unique(texture):
        at = np.flatnonzero(kinds == kind)
        share[at] = marking(textures[kind], u[at], v[at], key[at], wave[rows[at]].T, edge[at])
    coat = np.zeros_like(canvas)
    # soft shading: light from above, dark towards the outline
    round_off = np.clip(-whole[rows, points] * np.float32(7), 0, 1)
    tone = np.float32(0.80) + np.float32(0.24) * round_off
    for c in range(3):
        coat[rows, c, points] = (base[rows, c, 0] + share * (mark[rows, c, 0] - base[rows, c, 0])) * tone
    paint(canvas, cover(body - line, pixel), ink)
    paint(canvas, cover(body + line, pixel), coat)
    paint(canvas, cover(ear - line, pixel), ink)
    paint(canvas, cover(ear + line, pixel), coat * np.float32(0.82))
    # collar across the neck, only on the body
    ax, ay, bx, by, ra, rb = limbs["neck"]
    t = np.float32(0.5)
    cx, cy, r = ax + (bx - ax) * t, ay + (by - ay) * t, (ra + rb) * np.float32(0.6)
    norm = np.sqrt((bx - ax) ** 2 + (by - ay) ** 2) + np.float32(1e-6)
    nx, ny = -(by - ay) / norm * r, (bx - ax) / norm * r
    band = taper(dx, dy, cx + nx, cy + ny, cx - nx, cy - ny, np.float32(0.035), np.float32(0.035))
    collar = hsv(draws.uniform(), np.float32(0.65) + draws.uniform(0, 0.2), draws.uniform(0.55, 0.95))
    paint(canvas, cover(np.maximum(band, body), pixel) * draws.chance(0.7), collar)
    # face
    dark = np.full((len(scale), 3, 1), 0.09, dtype=np.float32)
    eye = limb("eye")
    ring = limbs["eye"][4] * np.float32(0.35)
    paint(canvas, cover(eye - ring, pixel) * np.float32(0.85), np.full_like(dark, 0.96))
    paint(canvas, cover(eye, pixel), dark)
    paint(canvas, cover(limb("nose"), pixel), dark)
    ex, ey, _, _, er, _ = limbs["eye"]
    glint = taper(dx, dy, ex + er * 0.3, ey + er * 0.35, ex + er * 0.3, ey + er * 0.3, er * 0.35, er * 0.35)
    paint(canvas, cover(glint, pixel), np.full_like(dark, 1.0))


def coat_colours(draws: Draws, nuisance: Nuisance) -> tuple[np.ndarray, np.ndarray]:
    """Choose base and marking, (n, 3, 1): one hue family, equally far from a middle grey, either of them light."""
    fancy = draws.chance(0.25)
    hue = np.where(fancy, draws.uniform(), draws.uniform(0.04, 0.13))
    saturation = draws.uniform(0.05, 0.6)
    middle = draws.uniform(0.44, 0.68)
    half = np.float32(nuisance.contrast / 2) * draws.uniform(0.85, 1.15)
    swap = np.where(draws.chance(0.5), -1, 1).astype(np.float32)
    base = hsv(hue, saturation, np.clip(middle + swap * half, 0.05, 1))
    mark = hsv(hue + draws.uniform(-0.03, 0.03), saturation, np.clip(middle - swap * half, 0.05, 1))
    return base, mark


def foreground(
    canvas: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    pose: dict[str, np.ndarray],
    scene: np.ndarray,
    draws: Draws,
    nuisance: Nuisance,
    size: int,
) -> None:
    """Sometimes hide a part of the dog: a tuft or cushion from below, or a ball."""
    pixel = np.float32(2 / size)
    there = draws.chance(nuisance.clutter * 0.6)
    cx, r = draws.uniform(-0.9, 0.9), draws.uniform(0.12, 0.26)
    tuft = ellipse(x, y, cx, 1.02, r * 1.2, r)
    paint(canvas, cover(tuft, pixel) * there, scene[:, 4] * draws.uniform(0.75, 0.95)[..., None])
    there = draws.chance(nuisance.clutter * 0.6)
    r = draws.uniform(0.07, 0.13)
    cx, cy = draws.uniform(-0.85, 0.85), np.minimum(pose["ground"] + 0.03, 0.97) - r
    ball = taper(x, y, cx, cy, cx, cy + 0.001, r, r)
    colour = hsv(draws.uniform(), np.full_like(r, 0.7), draws.uniform(0.6, 0.95))
    paint(canvas, cover(ball, pixel) * there, colour)
    shine = taper(x, y, cx - r * 0.3, cy - r * 0.35, cx - r * 0.25, cy - r * 0.35, r * 0.28, r * 0.28)
    paint(canvas, cover(shine, pixel * 2) * there * np.float32(0.6), np.ones_like(colour))


def light(
    canvas: np.ndarray, x: np.ndarray, y: np.ndarray, draws: Draws, noise: np.ndarray, nuisance: Nuisance
) -> None:
    """Change the light: its strength, its colour, a gradient across the picture; then add noise."""
    strength = draws.uniform(0.85, 1.1)
    warmth = draws.uniform(-0.05, 0.05)
    gx, gy = draws.uniform(-0.1, 0.1), draws.uniform(-0.1, 0.1)
    gain = strength + gx * x + gy * y
    grain = noise.reshape(len(noise), -1) * np.float32(nuisance.noise)
    for c, sign in enumerate((1, 0, -1)):
        canvas[:, c] *= gain * (1 + sign * warmth)
        canvas[:, c] += grain
