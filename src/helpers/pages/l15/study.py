"""What lab 15 trains and how: the data, the one recipe of all students, one student, and what its two tokens do."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from helpers.data import Dataset, load_dataset
from helpers.data.views import FixedViews, LessonBatches
from helpers.measure.tokens import fused, token_cosines
from helpers.models.deit import DeiT
from helpers.models.vit import ViT
from helpers.pages.l15.methods import LEAK, STUDENTS
from helpers.pages.l15.teachers import PHOTOGRAPHS, RELEASED, answers, teacher
from helpers.training import TrainingConfig, fit
from helpers.training.lessons import Lesson

DATASETS = ("breeds", "tiny_imagenet", "stanford_dogs")
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
SIZE = {"embed_dim": 128, "depth": 6, "num_heads": 4}  # of ViT-mini and DeiT-mini
ROWS = 128  # images of a batch of test images
Parameters = Mapping[str, Any]


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For a number of classes of the drawn set, which has its own; an image size that patches of 8 px do not tile; a
        student whose teacher does not know the classes; the leak on photographs that have no second test list; a
        setting of the training outside its limits.
    """
    name, students = parameters["dataset"], parameters["students"]
    if name == "breeds" and parameters["classes"] is not None:
        raise ValueError(f"classes: expected None for the drawn set, got {parameters['classes']}")
    if parameters["image_size"] % 8:
        raise ValueError(f"image_size: expected a multiple of 8 pixels, got {parameters['image_size']}")
    taught = [student for student in students if student in STUDENTS and STUDENTS[student].teacher == RELEASED]
    if taught and name != PHOTOGRAPHS:
        raise ValueError(f"students: {taught[0]} needs dataset={PHOTOGRAPHS}, whose classes its teacher knows; {name=}")
    if (leaking := [student for student in students if student in LEAK]) and name == PHOTOGRAPHS:
        raise ValueError(f"students: {leaking[0]} needs another dataset: teachers of {PHOTOGRAPHS} are ready-made")
    for student in students:
        Lesson("soft", temperature=parameters["temperature"], weight=parameters["soft_weight"])
        training_config(parameters, seed=0, epochs=1, name=student)


def load(parameters: Parameters) -> Dataset:
    """The images: dogs drawn by the course's code, photographs of Tiny ImageNet's classes, or Stanford Dogs."""
    name, size = parameters["dataset"], parameters["image_size"]
    if name == "breeds":
        return load_dataset(name, image_size=size, **parameters["breeds"])
    classes, seed = parameters["classes"], parameters["class_seed"]
    if name == PHOTOGRAPHS:
        from helpers.data.tiny_imagenet import load_tiny_imagenet

        return load_tiny_imagenet(image_size=size, num_classes=classes, class_seed=seed)
    from helpers.data.chosen_classes import chosen_classes

    data = load_dataset(name, image_size=size, val_fraction=0.0)
    return data if classes is None else chosen_classes(data, classes, seed)


def passes(parameters: Parameters, count: int, images: str = "images") -> int:
    """Whole passes over `count` training images that come nearest to a budget, at least one."""
    return max(1, round(parameters[images] / count))


def training_config(parameters: Parameters, seed: int, epochs: int, name: str) -> TrainingConfig:
    """The recipe, the same for all."""
    del name
    return TrainingConfig(epochs=epochs, learning_rate=parameters["learning_rate"], seed=seed)


def fresh(two_tokens: bool, num_classes: int, image_size: int, seed: int) -> nn.Module:
    """A student with fresh weights; the random state of the caller is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return (DeiT if two_tokens else ViT)(image_size, 8, num_classes, **SIZE)


def folder_name(name: str, seed: int, data: Dataset, parameters: Parameters) -> str:
    """Where a training keeps its checkpoints; runs that train the same in the same way share it."""
    left_out = ("edition", "students", "seeds", "piece", "dataset", "classes", "class_seed", "breeds")
    recipe = {key: value for key, value in parameters.items() if key not in left_out}
    text = json.dumps([data.fingerprint, name, seed, recipe], sort_keys=True)
    return f"{name}-{seed}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


class Room:
    """The views, the teachers and their answers, each made when it is first asked for.

    Parameters
    ----------
    data, parameters
        Of the lab.
    folder
        Where teachers keep their checkpoints.
    """

    def __init__(self, data: Dataset, parameters: Parameters, folder: Path) -> None:
        self.data, self.parameters, self.folder = data, parameters, folder
        self._views: FixedViews | None = None
        self._answers: dict[str, np.ndarray] = {}
        self._tests: dict[str, np.ndarray] = {}

    @property
    def views(self) -> FixedViews:
        """One view a pass of every training image, the same for all students and seeds."""
        if self._views is None:
            self._views = FixedViews(self.data.train, passes(self.parameters, len(self.data.train)))
        return self._views

    def answers(self, name: str) -> np.ndarray:
        """A teacher's logits on every view, (V, N, K)."""
        if name not in self._answers:
            self._answers[name] = answers(self._teacher(name), self.views)
        return self._answers[name]

    def test_answers(self, name: str) -> np.ndarray:
        """The classes that a teacher names on the test images, (n,)."""
        if name not in self._tests:
            logits = answers(self._teacher(name), FixedViews(self.data.test, views=0))[0]
            self._tests[name] = logits.argmax(axis=1)
        return self._tests[name]

    def _teacher(self, name: str) -> Any:
        folder = self.folder / folder_name(f"teacher-{name}", 0, self.data, self.parameters)
        return teacher(name, self.data, self.parameters, folder)


def run_one(name: str, seed: int, room: Room, folder: Path) -> dict[str, Any]:
    """Teach one student with one seed, and ask it about every test image.

    Returns
    -------
    dict
        `student`, `seed`, `predictions` (a list of n classes), `images_seen`, `fit_s`, `history`; of a student with two
        tokens also `heads`, the classes that each head names and those of the fused probabilities, and `cosines` of the
        tokens after each block.
    """
    student, parameters, data = STUDENTS[name], room.parameters, room.data
    model = fresh(student.two_tokens, data.num_classes, data.image_size, seed)
    taught = None if student.teacher is None else room.answers(student.teacher)
    lesson = Lesson(
        student.lesson,
        student.two_tokens,
        parameters["temperature"],
        parameters["soft_weight"],
        parameters["label_smoothing"],
    )
    batches = LessonBatches(
        room.views, taught, batch_size=parameters["batch_size"], mean=NORM[0], std=NORM[1], seed=seed
    )
    config = training_config(parameters, seed, len(room.views.pixels), name)
    history = fit(model, batches, config, step=lesson, checkpoint_dir=folder)
    row = {"student": name, "seed": seed, "images_seen": history.seen, "history": asdict(history)}
    row["fit_s"] = history.seconds["data"] + history.seconds["training"]
    return row | asked(model, data, student.two_tokens)


def asked(model: nn.Module, data: Dataset, two_tokens: bool) -> dict[str, Any]:
    """What a student says of the test images: see `run_one`."""
    model.eval()
    pixels = test_pixels(data)
    with torch.no_grad():
        if not two_tokens:
            logits = torch.cat([model(part) for part in pixels.split(ROWS)])  # (n, K)
            return {"predictions": logits.argmax(dim=1).tolist()}
        parts = [model(part, return_heads=True) for part in pixels.split(ROWS)]
        by_label, by_teacher = (torch.cat(heads) for heads in zip(*parts, strict=True))  # (n, K) each
        cosines = [token_cosines(model, part) * len(part) for part in pixels.split(ROWS)]
    by_logits, by_probabilities = fused(by_label, by_teacher)
    heads = {"label": by_label.argmax(dim=1).tolist(), "teacher": by_teacher.argmax(dim=1).tolist()}
    heads["probabilities"] = by_probabilities.tolist()
    return {
        "predictions": by_logits.tolist(),
        "heads": heads,
        "cosines": (np.sum(cosines, axis=0) / len(pixels)).tolist(),
    }


def test_pixels(data: Dataset) -> torch.Tensor:
    """The test images as a student sees them, float32 (n, 3, S, S)."""
    pixels = torch.from_numpy(np.ascontiguousarray(data.test.images)).permute(0, 3, 1, 2).float() / 255
    return (pixels - NORM[0][0]) / NORM[1][0]


def in_order(names: list[str]) -> list[str]:
    """Names of students in the order of the lab."""
    return [name for name in (*STUDENTS, *LEAK) if name in names]
