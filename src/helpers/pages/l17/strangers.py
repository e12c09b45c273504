"""Faults that no test of lab 17 was written for: each is a function that breaks a sound network in place."""

from collections.abc import Callable
from types import MethodType
from typing import Any

from torch import Tensor, nn

from helpers.layers.attention import merge_heads, split_heads
from helpers.models.parity import TRAPS

Break = Callable[[Any], None]


def mean_of_the_patches(net: Any) -> None:
    """The head reads the mean of the patch tokens, not the class token."""
    net.classify = lambda x: net.head(net.norm(x[:, 1:].mean(dim=1)))  # (B, N, D) -> (B, K)


def relu(net: Any) -> None:
    """The MLPs bend with ReLU, as in the Transformer of translation."""
    for block in net.blocks:
        block.mlp.activation = nn.ReLU()


def softmax_over_queries(net: Any) -> None:
    """The shares that are given to a key sum to 1, not the shares that a query gives."""

    def forward(self: Any, tokens: Tensor, return_weights: bool = False) -> Any:
        query, key, value = (split_heads(x, self.num_heads) for x in self.qkv(tokens).chunk(3, dim=-1))  # (B, h, N, d)
        weights = (self.scale * query @ key.transpose(-2, -1)).softmax(dim=-2)  # (B, h, N, N); axis -1 is meant
        attended = self.output(merge_heads(weights @ value))  # (B, N, D)
        return (attended, weights) if return_weights else attended

    for block in net.blocks:
        block.attention.forward = MethodType(forward, block.attention)


def divisor_of_four(net: Any) -> None:
    """Scores are divided by 4, whatever the width of a head: right at width 16 and nowhere else."""
    for block in net.blocks:
        block.attention.scale = 1 / 4


def dropout_on(net: Any) -> None:
    """Dropout in evaluation too, as in the sealed network that has this fault alone."""
    for block in net.blocks:
        block._drops = True


STRANGERS: dict[str, Break] = {
    "mean of the patches, not the class token": mean_of_the_patches,
    "ReLU for GELU": relu,
    "softmax over the queries": softmax_over_queries,
    **{f"{name} (lab 6)": trap for name, trap in TRAPS.items()},
}
EXPECTED: dict[str, Break] = {"divisor fixed at 4": divisor_of_four}  # `unit_scores` asks at two widths because of it
