"""The course's Transformer with one part exchanged: the attention function, the positions, the place of the norm."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from helpers.layers.attention import MultiHeadAttention, merge_heads, scaled_dot_product_attention, split_heads
from helpers.layers.masks import align_mask, masked_softmax
from helpers.models.transformer import Transformer
from helpers.pages.l05.arms import Arm

# (query (..., N, d), key (..., M, d), value (..., M, dv), mask that broadcasts to (..., N, M) or None) -> (..., N, dv)
Attend = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
FAMILIES = ("encoder self", "decoder masked self", "cross")  # the three attentions of a block pair


def divided(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """The paper's attention, by the course's own function."""
    return scaled_dot_product_attention(query, key, value, mask)  # type: ignore[return-value]


def not_divided(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """The same without the division by sqrt(d)."""
    scores = query @ key.transpose(-2, -1)  # (..., N, M)
    if mask is not None:
        mask = align_mask(mask, tuple(scores.shape), scores.dtype)
    return masked_softmax(scores, mask) @ value


class AnyAttention(MultiHeadAttention):
    """The course's heads around any attention function, so that a reader's own can be trained.

    Parameters
    ----------
    embed_dim, num_heads
        D and h.
    attend
        The function.
    """

    def __init__(self, embed_dim: int, num_heads: int, attend: Attend) -> None:
        super().__init__(embed_dim, num_heads)
        self.attend = attend

    def forward(
        self,
        tokens: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        return_weights: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D), memory (B, M, D) -> (B, N, D); on request with the weights of the course's own attention."""
        if return_weights:
            return super().forward(tokens, memory, mask, return_weights=True)
        query, key, value = (split_heads(x, self.num_heads) for x in self.project(tokens, memory))  # (B, h, N, d)
        return self.output(merge_heads(self.attend(query, key, value, mask)))  # (B, N, D)


class Reverser(Transformer):
    """The course's Transformer whose positions can be learned, or left out on either side.

    Parameters
    ----------
    arm
        What is changed.
    vocabulary
        Words it knows, on both sides.
    length
        Longest word, for learned positions.
    attend
        Another attention than the arm's.
    """

    def __init__(self, arm: Arm, vocabulary: int, length: int, attend: Attend | None = None) -> None:
        D = arm.embed_dim
        super().__init__(vocabulary, vocabulary, D, arm.num_heads, arm.depth, hidden_dim=2 * D, pre_norm=arm.pre_norm)
        self.arm = arm
        if arm.learned:
            self.tables = nn.Parameter(0.02 * torch.randn(2, length, D))  # small at first, as in ViT
        if attend is not None or not arm.divided:
            self._exchange(attend or not_divided)

    def _exchange(self, attend: Attend) -> None:
        """Put `AnyAttention` with the same weights in the place of every attention."""
        for block in [*self.core.encoder_blocks, *self.core.decoder_blocks]:
            for name, module in list(block.named_children()):
                if isinstance(module, MultiHeadAttention):
                    other = AnyAttention(module.embed_dim, module.num_heads, attend)
                    other.load_state_dict(module.state_dict())
                    setattr(block, name, other)

    def embed(self, words: Tensor, embedding: nn.Embedding) -> Tensor:
        """(B, N) -> (B, N, D), with the positions that the arm has."""
        reads = embedding is self.source_embedding
        vectors = embedding(words) * embedding.embedding_dim**0.5  # (B, N, D)
        if not (self.arm.source if reads else self.arm.target):
            return vectors
        if self.arm.learned:
            return vectors + self.tables[0 if reads else 1, : words.shape[1]]
        return self.positions(vectors)


def build(arm: Arm, vocabulary: int, length: int, seed: int, attend: Attend | None = None) -> Reverser:
    """A fresh network of a seed; arms of equal sizes start from equal weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Reverser(arm, vocabulary, length, attend)


@torch.no_grad()
def attention_maps(model: Reverser, source: Tensor, target: Tensor) -> dict[str, Tensor]:
    """The weights of the three attentions of the first block on each side, (B, h, N, M), of every word.

    Parameters
    ----------
    source, target
        (B, M) and (B, N), as for the model.
    """
    found: dict[str, Tensor] = {}
    encoder, decoder = model.core.encoder_blocks[0], model.core.decoder_blocks[0]
    modules: tuple[Any, ...] = (encoder.self_attention, decoder.self_attention, decoder.cross_attention)
    handles = []
    for name, module in zip(FAMILIES, modules, strict=True):

        def keep(module: MultiHeadAttention, args: tuple, kwargs: dict, _: Tensor, name: str = name) -> None:
            again = MultiHeadAttention.forward(module, args[0], kwargs.get("memory"), kwargs.get("mask"), True)
            found[name] = again[1]

        handles.append(module.register_forward_hook(keep, with_kwargs=True))
    try:
        model.eval()(source, target)
    finally:
        for handle in handles:
            handle.remove()
    return found
