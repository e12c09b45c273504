"""What a checkpoint belongs to: these data, this step, this optimiser, this schedule; and one run at a time."""

import functools
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from filelock import FileLock
from torch import nn

from helpers.data.augment import Augmentation
from helpers.data.batches import Batches
from helpers.training import CheckpointError, TrainingConfig, fit, predict
from helpers.training import checkpoints as checkpoints_module
from helpers.training.fingerprint import describe_callable, describe_optimizer

PLAIN = {"batch_size": 4, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
TEMPERATURE = 2.0


def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, 4, 4, 3), dtype=np.uint8)


def train(folder: Path, images: np.ndarray | None = None, labels: np.ndarray | None = None, *, given=None, **changes):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 4))
    images = pixels() if images is None else images
    labels = np.arange(8) % 4 if labels is None else labels
    batches = Batches(images, labels, **{**PLAIN, **(given or {})})
    config = TrainingConfig(epochs=1, progress=False)
    return fit(model, batches, config, checkpoint_dir=folder, **changes)


def scaled(factor: float) -> Callable:
    def step(model, batch):
        return factor * F.cross_entropy(model(batch[0]), batch[1], reduction="sum"), 0, len(batch[1])

    return step


def one_pixel() -> np.ndarray:
    other = pixels()
    other[5, 1, 2, 0] ^= 1
    return other


@pytest.mark.parametrize(
    "other",
    [
        {"images": one_pixel()},
        {"labels": (np.arange(8) + 1) % 4},
        {"given": {"augment": False}},
        {"given": {"augment": Augmentation(flip=0.0)}},
        {"given": {"shuffle": False}},
        {"given": {"seed": 1}},
        {"given": {"image_size": 4, "mean": (0.4, 0.5, 0.5)}},
        {"given": {"std": (0.4, 0.5, 0.5)}},
    ],
)
def test_another_run_of_equal_shape_is_refused(tmp_path: Path, other: dict) -> None:
    train(tmp_path)
    assert train(tmp_path).resumed_from_step == 2
    with pytest.raises(CheckpointError, match=r"batches\.fingerprint"):
        train(tmp_path, **other)


def test_another_step_optimiser_schedule_or_evaluation_is_refused(tmp_path: Path) -> None:
    usual = {
        "step": scaled(1.0),
        "evaluate": lambda model: {"zero": 0.0},
        "schedule": lambda step, total: 1.0,
        "optimizer": torch.optim.SGD,
    }
    train(tmp_path, **usual)
    assert train(tmp_path, **{**usual, "step": scaled(1.0)}).resumed_from_step == 2
    others = {
        "step": scaled(2.0),
        "evaluate": lambda model: {"zero": 1.0},
        "schedule": lambda step, total: 0.5,
        "optimizer": functools.partial(torch.optim.SGD, momentum=0.9),
    }
    for name, other in others.items():
        with pytest.raises(CheckpointError, match=rf"mismatch.* {name}"):
            train(tmp_path, **{**usual, name: other})


def test_functions_are_told_apart_by_what_they_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    def digest(function: Callable) -> str:
        return describe_callable(function, "step")["digest"]

    class Called:
        def __init__(self, weight: float) -> None:
            self.weight = weight

        def __call__(self, model, batch):
            return self.weight

    def uses_global(x):
        return x * TEMPERATURE

    teacher = nn.Linear(2, 2)
    with_teacher = lambda x: teacher(x)  # noqa: E731
    same = [
        (lambda x: x + 1, lambda x: x + 1),
        (scaled(3.0), scaled(3.0)),
        (Called(1.0), Called(1.0)),
        (functools.partial(max, 1), functools.partial(max, 1)),
        (lambda x: x in {"a", "b", "c"}, lambda x: x in {"a", "b", "c"}),
    ]
    for one, other in same:
        assert digest(one) == digest(other)
    apart = [
        (lambda x: x + 1, lambda x: x + 2),
        (lambda x: x + 1, lambda x: x - 1),
        (lambda x, a=1: a, lambda x, a=2: a),
        (lambda x, *, a=1: a, lambda x, *, a=2: a),
        (scaled(3.0), scaled(4.0)),
        (Called(1.0), Called(2.0)),
        (functools.partial(max, 1), functools.partial(max, 2)),
        (functools.partial(max, 1), functools.partial(min, 1)),
    ]
    for one, other in apart:
        assert digest(one) != digest(other)
    before = digest(uses_global), digest(with_teacher)
    monkeypatch.setitem(globals(), "TEMPERATURE", 3.0)
    with torch.no_grad():
        teacher.weight[0, 0] += 1
    assert digest(uses_global) != before[0]
    assert digest(with_teacher) != before[1]


def test_what_cannot_be_described_needs_a_name(tmp_path: Path) -> None:
    secret = threading.Lock()

    def step(model, batch):
        with secret:
            return scaled(1.0)(model, batch)

    with pytest.raises(ValueError, match=r"step: cannot tell .*lock; set .*\.fingerprint to a text"):
        train(tmp_path, step=step)
    step.fingerprint = "with a lock, 1"
    train(tmp_path, step=step)
    step.fingerprint = "with a lock, 2"
    with pytest.raises(CheckpointError, match=r"step\.digest"):
        train(tmp_path, step=step)


def test_batches_without_a_fingerprint_cannot_be_resumed(tmp_path: Path) -> None:
    class Bare:
        def __len__(self) -> int:
            return 1

        def epoch(self, epoch: int, start: int = 0):
            yield torch.zeros(2, 3), torch.zeros(2, dtype=torch.long)

    config = TrainingConfig(epochs=1, progress=False)
    assert fit(nn.Linear(3, 2), Bare(), config).steps == 1
    with pytest.raises(ValueError, match=r"expected a `fingerprint` beside a checkpoint_dir, got none on Bare"):
        fit(nn.Linear(3, 2), Bare(), config, checkpoint_dir=tmp_path)


# One run at a time, in a folder that can be written to


def test_a_second_run_in_the_same_folder_is_told_why_before_it_trains(tmp_path: Path) -> None:
    refused = []

    def evaluate(model):
        try:
            train(tmp_path)
        except CheckpointError as error:
            refused.append(str(error))
        return {}

    train(tmp_path, evaluate=evaluate)
    assert len(refused) == 1
    assert "another run is training there now; wait until it has ended, or choose another folder" in refused[0]
    with FileLock(tmp_path / ".lock", timeout=0):  # given back
        pass


@pytest.mark.parametrize("kind", ["below a file", "read-only"])
def test_a_folder_that_cannot_be_written_fails_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = tmp_path / "run"
    if kind == "below a file":
        folder.write_text("")
        folder = folder / "run"
    else:  # whoever tests as root can write everywhere

        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied", str(folder))

        monkeypatch.setattr(checkpoints_module.tempfile, "mkdtemp", refuse)
    trained = []

    def step(model, batch):
        trained.append(batch)
        return scaled(1.0)(model, batch)

    step.fingerprint = "counts"
    with pytest.raises(
        OSError, match=r"checkpoint_dir .*run: cannot be written to .*checkpoint_dir of fit, output_dir"
    ):
        train(folder, step=step)
    assert trained == []


# Batches in another order than the labels


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "expected shuffle=False, augment=False.*got shuffle=True, augment=True"),
        ({"augment": False}, "got shuffle=True, augment=False"),
        ({"shuffle": False}, "got shuffle=False, augment=True"),
        (
            {"shuffle": False, "augment": False, "rank": 1, "world_size": 2},
            "expected all images, got the share of rank 1",
        ),
    ],
)
def test_predict_refuses_batches_whose_rows_are_not_the_labels(given: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        predict(nn.Sequential(nn.Flatten(), nn.Linear(48, 4)), Batches(pixels(), np.arange(8), **PLAIN, **given))


def test_an_optimiser_is_its_kind_and_the_settings_of_its_groups_but_for_the_rate() -> None:
    layer = nn.Linear(2, 1)
    groups = [{"params": [layer.weight], "weight_decay": 0.1}, {"params": [layer.bias], "weight_decay": 0.0}]
    found = describe_optimizer(torch.optim.SGD(groups, lr=0.1, momentum=0.9))
    assert found["kind"] == "SGD"
    assert [(group["weight_decay"], group["momentum"]) for group in found["groups"]] == [(0.1, 0.9), (0.0, 0.9)]
    assert not any({"lr", "params"} & set(group) for group in found["groups"])
