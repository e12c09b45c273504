"""The lesson: a teacher's and a student's logits on three classes, four lessons, the loss and where it pushes.

labels: CE(p, y), its label spread by smoothing where asked for; soft: (1 - w) CE(p, y) + w t^2 KL(q_t || p_t); hard:
half CE(p, y), half CE(p, the teacher's class). Gradients with respect to the student's logits, by hand.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, RC
from helpers.widgets.base import Explorer

CLASSES = ("cat", "fox", "wolf")
LESSONS = ("labels", "smoothed labels", "soft", "hard")
SMOOTHING = 0.1
TEACHER, STUDENT = (4.0, 2.0, 0.0), (2.0, 2.0, 0.0)


def softmax(logits: Sequence[float], temperature: float = 1.0) -> np.ndarray:
    """Probabilities at a temperature, (K,) -> (K,)."""
    scaled = np.asarray(logits, dtype=float) / temperature
    powers = np.exp(scaled - scaled.max())
    return powers / powers.sum()


def one_hot(index: int, count: int = 3) -> np.ndarray:
    """(count,), 1 at an index."""
    return np.eye(count)[index]


def lesson(
    student: Sequence[float], teacher: Sequence[float], label: int, kind: str, temperature: float, weight: float
) -> tuple[float, np.ndarray]:
    """The loss of one image, and its gradient with respect to the student's logits, (K,).

    Raises
    ------
    ValueError
        For another kind.
    """
    if kind not in LESSONS:
        raise ValueError(f"kind: expected one of {', '.join(LESSONS)}, got {kind!r}")
    p, y = softmax(student), one_hot(label)
    if kind == "soft":
        p_t, q_t = softmax(student, temperature), softmax(teacher, temperature)
        apart = temperature**2 * float(q_t @ np.log(q_t / p_t))
        loss = (1 - weight) * -np.log(p[label]) + weight * apart
        return float(loss), (1 - weight) * (p - y) + weight * temperature * (p_t - q_t)
    target = y
    if kind == "smoothed labels":
        target = (1 - SMOOTHING) * y + SMOOTHING / 3
    elif kind == "hard":
        target = (y + one_hot(int(np.argmax(teacher)))) / 2
    return float(-target @ np.log(p)), p - target


def told(
    student: Sequence[float], teacher: Sequence[float], label: int, kind: str, temperature: float, weight: float
) -> str:
    """What the explorer says, in a sentence."""
    loss, gradient = lesson(student, teacher, label, kind, temperature, weight)
    moves = ", ".join(f"{name} {_signed(-g)}" for name, g in zip(CLASSES, gradient, strict=True))
    decision = CLASSES[int(np.argmax(teacher))]
    text = f"Lesson: {kind}. Loss {loss:.3f}. The logits are pushed by {moves}"
    if kind == "hard":
        text += f". The label says {CLASSES[label]}, the teacher {decision}"
    if kind == "soft":
        shares = ", ".join(f"{share:.2f}" for share in softmax(teacher, temperature))
        text += f". At this temperature the teacher says {shares}"
    return text


def _signed(value: float) -> str:
    text = f"{abs(value):.2f}"
    return ("\N{MINUS SIGN}" if value < 0 and text != "0.00" else "+") + text


class LessonExplorer(Explorer):
    """Turn logits, temperature and weight; see soft targets, the loss, and the push on each logit."""

    script = "explorer.js"

    def __init__(self) -> None:
        data: dict[str, Any] = {"classes": list(CLASSES), "lessons": list(LESSONS), "smoothing": SMOOTHING}
        data |= {"teacher": list(TEACHER), "student": list(STUDENT), "label": 1, "temperature": 3.0, "weight": 0.5}
        first = told(STUDENT, TEACHER, 1, "soft", 3.0, 0.5)
        super().__init__(
            data,
            alt="Three classes, two bars each: what the teacher and what the student says at temperature 3. "
            f"Arrows show where the loss pushes the student's logits. {first}.",
        )

    def still(self) -> Figure:
        """Bars of both at temperature 3, arrows of the push."""
        q, p = softmax(TEACHER, 3.0), softmax(STUDENT, 3.0)
        _, gradient = lesson(STUDENT, TEACHER, 1, "soft", 3.0, 0.5)
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(4.4, 3.0))
            x = np.arange(3)
            ax.bar(x - 0.2, q, 0.36, color=FAMILY_COLOURS["cnn"], label="teacher")
            ax.bar(x + 0.2, p, 0.36, color=FAMILY_COLOURS["deit"], label="student")
            for at, (share, push) in enumerate(zip(p, -gradient, strict=True)):
                ax.annotate("", (at + 0.2, share + push), (at + 0.2, share), arrowprops={"arrowstyle": "-|>"})
            ax.set_xticks(x, CLASSES)
            ax.set(ylim=(0, 1), ylabel="probability at temperature 3")
            ax.tick_params(colors=INK)
            ax.legend(loc="upper right")
        return figure
