"""The Transformer: attention is all you need (Vaswani et al., NeurIPS 2017, figure 1).

Post-norm is the paper's; pre-norm is what ViT uses (`helpers.layers.add_and_norm`). Each stack
ends with a norm, as in `torch.nn.Transformer`; the paper has none, and after a post-norm block it
changes nothing at first. Embeddings and output layer are three separate matrices, which the paper
shares.
"""

from torch import Tensor, nn

from helpers.layers.add_and_norm import AddAndNorm
from helpers.layers.attention import MultiHeadAttention
from helpers.layers.masks import causal_mask, padding_mask
from helpers.layers.mlp import TokenMLP
from helpers.layers.positions import SinusoidalPositions
from helpers.models.decoding import PADDING, check_padding
from helpers.shapes import check_shape

MAX_LENGTH = 1024  # longest sentence, in words


class EncoderBlock(nn.Module):
    """Left half of the figure: self-attention, then the MLP, each in an `AddAndNorm`.

    Parameters
    ----------
    embed_dim, num_heads, hidden_dim
        D, h, and the width inside the MLP.
    dropout, pre_norm
        See `AddAndNorm`.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, hidden_dim: int, dropout: float, pre_norm: bool
    ) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(embed_dim, num_heads)
        self.add_norm1 = AddAndNorm(embed_dim, dropout, pre_norm)
        self.mlp = TokenMLP(embed_dim, hidden_dim, activation=nn.ReLU)
        self.add_norm2 = AddAndNorm(embed_dim, dropout, pre_norm)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, M, D) -> (B, M, D)."""
        x = self.add_norm1(x, lambda x: self.self_attention(x, mask=mask))
        return self.add_norm2(x, self.mlp)


class DecoderBlock(nn.Module):
    """Right half: causal self-attention, cross-attention to the encoder's output, then the MLP.

    Parameters
    ----------
    embed_dim, num_heads, hidden_dim
        D, h, and the width inside the MLP.
    dropout, pre_norm
        See `AddAndNorm`.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, hidden_dim: int, dropout: float, pre_norm: bool
    ) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(embed_dim, num_heads)
        self.add_norm1 = AddAndNorm(embed_dim, dropout, pre_norm)
        self.cross_attention = MultiHeadAttention(embed_dim, num_heads)
        self.add_norm2 = AddAndNorm(embed_dim, dropout, pre_norm)
        self.mlp = TokenMLP(embed_dim, hidden_dim, activation=nn.ReLU)
        self.add_norm3 = AddAndNorm(embed_dim, dropout, pre_norm)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """(B, N, D), memory (B, M, D) -> (B, N, D)."""
        x = self.add_norm1(x, lambda x: self.self_attention(x, mask=mask))
        x = self.add_norm2(x, lambda x: self.cross_attention(x, memory=memory, mask=memory_mask))
        return self.add_norm3(x, self.mlp)


class EncoderDecoder(nn.Module):
    """Both stacks, from vectors to vectors: what `torch.nn.Transformer` computes.

    Parameters
    ----------
    embed_dim, num_heads, hidden_dim
        D, h, and the width inside the MLPs.
    encoder_depth, decoder_depth
        Numbers of blocks.
    dropout, pre_norm
        See `AddAndNorm`.
    """

    def __init__(
        self,
        embed_dim: int = 512,
        num_heads: int = 8,
        hidden_dim: int = 2048,
        encoder_depth: int = 6,
        decoder_depth: int = 6,
        dropout: float = 0.0,
        pre_norm: bool = False,
    ) -> None:
        super().__init__()
        sizes = (embed_dim, num_heads, hidden_dim, dropout, pre_norm)
        self.encoder_blocks = nn.ModuleList(EncoderBlock(*sizes) for _ in range(encoder_depth))
        self.encoder_norm = nn.LayerNorm(embed_dim, eps=1e-5)
        self.decoder_blocks = nn.ModuleList(DecoderBlock(*sizes) for _ in range(decoder_depth))
        self.decoder_norm = nn.LayerNorm(embed_dim, eps=1e-5)
        self.apply(init_weights)

    def forward(
        self,
        source: Tensor,
        target: Tensor,
        source_mask: Tensor | None = None,
        target_mask: Tensor | None = None,
    ) -> Tensor:
        """Source (B, M, D), target (B, N, D) -> (B, N, D); masks as in `helpers.layers.masks`."""
        memory = source
        for block in self.encoder_blocks:
            memory = block(memory, source_mask)  # (B, M, D)
        memory = self.encoder_norm(memory)
        x = target
        for block in self.decoder_blocks:
            x = block(x, memory, target_mask, source_mask)  # (B, N, D)
        return self.decoder_norm(x)


class Transformer(nn.Module):
    """Translate: embeddings, positions, both stacks, and a linear layer over the vocabulary.

    Parameters
    ----------
    source_vocabulary, target_vocabulary
        Numbers of words V; word 0 is padding.
    embed_dim, num_heads, depth, hidden_dim
        D, h, blocks in each stack, and the width inside the MLPs.
    dropout
        Probability to drop a number of a branch, or of the embedded words, in training.
    pre_norm
        See `AddAndNorm`.
    """

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        embed_dim: int = 512,
        num_heads: int = 8,
        depth: int = 6,
        hidden_dim: int = 2048,
        dropout: float = 0.0,
        pre_norm: bool = False,
    ) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(source_vocabulary, embed_dim, padding_idx=PADDING)
        self.target_embedding = nn.Embedding(target_vocabulary, embed_dim, padding_idx=PADDING)
        self.positions = SinusoidalPositions(MAX_LENGTH, embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.core = EncoderDecoder(
            embed_dim, num_heads, hidden_dim, depth, depth, dropout, pre_norm
        )
        self.output = nn.Linear(embed_dim, target_vocabulary)
        nn.init.normal_(self.output.weight, std=0.02)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=embed_dim**-0.5)

    def embed(self, words: Tensor, embedding: nn.Embedding) -> Tensor:
        """Words (B, N) -> vectors of unit variance plus positions (B, N, D), in the paper 3.4."""
        return self.dropout(self.positions(embedding(words) * embedding.embedding_dim**0.5))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: source (B, M), target so far (B, N) -> next word logits (B, N, V)."""
        B = check_shape(source, "B M", name="source")["B"]
        N = check_shape(target, "B N", name="target", B=B)["N"]
        check_padding(source, "source")
        check_padding(target, "target")
        readable = padding_mask(source != PADDING)  # (B, 1, 1, M)
        earlier = causal_mask(N, device=target.device)  # (N, N)
        source_vectors = self.embed(source, self.source_embedding)  # (B, M, D)
        target_vectors = self.embed(target, self.target_embedding)  # (B, N, D)
        return self.output(
            self.core(source_vectors, target_vectors, readable, earlier)
        )  # (B, N, V)


def init_weights(module: nn.Module) -> None:
    """Glorot's uniform weights and no bias in every linear layer."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
