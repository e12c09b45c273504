"""What is done to the probes of a test, by name: nothing, things worn, hidden cells, distance.

A person is enrolled by clean pictures. Cells of `c` pixels on a grid of `c` pixels; "aligned" is the grid of the ViT's
patches, "shifted" the same cells half a patch to the right and down.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers.data.faces import WORN, draw_people
from helpers.data.occluders import FILLS, drop_cells, from_afar

DIFFICULTY = 0.2
TRAINING, TESTING = (60, 20), (40, 4)  # people and pictures of each
FIRST_TEST = 10_000  # number of the first person of a test; the people of training have small ones
SHARES = (0.25, 0.5, 0.75)
AFAR = (2, 3, 4, 6)


@dataclass(frozen=True)
class People:
    """A test: clean pictures uint8 (n, S, S, 3), the same ones with each thing worn, and who they show (n,)."""

    clean: np.ndarray
    worn: dict[str, np.ndarray]
    people: np.ndarray

    @property
    def side(self) -> int:
        """S."""
        return int(self.clean.shape[1])


def people_of_test(side: int, seed: int = 0) -> People:
    """The people of `TESTING`, at a size in pixels."""
    how = {"image_size": side, "seed": seed, "first_person": FIRST_TEST, "difficulty": DIFFICULTY}
    clean, people = draw_people(*TESTING, **how)  # type: ignore[arg-type]
    return People(clean, {worn: draw_people(*TESTING, **how, wears=worn)[0] for worn in WORN}, people)  # type: ignore[arg-type]


def people_of_training(side: int, seed: int = 0, *, pictures: int = TRAINING[1]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (60 pictures, S, S, 3) and who they show."""
    return draw_people(TRAINING[0], pictures, side, seed=seed, difficulty=DIFFICULTY)


def cells(share: float, side: int, fill: str, shift: int = 0) -> str:
    """The name of hidden cells, e.g. "50 % in cells of 6, aligned, black"."""
    return f"{100 * share:.0f} % in cells of {side}, {'shifted' if shift else 'aligned'}, {fill}"


def protocols(patch: int, *, everything: bool = True) -> dict[str, Callable[[People], np.ndarray]]:
    """Name -> the probes it makes of a test, uint8 (n, S, S, 3).

    Parameters
    ----------
    patch
        Side of a ViT's patch in pixels, even.
    everything
        Also the other cell sizes, shares and distances.
    """
    found: dict[str, Callable[[People], np.ndarray]] = {"clean": lambda test: test.clean}
    for worn in WORN:
        found[worn] = lambda test, worn=worn: test.worn[worn]  # type: ignore[misc]
    hidden = [(0.5, patch, fill, shift) for fill in FILLS for shift in (0, patch // 2)]
    if everything:
        hidden += [(0.5, side, fill, 0) for side in (patch // 2, 2 * patch, 3 * patch) for fill in ("black", "mean")]
        hidden += [(share, patch, fill, 0) for share in (0.25, 0.75) for fill in ("black", "mean")]
    for share, side, fill, shift in hidden:
        found[cells(share, side, fill, shift)] = lambda test, how=(share, side, fill, shift): drop_cells(  # type: ignore[misc]
            test.clean, how[0], how[1], fill=how[2], shift=how[3]
        )
    far = [(times, 0) for times in (AFAR if everything else AFAR[::2])]
    far += [(AFAR[-1], patch // 2)] if everything else [(times, times // 2) for times in AFAR[::2]]
    for times, shift in far:
        found[afar(times, shift)] = lambda test, how=(times, shift): from_afar(test.clean, how[0], shift=how[1])  # type: ignore[misc]
    return found


def afar(times: int, shift: int = 0) -> str:
    """The name of a distance; with a shift the pixels that are averaged do not lie on the grid of the patches."""
    return f"{times} times as far{', shifted' if shift else ''}"
