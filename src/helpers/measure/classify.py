r"""What a saved model says of pictures: the probability of each class, and whether it knows such pictures at all.

The score of a picture is $\log\sum_k e^{z_k}$ of its logits, the negative energy of Liu et al., "Energy-based
Out-of-distribution Detection" (2020): low where no class is favoured strongly. Probabilities are those of the logits
divided by the model's temperature (Guo et al., "On Calibration of Modern Neural Networks", 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax

from helpers.data.batches import Batches
from helpers.models.pretrained.saved import SavedModel
from helpers.training import predict

BATCH = 32
NOTE = "perhaps none of the classes"
COLUMNS = ("class", "probability", "second class", "second probability", "note")


@dataclass(frozen=True)
class Answers:
    """Of n pictures: probabilities (n, K), scores (n,), and which look like nothing that the model knows, bool (n,)."""

    probabilities: np.ndarray
    scores: np.ndarray
    foreign: np.ndarray

    def best(self, row: int, k: int = 3) -> list[tuple[int, float]]:
        """The k likeliest classes of one picture with their probabilities."""
        order = self.probabilities[row].argsort(kind="stable")[::-1][:k]
        return [(int(label), float(self.probabilities[row, label])) for label in order]


def in_columns(answers: Answers, row: int, class_names: Sequence[str]) -> list[str]:
    """The `COLUMNS` of one picture: the two likeliest classes, and `NOTE` where it looks like nothing known."""
    best = [part for label, share in answers.best(row, 2) for part in (class_names[label], f"{share:.4f}")]
    return [*best, NOTE if answers.foreign[row] else ""]


def classify(saved: SavedModel, images: np.ndarray | Sequence[np.ndarray]) -> Answers:
    """Ask a saved model.

    Parameters
    ----------
    saved
        From `helpers.models.pretrained.saved.load`.
    images
        uint8 (n, S, S, 3), decoded by `helpers.data.decode.decode_image` at the model's own size.

    Raises
    ------
    ValueError
        For pictures of another size.
    """
    images, side = np.asarray(images), saved.ready.image_size
    if images.ndim != 4 or images.shape[1:] != (side, side, 3):
        raise ValueError(f"images: expected uint8 (n, {side}, {side}, 3), got {images.dtype} {images.shape}")
    device = next(saved.ready.model.parameters()).device
    batches = Batches(
        images,
        np.zeros(len(images), dtype=np.int64),
        batch_size=BATCH,
        mean=saved.ready.mean,
        std=saved.ready.std,
        device=device,
        shuffle=False,
        augment=False,
    )
    logits = predict(saved.ready.model, batches).astype(np.float64)
    scores = logsumexp(logits, axis=1)
    foreign = np.zeros(len(images), bool) if saved.known_above is None else scores < saved.known_above
    return Answers(softmax(logits / saved.temperature, axis=1), scores, foreign)
