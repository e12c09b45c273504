"""What a block does, before and after training: how much it adds to its input, and which gradient reaches it.

Both are measured in float64 on a copy, in eval mode: with gains of 1e-6 a block changes the seventh digit of its input.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from helpers.layers.layer_scale import LayerScale
from helpers.pages.l14.networks import blocks_of


def probe(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """Four numbers of each block, in the order of computation, from some images and their labels.

    With x the block's input, y its output, l the cross-entropy of one image:

    * `adds`: |y - x| / |x|, mean over images and tokens (of class attention the class token alone)
    * `stream`: |dl / dy| over all tokens of an image, mean over images
    * `weights`: norm of the gradient of the mean loss for all matrices of the block
    * `gain`: mean |g| over LayerScale's gains; None without LayerScale

    Parameters
    ----------
    model
        A network of `helpers.pages.l14.networks`; it is left as it was.
    images
        float (B, 3, S, S).
    labels
        int (B,).

    Returns
    -------
    dict
        Name -> list of L numbers.

    Raises
    ------
    ValueError
        Where the network answers with numbers that are not finite.
    """
    asked = copy.deepcopy(model).double().eval()
    device = next(asked.parameters()).device  # training may have moved it
    asked.zero_grad()
    with _passing(blocks_of(asked)) as passed:
        logits = asked(images.to(device).double())
    if not bool(torch.isfinite(logits).all()):
        raise ValueError("probe: expected finite logits, got NaN or infinity: these weights have diverged")
    cross_entropy(logits, labels.to(device)).backward()
    rows = [_row(block, x, y) for block, (x, y) in zip(blocks_of(asked), passed, strict=True)]
    return {name: [row[name] for row in rows] for name in rows[0]}


@contextmanager
def _passing(blocks: list[nn.Module]) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Inside, each forward pass notes the first input and the output of each block."""
    passed: list[tuple[Tensor, Tensor]] = []

    def note(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        output.retain_grad()
        passed.append((given[0].detach(), output))

    handles = [block.register_forward_hook(note) for block in blocks]
    try:
        yield passed
    finally:
        for handle in handles:
            handle.remove()


def _row(block: nn.Module, x: Tensor, y: Tensor) -> dict[str, float | None]:
    """The numbers of one block; x and y are (B, N, D), and y knows its gradient."""
    assert y.grad is not None
    adds = (y.detach() - x).norm(dim=-1) / x.norm(dim=-1)  # (B, N)
    per_image = len(y) * y.grad.flatten(1).norm(dim=1)  # the loss is a mean over B images, (B,)
    matrices = [p.grad.square().sum() for p in block.parameters() if p.ndim == 2 and p.grad is not None]
    gains = [module.gamma.detach().abs().mean() for module in block.modules() if isinstance(module, LayerScale)]
    return {
        "adds": float(adds.mean()),
        "stream": float(per_image.mean()),
        "weights": float(torch.stack(matrices).sum().sqrt()),
        "gain": float(torch.stack(gains).mean()) if gains else None,
    }
