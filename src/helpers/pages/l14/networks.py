"""The networks of lab 14: a ladder of arms, each with one change more than the one before.

Norms behind the sum, norms in front of the branch, LayerScale, a late class token with class attention, talking heads.
The first four are built from the blocks of `helpers.models.vit` and the layers of `helpers.layers`; the last is the
course's CaiT. An arm of depth L has L blocks in all: with class attention L - 2 among patches and two for the class
token (the paper counts L without these two).

Source: Touvron et al. (2021), "Going deeper with image transformers", figure 1 and equations 4 to 7.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.layers.layer_scale import LayerScale
from helpers.models.cait import CLASS_DEPTH, CaiT
from helpers.models.vit import Block, ViT, init_weights
from helpers.pages.l14.methods import ARMS

NUM_HEADS = 4


class PostNormBlock(Block):
    """The block of translation's Transformer: LN(x + MSA(x)), then LN(x + MLP(x)). Only the last norm is left on the
    stream, so no path leads from the last block to the first without a norm."""

    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D) -> (B, N, D), and on request the weights (B, h, N, N)."""
        attended, weights = _attended(self, x, return_attention)
        x = self.norm1(x + attended)
        x = self.norm2(x + self.mlp(x))
        return x if weights is None else (x, weights)


class ScaledBlock(Block):
    """ViT's block with LayerScale: x + g1 MSA(LN(x)), then x + g2 MLP(LN(x)) (equation 4 of the paper).

    Parameters
    ----------
    embed_dim, num_heads
        D and h.
    layer_scale
        First value of the gains g1 and g2.
    """

    def __init__(self, embed_dim: int, num_heads: int, layer_scale: float) -> None:
        super().__init__(embed_dim, num_heads)
        self.scale1 = LayerScale(embed_dim, layer_scale)
        self.scale2 = LayerScale(embed_dim, layer_scale)

    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D) -> (B, N, D), and on request the weights (B, h, N, N)."""
        attended, weights = _attended(self, self.norm1(x), return_attention)
        x = x + self.scale1(attended)
        x = x + self.scale2(self.mlp(self.norm2(x)))
        return x if weights is None else (x, weights)


def _attended(block: Block, x: Tensor, return_attention: bool) -> tuple[Tensor, Tensor | None]:
    """What a block's attention makes of tokens, and its weights or None."""
    if return_attention:
        attended, weights = block.attention(x, return_weights=True)
        return attended, weights
    return block.attention(x), None


def build(
    arm: str, depth: int, num_classes: int, image_size: int, patch_size: int, width: int, layer_scale: float, seed: int
) -> ViT | CaiT:
    """An arm with fresh weights; the random state of the caller is left as it was.

    For the same seed the arms without class attention start from the same weights.

    Parameters
    ----------
    arm
        One of `ARMS`.
    depth
        L, of all blocks.
    num_classes
        K.
    image_size, patch_size
        Pixels.
    width
        D.
    layer_scale
        First value of the gains of LayerScale, where the arm has no other.
    seed
        Of the weights.

    Raises
    ------
    ValueError
        For an unknown arm, or fewer blocks than class attention and one more need.
    """
    if arm not in ARMS:
        raise ValueError(f"arm: expected one of {', '.join(ARMS)}, got {arm}")
    if depth <= CLASS_DEPTH:
        raise ValueError(f"depth: expected more than {CLASS_DEPTH} blocks, got {depth}")
    gain = ARMS[arm].gain or layer_scale
    make: dict[str, Callable[[], Block]] = {
        "post": lambda: PostNormBlock(width, NUM_HEADS),
        "plain": lambda: Block(width, NUM_HEADS),
    }
    block = make.get(arm, lambda: ScaledBlock(width, NUM_HEADS, gain))
    sizes = {"embed_dim": width, "num_heads": NUM_HEADS}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if arm == "cait":
            return CaiT(image_size, patch_size, num_classes, depth=depth - CLASS_DEPTH, layer_scale=gain, **sizes)
        if ARMS[arm].late_token:
            late = CaiT(image_size, patch_size, num_classes, depth=0, layer_scale=gain, **sizes)
            return _with_blocks(late, block, depth - CLASS_DEPTH)
        return _with_blocks(ViT(image_size, patch_size, num_classes, depth=0, **sizes), block, depth)


def _with_blocks(model: ViT | CaiT, make: Callable[[], Block], depth: int) -> ViT | CaiT:
    """A model that had no blocks gets some, and weights like the others'."""
    model.blocks = nn.ModuleList(make() for _ in range(depth))
    model.apply(init_weights)
    return model


def blocks_of(model: nn.Module) -> list[nn.Module]:
    """All blocks in the order of computation; those of class attention are the last."""
    return [*model.blocks, *getattr(model, "class_blocks", [])]  # type: ignore[misc]
