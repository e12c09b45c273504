"""Fixed views: augmented once, so that a teacher answers each of them once and every student sees the very same pixels.

With a teacher that runs in every step, its answers are paid for in every epoch and by every student. Where the views of
an image are drawn beforehand, they are paid for once. What a student sees stays augmented: view e mod V in epoch e.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from helpers.data.augment import Augmentation
from helpers.data.base import Split
from helpers.data.batches import Batches

PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))  # pixels in 0..1
ROWS = 64  # images of a batch that is not trained on


class FixedViews:
    """V views of every image of a split; they can be walked through in order, view after view.

    Parameters
    ----------
    split
        Images and labels.
    views
        V; 0 gives one view, the whole frame, without augmentation.
    seed
        Of the crops and the mirroring.

    Attributes
    ----------
    pixels
        uint8 (V, N, 3, S, S).
    fingerprint
        Of the pixels and of how the views were drawn.

    Raises
    ------
    ValueError
        For a negative number of views.
    """

    shuffle = False

    def __init__(self, split: Split, views: int, seed: int = 0) -> None:
        if views < 0:
            raise ValueError(f"views: expected at least 0, got {views}")
        self.augmentation = Augmentation() if views else None
        source = Batches(
            split.images,
            split.labels,
            batch_size=ROWS,
            mean=PLAIN[0],
            std=PLAIN[1],
            seed=seed,
            shuffle=False,
            augment=self.augmentation or False,
        )
        n, side = split.images.shape[:2]
        self.labels = torch.from_numpy(split.labels.astype(np.int64))
        self.pixels = torch.empty((max(1, views), n, 3, side, side), dtype=torch.uint8)
        for view in range(len(self.pixels)):
            first = 0
            for images, labels in source.epoch(view):
                self.pixels[view, first : first + len(labels)] = (255 * images).round().to(torch.uint8)
                first += len(labels)
        self.fingerprint = hashlib.sha256(f"{source.fingerprint} {len(self.pixels)} views".encode()).hexdigest()

    def __len__(self) -> int:
        """Batches of one view."""
        return -(-self.pixels.shape[1] // ROWS)

    def epoch(self, view: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """One view in the order of the images: float32 (B, 3, S, S) in 0..1, and labels (B,)."""
        for first in range(start * ROWS, self.pixels.shape[1], ROWS):
            rows = slice(first, first + ROWS)
            yield self.pixels[view, rows].float() / 255, self.labels[rows]


class LessonBatches:
    """Batches for a student: pixels of a view, labels, and what a teacher said of this very view.

    A new order in every epoch, view e mod V in epoch e.

    Parameters
    ----------
    views
        What is looked at.
    answers
        A teacher's logits, (V, N, K), as `helpers.training.features.frozen_features` returns them; None where nobody
        teaches: then zeros of one column stand in their place.
    batch_size
        Images of a batch; a rest of a single one joins the batch before it.
    mean, std
        Of the student's input, in units of 0..1.
    seed
        Of the order.

    Raises
    ------
    ValueError
        For answers of other views.
    """

    augmentation = None

    def __init__(
        self,
        views: FixedViews,
        answers: np.ndarray | None,
        *,
        batch_size: int,
        mean: Sequence[float],
        std: Sequence[float],
        seed: int = 0,
    ) -> None:
        if answers is None:
            answers = np.zeros((*views.pixels.shape[:2], 1), dtype=np.float16)
        if answers.ndim != 3 or answers.shape[:2] != tuple(views.pixels.shape[:2]):
            raise ValueError(f"answers: expected {tuple(views.pixels.shape[:2])} rows of logits, got {answers.shape}")
        self.views, self.answers, self.batch_size, self.seed = views, answers, batch_size, seed
        self._mean, self._std = (torch.tensor(part)[:, None, None] for part in (mean, std))

    @property
    def fingerprint(self) -> str:
        """Hash of the views, the answers and the order."""
        digest = hashlib.sha256(f"{self.views.fingerprint} {self.batch_size} {self.seed}".encode())
        digest.update(f"{self._mean.tolist()} {self._std.tolist()} {self.answers.shape}".encode())
        digest.update(np.ascontiguousarray(self.answers).data)
        return digest.hexdigest()

    def __len__(self) -> int:
        whole, rest = divmod(self.views.pixels.shape[1], self.batch_size)
        return max(1, whole + (rest >= 2))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Batches start, start + 1, ...: images (B, 3, S, S), labels (B,), the teacher's logits (B, K)."""
        view, n = epoch % len(self.views.pixels), self.views.pixels.shape[1]
        order = np.random.default_rng([self.seed, epoch]).permutation(n)
        for k in range(start, len(self)):
            rows = order[k * self.batch_size : n if k == len(self) - 1 else (k + 1) * self.batch_size]
            at = torch.from_numpy(rows)
            images = (self.views.pixels[view, at].float() / 255 - self._mean) / self._std
            yield images, self.views.labels[at], torch.from_numpy(self.answers[view, rows].astype(np.float32))
