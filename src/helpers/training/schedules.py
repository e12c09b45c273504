"""What learning rate, and how much weight decay, each tensor gets at each step.

Cosine decay: Loshchilov & Hutter, "SGDR", 2017, eq. 5, with a linear warm-up before it. Layer-wise decay: Clark et al.,
"ELECTRA", 2020, appendix; the ViT form of Bao et al., "BEiT", 2022. Both act here by multiplication: every parameter
group keeps its own base rate, and the schedule scales that base, so that neither can silently undo the other.
"""

import math
import re
from collections.abc import Sequence

from torch import nn, optim

# The class token and the positions are learned inputs, not weights: pulling them to zero has no meaning.
LEARNED_INPUTS = re.compile(r"(^|[._])((cls|class|dist|distill|distillation)_?token|pos_embed|position)")


def cosine_with_warmup(
    step: float, total_steps: float, warmup_steps: float, peak: float = 1.0, floor: float = 0.0
) -> float:
    r"""Learning rate at a step: a line up to `peak`, then half a cosine down to `floor`.

    $\eta_t = \eta_{max}\, t / W$ for $t < W$, else
    $\eta_t = \eta_{min} + \frac12 (\eta_{max} - \eta_{min}) (1 + \cos \pi \frac{t - W}{T - W})$.

    Parameters
    ----------
    step
        t, in optimiser updates; a fraction is allowed.
    total_steps
        T.
    warmup_steps
        W, 0 for no warm-up.
    peak, floor
        The highest and the last rate.

    Raises
    ------
    ValueError
        When not 0 <= warmup_steps <= total_steps, or total_steps is not positive.
    """
    if not 0 <= warmup_steps <= total_steps or total_steps <= 0:
        raise ValueError(f"expected 0 <= warmup_steps <= total_steps, got {warmup_steps} and {total_steps}")
    if step < warmup_steps:
        return peak * step / warmup_steps
    if step >= total_steps:
        return floor
    return floor + (peak - floor) * (1 + math.cos(math.pi * (step - warmup_steps) / (total_steps - warmup_steps))) / 2


def layer_scales(num_groups: int, decay: float) -> list[float]:
    r"""Factor of the learning rate per layer group, $\gamma^{L + 1 - \ell}$ for $\ell = 0 \dots L + 1$.

    Parameters
    ----------
    num_groups
        L + 2: the embeddings, L blocks, the head.
    decay
        Gamma in (0, 1]; 1 treats all layers alike.

    Raises
    ------
    ValueError
        When decay lies outside (0, 1] or there is no group.
    """
    if not 0 < decay <= 1:
        raise ValueError(f"layer_decay: expected a number in (0, 1], got {decay}")
    if num_groups < 1:
        raise ValueError(f"layer_groups: expected at least one group, got {num_groups}")
    return [decay ** (num_groups - 1 - level) for level in range(num_groups)]


def parameter_groups(
    model: nn.Module,
    learning_rate: float,
    weight_decay: float,
    layer_groups: Sequence[Sequence[str]] | None = None,
    layer_decay: float | None = None,
) -> list[dict]:
    """Parameter groups for an optimiser: trainable tensors only, each with its own base rate and weight decay.

    No weight decay on biases, norms and layer scales (tensors of one axis), the class token and the positions, nor on
    what the model itself lists in `no_weight_decay()`.

    Parameters
    ----------
    model
        Whose parameters.
    learning_rate
        Rate of the last layer group (the head).
    weight_decay
        Decoupled decay of the tensors that have one.
    layer_groups
        Names of parameters, from the input to the head; together they hold every trainable tensor once.
    layer_decay
        Gamma; needs layer_groups.

    Raises
    ------
    ValueError
        When nothing is trainable, or layer_groups names a tensor that is absent, repeated or left out.
    """
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError("model: expected at least one parameter with requires_grad, got none")
    if layer_decay is not None and layer_groups is None:
        raise ValueError("layer_decay: expected layer_groups beside it (names from input to head), got None")
    level_of, scales = dict.fromkeys(parameters, 0), [1.0]
    if layer_groups is not None:
        level_of = _levels(model, parameters, layer_groups)
        scales = layer_scales(len(layer_groups), 1.0 if layer_decay is None else layer_decay)

    exempt = set(getattr(model, "no_weight_decay", set)())
    groups: dict[tuple[int, bool], dict] = {}
    for name, parameter in parameters.items():
        decays = parameter.ndim > 1 and name not in exempt and not LEARNED_INPUTS.search(name)
        base = learning_rate * scales[level_of[name]]
        group = groups.setdefault(
            (level_of[name], decays),
            {"params": [], "names": [], "lr": base, "base_lr": base, "weight_decay": weight_decay if decays else 0.0},
        )
        group["params"].append(parameter)
        group["names"].append(name)
    return [groups[key] for key in sorted(groups)]


def set_learning_rates(optimizer: optim.Optimizer, factor: float) -> None:
    """Set every group's rate to its own base times the schedule's factor."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor


def _levels(model: nn.Module, trainable: dict, layer_groups: Sequence[Sequence[str]]) -> dict[str, int]:
    """The layer group of each trainable name, checked to be a partition."""
    known = {name for name, _ in model.named_parameters()}
    level_of: dict[str, int] = {}
    for level, names in enumerate(layer_groups):
        for name in names:
            if name not in known:
                raise ValueError(f"layer_groups: expected names of the model's parameters, got {name!r}")
            if name in level_of:
                raise ValueError(f"layer_groups: expected each name once, got {name!r} in {level_of[name]} and {level}")
            level_of[name] = level
    if missing := [name for name in trainable if name not in level_of]:
        raise ValueError(f"layer_groups: expected every trainable parameter, got none of {missing[:5]}")
    return level_of
