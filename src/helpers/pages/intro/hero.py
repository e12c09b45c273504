"""The first picture of the course: what a convolution sees of a drawn dog, and what a head of attention reads.

The README shows it too. `python -m helpers.pages.intro.hero _ext/static/near-and-far.svg` draws it again.
"""

import sys

import numpy as np
import torch
from matplotlib.figure import Figure

from helpers.data.breeds import draw_breeds
from helpers.measure.attention_maps import attention_weights
from helpers.models.pretrained import build_model
from helpers.pages.intro.figures import near_and_far
from helpers.plots.style import use_style

HEAD_PLACE, GRID = (2, 1), 8  # the square on the dog's head, in a grid of 8 x 8
LAYER, HEAD = 4, 2  # of six layers and four heads, counted from 0


def hero() -> Figure:
    """One drawn dog at 256 pixels, and over it the attention that a small trained ViT pays to it at 64."""
    small, large = (
        draw_breeds(np.array([4]), np.array([3]), np.random.default_rng(7), image_size=size, difficulty=0.0)[0]
        for size in (64, 256)
    )
    vit = build_model("vit_mini", 120, weights="shipped", with_head=True).model.eval()
    pixels = (torch.from_numpy(small).permute(2, 0, 1)[None] / 255 - 0.5) / 0.5  # (1, 3, 64, 64)
    asks = 1 + HEAD_PLACE[0] * GRID + HEAD_PLACE[1]  # after the class token
    reads = attention_weights(vit, pixels)[LAYER][0, HEAD, asks, 1:]
    return near_and_far(large, reads.numpy(), HEAD_PLACE, GRID)


if __name__ == "__main__":
    use_style()
    hero().savefig(sys.argv[1], metadata={"Date": None})
