"""What lab 02 trains: one recipe, one budget, a teacher that is trained once, and what is refused beforehand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.data import Dataset, Split, load_dataset
from helpers.measure.cost import macs
from helpers.pages.l02 import classical, study
from helpers.pages.l02.methods import CLASSICAL, LATER_STATEMENTS, METHODS, STATEMENTS
from helpers.pages.l02.networks import NETWORKS, build

PARAMETERS = {
    "dataset": "breeds",
    "classes": None,
    "class_seed": 1,
    "models": list(METHODS),
    "teacher": "xception_mini",
    "images": 24,
    "image_size": 32,
    "batch_size": 8,
    "learning_rate": 1e-3,
    "own_rates": {"vgg_like": 5e-4},
    "label_smoothing": 0.1,
    "breeds": {"n_train_per_class": 1, "n_val_per_class": 0, "n_test_per_class": 1, "difficulty": 0.0},
    "compare_with": None,
}


@pytest.fixture(scope="module")
def dogs():
    return load_dataset("breeds", image_size=32, progress=False, **PARAMETERS["breeds"])


class Elsewhere(dict):
    """A folder for each training, below one of the test."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def __missing__(self, key):
        return self.folder / f"{key[0]}-{key[1]}"


def test_methods_networks_and_statements_fit_together():
    assert set(METHODS) == set(NETWORKS) | set(CLASSICAL)
    every = (*STATEMENTS, *LATER_STATEMENTS)
    assert {name for _, *pair in every for name in pair} <= set(METHODS)
    assert len({statement for statement, *_ in every}) == len(every)
    later = {"cait_mini", "swin_mini", "mixer_mini"}  # not among the lab's own eleven
    assert all(later & set(pair) for _, *pair in LATER_STATEMENTS)
    assert not any(later & set(pair) for _, *pair in STATEMENTS)
    assert study.in_order(["vit_mini", "knn", "bow_svm", "lenet"]) == ["knn", "lenet", "bow_svm", "vit_mini"]


def test_the_budget_is_whole_passes_and_the_same_for_all(dogs):
    assert study.epochs_of(PARAMETERS, dogs) == 2
    assert study.epochs_of(PARAMETERS | {"images": 1}, dogs) == 1
    configs = {name: study.training_config(PARAMETERS, name, 0, 2) for name in NETWORKS}
    assert {config.epochs for config in configs.values()} == {2}
    assert configs["vgg_like"].learning_rate == 5e-4
    assert {config.learning_rate for name, config in configs.items() if name != "vgg_like"} == {1e-3}


def test_all_networks_see_the_same_pixels_in_the_same_order(dogs):
    one, same, other = (study.batches_of(PARAMETERS, dogs, seed) for seed in (0, 0, 1))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    test = study.batches_of(PARAMETERS, dogs)
    assert torch.cat([labels for _, labels in test.epoch(0)]).tolist() == dogs.test.labels.tolist()


@pytest.mark.parametrize("name", ["lenet", "knn", "bow_svm"])
def test_a_run_answers_every_test_image_and_says_what_it_took(dogs, tmp_path, name):
    row = study.run_one(name, 1, dogs, PARAMETERS, Elsewhere(tmp_path))
    assert len(row["predictions"]) == len(dogs.test)
    assert row["images_seen"] == 24
    assert row["fit_s"] > 0
    assert (row["history"] is None) == (name in CLASSICAL)


def test_the_teacher_is_trained_once_and_taken_from_its_folder(dogs, tmp_path):
    parameters = PARAMETERS | {"teacher": "alexnet_like"}
    folders = Elsewhere(tmp_path)
    first, history = study.trained("alexnet_like", 0, dogs, parameters, folders)
    student = study.run_one("deit_mini", 0, dogs, parameters, folders)
    again, resumed = study.trained("alexnet_like", 0, dogs, parameters, folders)
    assert resumed.resumed_from_step == history.steps
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert student["images_seen"] == 24


def test_a_folder_is_named_by_all_that_its_training_depends_on(dogs):
    name = study.folder_name("deit_mini", 0, dogs, PARAMETERS)
    assert name == study.folder_name("deit_mini", 0, dogs, PARAMETERS | {"models": ["knn"], "class_seed": 7})
    for changed in ({"images": 48}, {"batch_size": 4}, {"learning_rate": 1e-4}, {"teacher": "vgg_like"}):
        assert name != study.folder_name("deit_mini", 0, dogs, PARAMETERS | changed)
    assert name != study.folder_name("deit_mini", 1, dogs, PARAMETERS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image_size": 48}, r"image_size: expected one of \(32, 64\) pixels, got 48"),
        ({"classes": 20}, "classes: expected None for the drawn set, got 20"),
        ({"own_rates": {"vgg": 1e-3}}, "own_rates: expected some of mlp, .*got vgg"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"compare_with": "no/such.json"}, "compare_with: expected the file of a record"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(changes, words):
    with pytest.raises(ValueError, match=words):
        study.check(PARAMETERS | changes)
    study.check(PARAMETERS)


def test_photographs_are_asked_for_by_number_and_seed_of_their_classes(monkeypatch):
    asked = {}
    monkeypatch.setattr("helpers.data.tiny_imagenet.load_tiny_imagenet", lambda **given: asked.update(given))
    study.load(PARAMETERS | {"dataset": "tiny_imagenet", "classes": 20, "class_seed": 3, "image_size": 64})
    assert asked == {"image_size": 64, "num_classes": 20, "class_seed": 3}


def test_counts_are_those_of_the_network():
    found = study.counts("resnet_like", 5, 32)
    model = build("resnet_like", 5, 32, seed=0)
    assert found["parameters"] == sum(p.numel() for p in model.parameters())
    assert found["macs"] == macs(model, 32)
    assert found["training_macs"] == 3 * found["macs"]
    assert 0.1 < found["kept_mib"] < 5


# ------------------------------------------------------------------------------------------------------ classical


def photographs(train, labels, test, truth):
    def split(images, own):
        own = np.array(own, dtype=np.int64)
        return Split(np.stack(images), own, tuple(map(str, range(len(own)))))

    none = Split(np.empty((0, 32, 32, 3), np.uint8), np.empty(0, np.int64), ())
    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    return Dataset("made up", ("a", "b"), split(train, labels), none, split(test, truth), 32, "f" * 64, where)


def test_the_nearest_image_is_found_in_other_light_and_in_the_mirror():
    rng = np.random.default_rng(0)
    pictures = rng.integers(60, 190, (2, 32, 32, 3))
    noisy = lambda k: (pictures[k] + rng.integers(-20, 20, (32, 32, 3))).clip(0, 255).astype(np.uint8)  # noqa: E731
    train = [noisy(k) for k in (0, 1) for _ in range(5)]
    darker = (pictures[0] * 0.5).astype(np.uint8)
    mirrored = pictures[1, :, ::-1].astype(np.uint8)
    data = photographs(train, [0] * 5 + [1] * 5, [darker, mirrored], [0, 1])
    found = classical.nearest_neighbours(data)
    assert found.predictions.tolist() == [0, 1]
    assert found.numbers == found.macs == 20 * 3072


def test_rows_have_mean_0_and_deviation_1_and_shrink_by_means():
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    rows = classical.as_rows(images)
    assert rows.shape == (2, 3072)
    assert np.allclose(rows.mean(axis=1), 0, atol=1e-5)
    assert np.allclose(rows.std(axis=1), 1, atol=1e-4)
    first = images[:, :2, :2, 0].mean(axis=(1, 2)) - images[:, :2, :2, 1].mean(axis=(1, 2))
    means = images.reshape(2, 32, 2, 32, 2, 3).mean(axis=(2, 4)).reshape(2, -1)
    assert np.allclose((rows[:, 0] - rows[:, 1]) * means.std(axis=1), first, atol=1e-3)
    assert np.isfinite(classical.as_rows(np.zeros((1, 32, 32, 3), np.uint8))).all()
    with pytest.raises(ValueError, match="multiple of 32 pixels, got 48"):
        classical.as_rows(np.zeros((1, 48, 48, 3), np.uint8))


def test_mirror_images_keep_their_labels():
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    both, labels = classical.with_mirrored(images, np.array([3, 5]))
    assert labels.tolist() == [3, 5, 3, 5]
    assert np.array_equal(both[2:], images[:, :, ::-1])


def test_visual_words_count_what_they_keep(monkeypatch):
    class Words:
        vocabulary_ = SimpleNamespace(cluster_centers_=np.zeros((7, 32)))
        classifier_ = SimpleNamespace(coef_=np.zeros((2, 147)), intercept_=np.zeros(2))

        def __init__(self, seed):
            assert seed == 4

        def fit(self, images, labels):
            assert len(images) == len(labels) == 4
            return self

        def predict(self, images):
            return np.zeros(len(images), dtype=int)

    monkeypatch.setattr(classical, "BagOfWords", Words)
    blank = np.zeros((32, 32, 3), np.uint8)
    found = classical.visual_words(photographs([blank] * 2, [0, 1], [blank], [0]), seed=4)
    assert found.numbers == 7 * 32 + 2 * 147 + 2
    assert found.macs is None
