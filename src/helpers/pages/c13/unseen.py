"""A digit that the student never saw: what a teacher's probabilities carry and its decisions do not.

After Hinton, Vinyals and Dean (2015), section 3: one class is taken out of what the student learns from.
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from helpers.training.lessons import Lesson

BATCH, RATE = 64, 2e-3


@dataclass(frozen=True)
class Digits:
    """Digits of 8 x 8 pixels, images (N, 1, 8, 8) in -1..1 and labels (N,), to learn from and to be asked about."""

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def digits(seed: int = 0, train: int = 1000) -> Digits:
    """The 1,797 digits of scikit-learn, split by a seed."""
    found = load_digits()
    order = np.random.default_rng(seed).permutation(len(found.target))
    images = torch.from_numpy(found.images[order]).float()[:, None] / 8 - 1  # (N, 1, 8, 8)
    labels = torch.from_numpy(found.target[order]).long()
    return Digits(images[:train], labels[:train], images[train:], labels[train:])


def teacher(seed: int = 0) -> nn.Module:
    """A small CNN for digits, with fresh weights."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1), nn.ReLU(),
        nn.Conv2d(32, 32, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip


def student(seed: int = 0) -> nn.Module:
    """A perceptron with one hidden layer, with fresh weights."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))


def train(model: nn.Module, images: Tensor, labels: Tensor, taught: Tensor, lesson: Lesson, epochs: int) -> None:
    """Train in place; `taught` are the teacher's logits (N, 10) on the images (N, 1, 8, 8)."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    order = torch.Generator().manual_seed(0)
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - epoch / epochs)
        for rows in torch.randperm(len(images), generator=order).split(BATCH):
            loss, _, count = lesson(model, (images[rows], labels[rows], taught[rows]))
            optimizer.zero_grad()
            (loss / count).backward()
            optimizer.step()


def answers(model: nn.Module, images: Tensor) -> Tensor:
    """Logits, (N, 1, 8, 8) -> (N, 10)."""
    with torch.no_grad():
        return model(images)
