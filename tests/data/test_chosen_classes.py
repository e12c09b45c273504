"""Fewer classes of a data set."""

import numpy as np
import pytest

from helpers.data.base import Dataset, Split
from helpers.data.chosen_classes import chosen_classes


def made_up():
    def split(labels):
        labels = np.array(labels, dtype=np.int64)
        images = np.full((len(labels), 4, 4, 3), 0, np.uint8) + labels.astype(np.uint8)[:, None, None, None]
        return Split(images, labels, tuple(f"{label}_{k}" for k, label in enumerate(labels)))

    parts = split([3, 0, 1, 2, 3]), split([]), split([0, 1, 2, 3])
    return Dataset("made up", tuple("abcd"), *parts, 4, "f" * 64, {})


def test_images_keep_their_class_under_a_new_number():
    data = chosen_classes(made_up(), 2, seed=0)
    assert data.num_classes == 2
    for part in (data.train, data.test):
        for image, label, name in zip(part.images, part.labels, part.names, strict=True):
            assert data.class_names[label] == "abcd"[image[0, 0, 0]] == "abcd"[int(name[0])]
    assert len(data.test) == 2
    assert data.fingerprint != made_up().fingerprint
    assert chosen_classes(made_up(), 2, seed=0).class_names == data.class_names
    assert len({chosen_classes(made_up(), 2, seed).class_names for seed in range(9)}) > 1


def test_more_classes_than_there_are_are_refused():
    with pytest.raises(ValueError, match="classes: expected 2 to 4, got 5"):
        chosen_classes(made_up(), 5, seed=0)
