"""The people of lab 13: some to learn from, others to be told apart; drawn, or photographs of the ORL set.

Nobody of the test is ever trained on. What the test's people wear is drawn on them; on photographs it is a plain band
over the lower part, or over the eyes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.data import Dataset, Split
from helpers.data.faces import draw_people
from helpers.data.occluders import filled
from helpers.data.orl_faces import load_orl_faces
from helpers.pages.l13.methods import WORN

DRAWN, PHOTOGRAPHS = "drawn", "orl"
DATASETS = (DRAWN, PHOTOGRAPHS)
FIRST_TEST = 20_000  # number of the first drawn person of the test; those of training have smaller ones
APART = 1_000  # numbers between the people that one seed and the next learn from
AS_DRAWN = {"mask": "scarf", "glasses": "sunglasses"}
BANDS = {"mask": (0.58, 1.0), "glasses": (0.36, 0.56)}  # from and to, in heights of a photograph of the ORL set


@dataclass(frozen=True)
class Faces:
    """One seed's people.

    Attributes
    ----------
    data
        `train` and `test` show different people; a label is a person's number.
    worn
        "mask", "glasses" -> the pictures of the test with it, uint8 (n, S, S, 3).
    """

    data: Dataset
    worn: Mapping[str, np.ndarray]

    @property
    def people(self) -> np.ndarray:
        """Of each test picture, counted from 0, (n,)."""
        return np.unique(self.data.test.labels, return_inverse=True)[1]

    @property
    def numbers(self) -> list[int]:
        """The number of each person of the test, in that order."""
        return [int(k) for k in np.unique(self.data.test.labels)]

    @property
    def first(self) -> np.ndarray:
        """Index of the first picture of each person of the test, the one that is enrolled."""
        return np.unique(self.data.test.labels, return_index=True)[1]


def load(parameters: Mapping[str, Any], seed: int) -> Faces:
    """The people of a seed. Drawn: others to learn from for each seed, the same test. Photographs: seeds 0 and 1 test
    the two halves of one deal, seeds 2 and 3 those of another.

    Raises
    ------
    FetchError
        Where the photographs are nowhere; it says what to set.
    ValueError
        For drawn people too few to have an interval.
    """
    size = parameters["image_size"]
    if parameters["dataset"] == PHOTOGRAPHS:
        data = load_orl_faces(image_size=size, half=seed % 2, seed=seed // 2)
        return Faces(data, {worn: banded(data.test.images, worn) for worn in WORN})
    how = parameters["drawn"]
    if min(how["train_people"], how["test_people"]) < 3 or min(how["pictures"], how["test_pictures"]) < 2:
        raise ValueError(f"drawn: expected at least 3 people and 2 pictures of each, on both sides, got {how}")
    hard = how["difficulty"]
    train = draw_people(how["train_people"], how["pictures"], size, first_person=APART * seed, difficulty=hard)
    test = {
        worn: draw_people(
            how["test_people"], how["test_pictures"], size, first_person=FIRST_TEST, wears=worn, difficulty=hard
        )
        for worn in (None, *AS_DRAWN.values())
    }
    return Faces(as_dataset(train, test[None], size, how), {worn: test[drawn][0] for worn, drawn in AS_DRAWN.items()})


def as_dataset(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], size: int, how: Mapping[str, Any]
) -> Dataset:
    """Drawn pictures and who they show, as a data set; the people of the test are counted after those of training."""
    count = how["train_people"]
    parts = {"train": train, "val": (train[0][:0], train[1][:0]), "test": (test[0], test[1] + count)}
    splits = {
        part: Split(images, people.astype(np.int64), tuple(f"{part} {k}" for k in range(len(people))))
        for part, (images, people) in parts.items()
    }
    digest = hashlib.sha256(np.ascontiguousarray(train[0]).data)
    digest.update(np.ascontiguousarray(test[0]).data)
    provenance: dict[str, Any] = {"source": "drawn by helpers.data.faces", "citation": "", "files": []}
    provenance |= {"licence": "MIT (code), CC BY 4.0 (pictures)", "local_variant": False, "skipped": 0}
    names = tuple(f"person {k + 1}" for k in range(count + how["test_people"]))
    provenance |= {"terms": "drawn", "recipe": dict(how)}
    return Dataset("faces", names, **splits, image_size=size, fingerprint=digest.hexdigest(), provenance=provenance)


def banded(images: np.ndarray, worn: str) -> np.ndarray:
    """Photographs with a band of their mean colour over the lower part ("mask") or the eyes, uint8 (n, S, S, 3)."""
    size = images.shape[1]
    top, bottom = (round(part * size) for part in BANDS[worn])
    mask = np.zeros(images.shape[:3], dtype=bool)
    mask[:, top:bottom] = True
    return filled(images, mask, "mean")
