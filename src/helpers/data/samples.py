"""Seven photographs that may be printed, from scikit-image and scikit-learn."""

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from helpers.data.decode import decode_image


def sample_photographs(size: int) -> Mapping[str, np.ndarray]:
    """Photographs that may be shown, uint8 (S, S, 3) each, from scikit-image and scikit-learn.

    chelsea (CC0, Stefan van der Walt), coffee (CC0, Rachel Michetti), astronaut and Hubble deep field (NASA), rocket
    (SpaceX), all public domain or CC0; china and flower (CC BY 2.0, see scikit-learn's README for the photographers).

    Raises
    ------
    ImportError
        Where scikit-image is missing; it comes with the extra `labs`.
    """
    from skimage import data
    from sklearn.datasets import load_sample_image

    arrays = {
        "a cat": data.chelsea(),
        "a cup of coffee": data.coffee(),
        "an astronaut": data.astronaut(),
        "a rocket": data.rocket(),
        "galaxies": data.hubble_deep_field(),
        "a temple": load_sample_image("china.jpg"),
        "a flower": load_sample_image("flower.jpg"),
    }
    return {name: _through_the_door(array, size) for name, array in arrays.items()}


def _through_the_door(array: np.ndarray, size: int) -> np.ndarray:
    """Decoded as every photograph is."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, format="PNG", compress_level=1)
    return decode_image(file.getvalue(), size)
