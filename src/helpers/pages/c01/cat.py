"""A photograph of a cat as numbers, and how far it is from itself, moved."""

import numpy as np


def cat() -> np.ndarray:
    """Chelsea, a photograph by Stefan van der Walt (CC0) that comes with scikit-image: uint8 (H, W, 3).

    Raises
    ------
    ImportError
        Where scikit-image is missing; it comes with the extra `labs`.
    """
    from skimage import data

    return data.chelsea()


def moved(image: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """What an image (H, W, C) shows before and after it moved `step` pixels to the left, where both have pixels.

    Raises
    ------
    ValueError
        For a step outside 1..W - 1.
    """
    if not 1 <= step < image.shape[1]:
        raise ValueError(f"step: expected 1 to {image.shape[1] - 1}, got {step}")
    return image[:, :-step], image[:, step:]


def plain_card(image: np.ndarray) -> np.ndarray:
    """A card of the image's mean colour, of its shape."""
    return np.broadcast_to(image.mean(axis=(0, 1)), image.shape)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Root of the mean squared difference of two images of one shape, in levels of 0 to 255."""
    return float(np.sqrt(np.mean((one.astype(float) - other.astype(float)) ** 2)))
