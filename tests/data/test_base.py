"""Splits: stratified, disjoint, reproducible, and loud about what cannot be split."""

import numpy as np
import pytest

from helpers.data import Split, load_dataset, stratified_split, subset, take
from helpers.data.base import stratified_subset

LABELS = np.repeat([0, 1, 2], [10, 20, 4])


def make_split() -> Split:
    n = len(LABELS)
    images = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    return Split(images, LABELS.astype(np.int64), tuple(map(str, range(n))), {"texture": np.arange(n)})


def test_validation_takes_its_share_of_every_class():
    train, val = stratified_split(LABELS, 0.2, seed=0)
    assert np.bincount(LABELS[val]).tolist() == [2, 4, 1]
    assert sorted([*train, *val]) == list(range(len(LABELS)))


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_both_parts_keep_one_of_every_class(fraction):
    for part in stratified_split(LABELS, fraction, seed=0):
        assert np.bincount(LABELS[part], minlength=3).min() >= 1


def test_split_depends_on_the_seed_alone():
    first, again, other = (stratified_split(LABELS, 0.2, seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_no_validation():
    train, val = stratified_split(LABELS, 0, seed=0)
    assert (len(train), len(val)) == (len(LABELS), 0)


def test_class_of_one_image_cannot_be_split():
    with pytest.raises(ValueError, match=r"at least 2 images per class, got 1 in classes \[7, 9\]"):
        stratified_split(np.array([3, 3, 7, 9]), 0.5, seed=0)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_impossible_validation_share(fraction):
    with pytest.raises(ValueError, match="fraction"):
        stratified_split(LABELS, fraction, seed=0)


@pytest.mark.parametrize("fraction", [0, 1.1, float("nan")])
def test_impossible_training_share(fraction):
    with pytest.raises(ValueError, match="train_fraction"):
        stratified_subset(LABELS, fraction, seed=0)


def test_smaller_subset_is_part_of_the_larger_one():
    shares = [set(stratified_subset(LABELS, fraction, seed=3)) for fraction in (0.01, 0.3, 0.6, 1)]
    assert [len(share) for share in shares] == [3, 10, 20, 34]
    assert shares[0] < shares[1] < shares[2] < shares[3]


def test_subset_keeps_images_labels_names_and_factors_together():
    small = subset(make_split(), 0.5, seed=0)
    kept = [int(name) for name in small.names]
    assert small.images[:, 0, 0, 0].tolist() == kept
    assert small.labels.tolist() == LABELS[kept].tolist()
    assert small.factors["texture"].tolist() == kept


def test_neighbours_stay_a_view():
    split = make_split()
    assert np.shares_memory(take(split, np.arange(3, 9)).images, split.images)
    assert take(split, np.array([5, 3])).names == ("5", "3")
    assert len(take(split, np.array([], dtype=np.int64))) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"images": np.zeros((34, 2, 3, 3), np.uint8)},
        {"images": np.zeros((34, 2, 2, 3), np.float32)},
        {"images": np.zeros((33, 2, 2, 3), np.uint8)},
        {"labels": LABELS.astype(np.int32)},
        {"names": ("one",)},
        {"factors": {"texture": np.zeros(3, np.int64)}},
    ],
)
def test_parts_that_do_not_fit_are_refused(change):
    split = make_split()
    parts = {"images": split.images, "labels": split.labels, "names": split.names, "factors": split.factors}
    with pytest.raises(ValueError, match="expected"):
        Split(**(parts | change))


def test_drawn_breeds_load_by_name():
    options = {"n_train_per_class": 2, "n_val_per_class": 1, "n_test_per_class": 1}
    data = load_dataset("breeds", image_size=16, progress=False, **options)
    assert len(data.train) == 2 * data.num_classes
    assert data.provenance["terms"] == "drawn"


def test_folder_given_for_a_set_that_has_none():
    with pytest.raises(ValueError, match="dataset='folders'"):
        load_dataset("breeds", image_size=16, data_dir="photographs")
