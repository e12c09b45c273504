"""What lab 15 trains: one recipe and the same views for all, teachers that answer once, and a leak without a mix-up."""

import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.models.deit import DeiT
from helpers.models.vit import ViT
from helpers.pages.l15 import leak, study, teachers
from helpers.pages.l15.methods import LEAK, STUDENTS

PARAMETERS = {
    "dataset": "breeds",
    "classes": None,
    "class_seed": 1,
    "students": ["none", "token"],
    "images": 48,
    "teacher_images": 24,
    "image_size": 32,
    "released_size": 96,
    "batch_size": 8,
    "learning_rate": 1e-3,
    "label_smoothing": 0.1,
    "temperature": 3.0,
    "soft_weight": 0.1,
    "leak_images": 24,
    "leak_teacher_images": 24,
    "leak_weight": 1.0,
    "breeds": {"n_train_per_class": 2, "n_val_per_class": 0, "n_test_per_class": 3, "difficulty": 0.0},
}


@pytest.fixture(scope="module")
def dogs():
    return load_dataset("breeds", image_size=32, progress=False, **PARAMETERS["breeds"])


@pytest.fixture
def room(dogs, tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    return study.Room(dogs, PARAMETERS, tmp_path / "checkpoints")


def test_a_student_is_the_small_vit_and_with_two_tokens_the_small_deit():
    for name, student in STUDENTS.items():
        model = study.fresh(student.two_tokens, 5, 32, seed=0)
        assert isinstance(model, ViT)
        assert isinstance(model, DeiT) == student.two_tokens == (name.startswith("token") or name == "two_labels")
    same, other = study.fresh(False, 5, 32, seed=0), study.fresh(False, 5, 32, seed=1)
    assert not torch.equal(same.head.weight, other.head.weight)


def test_a_taught_student_answers_with_both_heads(room, tmp_path):
    row = study.run_one("token", 1, room, tmp_path / "token")
    n = len(room.data.test)
    assert row["images_seen"] == 48
    assert len(row["predictions"]) == n
    assert {name: len(named) for name, named in row["heads"].items()} == dict.fromkeys(
        ("label", "teacher", "probabilities"), n
    )
    assert len(row["cosines"]) == 7
    plain = study.run_one("none", 1, room, tmp_path / "none")
    assert "heads" not in plain


def test_the_teacher_is_trained_and_asked_once(room, monkeypatch):
    first = room.answers("xception_mini")
    assert first.shape == (2, 24, 12)
    again = study.Room(room.data, PARAMETERS, room.folder)
    monkeypatch.setattr("helpers.training.features._compute", None)  # from here on the cache must do
    assert np.array_equal(again.answers("xception_mini"), first)


def test_a_teacher_answers_with_the_columns_and_the_size_it_is_told():
    class Ready:
        model, image_size, mean, std = torch.nn.Flatten(), 4, (0.5,) * 3, (0.25,) * 3

    images = torch.rand(2, 3, 4, 4)
    whole, part = teachers.Teacher(Ready()), teachers.Teacher(Ready(), [5, 1])
    assert torch.allclose(whole(images), ((images - 0.5) / 0.25).flatten(1))
    assert torch.allclose(part(images), whole(images)[:, [5, 1]])
    assert whole(torch.rand(2, 3, 8, 8)).shape == (2, 48)
    assert whole.identity != part.identity


def test_classes_are_found_by_the_names_of_their_files(dogs):
    split = dogs.train
    named = type(split)(
        split.images, split.labels, tuple(f"n{label:08d}_{k}.jpg" for k, label in enumerate(split.labels))
    )
    assert teachers.class_wnids(named) == [f"n{label:08d}" for label in range(12)]


def test_the_four_sets_of_the_leak_share_no_image(dogs):
    own = leak.parts(dogs)
    assert len(own.seen) == len(own.other) == 12, "one of two training images, one of three test images"
    assert sorted([*own.seen, *own.unseen]) == list(range(len(dogs.test)))
    assert not set(own.lesson.names) & set(own.other.names)
    assert np.bincount(dogs.test.labels[own.seen]).tolist() == np.bincount(own.other.labels).tolist() == [1] * 12


@pytest.mark.parametrize("name", list(LEAK))
def test_the_two_teachers_of_the_leak_learn_what_they_should(room, tmp_path, monkeypatch, name):
    seen = {}
    true_learner = leak.learner
    monkeypatch.setattr(leak, "learner", lambda *a, **k: seen.update(lesson=a[1], **k) or true_learner(*a, **k))
    row = leak.run_one(name, 0, room.data, PARAMETERS, tmp_path)
    own = leak.parts(room.data)
    expected = room.data.test.images[own.seen] if name == "leak_seen" else own.other.images
    assert np.array_equal(seen["lesson"].images, expected)
    assert seen["augment"] is False
    assert len(row["teacher_predictions"]) == len(row["predictions"]) == len(room.data.test)


def test_a_folder_is_named_by_all_that_its_training_depends_on(dogs):
    name = study.folder_name("token", 0, dogs, PARAMETERS)
    assert name == study.folder_name("token", 0, dogs, PARAMETERS | {"students": ["none"], "class_seed": 7})
    for changed in ({"images": 96}, {"temperature": 1.0}, {"teacher_images": 48}, {"batch_size": 4}):
        assert name != study.folder_name("token", 0, dogs, PARAMETERS | changed)
    assert name != study.folder_name("token", 1, dogs, PARAMETERS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": 20}, "classes: expected None for the drawn set, got 20"),
        ({"image_size": 36}, "image_size: expected a multiple of 8 pixels, got 36"),
        ({"students": ["token_efficientnet"]}, "token_efficientnet needs dataset=tiny_imagenet"),
        ({"dataset": "tiny_imagenet", "students": ["leak_seen"]}, "leak_seen needs another dataset"),
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
