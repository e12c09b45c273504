"""Talking heads: the heads exchange scores before the softmax and weights after it.

Shazeer et al., 2020. CaiT uses it in its self-attention. The weights must be held in memory to be
mixed: no fused kernel applies.
"""

import torch
from torch import Tensor, nn

from helpers.layers.attention import check_heads, merge_heads, split_heads
from helpers.shapes import check_shape


def mix_heads(maps: Tensor, mix: nn.Linear) -> Tensor:
    """Replace each head's map by a weighted sum of all the maps, (B, h, N, M) -> (B, h, N, M)."""
    weight = mix.weight.expand(maps.shape[0], -1, -1)  # (B, h, h)
    mixed = torch.baddbmm(
        mix.bias[:, None], weight, maps.flatten(2)
    )  # bias + weight @ maps, (B, h, N M)
    return mixed.view_as(maps)


class TalkingHeadsAttention(nn.Module):
    """Self-attention whose heads talk: W_o mix_weights(softmax(mix_scores(Q K^T / sqrt(d)))) V.

    Parameters
    ----------
    embed_dim
        Width D of the tokens.
    num_heads
        h; two h x h matrices are added to those of `MultiHeadAttention`.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        check_heads(embed_dim, num_heads)
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.mix_scores = nn.Linear(num_heads, num_heads)
        self.mix_weights = nn.Linear(num_heads, num_heads)
        self.output = nn.Linear(embed_dim, embed_dim)

    def forward(
        self, tokens: Tensor, return_weights: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D) -> (B, N, D), and on request what multiplies the values (B, h, N, N).

        Its rows need not sum to 1.
        """
        D = check_shape(tokens, "B N D", name="tokens", D=self.output.in_features)["D"]
        query, key, value = (
            split_heads(x, self.num_heads) for x in self.qkv(tokens).chunk(3, dim=-1)
        )  # (B, h, N, d)
        query = query / (D // self.num_heads) ** 0.5
        scores = mix_heads(query @ key.transpose(-2, -1), self.mix_scores)  # (B, h, N, N)
        weights = mix_heads(scores.softmax(dim=-1), self.mix_weights)  # (B, h, N, N)
        attended = self.output(merge_heads(weights @ value))  # (B, N, D)
        return (attended, weights) if return_weights else attended
