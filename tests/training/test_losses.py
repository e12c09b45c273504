"""Label smoothing and DeiT's two distillations, against torch and their gradients."""

import pytest
import torch
import torch.nn.functional as F

from helpers.training.losses import hard_distillation, smoothed_cross_entropy, soft_distillation

LABELS = torch.tensor([3, 0, 6, 1])


def logits(seed, scale=2.0):
    return scale * torch.randn(4, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 1.0])
def test_smoothing_equals_torch(smoothing):
    expected = F.cross_entropy(logits(0), LABELS, label_smoothing=smoothing)
    torch.testing.assert_close(smoothed_cross_entropy(logits(0), LABELS, smoothing), expected)


def test_smoothing_by_hand():
    """Two classes with p = 3/4 and 1/4: 0.9 (-ln 3/4) + 0.1 (-ln 3/4 - ln 1/4) / 2."""
    two = torch.tensor([[3.0, 1.0]], dtype=torch.float64).log()
    loss = smoothed_cross_entropy(two, torch.tensor([0]), 0.1)
    assert loss.item() == pytest.approx(0.9 * 0.2876820724517809 + 0.1 * (0.2876820724517809 + 1.3862943611198906) / 2)


def test_cross_entropy_gradient_is_probability_minus_target():
    """Facts 5.4: dL/dz = (p - e_y) / B."""
    z = logits(0).requires_grad_()
    smoothed_cross_entropy(z, LABELS, 0.0).backward()
    torch.testing.assert_close(z.grad, (z.softmax(-1) - F.one_hot(LABELS, 7)).detach() / 4)


@pytest.mark.parametrize("temperature", [1.0, 3.0, 10.0])
def test_soft_gradient_keeps_its_scale(temperature):
    """Facts 5.15: d(t^2 KL)/dz = t (p_student - p_teacher), here the mean over four images."""
    student, teacher = logits(0).requires_grad_(), logits(1)
    soft_distillation(logits(2), student, teacher, LABELS, temperature, weight=1.0).backward()
    gap = (student / temperature).softmax(-1) - (teacher / temperature).softmax(-1)
    torch.testing.assert_close(student.grad, temperature * gap.detach() / 4)


def test_soft_is_a_mixture_of_labels_and_teacher():
    student, head, teacher = logits(0), logits(1), logits(2)
    labels_only = soft_distillation(student, head, teacher, LABELS, weight=0.0)
    teacher_only = soft_distillation(student, head, teacher, LABELS, weight=1.0)
    torch.testing.assert_close(labels_only, F.cross_entropy(student, LABELS))
    p, q = (teacher / 3).softmax(-1), (head / 3).softmax(-1)
    torch.testing.assert_close(teacher_only, 9 * (p * (p / q).log()).sum(-1).mean())
    mixture = soft_distillation(student, head, teacher, LABELS)
    torch.testing.assert_close(mixture, 0.9 * labels_only + 0.1 * teacher_only)


def test_released_code_divides_by_the_classes_too():
    """Facts 2.3: its soft term is K times smaller than the paper's, K = 7 here."""
    head, teacher = logits(1), logits(2)
    ours = soft_distillation(head, head, teacher, LABELS, temperature=2.0, weight=1.0)
    log_student, log_teacher = F.log_softmax(head / 2, 1), F.log_softmax(teacher / 2, 1)
    released = F.kl_div(log_student, log_teacher, reduction="sum", log_target=True) * 4 / head.numel()
    torch.testing.assert_close(ours, 7 * released)


def test_a_student_like_its_teacher_pays_nothing():
    same = logits(0)
    assert soft_distillation(logits(1), same, same, LABELS, weight=1.0).abs() < 1e-12


def test_hard_is_half_truth_half_teacher():
    student, head, teacher = logits(0), logits(1), logits(2)
    truth, decision = F.cross_entropy(student, LABELS), F.cross_entropy(head, teacher.argmax(-1))
    torch.testing.assert_close(hard_distillation(student, head, teacher, LABELS), (truth + decision) / 2)
    smoothed = F.cross_entropy(student, LABELS, label_smoothing=0.1)
    torch.testing.assert_close(hard_distillation(student, head, teacher, LABELS, 0.1), (smoothed + decision) / 2)


def test_each_head_learns_from_its_own_target():
    student, head = logits(0).requires_grad_(), logits(1).requires_grad_()
    teacher = logits(2).requires_grad_()
    hard_distillation(student, head, teacher, LABELS).backward()
    decision = F.one_hot(teacher.argmax(-1), 7)
    torch.testing.assert_close(student.grad, (student.softmax(-1) - F.one_hot(LABELS, 7)).detach() / 8)
    torch.testing.assert_close(head.grad, (head.softmax(-1) - decision).detach() / 8)
    soft_distillation(student, head, teacher, LABELS).backward()
    assert teacher.grad is None


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"\[0, 1\], got 1.5"):
        smoothed_cross_entropy(logits(0), LABELS, 1.5)
    with pytest.raises(ValueError, match=r"labels: expected \(B=4\), got \(3,\)"):
        smoothed_cross_entropy(logits(0), LABELS[:3])
    with pytest.raises(ValueError, match=r"teacher_logits: expected \(B=4, K=7\), got \(4, 6\)"):
        hard_distillation(logits(0), logits(1), logits(2)[:, :6], LABELS)
    with pytest.raises(ValueError, match="positive number, got 0"):
        soft_distillation(logits(0), logits(1), logits(2), LABELS, temperature=0)
