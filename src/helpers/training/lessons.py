"""Lessons: steps of training on batches that bring a teacher's answers along, so that the teacher itself can stay away.

The losses are those of Touvron et al., "Training data-efficient image transformers & distillation through attention",
ICML 2021, section 4. With the teacher in the room: `helpers.training.distillation`.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from helpers.training.losses import hard_distillation, smoothed_cross_entropy, soft_distillation

LESSONS = ("labels", "soft", "hard")


@dataclass(frozen=True)
class Lesson:
    """A step on batches that bring the teacher's answers along, as `helpers.data.views.LessonBatches` do.

    Parameters
    ----------
    kind
        "labels" (nobody teaches), "soft" (the teacher's probabilities) or "hard" (its decision).
    two_tokens
        The student is a DeiT: the class token learns the labels, the distillation token what is taught; without a
        teacher both learn the labels. Otherwise one head learns both.
    temperature, weight
        Of soft lessons: tau and lambda.
    label_smoothing
        Of the labels alone.

    Raises
    ------
    ValueError
        For another kind.
    """

    kind: str
    two_tokens: bool = False
    temperature: float = 3.0
    weight: float = 0.1
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in LESSONS:
            raise ValueError(f"kind: expected one of {', '.join(LESSONS)}, got {self.kind!r}")

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        """(images (B, C, H, W), labels (B,), the teacher's logits (B, K)) -> summed loss, right answers, B."""
        images, labels, taught = batch
        by_label, by_teacher = model(images, return_heads=True) if self.two_tokens else [model(images)] * 2
        loss = self.loss(by_label, by_teacher, taught, labels)
        right = ((by_label + by_teacher).detach().argmax(dim=1) == labels).sum()
        return loss * len(labels), right, len(labels)

    def loss(self, by_label: Tensor, by_teacher: Tensor, taught: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of the two heads' logits, (B, K) each (the same twice where there is one head)."""
        smoothing = self.label_smoothing
        if self.kind == "soft":
            return soft_distillation(by_label, by_teacher, taught, labels, self.temperature, self.weight, smoothing)
        if self.kind == "hard":
            return hard_distillation(by_label, by_teacher, taught, labels, smoothing)
        both = [smoothed_cross_entropy(logits, labels, smoothing) for logits in (by_label, by_teacher)]
        return (both[0] + both[1]) / 2
