"""One drawn dog: body proportions (the global factor) under a coat (the local factor).

The dog stands in *dog units* (y up, ground at 0, facing right). A pose turns, mirrors, scales and places it in the
picture, which spans -1..1 in both directions (y down). Everything random comes from one row of uniform numbers per
image, so that image i is the same however many are drawn.
"""

import numpy as np

from helpers.data.coats import marking
from helpers.data.scenes import Pose, backdrop, foreground, light
from helpers.data.shapes2d import blend, cover, hsv, paint, taper
from helpers.data.variation import Draws, Nuisance

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
HANGING = 0.4  # longer ears than this always hang
UNIFORMS = 100  # random numbers an image may use

Limb = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def draw_chunk(
    textures: list[str], bodies: list[str], table: np.ndarray, noise: np.ndarray, difficulty: float
) -> np.ndarray:
    """Draw one picture per row.

    Parameters
    ----------
    textures, bodies
        N keys of `coats.COATS` and of `BODIES`.
    table
        (n, UNIFORMS) uniform numbers in [0, 1).
    noise
        (n, S, S) standard normal numbers.

    Returns
    -------
    np.ndarray
        uint8 (n, S, S, 3).
    """
    n, size = len(noise), noise.shape[1]
    nuisance, draws = Nuisance.of(difficulty), Draws(table)
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - 1
    x, y = np.tile(axis, size)[None], np.repeat(axis, size)[None]  # (1, P), pixel centres
    limbs = skeleton(bodies, draws, nuisance)
    pose = place(limbs, draws, nuisance)
    canvas = np.empty((n, 3, size * size), dtype=np.float32)
    scene = backdrop(canvas, x, y, pose, draws, nuisance)
    paint_dog(canvas, x, y, limbs, pose, textures, draws, nuisance)
    foreground(canvas, x, y, pose, scene, draws, nuisance)
    light(canvas, x, y, draws, noise, nuisance)
    np.clip(canvas, 0, 1, out=canvas)
    canvas *= 255
    canvas += np.float32(0.5)
    return canvas.astype(np.uint8).transpose(0, 2, 1).reshape(n, size, size, 3)


def skeleton(bodies: list[str], draws: Draws, nuisance: Nuisance) -> dict[str, Limb]:
    """Measure n individuals and place their limbs: name -> (ax, ay, bx, by, radius at a, radius at b), each (n, 1)."""
    target, average = np.array([BODIES[body] for body in bodies]), np.array(AVERAGE)
    wobble = draws.columns(len(MEASURES), -nuisance.jitter, nuisance.jitter)
    measured = (average + nuisance.spread * (target - average)) * (1 + wobble)
    leg, back, girth, neck, head, muzzle, ear, tail, brush = np.split(measured, len(MEASURES), axis=1)
    limbs: dict[str, tuple[np.ndarray, ...]] = {}
    hip, chest, spine = -back / 2, back / 2, leg + girth * 0.92
    limbs["torso"] = (hip, spine, chest, spine + 0.02, girth * 0.9, girth)
    lean, reach = draws.uniform(0.75, 1.1), girth * 0.55 + neck + head * 0.55  # angle above the horizon, length
    x, y = chest + reach * np.cos(lean), spine + reach * np.sin(lean)  # middle of the head
    limbs["neck"] = (chest, spine, x, y, girth * 0.78, np.minimum(head * 0.62, girth * 0.62))
    limbs["head"] = (x, y, x, y, head, head)
    nod = draws.uniform(-0.45, 0.05)
    tip_x = x + head * (0.55 + muzzle) * np.cos(nod)
    tip_y = y - head * 0.25 + head * (0.35 + muzzle) * np.sin(nod)
    limbs["muzzle"] = (x + head * 0.3, y - head * 0.22, tip_x, tip_y, head * 0.62, head * 0.36)
    lip_x, lip_y, lip = tip_x - head * 0.2, tip_y - head * 0.17, head * 0.035
    limbs["mouth"] = (tip_x + head * 0.1, tip_y - head * 0.08, lip_x, lip_y, lip, lip)
    limbs["smile"] = (lip_x, lip_y, lip_x - head * 0.27, lip_y + head * 0.1, lip, lip)
    nose_x, nose_y = tip_x + head * 0.2, tip_y + head * 0.2
    limbs["nose"] = (nose_x, nose_y, nose_x + head * 0.07, nose_y - head * 0.02, head * 0.17, head * 0.14)
    eye_x, eye_y, eye = x + head * 0.3, y + head * 0.28, head * 0.15
    limbs["eye"] = (eye_x, eye_y, eye_x, eye_y - head * 0.03, eye, eye)
    limbs["glint"] = (
        eye_x + eye * 0.3,
        eye_y + eye * 0.35,
        eye_x + eye * 0.3,
        eye_y + eye * 0.35,
        eye * 0.36,
        eye * 0.36,
    )
    perky = draws.chance(0.45) & (ear < HANGING)
    angle, far_angle = np.where(perky, draws.uniform(1.75, 2.15), draws.uniform(3.9, 4.6)), draws.uniform(1.2, 1.5)
    base_x, base_y, ear = x - head * np.where(perky, 0.3, 0.45), y + head * 0.58, ear + head * 0.25
    ear_limb = (head * np.where(perky, 0.34, 0.22), head * np.where(perky, 0.08, 0.33))
    limbs["ear"] = (base_x, base_y, base_x + ear * np.cos(angle), base_y + ear * np.sin(angle), *ear_limb)
    shown = np.where(perky, ear, 0)  # the other ear is seen only when it stands
    far_x, far_y = x + head * 0.15, y + head * 0.5
    limbs["far_ear"] = (far_x, far_y, far_x + shown * np.cos(far_angle), far_y + shown * np.sin(far_angle), *ear_limb)
    thick = 0.035 + girth * 0.2
    tops = {"fore": chest - girth * 0.1, "far_fore": chest + girth * 0.3}
    tops |= {"hind": hip - girth * 0.15, "far_hind": hip + girth * 0.35}
    for name, top in tops.items():
        foot = top + draws.uniform(-0.16, 0.16) * (leg + girth * 0.6)
        limbs[name] = (top, spine - girth * 0.2, foot, thick, thick * 1.7, thick)
        limbs[f"{name}_paw"] = (foot, thick * 0.85, foot + thick * 0.9, thick * 0.8, thick * 0.9, thick * 0.8)
    wag, half = draws.uniform(1.9, 2.9), tail / 2
    curl, root_x, root_y = wag - draws.uniform(0.2, 1.0), hip - girth * 0.7, spine + girth * 0.35
    mid_x, mid_y = root_x + half * np.cos(wag), root_y + half * np.sin(wag)
    limbs["tail"] = (root_x, root_y, mid_x, mid_y, brush * 0.75 + 0.02, brush)
    limbs["tail_tip"] = (mid_x, mid_y, mid_x + half * np.cos(curl), mid_y + half * np.sin(curl), brush, brush * 0.55)
    return {name: tuple(np.asarray(v, dtype=np.float32) for v in limb) for name, limb in limbs.items()}  # type: ignore[misc]


def place(limbs: dict[str, Limb], draws: Draws, nuisance: Nuisance) -> Pose:
    """Fit the dog into the picture: size, position, mirror and turn, each (n, 1), drawn alike for all breeds."""
    left = np.minimum.reduce([np.minimum(a - r, b - s) for a, _, b, _, r, s in limbs.values()])
    right = np.maximum.reduce([np.maximum(a + r, b + s) for a, _, b, _, r, s in limbs.values()])
    height = np.maximum.reduce([np.maximum(a + r, b + s) for _, a, _, b, r, s in limbs.values()])
    width = right - left
    scale = 1.78 * draws.uniform(nuisance.smallest, 1.0) / np.maximum(width, height)
    return {
        "scale": scale,
        "mirror": np.where(draws.chance(0.5), -1, 1).astype(np.float32),
        "turn": draws.uniform(-nuisance.turn, nuisance.turn),
        "x": (1.9 - width * scale) / 2 * draws.uniform(-1, 1),
        "ground": 0.92 - (1.86 - height * scale) * draws.uniform(0.0, 0.75),  # picture height of the feet
        "middle_x": (left + right) / 2,
        "middle_y": height / 2,
        "half_width": width * scale / 2,
    }


def paint_dog(
    canvas: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    limbs: dict[str, Limb],
    pose: Pose,
    textures: list[str],
    draws: Draws,
    nuisance: Nuisance,
) -> None:
    """Paint from back to front: far limbs, body in its coat, ear, collar, face."""
    scale = pose["scale"]
    px = (x - pose["x"]) * (pose["mirror"] / scale)  # picture -> dog units, turned about the middle of the body
    py = (pose["ground"] - y) / scale - pose["middle_y"]
    cos, sin = np.cos(pose["turn"]), np.sin(pose["turn"])
    dx, dy = px * cos + py * sin + pose["middle_x"], py * cos - px * sin + pose["middle_y"]
    pixel = (x[0, 1] - x[0, 0]) / scale

    def limb(*names: str) -> np.ndarray:
        return np.minimum.reduce([taper(dx, dy, *limbs[name]) for name in names])

    def fill(distance: np.ndarray, colour: np.ndarray) -> None:
        paint(canvas, cover(distance, pixel), colour)

    base, mark = coat_colours(draws, nuisance)
    ink = np.minimum(base, mark) * np.float32(0.28)
    line = pixel * np.float32(0.4) + np.float32(0.011)  # half width of the outline
    far = limb("far_fore", "far_fore_paw", "far_hind", "far_hind_paw", "far_ear")
    fill(far - line, ink)
    fill(far + line, (base + mark) * np.float32(0.34))
    head = blend(limb("head"), limb("muzzle"), 0.06)
    body = blend(limb("torso"), limb("neck"), 0.09)
    for part in (head, limb("fore", "fore_paw"), limb("hind", "hind_paw"), limb("tail", "tail_tip")):
        body = blend(body, part, 0.05)
    ear = limb("ear")
    coat = coat_picture(np.minimum(body, ear), dx, dy, scale, textures, base, mark, draws)
    fill(body - line, ink)
    fill(body + line, coat)
    band = np.maximum(
        taper(dx, dy, *collar_limb(limbs["neck"], limbs["head"])), np.maximum(body, -head)
    )  # behind the head
    colour = hsv(draws.uniform(), draws.uniform(0.65, 0.85), draws.uniform(0.55, 0.95))
    paint(canvas, cover(band, pixel) * draws.chance(0.7), colour)
    fill(ear - line, ink)
    fill(ear + line, coat * np.float32(0.82))
    white, black = np.full_like(ink, 0.97), np.full_like(ink, 0.09)
    fill(limb("mouth", "smile"), ink)
    eye = limb("eye")
    fill(eye - limbs["eye"][4] * np.float32(0.35), white)
    fill(np.minimum(eye, limb("nose")), black)
    fill(limb("glint"), white)


def coat_picture(
    body: np.ndarray,
    dx: np.ndarray,
    dy: np.ndarray,
    scale: np.ndarray,
    textures: list[str],
    base: np.ndarray,
    mark: np.ndarray,
    draws: Draws,
) -> np.ndarray:
    """Colour of the coat at every pixel of the dog, (n, 3, P), shaded towards its outline; 0 elsewhere.

    The texture's period is set in the picture's units, so that it tells nothing about the proportions.
    """
    size = np.sqrt(body.shape[1])
    period, tilt = draws.uniform(0.17, 0.235), draws.uniform(-0.25, 0.25)
    shift = draws.columns(2, 8, 9)
    key, waves = (draws.uniform()[:, 0] * 2**31).astype(np.int64), draws.columns(7)
    rows, points = np.nonzero(body < 2 / size / scale)  # flat lists of the dogs' pixels
    stretch = scale / period
    cos, sin = (stretch * np.cos(tilt))[rows, 0], (stretch * np.sin(tilt))[rows, 0]
    px, py = dx[rows, points], dy[rows, points]
    u, v = px * cos + py * sin + shift[rows, 0], py * cos - px * sin + shift[rows, 1]
    edge = (np.float32(2 / size) / period)[rows, 0]
    share = np.zeros(len(rows), dtype=np.float32)
    kinds = np.array(textures)[rows]
    for texture in sorted(set(textures)):
        at = np.flatnonzero(kinds == texture)
        share[at] = marking(texture, u[at], v[at], key[rows[at]], waves[rows[at]].T, edge[at])
    tone = np.float32(0.80) + np.float32(0.24) * np.clip(body[rows, points] * np.float32(-7), 0, 1)
    coat = np.zeros((len(body), 3, body.shape[1]), dtype=np.float32)
    for c in range(3):
        coat[rows, c, points] = (base[rows, c, 0] + share * (mark - base)[rows, c, 0]) * tone
    return coat


def coat_colours(draws: Draws, nuisance: Nuisance) -> tuple[np.ndarray, np.ndarray]:
    """Choose base and marking, (n, 3, 1): one hue family, equally far from a middle brightness, either one light."""
    hue = np.where(draws.chance(0.25), draws.uniform(), draws.uniform(0.04, 0.13))  # a quarter has fancy hues
    saturation, middle = draws.uniform(0.05, 0.6), draws.uniform(0.44, 0.68)
    half = draws.uniform(0.85, 1.15) * np.float32(nuisance.contrast / 2)
    half = np.where(draws.chance(0.5), half, -half)
    return hsv(hue, saturation, middle + half), hsv(hue + draws.uniform(-0.03, 0.03), saturation, middle - half)


def collar_limb(neck: Limb, head: Limb) -> Limb:
    """Return the band that crosses the neck just below the head."""
    ax, ay, bx, by, ra, rb = neck
    length = np.hypot(bx - ax, by - ay)
    ux, uy = (bx - ax) / length, (by - ay) / length  # along the neck
    along = np.maximum(length - head[4] * np.float32(1.12), 0)
    reach, half = ra + (rb - ra) * along / length + np.float32(0.1), np.full_like(ra, 0.04)
    x, y = ax + ux * along, ay + uy * along
    return x - uy * reach, y + ux * reach, x + uy * reach, y - ux * reach, half, half
