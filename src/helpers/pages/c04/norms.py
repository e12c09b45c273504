"""Which numbers share a mean and a variance: batch, layer, group and instance normalisation as one function.

Ioffe and Szegedy 2015 (batch), Ba et al. 2016 (layer), Wu and He 2018 (group, and the picture of the four). Layer
normalisation is meant here as in a Transformer: each place of each image by itself.
"""

import numpy as np

KINDS = ("batch", "layer", "group", "instance")


def sharing(kind: str, shape: tuple[int, int, int], groups: int = 2) -> np.ndarray:
    """For each number of an array (B, C, N), the index of the statistics that it shares: int (B, C, N).

    Parameters
    ----------
    shape
        B images, C channels, N places.
    groups
        Of channels, for `group`.

    Raises
    ------
    ValueError
        For another kind, or where the groups do not divide C.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    if shape[1] % groups:
        raise ValueError(f"groups: expected a divisor of {shape[1]} channels, got {groups}")
    image, channel, place = np.indices(shape)
    if kind == "batch":
        return channel
    if kind == "layer":
        return image * shape[2] + place
    if kind == "group":
        return image * groups + channel // (shape[1] // groups)
    return image * shape[1] + channel


def normalise(x: np.ndarray, index: np.ndarray, tiny: float = 1e-5) -> np.ndarray:
    """(x - mean) / sqrt(variance + tiny), both over the numbers that share an index; same shape as x."""
    flat, own = x.ravel(), index.ravel()
    count = np.bincount(own)
    mean = np.bincount(own, flat) / count
    variance = np.bincount(own, (flat - mean[own]) ** 2) / count
    return ((flat - mean[own]) / np.sqrt(variance[own] + tiny)).reshape(x.shape)
