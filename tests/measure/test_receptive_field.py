"""Receptive fields: the published sizes, and that the gradient stays within them."""

from math import inf

import numpy as np
import pytest
import timm
import torch
import torchvision
from torch import nn

from helpers.measure.receptive_field import (
    Field,
    Layer,
    effective_field,
    fields_by_layer,
    growth_exponent,
    meet,
    on_grid,
    output_of,
    receptive_field,
    side_holding,
    spread,
)
from helpers.models.lenet import LeNet5
from helpers.models.resnet import ResNet
from helpers.models.vgg import VGG
from helpers.models.vit import ViT
from helpers.models.xception import Xception


def bottleneck_stages(stride_on_first: bool) -> list[Field]:
    """ResNet-50 by hand, the field after each stage; the stride sits on the first 1 x 1 or on the 3 x 3."""
    layers, ends = [Layer(7, 2), Layer(3, 2)], []
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 0 else 1
            layers += [Layer(1, stride if stride_on_first else 1), Layer(3, 1 if stride_on_first else stride), Layer(1)]
        ends.append(len(layers) - 1)
    fields = receptive_field(layers)
    return [fields[end] for end in ends]


def test_recursion_by_hand() -> None:
    assert receptive_field([Layer(3)] * 3) == [Field(3, 1), Field(5, 1), Field(7, 1)]
    assert receptive_field([Layer(3, 2), Layer(3, dilation=2)]) == [Field(3, 2), Field(11, 2)]
    assert receptive_field([Layer(5), Layer(2, 2), Layer(5), Layer(2, 2)])[-1] == Field(16, 4)  # LeNet-5


def test_resnet50_sees_427_pixels_or_483_as_first_published() -> None:
    assert [field.size for field in bottleneck_stages(stride_on_first=False)] == [35, 91, 267, 427]
    assert bottleneck_stages(stride_on_first=True)[-1] == Field(483, 32)


@pytest.mark.parametrize(
    ("build", "size", "channels", "layer", "field"),
    [
        (LeNet5, 32, 1, "features.5", (16, 4)),
        (VGG, 224, 3, "features.28", (196, 16)),
        (VGG, 224, 3, "features.30", (212, 32)),
        (ResNet, 224, 3, "stages.0.2.convolutions.4.0", (35, 4)),
        (ResNet, 224, 3, "stages.2.5.convolutions.4.0", (267, 16)),
        (ResNet, 224, 3, "stages.3.2.convolutions.4.0", (427, 32)),
        (torchvision.models.resnet50, 224, 3, "layer4.2.conv3", (427, 32)),
        (Xception, 299, 3, "exit.4.pointwise", (1083, 32)),
        (lambda: timm.create_model("legacy_xception"), 299, 3, "conv4.pointwise", (1083, 32)),
        (lambda: ViT(depth=2), 224, 3, "patches.projection", (16, 16)),
        (lambda: ViT(depth=2), 224, 3, "blocks.0.attention", (inf, 16)),
    ],
)
def test_fields_of_networks_are_the_published_ones(build, size: int, channels: int, layer: str, field: tuple) -> None:
    with torch.device("meta"):
        model = build()
    found = fields_by_layer(model, size, channels)[layer]
    assert (found.size, found.jump) == field


def test_residual_paths_keep_the_largest_field() -> None:
    assert meet([Field(7, 2), Field(3, 2)]) == Field(7, 2)
    with pytest.raises(ValueError, match="one jump"):
        meet([Field(7, 2), Field(3, 1)])

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.narrow, self.after = nn.Conv2d(3, 4, 7, padding=3), nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.after(self.narrow(x) + self.wide(x))

    assert fields_by_layer(Residual(), 16)["after"] == Field(9, 1)


def test_a_mean_over_the_map_sees_everything() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.first(x)
            return self.second(x * x.mean(dim=(2, 3), keepdim=True))

    assert fields_by_layer(Gated(), 16) == {"first": Field(3, 1), "second": Field(inf, 1)}


def linear_stack(depth: int, channels: int = 16) -> nn.Sequential:
    layers = [nn.Conv2d(1 if i == 0 else channels, channels, 3, padding=1, bias=False) for i in range(depth)]
    for layer in layers:
        nn.init.normal_(layer.weight, std=(9 * layer.in_channels) ** -0.5)
    return nn.Sequential(*layers)


def test_gradient_stays_inside_the_theoretical_field() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 8, 3))
    size = fields_by_layer(model, 33, 1)["4"].size
    share = effective_field(model, "4", torch.randn(8, 1, 33, 33))
    rows, columns = np.nonzero(share)
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == size == 9
    assert share.sum() == pytest.approx(1)


@pytest.mark.parametrize("depth", [4, 12])
def test_effective_field_of_random_layers_is_a_random_walk(depth: int) -> None:
    """Standard deviation sqrt(2 n / 3) for n random 3 x 3 layers, while the field grows as 2 n + 1."""
    torch.manual_seed(depth)
    share = sum(
        effective_field(linear_stack(depth), str(depth - 1), torch.zeros(4, 1, 41, 41), seed) for seed in range(8)
    )
    assert spread(share) == pytest.approx((2 * depth / 3) ** 0.5, rel=0.1)
    assert side_holding(share) < 2 * depth + 1


def test_growth_exponent_tells_a_walk_from_a_march() -> None:
    depths = np.array([2, 4, 8, 16])
    assert growth_exponent(depths, np.sqrt(2 * depths / 3)) == pytest.approx(0.5)
    assert growth_exponent(depths, 0.5 * depths) == pytest.approx(1)


def test_spread_and_side_of_known_shapes() -> None:
    box = np.zeros((21, 21))
    box[5:14, 5:14] = 1  # 9 x 9 pixels, variance (81 - 1) / 12 in each direction
    assert spread(box) == pytest.approx((80 / 12) ** 0.5)
    assert side_holding(box, 1.0) == 9
    assert side_holding(box, 25 / 81) == 5
    point = np.zeros((5, 5))
    point[1, 3] = 2
    assert (spread(point), side_holding(point)) == (0, 1)


def test_a_vit_reads_its_own_patch_first_and_all_patches_after_one_block() -> None:
    torch.manual_seed(0)
    model = ViT(32, 8, 10, embed_dim=32, depth=2, num_heads=2).eval()
    images = torch.randn(2, 3, 32, 32)
    assert np.count_nonzero(effective_field(model, "patches", images)[16:24, 16:24]) == 64
    assert np.count_nonzero(effective_field(model, "patches", images)) == 64
    assert np.count_nonzero(effective_field(model, "blocks.0", images)) == 32 * 32


def test_outputs_are_kept_before_a_relu_in_place_and_nothing_after_is_computed() -> None:
    class Bomb(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("computed")

    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), Bomb())
    images = torch.randn(2, 1, 8, 8)
    output = output_of(model, "0", images)
    assert (output < 0).any()
    assert torch.equal(output, model[0](images))
    assert not model[0]._forward_hooks


def test_tokens_go_on_their_grid_without_the_class_token() -> None:
    tokens = torch.arange(10.0)[None, :, None]
    assert on_grid(tokens, (24, 24))[0, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert torch.equal(on_grid(tokens[:, 1:], (24, 24)), on_grid(tokens, (24, 24)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: receptive_field([Layer(3, 0)]), "at least 1, got"),
        (lambda model: output_of(model, "7", torch.zeros(1, 1, 8, 8)), "expected one of 0, 1; got '7'"),
        (lambda model: effective_field(model.requires_grad_(False), "1", torch.zeros(1, 1, 8, 8)), "gradient"),
        (lambda model: on_grid(torch.zeros(1, 15, 2), (32, 32)), "shape of the image, 32 x 32, .*got 15 tokens"),
        (lambda model: on_grid(torch.zeros(1, 15), (32, 32)), r"got \(1, 15\)"),
        (lambda model: spread(np.zeros((4, 4))), "non-negative"),
        (lambda model: side_holding(np.ones((4, 4)), 95), r"\(0, 1\], got 95"),
        (lambda model: growth_exponent(np.array([1]), np.array([2.0])), "at least 2"),
        (lambda model: growth_exponent(np.array([1, 2]), np.array([0.0, 1])), "positive numbers"),
        (lambda model: fields_by_layer(nn.ConvTranspose2d(3, 1, 2), 8), "not transposed"),
    ],
)
def test_bad_input_names_expected_and_received(call, message: str) -> None:
    class Dead(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 0

    with pytest.raises(ValueError, match=message):
        call(nn.Sequential(nn.Conv2d(1, 2, 3), Dead()))


@pytest.mark.parametrize(("image_size", "grid"), [((16, 64), (4, 16)), ((64, 16), (16, 4)), ((32, 32), (8, 8))])
def test_tokens_stand_on_the_grid_of_their_image(image_size: tuple[int, int], grid: tuple[int, int]) -> None:
    """64 patches behind a class token: which grid they make is the image's to say."""
    tokens = torch.arange(65.0).view(1, 65, 1)
    placed = on_grid(tokens, image_size)[0, 0]
    assert placed.shape == grid
    assert torch.equal(placed, torch.arange(1.0, 65).view(grid))
