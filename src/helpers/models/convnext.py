"""ConvNeXt: a ResNet rebuilt with the habits of a Transformer, and nothing but convolutions.

Liu, Mao, Wu, Feichtenhofer, Darrell and Xie, "A ConvNet for the 2020s", CVPR 2022, figure 4. The
stem cuts the image into patches; a block looks at its neighbours (7 x 7, each channel alone),
then works on each pixel alone with the MLP of a Transformer; LayerNorm takes the place of batch
norm, GELU that of ReLU, one of each a block; between stages the map is halved apart from the
blocks. As in the released weights: LayerNorm eps 1e-6, exact GELU, LayerScale in every block, and
the norm before the head stands after the mean over pixels.

We add the choice of the stem's patch for small images; at `patch_size=4` this is the published
network.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from torch import Tensor, nn

from helpers.layers.drop_path import DropPath
from helpers.layers.layer_scale import LayerScale
from helpers.layers.mlp import TokenMLP
from helpers.shapes import check_shape

# T, S and B of the paper, stages in the ratio 1 : 1 : 3 : 1 or 1 : 1 : 9 : 1; `mini` is ours, for
# images of 64 px. Use: ConvNeXt(**CONVNEXT_CONFIGS["T"]).
CONVNEXT_CONFIGS: dict[str, dict[str, Any]] = {
    "T": {"depths": (3, 3, 9, 3), "widths": (96, 192, 384, 768)},
    "S": {"depths": (3, 3, 27, 3), "widths": (96, 192, 384, 768)},
    "B": {"depths": (3, 3, 27, 3), "widths": (128, 256, 512, 1024)},
    "mini": {"depths": (1, 1, 3, 1), "widths": (32, 64, 128, 256), "patch_size": 2},
}


def init_weights(module: nn.Module) -> None:
    """Small normal weights (std 0.02) and no bias, in convolutions and linear layers alike."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class MapNorm(nn.LayerNorm):
    """LayerNorm of a map: over the channels, at each pixel alone."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ConvNeXtBlock(nn.Module):
    """Look around, then think: y = x + gamma MLP(LN(depthwise 7 x 7 (x))), (B, C, H, W) -> same.

    Parameters
    ----------
    width
        Channels C; the MLP is 4 C wide.
    layer_scale
        First value of the gains gamma.
    drop_path
        Probability to skip the branch in training.
    """

    def __init__(self, width: int, layer_scale: float, drop_path: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, kernel_size=7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.mlp = TokenMLP(width, 4 * width)
        self.scale = LayerScale(width, layer_scale)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        branch = self.depthwise(x).movedim(1, -1)  # (B, H, W, C): linear layers want C last
        branch = self.scale(self.mlp(self.norm(branch)))  # (B, H, W, C)
        return x + self.drop_path(branch.movedim(-1, 1))


class ConvNeXt(nn.Module):
    """Classify an image: stem, four stages of blocks, mean over pixels, norm, one linear layer.

    Parameters
    ----------
    depths, widths
        Blocks and channels of each of the four stages, see `CONVNEXT_CONFIGS`.
    num_classes
        K.
    in_channels
        C of the images.
    patch_size
        Side of the stem's patches in pixels: 4 in the paper, 2 for small images.
    drop_path
        Probability to skip the last block; it grows linearly from 0 in the first.
    layer_scale
        First value of LayerScale's gains.

    Raises
    ------
    ValueError
        If there are not four stages, or the images have another number of channels.
    """

    def __init__(
        self,
        depths: Sequence[int] = (3, 3, 9, 3),
        widths: Sequence[int] = (96, 192, 384, 768),
        num_classes: int = 1000,
        in_channels: int = 3,
        patch_size: int = 4,
        drop_path: float = 0.0,
        layer_scale: float = 1e-6,
    ) -> None:
        super().__init__()
        for name, stages in {"depths": depths, "widths": widths}.items():
            if len(stages) != 4:
                raise ValueError(f"{name}: expected 4 stages, got {len(stages)}")
        self.in_channels = in_channels
        self.stem = nn.Sequential(  # 224 -> 56
            nn.Conv2d(in_channels, widths[0], kernel_size=patch_size, stride=patch_size),
            MapNorm(widths[0], eps=1e-6),
        )
        drops = [drop_path * i / max(1, sum(depths) - 1) for i in range(sum(depths))]
        ends = list(accumulate(depths))
        self.stages = nn.Sequential()
        before = widths[0]
        for depth, width, end in zip(depths, widths, ends, strict=True):
            halve: nn.Module = nn.Identity()
            if end > ends[0]:  # all but the first stage
                halve = nn.Sequential(
                    MapNorm(before, eps=1e-6), nn.Conv2d(before, width, kernel_size=2, stride=2)
                )
            blocks = [ConvNeXtBlock(width, layer_scale, drop) for drop in drops[end - depth : end]]
            stage = OrderedDict(halve=halve, blocks=nn.Sequential(*blocks))
            self.stages.append(nn.Sequential(stage))  # 56, 28, 14, 7
            before = width
        self.norm = nn.LayerNorm(before, eps=1e-6)
        self.head = nn.Linear(before, num_classes)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K)."""
        check_shape(images, "B C H W", name="images", C=self.in_channels)
        x = self.stem(images)  # (B, C1, H/4, W/4)
        x = self.stages(x)  # (B, C4, H/32, W/32)
        x = self.norm(x.mean(dim=(2, 3)))  # (B, C4): mean first, then the norm
        return self.head(x)  # (B, K)
