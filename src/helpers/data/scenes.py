"""Where a drawn dog stands: sky or wall, ground or floor, things around and in front, and the light.

A picture spans -1..1 in both directions, y down. All of it is independent of the breed.
"""

import numpy as np

from helpers.data.shapes2d import blend, cover, ellipse, hsv, paint, taper
from helpers.data.variation import Draws, Nuisance

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
)  # meadow, dusk, snow, beach; then three rooms
INDOORS = 4  # scenes from this one on are rooms: pictures on the wall instead of clouds

Pose = dict[str, np.ndarray]


def backdrop(
    canvas: np.ndarray, x: np.ndarray, y: np.ndarray, pose: Pose, draws: Draws, nuisance: Nuisance
) -> np.ndarray:
    """Paint everything behind the dog, and its shadow; return the scene's colours (n, 5, 3, 1)."""
    pixel = x[0, 1] - x[0, 0]
    which = (draws.uniform()[:, 0] * len(SCENES)).astype(np.int64)
    scene = (SCENES[which] + draws.columns(3, -0.06, 0.06)[:, None])[..., None]
    horizon = np.minimum(pose["ground"] - draws.uniform(0.12, 0.5), 0.8)
    up, down = np.clip((y + 1) / (horizon + 1), 0, 1), np.clip((y - horizon) / (1 - horizon), 0, 1)
    ground = cover(horizon - y, pixel)
    for c in range(3):
        sky = scene[:, 0, c] + (scene[:, 1, c] - scene[:, 0, c]) * up
        floor = scene[:, 2, c] + (scene[:, 3, c] - scene[:, 2, c]) * down
        canvas[:, c] = sky + (floor - sky) * ground
    outdoors = (which < INDOORS)[:, None]
    pale = np.full_like(scene[:, 0], 0.98)
    for _ in range(2):  # clouds outdoors, framed pictures indoors
        there = draws.chance(nuisance.clutter)
        cx, cy, r = draws.uniform(-0.9, 0.9), draws.uniform(-0.9, -0.35), draws.uniform(0.12, 0.24)
        puff = ellipse(x, y, cx + r * 0.2, cy - r * 0.4, r * 0.8, r * 0.55)
        cloud = blend(ellipse(x, y, cx, cy, r * 1.4, r * 0.5), puff, r * 0.3)
        frame = np.maximum(np.abs(x - cx) - r, np.abs(y - cy) - r * 0.8)
        shape = np.where(outdoors, cloud * np.float32(0.4), frame)  # clouds have soft edges
        paint(canvas, cover(shape, pixel) * (there * np.float32(0.75)), pale)
        paint(canvas, cover(frame + r * np.float32(0.22), pixel) * (there & ~outdoors), scene[:, 4])
    for _ in range(3):  # bushes, stones, cushions on the horizon
        there = draws.chance(nuisance.clutter)
        cx, r, flat = draws.uniform(-1, 1), draws.uniform(0.12, 0.4), draws.uniform(0.5, 1.0)
        bush = np.maximum(ellipse(x, y, cx, horizon, r, r * flat), y - horizon - pixel)
        paint(canvas, cover(bush, pixel) * there, scene[:, 4] * draws.uniform(0.85, 1.1)[..., None])
    shade = ellipse(x, y, pose["x"] + 0.03, pose["ground"], pose["half_width"] * 0.95, np.float32(0.07))
    paint(canvas, cover(shade, 0.09) * np.float32(0.38), scene[:, 3] * np.float32(0.35))
    return scene


def foreground(
    canvas: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    pose: Pose,
    scene: np.ndarray,
    draws: Draws,
    nuisance: Nuisance,
) -> None:
    """Sometimes hide a part of the dog: by a tuft or cushion from below, by a ball."""
    pixel = x[0, 1] - x[0, 0]
    there = draws.chance(nuisance.clutter * 0.6)
    cx, r = draws.uniform(-0.9, 0.9), draws.uniform(0.12, 0.26)
    colour = scene[:, 4] * draws.uniform(0.75, 0.95)[..., None]
    paint(canvas, cover(ellipse(x, y, cx, 1.02, r * 1.2, r), pixel) * there, colour)
    there = draws.chance(nuisance.clutter * 0.6)
    r = draws.uniform(0.07, 0.13)
    cx, cy = draws.uniform(-0.85, 0.85), np.minimum(pose["ground"] + 0.03, 0.97) - r
    colour = hsv(draws.uniform(), np.full_like(r, 0.7), draws.uniform(0.6, 0.95))
    paint(canvas, cover(taper(x, y, cx, cy, cx, cy, r, r), pixel) * there, colour)
    shine = taper(x, y, cx - r * 0.3, cy - r * 0.35, cx - r * 0.25, cy - r * 0.35, r * 0.28, r * 0.28)
    paint(canvas, cover(shine, pixel * 2) * (there * np.float32(0.6)), np.ones_like(colour))


def light(
    canvas: np.ndarray, x: np.ndarray, y: np.ndarray, draws: Draws, noise: np.ndarray, nuisance: Nuisance
) -> None:
    """Change the strength, the colour and the direction of the light; then add noise (n, S, S)."""
    strength, warmth = draws.uniform(0.85, 1.1), draws.uniform(-0.05, 0.05)
    gain = strength + draws.uniform(-0.1, 0.1) * x + draws.uniform(-0.1, 0.1) * y
    grain = noise.reshape(len(noise), -1) * np.float32(nuisance.noise)
    for c, sign in enumerate((1, 0, -1)):
        canvas[:, c] *= gain * (1 + sign * warmth)
        canvas[:, c] += grain
