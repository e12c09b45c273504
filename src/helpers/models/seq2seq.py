"""Translation with recurrent networks, without and with attention.

Sutskever et al., Cho et al., 2014; Bahdanau, 2015. An encoder reads the sentence in both
directions; a decoder writes the translation, one word after the other. Without attention the
decoder sees one vector, the encoder's last states, however long the sentence. With attention it
asks, before each word, which source words matter now: context c_t = sum_j alpha_tj h_j.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from helpers.layers.additive_attention import AdditiveAttention
from helpers.layers.attention import scaled_dot_product_attention
from helpers.models.decoding import PADDING, check_padding
from helpers.shapes import check_shape

ATTENTIONS = ("none", "dot", "additive")


class DotAttention(nn.Module):
    """Score by a dot product between the query and the projected states, divided by sqrt(d).

    Parameters
    ----------
    query_dim, key_dim
        Widths of the decoder's state and of the encoder's states.
    """

    def __init__(self, query_dim: int, key_dim: int) -> None:
        super().__init__()
        self.key = nn.Linear(key_dim, query_dim, bias=False)

    def forward(self, query: Tensor, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N, query_dim), states (B, M, key_dim) -> (B, N, key_dim), weights (B, N, M)."""
        attended, weights = scaled_dot_product_attention(
            query, self.key(states), states, mask, return_weights=True
        )
        return attended, weights


class Encoder(nn.Module):
    """Read the source forwards and backwards with a GRU.

    Parameters
    ----------
    vocabulary
        Number of source words V.
    embed_dim, hidden_dim
        Width of a word's vector, and of the state in each direction.
    """

    def __init__(self, vocabulary: int, embed_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embed_dim, padding_idx=PADDING)
        self.gru = nn.GRU(embed_dim, hidden_dim, batch_first=True, bidirectional=True)

    def forward(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Words (B, M) -> states (B, M, 2 hidden), last states of both directions.

        The last states are (B, 2 hidden); padding is skipped.
        """
        check_padding(source, "source")  # lengths below count the words from the left
        lengths = (source != PADDING).sum(dim=1).cpu()  # (B,)
        if lengths.min() < 1:
            raise ValueError(
                f"source: expected at least one word a sentence, got lengths {lengths.tolist()}"
            )
        packed = pack_padded_sequence(
            self.embedding(source), lengths, batch_first=True, enforce_sorted=False
        )
        packed_states, last = self.gru(packed)  # last: (2, B, hidden)
        states, _ = pad_packed_sequence(
            packed_states, batch_first=True, total_length=source.shape[1]
        )
        return states, torch.cat([last[0], last[1]], dim=-1)


class Seq2Seq(nn.Module):
    """Encoder and decoder, with the attention of your choice between them.

    Parameters
    ----------
    source_vocabulary, target_vocabulary
        Numbers of words V; word 0 is padding.
    embed_dim, hidden_dim
        Width of a word's vector, and of the GRU states.
    attention
        "none", "dot" or "additive".

    Raises
    ------
    ValueError
        If the attention is unknown.
    """

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        embed_dim: int = 64,
        hidden_dim: int = 128,
        attention: str = "additive",
    ) -> None:
        super().__init__()
        if attention not in ATTENTIONS:
            raise ValueError(f"attention: expected one of {ATTENTIONS}, got {attention!r}")
        self.encoder = Encoder(source_vocabulary, embed_dim, hidden_dim)
        self.start = nn.Linear(2 * hidden_dim, hidden_dim)
        self.embedding = nn.Embedding(target_vocabulary, embed_dim, padding_idx=PADDING)
        self.attention: nn.Module | None = None
        if attention == "dot":
            self.attention = DotAttention(hidden_dim, 2 * hidden_dim)
        if attention == "additive":
            self.attention = AdditiveAttention(hidden_dim, 2 * hidden_dim, hidden_dim)
        self.cell = nn.GRUCell(embed_dim + 2 * hidden_dim, hidden_dim)
        self.output = nn.Linear(3 * hidden_dim, target_vocabulary)

    def forward(
        self, source: Tensor, target: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, Tensor | None]:
        """Teacher forcing: predict each word from the source and the true words before it.

        Parameters
        ----------
        source
            Word indices (B, M), padded on the right with 0, at least one word each.
        target
            Word indices (B, N): the opening word, then the translation without its last word.
        return_attention
            Also return the weights (B, N, M), None when there is no attention.

        Returns
        -------
        Tensor | tuple[Tensor, Tensor | None]
            Logits (B, N, V) of the next word at each position.

        Raises
        ------
        ValueError
            If a sentence is empty or padded on the left, or the batches differ in size.
        """
        B = check_shape(source, "B M", name="source")["B"]
        check_shape(target, "B N", name="target", B=B)
        check_padding(target, "target")
        states, last = self.encoder(source)  # (B, M, 2 hidden), (B, 2 hidden)
        state, context = torch.tanh(self.start(last)), last  # (B, hidden), (B, 2 hidden)
        mask = (source != PADDING)[:, None]  # (B, 1, M)
        logits, attention = [], []
        for word in self.embedding(target).unbind(dim=1):  # (B, embed)
            if self.attention is not None:
                attended, weights = self.attention(
                    state[:, None], states, mask
                )  # (B, 1, 2 hidden), (B, 1, M)
                context = attended[:, 0]
                attention.append(weights)
            state = self.cell(torch.cat([word, context], dim=-1), state)
            logits.append(self.output(torch.cat([state, context], dim=-1)))  # (B, V)
        stacked = torch.stack(logits, dim=1)  # (B, N, V)
        if not return_attention:
            return stacked
        return stacked, torch.cat(attention, dim=1) if attention else None  # (B, N, M)
