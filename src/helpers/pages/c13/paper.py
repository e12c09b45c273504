"""Figures that the DeiT paper reports, as its tables print them: ImageNet top-1 at 224 px, in percent.

Touvron et al., "Training data-efficient image transformers & distillation through attention", ICML 2021, tables 2, 3,
4 and 8, all for DeiT-B unless a name says otherwise.
"""

from typing import NamedTuple


class Ablation(NamedTuple):
    """One row of table 8: what was changed, the accuracy, and whether training converged."""

    change: str
    top1: float
    trained: bool = True


DEFAULT = 81.8
ABLATION = (
    Ablation("as published", DEFAULT),
    Ablation("with dropout", 81.3),
    Ablation("AutoAugment for RandAugment", 81.2),
    Ablation("no CutMix", 80.0),
    Ablation("no RandAugment", 79.6),
    Ablation("no Mixup", 78.7),
    Ablation("no repeated augmentation", 76.5),
    Ablation("no Mixup, no CutMix", 75.8),
    Ablation("SGD for AdamW", 74.5),
    Ablation("no random erasing", 4.3, trained=False),
    Ablation("no stochastic depth", 3.4, trained=False),
)


class Lesson(NamedTuple):
    """One row of table 2: a teacher, its family, its accuracy, and that of its student, a distilled DeiT-B."""

    teacher: str
    family: str
    teacher_top1: float
    student_top1: float


TEACHERS = (
    Lesson("DeiT-B", "deit", 81.8, 81.9),
    Lesson("RegNetY-4GF", "cnn", 80.0, 82.7),
    Lesson("RegNetY-8GF", "cnn", 81.7, 82.7),
    Lesson("RegNetY-12GF", "cnn", 82.4, 83.1),
    Lesson("RegNetY-16GF", "cnn", 82.9, 83.1),
)

# Table 3: method -> DeiT-Ti, -S, -B.
METHODS = {
    "labels alone": (72.2, 79.8, 81.8),
    "soft": (72.2, 79.8, 81.8),
    "hard": (74.3, 80.9, 83.0),
    "token: class head": (73.9, 80.9, 83.0),
    "token: distillation head": (74.6, 81.1, 83.1),
    "token: both": (74.5, 81.2, 83.4),
}
