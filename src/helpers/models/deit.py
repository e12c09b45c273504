"""DeiT: ViT plus one token and one head (Touvron et al., ICML 2021, figure 2).

The distillation token travels beside the class token and learns from a teacher's answer. A DeiT
without distillation is a ViT: `ViT(patch_size=16, **VIT_CONFIGS["S"])` is DeiT-S.
"""

from typing import Any

import torch
from torch import Tensor, nn

from helpers.layers.positions import LearnedPositions
from helpers.models.vit import ViT, init_weights


class DeiT(ViT):
    """A ViT with a distillation token; the arguments are those of `ViT`.

    The answer is the mean of the two heads' logits, as in the released code; the paper (section 4)
    adds their softmax outputs instead. Training asks for both heads:
    `model(images, return_heads=True)`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        embed_dim, num_classes = self.head.in_features, self.head.out_features
        self.distillation_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.positions = LearnedPositions(self.positions.grid, embed_dim, num_prefix=2)
        self.distillation_head = nn.Linear(embed_dim, num_classes)
        nn.init.trunc_normal_(self.distillation_token, std=0.02)
        self.distillation_head.apply(init_weights)

    def prefix(self) -> Tensor:
        """Class token, then distillation token, (1, 2, D)."""
        return torch.cat([self.class_token, self.distillation_token], dim=1)

    def heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Each head reads its token, (B, N, D) -> class and distillation logits, (B, K) each."""
        class_token, distillation_token = self.norm(x[:, :2]).unbind(dim=1)
        return self.head(class_token), self.distillation_head(distillation_token)

    def classify(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, K)."""
        class_logits, distillation_logits = self.heads(x)
        return (class_logits + distillation_logits) / 2

    def forward(
        self, images: Tensor, return_attention: bool = False, return_heads: bool = False
    ) -> Any:
        """(B, 3, H, W) -> logits (B, K); as `ViT`, or the two heads' logits apart, (B, K) each."""
        if not return_heads:
            return super().forward(images, return_attention)
        x = self.embed(images)  # (B, N, D)
        for block in self.blocks:
            x = block(x)  # (B, N, D)
        return self.heads(x)
