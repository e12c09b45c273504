"""Lessons: each is the loss it says, for one head and for two."""

import pytest
import torch
from torch.nn import functional

from helpers.models.deit import DeiT
from helpers.training.lessons import Lesson
from helpers.training.losses import hard_distillation, soft_distillation

HEADS = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
TAUGHT = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
LABELS = torch.tensor([0, 1, 2, 0, 1])


class Heads(torch.nn.Module):
    def forward(self, images, return_heads=False):
        heads = HEADS.clone().requires_grad_()
        return tuple(heads) if return_heads else heads[0]


@pytest.mark.parametrize("two_tokens", [False, True])
def test_each_kind_is_its_loss(two_tokens):
    first, second = HEADS[0], HEADS[1 if two_tokens else 0]
    expected = {
        "labels": (functional.cross_entropy(first, LABELS) + functional.cross_entropy(second, LABELS)) / 2,
        "soft": soft_distillation(first, second, TAUGHT, LABELS, 2.0, 0.3),
        "hard": hard_distillation(first, second, TAUGHT, LABELS),
    }
    for kind, value in expected.items():
        step = Lesson(kind, two_tokens, temperature=2.0, weight=0.3)
        loss, right, count = step(Heads(), (torch.zeros(5, 1), LABELS, TAUGHT))
        assert count == 5
        assert loss.item() == pytest.approx(5 * value.item(), rel=1e-6)
        assert right == ((first + second).argmax(1) == LABELS).sum()


def test_without_a_teacher_the_answers_are_not_looked_at():
    step = Lesson("labels", label_smoothing=0.1)
    one, _, _ = step(Heads(), (torch.zeros(5, 1), LABELS, TAUGHT))
    other, _, _ = step(Heads(), (torch.zeros(5, 1), LABELS, torch.zeros(5, 1)))
    assert one.item() == other.item()
    smoothed = functional.cross_entropy(HEADS[0], LABELS, label_smoothing=0.1)
    assert one.item() == pytest.approx(5 * smoothed.item(), rel=1e-6)


def test_a_deit_takes_its_two_lessons_apart():
    torch.manual_seed(0)
    model = DeiT(16, 8, 3, embed_dim=16, depth=1, num_heads=2)
    loss, _, _ = Lesson("hard", two_tokens=True)(model, (torch.randn(5, 3, 16, 16), LABELS, TAUGHT))
    loss.backward()
    assert model.distillation_head.weight.grad.abs().sum() > 0
    assert model.head.weight.grad.abs().sum() > 0


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind: expected one of labels, soft, hard, got 'medium'"):
        Lesson("medium")
