"""Small tests of a ViT. Each takes a network in evaluation mode and says True where it does what a ViT must.

The first three are the ones that everybody runs. The others each ask for one property of the paper's network, of
weights that `loud` has drawn: beside fresh ones, of deviation 0.02 and with biases of 0, it can be too faint to see.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.models.parity import difference, randomise
from helpers.models.vit import ViT

Check = Callable[..., bool]
P, SIDE, CLASSES = 8, 32, 10  # of the sealed networks: patches, image, classes
ROUNDING, CLEAR = 1e-9, 1e-3  # float64 agrees far below the one; what must differ does so far above the other
FIRST, HEART, HEART_STEPS = 0.1, 0.25, 12  # first loss within 0.1 of ln K; after 12 steps below a quarter of it


def noise(count: int, seed: int = 0) -> Tensor:
    """Images of noise, (B, 3, 32, 32) float32; they tell as much as photographs where no accuracy is asked."""
    return torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def loud(net: Any) -> Any:
    """The network in evaluation and float64, every parameter drawn at a scale that hides nothing; see `randomise`."""
    randomise(net.double().eval())
    return net


def fresh(net: Any) -> Any:
    """The network in evaluation and float64, its first weights as they are."""
    return net.double().eval()


Ready = Callable[[Any], Any]  # what is done to a network before it is asked


def same(a: Tensor, b: Tensor) -> bool:
    """Equal up to rounding."""
    return difference(a, b) < ROUNDING


# ------------------------------------------------------------------------------------------ what everybody tests


def right_shape(net: ViT) -> bool:
    """Three images give three rows of K logits."""
    return net(noise(3)).shape == (3, CLASSES)


def first_loss(net: ViT) -> bool:
    """Fresh weights know nothing: the loss is ln K."""
    labels = torch.arange(60) % CLASSES
    return abs(F.cross_entropy(net(noise(60)), labels).item() - math.log(CLASSES)) < FIRST


def by_heart(net: nn.Module, steps: int = HEART_STEPS) -> list[float]:
    """The losses of so many steps on one batch of ten images of noise, one of each class."""
    images, labels, losses = noise(CLASSES), torch.arange(CLASSES), []
    optimizer = torch.optim.AdamW(net.train().parameters(), lr=6e-3)
    torch.manual_seed(0)
    for _ in range(steps):
        loss = F.cross_entropy(net(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def loss_falls(net: ViT) -> bool:
    """It can learn one batch by heart: the loss falls below a quarter of ln K."""
    with torch.enable_grad():
        return by_heart(net)[-1] < HEART * math.log(CLASSES)


# --------------------------------------------------------------------------------------------- what a ViT must do


def counted(net: ViT, ready: Ready = fresh) -> bool:
    """As many parameters as the paper's formulas say."""
    D, L, N = net.head.in_features, len(net.blocks), 1 + (SIDE // P) ** 2
    block = 4 * D + (3 * D * D + 3 * D) + (D * D + D) + (8 * D * D + 5 * D)  # norms; q, k, v; projection; MLP
    ends = (3 * P * P * D + D) + D + N * D + 2 * D + (D * CLASSES + CLASSES)  # patches, class, positions, norm, head
    return sum(parameter.numel() for parameter in net.parameters()) == L * block + ends


def asked_twice(net: ViT, ready: Ready = loud) -> bool:
    """In evaluation the same question has the same answer."""
    net, images = ready(net), noise(2).double()
    return same(net(images), net(images))


def alone_or_in_company(net: ViT, ready: Ready = loud) -> bool:
    """What it says of an image does not depend on the other images of the batch."""
    net, images = ready(net), noise(4).double()
    return same(net(images)[:1], net(images[:1]))


def places_matter(net: ViT, ready: Ready = loud) -> bool:
    """The same patches in another order are another image."""
    net, images = ready(net), noise(2).double()
    patches = images.unfold(2, P, P).unfold(3, P, P).flatten(2, 3)  # (B, 3, G G, P, P)
    order = torch.arange(patches.shape[2]).roll(5)
    moved = patches[:, :, order].unflatten(2, (SIDE // P, SIDE // P))  # (B, 3, G, G, P, P)
    moved = moved.transpose(3, 4).reshape(images.shape)
    return difference(net(moved), net(images)) > CLEAR


def positions_reach_every_token(net: Any, ready: Ready = loud) -> bool:
    """Shake the whole table of positions: every token that enters the first block moves, the class token too."""
    net, images = ready(net), noise(1).double()
    before, table = net.embed(images), net.positions.table
    shaken = torch.randn(table.shape, dtype=table.dtype, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        table += shaken
    moved = (net.embed(images) - before).abs().amax(dim=(0, 2))  # (N,)
    return bool((moved > CLEAR).all())


def one_bright_patch(net: ViT, ready: Ready = loud) -> bool:
    """Light up the seventh patch: the seventh token after the class token changes, and no other."""
    net, dark = ready(net), torch.zeros(1, 3, SIDE, SIDE, dtype=torch.float64)
    bright = dark.clone()
    bright[:, :, P : 2 * P, 2 * P : 3 * P] = 1.0  # second row, third column
    moved = (net.embed(bright) - net.embed(dark)).abs().amax(dim=(0, 2)) > ROUNDING  # (N,)
    return moved.nonzero().flatten().tolist() == [1 + 4 + 2]


def raised_stream(net: ViT, ready: Ready = loud) -> bool:
    """Add 5 to everything that enters a block: 5 more comes out, since both branches begin with a norm."""
    block = ready(net).blocks[0]
    x = torch.randn(2, 7, net.head.in_features, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return difference(block(x + 5), block(x) + 5) < 1e-6  # eps of the norm is rounding here


def unit_scores(net: Any, ready: Ready = loud) -> bool:
    """Queries and keys of variance 1 have scores of variance 1, at this width and at twice the width."""
    twice = net.resized(embed_dim=2 * net.head.in_features)
    return all(0.7 < score_variance(ready(one)) < 1.4 for one in (net, twice))


def score_variance(net: Any) -> float:
    """The variance of the scores over the keys, for queries and keys that are drawn with variance 1."""
    attention, D = net.blocks[0].attention, net.head.in_features
    nn.init.normal_(attention.qkv.weight, std=D**-0.5, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(attention.qkv.bias)
    tokens = torch.randn(8, 50, D, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    _, weights = attention(tokens, return_weights=True)  # (B, h, N, N)
    scores = weights.log()  # softmax forgets one constant a row, which the variance does not see
    return scores.var(dim=-1).mean().item()


def gradients_arrive(net: ViT, ready: Ready = loud) -> bool:
    """Every parameter gets a gradient, but the keys' biases, which add one number to a whole row of scores."""
    net = ready(net)
    with torch.enable_grad():
        F.cross_entropy(net(noise(4).double()), torch.arange(4)).backward()
    for name, parameter in net.named_parameters():
        if parameter.grad is None:
            return False
        mixed = name.endswith("qkv.bias")  # queries, keys, values
        parts, expected = (parameter.grad.chunk(3), [True, False, True]) if mixed else ([parameter.grad], [True])
        if [part.abs().max().item() > ROUNDING for part in parts] != expected:
            return False
    return True


POPULAR: dict[str, Check] = {
    "right shape": right_shape,
    "first loss is ln K": first_loss,
    "learns a batch by heart": loss_falls,
}
OURS: dict[str, Check] = {
    "counted": counted,
    "asked twice": asked_twice,
    "alone or in company": alone_or_in_company,
    "places matter": places_matter,
    "positions reach every token": positions_reach_every_token,
    "one bright patch": one_bright_patch,
    "raised stream": raised_stream,
    "unit scores": unit_scores,
    "gradients arrive": gradients_arrive,
}
