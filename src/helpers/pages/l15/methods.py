"""Who is taught what by whom in lab 15, and what was said beforehand.

All students are the course's ViT-mini, those with two tokens its DeiT-mini.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Student:
    """One way to be taught.

    Attributes
    ----------
    label
        What figures call it.
    lesson
        "labels", "soft" or "hard", as in `helpers.training.lessons`.
    two_tokens
        Whether there is a second token with a head of its own.
    teacher
        Its name; None where nobody teaches.
    """

    label: str
    lesson: str
    two_tokens: bool
    teacher: str | None


STUDENTS: dict[str, Student] = {
    "none": Student("labels alone", "labels", False, None),
    "two_labels": Student("two tokens, labels alone", "labels", True, None),
    "soft": Student("soft", "soft", False, "xception_mini"),
    "hard": Student("hard", "hard", False, "xception_mini"),
    "token": Student("hard, own token", "hard", True, "xception_mini"),
    "token_vit": Student("hard, own token, ViT teaches", "hard", True, "vit_mini"),
    "token_efficientnet": Student("hard, own token, EfficientNet teaches", "hard", True, "efficientnet_lite0"),
}

# The second experiment: the same student, taught by a network that knows a part of the test images, or none.
LEAK: dict[str, Student] = {
    "leak_clean": Student("its teacher saw no test image", "soft", False, "xception_mini"),
    "leak_seen": Student("its teacher saw a part of the test images", "soft", False, "xception_mini"),
}

TEACHER = "teacher:"  # before the name of a teacher, where a statement compares with one

# A statement, what should win by it, what should lose, and what the paper found for DeiT-B on ImageNet, in points
# (tables 2 and 3 there); written down before the first run.
STATEMENTS: tuple[tuple[str, str, str, str], ...] = (
    ("soft distillation helps", "soft", "none", "0.0"),
    ("hard distillation helps", "hard", "none", "+1.2"),
    ("hard beats soft", "hard", "soft", "+1.2"),
    ("an own token beats one token for both lessons", "token", "hard", "+0.4"),
    ("distillation through a token helps", "token", "none", "+1.6"),
    ("a second token without a teacher helps", "two_labels", "none", "nothing"),
    ("a CNN teaches a ViT better than a ViT does", "token", "token_vit", "+1.2"),
    ("the better teacher has the better student", "token_efficientnet", "token", "not always"),
    ("the student passes its teacher", "token", "teacher:xception_mini", "+0.5"),
)


def promised(paper: str) -> bool | None:
    """Whether what the paper found lets one expect that a statement holds: True for a gain, None for anything else."""
    return True if paper.startswith("+") else None
