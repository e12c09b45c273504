"""Held-back hands: the nearest neighbour of this page, asked about digits whose writer it knows or does not know."""

import numpy as np

from helpers.data.digits import FORM, Digits, digits, places_on_forms

__all__ = [
    "FORM",
    "Digits",
    "digits",
    "names_in_rounds",
    "nearest_names",
    "nearest_of",
    "places_on_forms",
    "shuffled_rounds",
]


def nearest_names(known: np.ndarray, names: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Give each asked image the name of the known image that is nearest to it, pixel by pixel.

    known (M, P), names (M,), asked (N, P) -> (N,)
    """
    # squared distances less |asked|^2, which is the same for all known images
    squares = (known**2).sum(axis=1) - 2 * asked @ known.T  # (N, M)
    return names[squares.argmin(axis=1)]


def names_in_rounds(pixels: np.ndarray, names: np.ndarray, held_back: np.ndarray) -> np.ndarray:
    """A name for every image, each round's images named by `nearest_names` from all others.

    Parameters
    ----------
    pixels, names
        (n, P) and (n,).
    held_back
        (n,), the round in which an image is held back.

    Returns
    -------
    np.ndarray
        (n,)
    """
    given = np.empty_like(names)
    for turn in np.unique(held_back):
        out = held_back == turn
        given[out] = nearest_names(pixels[~out], names[~out], pixels[out])
    return given


def shuffled_rounds(n: int, rounds: int, seed: int = 0) -> np.ndarray:
    """A round for each of n images, drawn by lot, all rounds of nearly one size: (n,)."""
    return np.random.default_rng(seed).permutation(np.arange(n) % rounds)


def nearest_of(pixels: np.ndarray, asked: int, among: np.ndarray) -> int:
    """Index of the image nearest to image `asked`, itself left out, among those that a mask (n,) allows."""
    squares = ((pixels - pixels[asked]) ** 2).sum(axis=1).astype(float)
    squares[~among] = np.inf
    squares[asked] = np.inf
    return int(squares.argmin())
