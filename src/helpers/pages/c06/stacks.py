"""Stacks of 3 x 3 convolutions on small digits: plain or residual, with or without batch norm, shared or fresh weights.

He, Zhang, Ren and Sun (CVPR 2016), section 3. A *residual* layer adds what it computes to what came in; a *recurrent*
stack applies one and the same layer again and again. The two words are mixed up often; here they are two arguments.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 16  # channels of every layer


class Layer(nn.Module):
    """ReLU(BN(conv(x))), or with `residual` x + BN(conv(ReLU(x))): (B, C, H, W) -> same.

    Parameters
    ----------
    residual
        Whether the input is added.
    norm
        Whether batch norm follows the convolution.
    """

    def __init__(self, residual: bool, norm: bool) -> None:
        super().__init__()
        self.residual = residual
        self.convolution = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(WIDTH) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.residual:
            return x + self.norm(self.convolution(F.relu(x)))
        return F.relu(self.norm(self.convolution(x)))


class Stack(nn.Module):
    """A stem, `depth` layers, mean over pixels, one linear layer: (B, 1, H, W) -> logits (B, 10).

    Parameters
    ----------
    depth
        How many layers x passes.
    residual, norm
        As in `Layer`.
    recurrent
        One layer for all steps, in place of one a step.
    gain
        Every convolution of a layer starts as He's normal weights times this; None keeps PyTorch's start, which is
        sqrt(6) times smaller.

    Raises
    ------
    ValueError
        For a depth below 1.
    """

    def __init__(
        self,
        depth: int,
        residual: bool = False,
        norm: bool = False,
        recurrent: bool = False,
        gain: float | None = None,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"depth: expected at least 1, got {depth}")
        self.depth, self.recurrent = depth, recurrent
        self.stem = nn.Conv2d(1, WIDTH, 3, padding=1)
        self.layers = nn.ModuleList(Layer(residual, norm) for _ in range(1 if recurrent else depth))
        self.head = nn.Linear(WIDTH, 10)
        if gain is not None:
            for weight in (p for name, p in self.layers.named_parameters() if name.endswith("convolution.weight")):
                nn.init.kaiming_normal_(weight, nonlinearity="relu")
                weight.data *= gain

    def states(self, images: Tensor) -> list[Tensor]:
        """What every layer receives, and last what the head receives: depth + 1 maps (B, C, H, W)."""
        maps = [self.stem(images)]
        for step in range(self.depth):
            maps.append(self.layers[0 if self.recurrent else step](maps[-1]))
        return maps

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, H, W) -> logits (B, 10)."""
        return self.head(self.states(images)[-1].mean(dim=(2, 3)))


def gradient_sizes(stack: Stack, images: Tensor, labels: Tensor) -> list[float]:
    """Norm of the loss's gradient at the input of each layer, from the first to the head: depth + 1 numbers."""
    maps = stack.states(images)
    for one in maps:
        one.retain_grad()
    F.cross_entropy(stack.head(maps[-1].mean(dim=(2, 3))), labels).backward()
    sizes = [float(one.grad.norm()) for one in maps if one.grad is not None]
    stack.zero_grad()
    return sizes


def train(stack: nn.Module, images: Tensor, labels: Tensor, epochs: int, rate: float, seed: int = 0) -> list[float]:
    """Adam on batches of 50 in an order of its own: the loss of every step."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(stack.parameters(), lr=rate)
    losses = []
    stack.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # the same numbers, sooner
    for _ in range(epochs):
        stack.train()
        for batch in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            loss = F.cross_entropy(stack(images[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    stack.eval()
    return losses


def per_layer(sizes: list[float]) -> float:
    """By what factor the gradient changes a layer on its way down, as a geometric mean."""
    ratios = [low / high for low, high in pairwise(sizes)]
    return float(torch.tensor(ratios).log().mean().exp())
