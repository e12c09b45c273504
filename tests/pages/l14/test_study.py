"""What lab 14 trains: one recipe for all, each part of the grid once, and a training that diverges is said."""

import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.pages.l14 import study
from helpers.training import TrainingDiverged

PARAMETERS = {
    "dataset": "breeds",
    "classes": None,
    "class_seed": 1,
    "arms": ["late", "plain"],
    "depths": [4, 3],
    "high_arms": ["plain", "cait"],
    "seeds": 2,
    "images": 48,
    "image_size": 32,
    "patch_size": 8,
    "width": 16,
    "layer_scale": 1e-5,
    "batch_size": 8,
    "learning_rate": 1e-3,
    "high_rate": 4e-3,
    "label_smoothing": 0.1,
    "probe_images": 6,
    "breeds": {"n_train_per_class": 2, "n_val_per_class": 0, "n_test_per_class": 3, "difficulty": 0.0},
}


@pytest.fixture(scope="module")
def dogs():
    return load_dataset("breeds", image_size=32, progress=False, **PARAMETERS["breeds"])


def test_the_grid_holds_every_arm_at_every_depth_and_the_high_rate_at_both_ends():
    names = list(study.grid(PARAMETERS))
    assert names == [
        *(f"{arm}/{depth}/usual/{seed}" for arm in ("plain", "late") for depth in (3, 4) for seed in (0, 1)),
        "plain/3/high/0",
        "plain/3/high/1",
        "plain/4/high/0",
        "plain/4/high/1",
    ]
    assert not [name for name in study.grid(PARAMETERS | {"high_rate": None}) if "high" in name]


def test_rates_differ_and_nothing_else_and_no_gradient_is_clipped():
    usual, high = (study.training_config(PARAMETERS, rate, seed=0, epochs=2) for rate in ("usual", "high"))
    assert (usual.learning_rate, high.learning_rate) == (1e-3, 4e-3)
    assert usual.clip_norm is high.clip_norm is None


def test_a_run_is_probed_before_and_after_and_answers(dogs, tmp_path):
    row = study.run_one(study.Key("late", 3, "usual", 1), dogs, PARAMETERS, tmp_path / "late")
    assert (row["arm"], row["depth"], row["rate"], row["seed"]) == ("late", 3, "usual", 1)
    assert row["images_seen"] == 48
    assert row["diverged"] is None
    assert len(row["predictions"]) == len(dogs.test)
    assert len(row["before"]["adds"]) == len(row["after"]["adds"]) == 3
    assert row["before"]["gain"] == pytest.approx([1e-5] * 3)
    assert row["after"]["gain"][0] > 2e-5, "gains grow"


def test_a_training_that_diverges_is_a_result(dogs, tmp_path, monkeypatch):
    def diverge(model, *_, **__):
        with torch.no_grad():
            model.head.weight.fill_(torch.nan)
        raise TrainingDiverged("the loss became nan at step 3")

    monkeypatch.setattr(study, "fit", diverge)
    row = study.run_one(study.Key("plain", 3, "high", 0), dogs, PARAMETERS, tmp_path / "plain")
    assert row["diverged"] == "the loss became nan at step 3"
    assert row["after"] is row["history"] is row["images_seen"] is None
    assert set(row["predictions"]) == {0}, "a network that answers NaN names one class"


def test_blocks_are_measured_on_training_images_of_all_classes(dogs):
    images, labels = study.probe_images(dogs, PARAMETERS | {"probe_images": 24})
    assert images.shape == (24, 3, 32, 32)
    assert labels.tolist() == dogs.train.labels.tolist()
    assert -1 <= float(images.min()) < float(images.max()) <= 1
    few, _ = study.probe_images(dogs, PARAMETERS)
    assert len(few) == 6


def test_counts_follow_from_the_code(dogs):
    three, four = (study.counts(study.Key("plain", depth, "usual", 0), 12, PARAMETERS) for depth in (3, 4))
    assert four["parameters"] - three["parameters"] == 12 * 16 * 16 + 13 * 16, "12 D^2 weights, 13 D biases and norms"
    assert four["macs"] - three["macs"] == 17 * 12 * 16 * 16 + 2 * 17 * 17 * 16, "12 N D^2 + 2 N^2 D"


def test_a_folder_is_named_by_all_that_its_training_depends_on(dogs):
    key = study.Key("plain", 4, "usual", 0)
    name = study.folder_name(key, dogs, PARAMETERS)
    assert name == study.folder_name(key, dogs, PARAMETERS | {"arms": ["plain"], "seeds": 5, "high_rate": None})
    for changed in ({"images": 96}, {"width": 32}, {"layer_scale": 0.1}, {"batch_size": 4}, {"learning_rate": 2e-3}):
        assert name != study.folder_name(key, dogs, PARAMETERS | changed)
    for other in (key._replace(arm="late"), key._replace(depth=3), key._replace(rate="high"), key._replace(seed=1)):
        assert name != study.folder_name(other, dogs, PARAMETERS)


def test_the_same_images_in_the_same_order_for_all(dogs):
    first, second = (next(study.batches_of(PARAMETERS, dogs, seed=1).epoch(0)) for _ in range(2))
    assert torch.equal(first[0], second[0])
    tests = [labels for _, labels in study.batches_of(PARAMETERS, dogs).epoch(0)]
    assert np.array_equal(torch.cat(tests).numpy(), dogs.test.labels)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": 20}, "classes: expected None for the drawn set, got 20"),
        ({"image_size": 36}, "image_size: expected a multiple of 8 pixels, got 36"),
        ({"width": 66}, "width: expected a multiple of 4, got 66"),
        ({"depths": [2, 6]}, "depths: expected more than 2 blocks, got 2"),
        ({"layer_scale": 0.0}, "layer_scale: expected a number above 0"),
        ({"high_rate": 1e-3}, "high_rate: expected more than 0.001, got 0.001"),
        ({"learning_rate": -1.0}, "learning_rate"),
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
