"""The twelve networks: of about one size, alive at both image sizes, built by their seed alone."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.pages.l02.networks import NETWORKS, ResNetLike, build


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [32, 64])
def test_every_network_starts_with_a_guess_and_takes_both_sizes(name, size):
    model = build(name, 10, size, seed=0)
    images = torch.randn(16, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = model(images)
        loss = F.cross_entropy(logits, torch.arange(16) % 10)
    assert logits.shape == (16, 10)
    assert loss.item() == pytest.approx(math.log(10), abs=0.8)


def test_all_but_lenet_have_about_a_million_parameters_at_64_pixels():
    counts = {name: sum(p.numel() for p in build(name, 20, 64, seed=0).parameters()) for name in NETWORKS}
    assert counts.pop("lenet") < 100_000
    assert min(counts.values()) > 950_000
    assert max(counts.values()) < 1_450_000


def test_the_seed_draws_the_weights_and_nothing_else_does():
    torch.manual_seed(5)
    before = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = (build("convnext_mini", 3, 32, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.rand(1), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.head.weight, other.head.weight)


def test_what_the_drawn_networks_are_made_of():
    """AlexNet's large kernels and overlapping pools; VGG's 3 x 3 alone; nothing normalises before ResNet."""
    kernels = {
        name: {m.kernel_size[0] for m in build(name, 4, 64, seed=0).modules() if isinstance(m, nn.Conv2d)}
        for name in ("alexnet_like", "vgg_like", "resnet_like")
    }
    assert kernels == {"alexnet_like": {5, 3}, "vgg_like": {3}, "resnet_like": {3, 1}}
    norms = {n: any(isinstance(m, nn.BatchNorm2d) for m in build(n, 4, 64, seed=0).modules()) for n in kernels}
    assert norms == {"alexnet_like": False, "vgg_like": False, "resnet_like": True}
    maps = ResNetLike(4).stages(torch.zeros(1, 32, 32, 32))
    assert maps.shape == (1, 128, 8, 8)


def test_what_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="expected one of mlp, lenet"):
        build("alexnet", 3, 32, seed=0)
    with pytest.raises(ValueError, match=r"expected one of \(32, 64\) pixels, got 48"):
        build("mlp", 3, 48, seed=0)
