"""What training minimises: smoothed cross-entropy, and DeiT's two distillation losses.

Touvron et al. (ICML 2021), section 4. The released code differs from the paper: it divides the soft term by B K
instead of B, and its defaults are weight 0.5 and temperature 1 where the paper's runs used 0.1 and 3. The paper
prints the divergence with the student first; here, as in the released code and in Hinton et al. (2015), the teacher
is the reference, which is what gives the gradient tau (p_student - p_teacher).
"""

import torch.nn.functional as F
from torch import Tensor

from helpers.shapes import check_shape


def smoothed_cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.1) -> Tensor:
    """Cross-entropy against (1 - s) of the true class and s spread evenly over all classes, mean over the batch.

    L = (1 - s) (-log p_y) + s mean_k (-log p_k)

    Source: Szegedy et al. (2016), section 7.

    Parameters
    ----------
    logits, labels
        (B, K) and (B,).
    smoothing
        s, in [0, 1].

    Raises
    ------
    ValueError
        If s is outside [0, 1] or the shapes disagree.
    """
    B = check_shape(logits, "B K", name="logits")["B"]
    check_shape(labels, "B", name="labels", B=B)
    if not 0.0 <= smoothing <= 1.0:
        raise ValueError(f"smoothing: expected a number in [0, 1], got {smoothing}")
    surprise = -F.log_softmax(logits, dim=-1)  # (B, K)
    true_class = surprise.gather(1, labels[:, None]).mean()
    return (1 - smoothing) * true_class + smoothing * surprise.mean()


def soft_distillation(
    class_logits: Tensor,
    distillation_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    temperature: float = 3.0,
    weight: float = 0.1,
    smoothing: float = 0.0,
) -> Tensor:
    """Learn the teacher's probabilities: (1 - w) CE(student, y) + w t^2 KL(teacher at t || student at t).

    The factor t^2 keeps the gradient's scale when t changes.

    Parameters
    ----------
    class_logits, distillation_logits
        Of the two heads, (B, K); give the same logits twice to distil a model with one head.
    teacher_logits, labels
        (B, K) and (B,); no gradient flows to the teacher.
    temperature, weight
        t (the paper's tau) and w (its lambda).
    smoothing
        Of the labels.

    Raises
    ------
    ValueError
        If the shapes disagree or the temperature is not positive.
    """
    sizes = check_shape(class_logits, "B K", name="class_logits")
    check_shape(distillation_logits, "B K", name="distillation_logits", **sizes)
    check_shape(teacher_logits, "B K", name="teacher_logits", **sizes)
    if temperature <= 0:
        raise ValueError(f"temperature: expected a positive number, got {temperature}")
    log_student = F.log_softmax(distillation_logits / temperature, dim=-1)  # (B, K)
    log_teacher = F.log_softmax(teacher_logits.detach() / temperature, dim=-1)  # (B, K)
    divergence = F.kl_div(log_student, log_teacher, log_target=True, reduction="batchmean")
    return (1 - weight) * smoothed_cross_entropy(class_logits, labels, smoothing) + weight * temperature**2 * divergence


def hard_distillation(
    class_logits: Tensor, distillation_logits: Tensor, teacher_logits: Tensor, labels: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Learn the teacher's decision: half CE(class head, y), half CE(distillation head, the teacher's top class).

    Parameters
    ----------
    class_logits, distillation_logits
        Of the two heads, (B, K); give the same logits twice to distil a model with one head.
    teacher_logits, labels
        (B, K) and (B,).
    smoothing
        Of the labels; the teacher's decision is not smoothed.

    Raises
    ------
    ValueError
        If the shapes disagree.
    """
    sizes = check_shape(class_logits, "B K", name="class_logits")
    check_shape(distillation_logits, "B K", name="distillation_logits", **sizes)
    check_shape(teacher_logits, "B K", name="teacher_logits", **sizes)
    decision = teacher_logits.argmax(dim=-1)  # (B,)
    truth = smoothed_cross_entropy(class_logits, labels, smoothing)
    return (truth + F.cross_entropy(distillation_logits, decision)) / 2
