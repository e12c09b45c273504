"""Where in a drawn dog its two cues lie: the coat inside the outline, the build along it.

The dog is measured once more from the numbers that drew it (`helpers.data.dogs`), and every pixel gets its distance to
the outline, in pixels, negative inside. What stands in front of a dog is not known here: a hidden part counts as seen.
"""

import numpy as np

from helpers.data.breeds import PROPORTIONS
from helpers.data.dogs import UNIFORMS, place, skeleton
from helpers.data.shapes2d import blend, taper
from helpers.data.variation import Draws, Nuisance
from helpers.pages.l12.methods import OUTLINE

SIZE = 64  # pixels, of which a width is told


def signed_distance(proportion: np.ndarray, rng: np.random.Generator, size: int, difficulty: float) -> np.ndarray:
    """Pixels to the outline of each dog that `draw_breeds` draws from an equal `rng`, negative inside, (n, S, S).

    Parameters
    ----------
    proportion
        Integers (n,), indices into `helpers.data.breeds.PROPORTIONS`.
    rng
        In the state in which `draw_breeds` got it; like there, its children by `spawn` are used.
    size
        S in pixels.
    difficulty
        0 to 1.
    """
    numbers, _ = rng.spawn(2)
    draws, nuisance = Draws(numbers.random((len(proportion), UNIFORMS))), Nuisance.of(difficulty)
    limbs = skeleton([PROPORTIONS[p] for p in proportion], draws, nuisance)
    pose = place(limbs, draws, nuisance)
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - 1
    x, y = np.tile(axis, size)[None], np.repeat(axis, size)[None]  # (1, P)
    # The same change of coordinates as in `helpers.data.dogs.paint_dog`, picture -> dog units.
    px = (x - pose["x"]) * (pose["mirror"] / pose["scale"])
    py = (pose["ground"] - y) / pose["scale"] - pose["middle_y"]
    cos, sin = np.cos(pose["turn"]), np.sin(pose["turn"])
    dx, dy = px * cos + py * sin + pose["middle_x"], py * cos - px * sin + pose["middle_y"]

    def limb(*names: str) -> np.ndarray:
        return np.minimum.reduce([taper(dx, dy, *limbs[name]) for name in names])

    body = blend(limb("torso"), limb("neck"), 0.09)
    head = blend(limb("head"), limb("muzzle"), 0.06)
    for part in (head, limb("fore", "fore_paw"), limb("hind", "hind_paw"), limb("tail", "tail_tip")):
        body = blend(body, part, 0.05)
    far = limb("far_fore", "far_fore_paw", "far_hind", "far_hind_paw", "far_ear")
    distance = np.minimum.reduce([body, far, limb("ear")]) * pose["scale"] * (size / 2)
    return distance.reshape(-1, size, size)


def places(distance: np.ndarray, width: float = OUTLINE[0]) -> tuple[np.ndarray, np.ndarray]:
    """The coat's place and the build's, bool (n, S, S) each: well inside the outline, and on either side of it.

    Parameters
    ----------
    distance
        Of `signed_distance`, (n, S, S).
    width
        How far from the outline the build's place reaches, in pixels of a picture of 64; farther inside lies the
        coat's.
    """
    margin = width * distance.shape[-1] / SIZE
    return distance < -margin, np.abs(distance) <= margin
