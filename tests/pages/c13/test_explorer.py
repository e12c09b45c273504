"""The lesson's numbers against the package's losses and autograd; the sentence, the size and the still picture."""

import numpy as np
import pytest
import torch

from helpers.pages.c13.explorer import LESSONS, STUDENT, TEACHER, LessonExplorer, lesson, softmax, told
from helpers.training.losses import hard_distillation, smoothed_cross_entropy, soft_distillation


@pytest.mark.parametrize("kind", LESSONS)
@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize(("temperature", "weight"), [(1.0, 1.0), (3.0, 0.3), (8.0, 0.0)])
def test_loss_and_gradient_are_those_of_the_package(kind, label, temperature, weight):
    student, teacher = (1.5, -0.5, 2.0), (3.0, 4.5, -1.0)
    z = torch.tensor([student], dtype=torch.float64, requires_grad=True)
    t, y = torch.tensor([teacher], dtype=torch.float64), torch.tensor([label])
    losses = {
        "labels": lambda: smoothed_cross_entropy(z, y, 0.0),
        "smoothed labels": lambda: smoothed_cross_entropy(z, y, 0.1),
        "soft": lambda: soft_distillation(z, z, t, y, temperature, weight),
        "hard": lambda: hard_distillation(z, z, t, y),
    }
    expected = losses[kind]()
    (slope,) = torch.autograd.grad(expected, z)
    loss, gradient = lesson(student, teacher, label, kind, temperature, weight)
    assert loss == pytest.approx(expected.item())
    assert np.allclose(gradient, slope[0].numpy())
    assert gradient.sum() == pytest.approx(0, abs=1e-12)


def test_the_example_by_hand():
    unit = np.log(2)
    loss, gradient = lesson(unit * np.array([3, 3, 0]), unit * np.array([6, 3, 0]), 1, "soft", 3.0, 1.0)
    assert loss == pytest.approx(9 * (4 / 7 * np.log(20 / 14) + 2 / 7 * np.log(10 / 14) + 1 / 7 * np.log(5 / 7)))
    assert np.allclose(35 * gradient, (-18, 12, 6))
    assert np.allclose(7 * softmax(unit * np.array([6, 3, 0]), 3), (4, 2, 1))


def test_another_lesson_is_refused():
    with pytest.raises(ValueError, match="kind: expected one of labels, smoothed labels, soft, hard, got 'loud'"):
        lesson(STUDENT, TEACHER, 0, "loud", 1.0, 1.0)


def test_the_sentence_names_what_matters_in_each_lesson():
    assert told(STUDENT, TEACHER, 1, "labels", 3.0, 0.5).startswith("Lesson: labels. Loss ")
    assert told(STUDENT, TEACHER, 1, "hard", 3.0, 0.5).endswith("The label says fox, the teacher cat")
    assert "At this temperature the teacher says 0." in told(STUDENT, TEACHER, 1, "soft", 3.0, 0.5)
    assert "cat +0.00, fox +0.00, wolf +0.00" in told((0, 0, 0), (0, 0, 0), 1, "soft", 3.0, 1.0)


def test_explorer_is_light_and_has_a_still_picture(light_with_a_still):
    explorer = LessonExplorer()
    light_with_a_still(explorer)
    assert told(STUDENT, TEACHER, 1, "soft", 3.0, 0.5) in explorer.alt
