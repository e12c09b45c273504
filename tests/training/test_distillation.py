"""The step with a teacher: half the labels, half the teacher's decisions, and no gradient to the teacher."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.deit import DeiT
from helpers.training.distillation import HardDistillation


def test_the_student_learns_labels_and_decisions_in_equal_parts():
    torch.manual_seed(0)
    student = DeiT(image_size=16, patch_size=8, num_classes=3, embed_dim=8, depth=1, num_heads=2)
    teacher = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 3)).eval()
    images, labels = torch.randn(5, 3, 16, 16), torch.tensor([0, 1, 2, 0, 1])
    loss, right, count = HardDistillation(teacher, label_smoothing=0.1)(student, (images, labels))
    by_label, by_teacher = student(images, return_heads=True)
    truth = F.cross_entropy(by_label, labels, label_smoothing=0.1, reduction="sum")
    decisions = F.cross_entropy(by_teacher, teacher(images).argmax(1), reduction="sum")
    assert loss.item() == pytest.approx((truth + decisions).item() / 2, rel=1e-5)
    assert right == ((by_label + by_teacher).argmax(1) == labels).sum()
    assert count == 5
    loss.backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert student.distillation_head.weight.grad.abs().max() > 0
