"""Weights from timm, torchvision and torch into our models, and proof that both agree.

`from_reference` renames every tensor by the table of its family (`helpers.models.port_rules`),
loads the result, and then compares, because two networks can share every name and still differ
(another GELU, another pooling): once with the reference's weights, and once with every number
drawn at random, since fresh weights hide errors.
"""

import copy
import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.layers.eval_mode import eval_mode
from helpers.models.parity import TRAPS, difference, module_outputs, movement, randomise
from helpers.models.port_rules import FAMILIES, Family

__all__ = ["TRAPS", "PortReport", "block_differences", "from_reference", "randomise"]

# float64 rounding through a hundred layers stays below 1e-12; the smallest trap is above 1e-6
TOLERANCE = 1e-10


@dataclass(frozen=True)
class PortReport:
    """Which tensor went where, and how well the two models agree.

    Parameters
    ----------
    family
        Package and class of the reference.
    tensors
        The reference's name of every tensor -> our name.
    largest_difference
        Of all compared outputs, in float64, relative to max(1, largest reference value).
    """

    family: str
    tensors: dict[str, str]
    largest_difference: float

    def __str__(self) -> str:
        width = max(map(len, self.tensors))
        lines = [f"{theirs:{width}} -> {ours}" for theirs, ours in self.tensors.items()]
        head = (
            f"{self.family}: {len(lines)} tensors, largest difference {self.largest_difference:.1e}"
        )
        return "\n".join([head, *lines])


def family_of(reference: nn.Module) -> tuple[str, Family]:
    """Find the family by the package and the class of a reference.

    Raises
    ------
    ValueError
        If there is none; the message lists them.
    """
    key = (type(reference).__module__.split(".")[0], type(reference).__name__)
    if key not in FAMILIES:
        known = ", ".join(".".join(known) for known in FAMILIES)
        raise ValueError(f"reference: expected one of {known}; got {'.'.join(key)}")
    return ".".join(key), FAMILIES[key]


def rename_tensors(
    reference: dict[str, Tensor], ours: dict[str, Tensor], family: Family
) -> dict[str, str]:
    """Map the reference's names to ours, one to one and shape by shape.

    Raises
    ------
    ValueError
        Listing what has no place in our model, what our model lacks, and what has another shape.
    """
    names = {name: family.rename(name) for name in reference}
    taken = {
        our_name: name for name, our_name in names.items()
    }  # the last of several that want the same place
    left_over = [
        name for name, our_name in names.items() if our_name not in ours or taken[our_name] != name
    ]
    missing = sorted(set(ours) - set(taken))
    reshaped = [
        f"{name} {tuple(reference[name].shape)}, ours {tuple(ours[our_name].shape)}"
        for name, our_name in names.items()
        if our_name in ours and ours[our_name].shape != reference[name].shape
    ]
    problems = {
        "left over": left_over,
        "missing from the reference": missing,
        "of another shape": reshaped,
    }
    found = [
        f"{len(what)} tensors {problem}: {', '.join(what)}"
        for problem, what in problems.items()
        if what
    ]
    if found:
        raise ValueError("; ".join(found))
    return names


@torch.no_grad()
def largest_difference(
    ours: nn.Module, reference: nn.Module, family: Family
) -> tuple[float, float]:
    """Largest difference of all outputs in float64, and how far they move with the input."""
    pairs = list(family.run(ours, reference))
    return max(difference(*pair) for pair in pairs), movement(pairs[0][1])


def _in_float64(reference: nn.Module) -> nn.Module:
    """A copy on the CPU, made tensor by tensor: a float32 copy of VGG-19 never stands beside it."""

    def double(tensor: Tensor) -> Tensor:
        dtype = torch.float64 if tensor.is_floating_point() else tensor.dtype
        return tensor.detach().to("cpu", dtype, copy=True)

    made: dict[int, Tensor] = {id(p): nn.Parameter(double(p)) for p in reference.parameters()}
    made |= {id(buffer): double(buffer) for buffer in reference.buffers()}
    return copy.deepcopy(reference, made)  # takes these in place of copies of its own


def from_reference(reference: nn.Module) -> tuple[nn.Module, PortReport]:
    """Rebuild a model of timm, torchvision or torch, with its weights, and prove it the same.

    Both are compared in eval mode and float64, on copies. Dropout and drop path are carried over
    where our model has them, but random as they are, they are not compared.

    Parameters
    ----------
    reference
        A model of `FAMILIES`, of any size, number of classes and image size; left as it is.

    Returns
    -------
    tuple[nn.Module, PortReport]
        Our model, with the reference's dtype, device and mode, which shares nothing with it;
        and the report.

    Raises
    ------
    ValueError
        If the family is unknown, tensors are left over, missing or of another shape (by name), or
        the outputs differ.
    """
    name, family = family_of(reference)
    tensors = reference.state_dict()
    try:
        # Shapes only: nothing is drawn that the reference's weights would replace.
        with torch.device("meta"):
            blank = family.build(reference, tensors)
    except (KeyError, AttributeError) as error:
        raise ValueError(
            f"{name}: expected a plain member of the family, which has {error}"
        ) from error
    names = rename_tensors(tensors, blank.state_dict(), family)

    probe = _in_float64(reference).eval()
    twin = copy.deepcopy(blank).eval()
    # The twin holds the probe's own tensors: what is drawn for one is drawn for both.
    twin.load_state_dict(
        {names[name]: tensor for name, tensor in probe.state_dict().items()}, assign=True
    )
    largest = 0.0
    for weights in ("its own", "random"):
        if weights == "random":
            randomise(probe)
        differs, moves = largest_difference(twin, probe, family)
        if weights == "random" and moves < 1e-3:
            raise ValueError(
                f"{name}: expected outputs that depend on the input, got a movement of {moves:.1e}"
            )
        if differs > TOLERANCE:
            raise ValueError(
                f"{name}: every tensor has its place, but with {weights} weights "
                f"the outputs differ by {differs:.1e}"
                f" (expected at most {TOLERANCE:.0e}): the reference computes something else"
            )
        largest = max(largest, differs)

    del probe, twin  # of VGG-19 1.1 GB in float64, which need not stand beside the copies
    copies = {names[name]: tensor.clone() for name, tensor in tensors.items()}
    blank.load_state_dict(copies, assign=True)
    return blank.train(reference.training), PortReport(name, names, largest)


@torch.no_grad()
def block_differences(
    ours: nn.Module, reference: nn.Module, images: Tensor
) -> list[tuple[str, float]]:
    """Compare what every block gives out, from the first to the logits.

    Parameters
    ----------
    ours, reference
        A pair from `from_reference`, perhaps one of them broken on purpose; of one dtype. Both run
        in eval mode and get their modes back.
    images
        (B, C, H, W) in that dtype.

    Returns
    -------
    list[tuple[str, float]]
        (our name, difference relative to max(1, largest reference value)) in order, the last
        one named "logits".
    """
    family = family_of(reference)[1]
    names = {
        name: family.rename(name)
        for name, _ in reference.named_modules()
        if re.fullmatch(family.blocks, name)
    }
    with eval_mode(reference), eval_mode(ours):
        theirs = module_outputs(reference, names, images)
        mine = module_outputs(ours, names.values(), images)
    rows = [
        (names[name], difference(mine[names[name]], output))
        for name, output in theirs.items()
        if name
    ]
    return [*rows, ("logits", difference(mine[""], theirs[""]))]
