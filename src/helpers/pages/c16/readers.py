"""Two readers of one picture: a network that names the coat of a drawn dog, and one that names its build.

Both share every weight but the last layer: the shipped networks, pre-trained on other drawings, and two linear heads.
What each answer comes from is known without any map: the same dog can be drawn again in another coat, or with another
build, and nothing else changes (`helpers.data.breeds.draw_breeds`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from helpers.data.breeds import LAB_PROPORTIONS, LAB_TEXTURES, draw_breeds
from helpers.models.pretrained import build_model

SIZE, DIFFICULTY = 64, 0.3
CUES = ("coat", "build")
CHOICES = {"coat": tuple(LAB_TEXTURES), "build": tuple(LAB_PROPORTIONS)}
NETWORKS = ("vit_mini", "xception_mini")
TRAIN, TRAIN_SEED, SHOWN_SEED = 960, 160, 161
STRENGTH = {"coat": 0.1, "build": 0.1}  # C of the logistic regression


@dataclass(frozen=True)
class Dogs:
    """Drawn dogs: images float32 (n, 3, 64, 64) in -1..1, and for each cue the answers, int64 (n,) from 0."""

    images: Tensor
    answers: Mapping[str, Tensor]


def as_input(pictures: np.ndarray) -> Tensor:
    """Pictures uint8 (n, S, S, 3) as the shipped networks expect them, float32 (n, 3, S, S) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def dogs(count: int, seed: int, coat: np.ndarray | None = None, build: np.ndarray | None = None) -> Dogs:
    """Dogs of random coat and build; with `coat` or `build`, (n,) numbers from 0, the same dogs with another cue."""
    rng = np.random.default_rng([seed, 0])
    drawn = {cue: rng.choice(len(CHOICES[cue]), count) for cue in CUES}
    for cue, other in (("coat", coat), ("build", build)):
        drawn[cue] = drawn[cue] if other is None else np.asarray(other)
    textures, proportions = (np.array(CHOICES[cue])[drawn[cue]] for cue in CUES)
    pictures = draw_breeds(
        textures, proportions, np.random.default_rng([seed, 1]), image_size=SIZE, difficulty=DIFFICULTY
    )
    return Dogs(as_input(pictures), {cue: torch.from_numpy(drawn[cue].astype(np.int64)) for cue in CUES})


def others(shown: Dogs, seed: int, cue: str) -> list[Dogs]:
    """The dogs of `dogs(n, seed)` once more, each time with the next value of a cue: as many as there are others."""
    return [another(shown, seed, cue, step) for step in range(1, len(CHOICES[cue]))]


def another(shown: Dogs, seed: int, cue: str, step: int = 1) -> Dogs:
    """The dogs of `dogs(n, seed)` once more, with the value of a cue that lies `step` further on."""
    drawn = (shown.answers[cue].numpy() + step) % len(CHOICES[cue])
    return dogs(len(shown.images), seed, **{cue: drawn})  # type: ignore[arg-type]


def trunk(name: str) -> Any:
    """A shipped network in eval mode whose head is still to be made."""
    return build_model(name, num_classes=2, weights="shipped").model.eval().requires_grad_(False)


def features(model: Any, images: Tensor) -> Tensor:
    """What the head reads, (n, 3, S, S) -> (n, D)."""
    head, model.head = model.head, nn.Identity()
    try:
        with torch.no_grad():
            return torch.cat([model(part) for part in images.split(120)])
    finally:
        model.head = head


@cache
def lesson() -> Dogs:
    """The dogs that the heads of all readers are fitted to."""
    return dogs(TRAIN, TRAIN_SEED)


@cache
def readers(name: str) -> dict[str, Any]:
    """The coat-reader and the build-reader on one trunk: heads by logistic regression on 960 dogs.

    Raises
    ------
    ValueError
        For a network that is not one of `NETWORKS`.
    """
    if name not in NETWORKS:
        raise ValueError(f"name: expected one of {', '.join(NETWORKS)}, got {name!r}")
    seen = features(trunk(name), lesson().images)
    mean, scale = seen.mean(0), seen.std(0) + 1e-6
    made = {}
    for cue in CUES:
        fit = LogisticRegression(C=STRENGTH[cue], max_iter=300).fit(
            ((seen - mean) / scale).numpy(), lesson().answers[cue]
        )
        weight = torch.from_numpy(fit.coef_).float() / scale  # (K, D), the standardisation taken into the head
        model = trunk(name)
        model.head = nn.Linear(weight.shape[1], weight.shape[0]).requires_grad_(False)
        model.head.weight.copy_(weight)
        model.head.bias.copy_(torch.from_numpy(fit.intercept_).float() - weight @ mean)
        made[cue] = model
    return made


@torch.no_grad()
def answers(model: nn.Module, images: Tensor) -> Tensor:
    """Probabilities, (n, 3, S, S) -> (n, K)."""
    return torch.cat([model(part).softmax(-1) for part in images.split(120)])
