r"""Is attention an explanation? Both sides' experiments, in small, on the last block of a ViT.

Against (Jain and Wallace, NAACL 2019): other weights, the same answer. The weights of the class token's last look are
shuffled, made uniform, taken from another picture, or searched for: as far as possible from the real ones, by the
Jensen-Shannon divergence, while the answer moves by less than 0.01 in total variation. For (Wiegreffe and Pinter, EMNLP
2019): hand the weights to a reader that cannot mix words (here, patches) itself; do they help it more than equal ones?
"""

import copy
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from helpers.layers.attention import split_heads
from helpers.layers.patches import patchify
from helpers.measure.attention_maps import attention_weights

ALLOWED, PENALTY = 0.01, 500.0  # total variation that an impostor may cost, and what more of it weighs
HIDDEN = 256  # units of the reader without attention


def last_look(model: Any, images: Tensor) -> tuple[Tensor, Tensor]:
    """What enters the last block, (B, N, D), and the class token's weights there, (B, h, N)."""
    with torch.no_grad():
        x = model.embed(images)
        for block in model.blocks[:-1]:
            x = block(x)  # (B, N, D)
        _, weights = model.blocks[-1](x, return_attention=True)
    return x, weights[:, :, 0]


def answer_with(model: Any, x: Tensor, weights: Tensor) -> Tensor:
    """The probabilities when the class token looks with other weights, (B, N, D), (B, h, N) -> (B, K)."""
    block = model.blocks[-1]
    _, _, value = block.attention.project(block.norm1(x), None)
    value = split_heads(value, block.attention.num_heads)  # (B, h, N, d)
    read = torch.einsum("bhn,bhnd->bhd", weights, value).flatten(1)  # (B, D)
    token = x[:, 0] + block.attention.output(read)
    token = token + block.mlp(block.norm2(token))
    return model.head(model.norm(token)).softmax(-1)


def with_equal_weights(model: Any, blocks: int | None = None) -> Any:
    """A copy whose first `blocks` blocks (None: all) look everywhere alike: queries of 0 make all scores 0."""
    changed = copy.deepcopy(model)
    for block in changed.blocks[:blocks]:
        D = block.attention.embed_dim
        block.attention.qkv.weight[:D] = 0
        block.attention.qkv.bias[:D] = 0
    return changed


def shuffled(weights: Tensor, seed: int) -> Tensor:
    """The weights of the patches in another order, one order a picture for all heads; the class token keeps its own."""
    rng = torch.Generator().manual_seed(seed)
    B, h, N = weights.shape
    order = torch.rand(B, 1, N - 1, generator=rng).argsort(-1).expand(B, h, N - 1)
    return torch.cat([weights[..., :1], weights[..., 1:].gather(-1, order)], dim=-1)


def divergence(a: Tensor, b: Tensor) -> Tensor:
    r"""Jensen-Shannon divergence of distributions, mean over heads, (B, h, N) twice -> (B,); at most $\ln 2$."""
    middle = ((a + b) / 2).clamp_min(1e-12)
    halves = [(p * (p.clamp_min(1e-12) / middle).log()).sum(-1) for p in (a, b)]
    return ((halves[0] + halves[1]) / 2).mean(1)


def total_variation(a: Tensor, b: Tensor) -> Tensor:
    """Half the sum of the differences of probabilities, (B, K) twice -> (B,)."""
    return (a - b).abs().sum(-1) / 2


def impostor(model: Any, x: Tensor, weights: Tensor, steps: int = 150, seed: int = 0) -> Tensor:
    """Weights far from the real ones that keep the answer, searched for by Adam, (B, N, D), (B, h, N) -> (B, h, N).

    Where the best of the search still moves the answer by more than `ALLOWED`, the real weights come back.
    """
    target = answer_with(model, x, weights).detach()
    noise = torch.randn(weights.shape, generator=torch.Generator().manual_seed(seed))
    logits = (weights.clamp_min(1e-6).log() + noise / 2).requires_grad_(True)
    optimiser = torch.optim.Adam([logits], lr=0.1)
    best, furthest = weights.clone(), torch.zeros(len(weights))
    for _ in range(steps):
        tried = logits.softmax(-1)
        far, cost = divergence(tried, weights), total_variation(answer_with(model, x, tried), target)
        better = (cost <= ALLOWED) & (far > furthest)
        best[better], furthest[better] = tried.detach()[better], far.detach()[better]
        loss = (PENALTY * (cost - ALLOWED).clamp_min(0) - far).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return best


def guided_reader(model: Any, lesson: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> dict[str, np.ndarray]:
    """Who reads better with the weights of a ViT: which test pictures a reader without attention names, bool (n,).

    Every patch passes one fixed layer of random weights and a ReLU, alone; the patches are averaged with weights; a
    linear layer is fitted to the result. The weights are equal ones, those of the ViT's last look (mean of the heads),
    the same shuffled over the patches, or those of the next picture.
    """
    rng = torch.Generator().manual_seed(0)
    mix, bias = torch.randn(192, HIDDEN, generator=rng) / 192**0.5, torch.rand(HIDDEN, generator=rng) - 0.5
    sides = {}
    for part, (images, _) in (("lesson", lesson), ("test", test)):
        hidden = (patchify(images, 8) @ mix + bias).relu()  # (n, 64, HIDDEN)
        look = torch.cat([attention_weights(model, some)[-1][:, :, :1].mean(1) for some in images.split(120)])
        moved = shuffled(look, 1)[:, 0, 1:]
        weights = look[:, 0, 1:]  # (n, 64)
        choices = {"equal": torch.ones_like(weights), "the ViT's": weights, "the ViT's, shuffled": moved}
        choices["the next picture's"] = weights.roll(1, 0)
        sides[part] = {
            name: torch.einsum("np,npd->nd", w / w.sum(1, keepdim=True), hidden) for name, w in choices.items()
        }
    right = {}
    for name, seen in sides["lesson"].items():
        mean, scale = seen.mean(0), seen.std(0) + 1e-6
        fit = LogisticRegression(C=0.1, max_iter=300).fit(((seen - mean) / scale).numpy(), lesson[1])
        right[name] = fit.predict(((sides["test"][name] - mean) / scale).numpy()) == test[1].numpy()
    return right
