"""Our ViT with one fault, or none, built in: nine networks behind nine letters.

`Suspect` is `helpers.models.vit.ViT` with its attention written out, so that every fault has one line of its own. Each
line says which mistake it is. Two faults change the shape of a tensor; six leave names, shapes and counts as they were.

Nothing in Python can be sealed against someone who opens the file: this one holds the answers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_uppercase
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.layers.attention import merge_heads, split_heads
from helpers.layers.positions import LearnedPositions
from helpers.models.vit import Block, ViT, init_weights

SOUND = "sound"
SIZE: dict[str, Any] = {
    "image_size": 32,
    "patch_size": 8,
    "num_classes": 10,
    "embed_dim": 64,
    "depth": 3,
    "num_heads": 4,
}
DROPPED = 0.1  # the rate of the dropout that is never switched off


@dataclass(frozen=True)
class Fault:
    """What is wrong: its short name, where it sits, and how one comes to write it."""

    name: str
    place: str
    story: str


FAULTS: dict[str, Fault] = {
    SOUND: Fault("nothing", "–", "every line as in the paper"),
    "late_class": Fault(
        "class token without a position",
        "embedding",
        "positions are added to the patches, then the class token is put in front",
    ),
    "wide_keys": Fault(
        "heads as wide as the model",
        "attention",
        "the width of queries, keys and values is set to D in every head, where D/h is meant; the projection follows",
    ),
    "no_scale": Fault("scale left out", "attention", "softmax(Q Kᵀ), without the division by √d"),
    "post_norm": Fault("post-norm unasked", "block", "the norm after the sum, as in the Transformer of translation"),
    "flatten": Fault(
        "reshaped, not transposed", "patches", "(B, D, G²) is reshaped to (B, G², D), where its axes must be exchanged"
    ),
    "batch_mean": Fault("mean over the batch axis", "last norm", "a LayerNorm by hand that takes its mean over axis 0"),
    "dropout_on": Fault(
        "dropout left on in evaluation", "block", "F.dropout(x, 0.1) drops in evaluation too: its default is to train"
    ),
    "no_positions": Fault("no positions", "embedding", "the table of positions is made, and never added"),
}
LETTERS = tuple(ascii_uppercase[: len(FAULTS)])


class SuspectAttention(nn.Module):
    """Multi-head self-attention written out: softmax(Q K^T / sqrt(d)) V; see `helpers.layers.attention`."""

    def __init__(self, embed_dim: int, num_heads: int, fault: str) -> None:
        super().__init__()
        self.num_heads = num_heads
        d = embed_dim // num_heads
        if fault == "wide_keys":
            d = embed_dim  # "the key's width" read as the model's: h times the parameters of the attention
        self.qkv = nn.Linear(embed_dim, 3 * num_heads * d)
        self.output = nn.Linear(num_heads * d, embed_dim)
        self.scale = d**-0.5
        if fault == "no_scale":
            self.scale = 1.0  # the formula as one remembers it

    def forward(self, tokens: Tensor, return_weights: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D) -> (B, N, D), and on request the weights (B, h, N, N)."""
        query, key, value = (split_heads(x, self.num_heads) for x in self.qkv(tokens).chunk(3, dim=-1))  # (B, h, N, d)
        weights = (self.scale * query @ key.transpose(-2, -1)).softmax(dim=-1)  # (B, h, N, N)
        attended = self.output(merge_heads(weights @ value))  # (B, N, D)
        return (attended, weights) if return_weights else attended


class SuspectBlock(Block):
    """An encoder block, norms first unless that is its fault."""

    def __init__(self, embed_dim: int, num_heads: int, fault: str) -> None:
        super().__init__(embed_dim, num_heads)
        self.attention = SuspectAttention(embed_dim, num_heads, fault)  # type: ignore[assignment]
        self._post_norm, self._drops = fault == "post_norm", fault == "dropout_on"

    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D) -> (B, N, D), and on request the weights (B, h, N, N)."""
        if self._post_norm:  # z' = LN(z + MSA(z)), then LN(z' + MLP(z')): what chapter 9 does, and a ViT does not
            attended, weights = self.attention(x, return_weights=True)  # (B, N, D), (B, h, N, N)
            x = self.norm1(x + attended)
            x = self.norm2(x + self.mlp(x))
        else:
            attended, weights = self.attention(self.norm1(x), return_weights=True)
            x = x + self._dropped(attended)
            x = x + self._dropped(self.mlp(self.norm2(x)))
        return (x, weights) if return_attention else x

    def _dropped(self, branch: Tensor) -> Tensor:
        return F.dropout(branch, DROPPED) if self._drops else branch  # `training=self.training` is missing


class LastNorm(nn.LayerNorm):
    """LayerNorm written by hand, (B, D) -> (B, D)."""

    def __init__(self, embed_dim: int, fault: str) -> None:
        super().__init__(embed_dim, eps=1e-6)
        self._axis = 0 if fault == "batch_mean" else -1  # axis 0 holds the images of the batch

    def forward(self, x: Tensor) -> Tensor:
        """(B, D) -> (B, D)."""
        x = x - x.mean(dim=self._axis, keepdim=True)
        return x / (x.square().mean(dim=-1, keepdim=True) + self.eps).sqrt() * self.weight + self.bias


class Suspect(ViT):
    """A ViT with one fault of `FAULTS`; with "sound" it computes what `ViT` computes.

    Parameters
    ----------
    fault
        A key of `FAULTS`.
    title
        What its printed form says.
    size
        Arguments of `ViT`.

    Raises
    ------
    ValueError
        For a fault that there is not.
    """

    def __init__(self, fault: str, title: str = "a network", **size: Any) -> None:
        if fault not in FAULTS:
            raise ValueError(f"fault: expected one of {', '.join(FAULTS)}, got {fault!r}")
        super().__init__(**size)
        first: Any = self.blocks[0]
        D, h = self.head.in_features, first.attention.num_heads
        self._fault, self._title, self._size = fault, title, size
        self._spoilt: list[Callable[[Suspect], None]] = []
        self.blocks = nn.ModuleList(SuspectBlock(D, h, fault) for _ in self.blocks)
        self.norm = LastNorm(D, fault)
        if fault == "late_class":
            self.positions = LearnedPositions(self.positions.grid, D)  # a row for each patch, none for the class token
        self.blocks.apply(init_weights)

    def embed(self, images: Tensor) -> Tensor:
        """Equation 1, (B, 3, H, W) -> (B, N, D)."""
        x = self.patches(images)  # (B, G G, D)
        if self._fault == "flatten":  # the same numbers in the same shape, but a row is no patch any more
            x = x.transpose(1, 2).reshape(x.shape)  # (B, D, G G) -> (B, G G, D)
        token = self.class_token.expand(len(x), -1, -1)  # (B, 1, D)
        if self._fault == "late_class":
            return torch.cat([token, self.positions(x)], dim=1)
        x = torch.cat([token, x], dim=1)  # (B, N, D)
        if self._fault == "no_positions":
            return x  # the line `self.positions(x)` was forgotten
        return self.positions(x)

    def spoil(self, break_it: Callable[[Any], None]) -> Suspect:
        """Let a function break the network in place; the same network, which remembers it for `resized`."""
        break_it(self)
        self._spoilt.append(break_it)
        return self

    def resized(self, **size: Any) -> Suspect:
        """The same network, faults and spoiling included, with fresh weights at another size; arguments of `ViT`."""
        net = build(self._fault, title=self._title, **self._size | size).train(self.training)
        for break_it in self._spoilt:
            net.spoil(break_it)
        return net

    def __repr__(self) -> str:
        return f"<{self._title}, sealed>"


def build(fault: str, seed: int = 0, title: str = "a network", **size: Any) -> Suspect:
    """A fresh network whose first weights are those of every other one with this seed, wherever shapes agree.

    Parameters
    ----------
    fault
        A key of `FAULTS`.
    seed
        Of the first weights; the random state of the caller is left as it was.
    title
        What its printed form says.
    size
        Arguments of `ViT`; what is left out is taken from `SIZE`.
    """
    net = copy.deepcopy(_first(fault, seed, tuple(sorted((SIZE | size).items()))))
    net._title = title
    return net


@lru_cache(maxsize=64)
def _first(fault: str, seed: int, size: tuple[tuple[str, Any], ...]) -> Suspect:
    """Drawn once and then copied: the tests ask for hundreds of fresh networks."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = Suspect(fault, **dict(size))
    load_what_fits(net, _plain(seed, size))
    return net


@lru_cache(maxsize=8)
def _plain(seed: int, size: tuple[tuple[str, Any], ...]) -> dict[str, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ViT(**dict(size)).state_dict()


def load_what_fits(net: nn.Module, weights: dict[str, Tensor]) -> list[str]:
    """Load every tensor whose name and shape agree, as one does to silence an error; the names of those left out."""
    own = net.state_dict()
    fitting = {name: tensor for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    net.load_state_dict(fitting, strict=False)
    return [name for name in own if name not in fitting]


def deal(number: int) -> dict[str, str]:
    """Letter -> fault: which letter hides what is drawn by a number, so that it can be dealt anew."""
    keys = list(FAULTS)
    return {letter: keys[k] for letter, k in zip(LETTERS, np.random.default_rng(number).permutation(9), strict=True)}


def sealed_by(number: int) -> Callable[..., Suspect]:
    """The function that hands out the networks of a deal, `sealed("C")`, each time a fresh copy in evaluation mode."""
    hidden = deal(number)

    def sealed(letter: str, **size: Any) -> Suspect:
        """The network behind a letter; `size` as of `ViT`.

        Raises
        ------
        ValueError
            For a letter that hides nothing.
        """
        if letter not in hidden:
            raise ValueError(f"letter: expected one of {', '.join(hidden)}, got {letter!r}")
        return build(hidden[letter], title=f"network {letter}", **size).eval()

    return sealed
