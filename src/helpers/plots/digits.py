"""Handwritten digits, shown."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike


def wrong_digits(images: ArrayLike, guesses: ArrayLike, labels: ArrayLike, count: int = 4) -> Figure:
    """The first digits that are named wrongly, each with what is said and what is true.

    Parameters
    ----------
    images
        (N, H, W), larger is darker.
    guesses, labels
        (N,)

    Raises
    ------
    ValueError
        If none is wrong.
    """
    images, guesses, labels = np.asarray(images), np.asarray(guesses), np.asarray(labels)
    wrong = np.flatnonzero(guesses != labels)[:count]
    if not len(wrong):
        raise ValueError("guesses: expected at least one that is wrong, got none")
    figure, axes = plt.subplots(1, len(wrong), figsize=(1.15 * len(wrong), 1.6), squeeze=False)
    for ax, row in zip(axes[0], wrong, strict=True):
        ax.imshow(images[row], cmap="Greys", interpolation="nearest")
        ax.set_title(f"says {guesses[row]}\nis {labels[row]}", fontsize=10, loc="center")
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    return figure
