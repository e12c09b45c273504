"""Who wrote which digit of scikit-learn's: the printed form that every writer filled, read off the labels.

`load_digits` ships 1,797 digits without their writers. But its labels, read in order, repeat one form of 130 digits,
here and there with an entry missing. So a digit's copy of the form says which digits one hand wrote. That neighbours
in this set stem from one writer is told by the course of scikit-learn, "Sample grouping"; the form is our reading.
"""

import functools
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

FORM = 130  # digits on one form


@dataclass(frozen=True)
class Digits:
    """All digits in the order in which scikit-learn ships them.

    Attributes
    ----------
    images
        (n, 8, 8), 0 white to 16 black.
    labels
        (n,), 0 to 9.
    hand
        (n,), which copy of the form, from 0.
    asked
        (n,), the digit that the form asks for at that place.
    """

    images: np.ndarray
    labels: np.ndarray
    hand: np.ndarray
    asked: np.ndarray

    @property
    def pixels(self) -> np.ndarray:
        """(n, 64), one image a row."""
        return self.images.reshape(len(self.images), -1)


@functools.cache
def digits() -> Digits:
    """Scikit-learn's digits with the hand of each."""
    found = load_digits()
    place = places_on_forms(found.target, found.target[:FORM])
    return Digits(found.images, found.target, place // FORM, found.target[place % FORM])


def places_on_forms(labels: np.ndarray, form: np.ndarray) -> np.ndarray:
    """Where each label stands on copies of the form laid end to end, some of whose entries are missing.

    Of all ways to leave entries out, one with the fewest labels that differ from the form, found by dynamic
    programming.

    Parameters
    ----------
    labels
        (n,)
    form
        (F,); as many copies are laid down as n labels need at least.

    Returns
    -------
    np.ndarray
        (n,), rising; place // F is the copy.

    Raises
    ------
    ValueError
        Without a label or a form.
    """
    n, length = len(labels), len(form)
    if n == 0 or length == 0:
        raise ValueError(f"expected labels and a form, got {n} labels and a form of {length}")
    missing = -n % length  # entries left out in all
    skipped = np.arange(missing + 1)  # entries left out so far
    differing = np.zeros(missing + 1)  # fewest labels unlike the form, by entries left out
    came_from = np.empty((n, missing + 1), dtype=int)
    for index, label in enumerate(labels):
        best = np.minimum.accumulate(differing)
        came_from[index] = np.maximum.accumulate(np.where(differing == best, skipped, 0))
        differing = best + (form[(index + skipped) % length] != label)
    left_out = int(differing.argmin())
    places = np.empty(n, dtype=int)
    for index in reversed(range(n)):
        places[index] = index + left_out
        left_out = came_from[index, left_out]
    return places
