"""The course's translator, whose encoder can read in one direction alone, and what its map says."""

import torch
from torch import Tensor, nn

from helpers.data.text import BEGIN, PADDING
from helpers.layers.additive_attention import AdditiveAttention, additive_attention
from helpers.layers.attention import scaled_dot_product_attention
from helpers.models.decoding import check_padding
from helpers.models.seq2seq import DotAttention, Encoder, Seq2Seq
from helpers.pages.l04.arms import Arm


class OneWayEncoder(Encoder):
    """Reads from the first word given to the last; as wide as both directions together.

    Parameters
    ----------
    vocabulary, embed_dim, hidden_dim
        As of `Encoder`.
    """

    def __init__(self, vocabulary: int, embed_dim: int, hidden_dim: int) -> None:
        super().__init__(vocabulary, embed_dim, hidden_dim)
        self.gru = nn.GRU(embed_dim, 2 * hidden_dim, batch_first=True)

    def forward(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Words (B, M) -> states (B, M, 2 hidden), last state (B, 2 hidden) of each sentence's last word."""
        lengths = (source != PADDING).sum(dim=1)  # (B,)
        states, _ = self.gru(self.embedding(source))  # what follows a sentence's end is not looked at
        return states, states[torch.arange(len(source)), lengths - 1]


class Translator(Seq2Seq):
    """`Seq2Seq` of an arm: with an encoder of one direction, or words in reversed order, where the arm says so.

    Parameters
    ----------
    arm
        Which.
    source_vocabulary, target_vocabulary, embed_dim, hidden_dim
        As of `Seq2Seq`.
    """

    def __init__(
        self, arm: Arm, source_vocabulary: int, target_vocabulary: int, embed_dim: int, hidden_dim: int
    ) -> None:
        super().__init__(source_vocabulary, target_vocabulary, embed_dim, hidden_dim, arm.attention)
        self.arm = arm
        if arm.one_way:
            self.encoder = OneWayEncoder(source_vocabulary, embed_dim, hidden_dim)

    def forward(
        self, source: Tensor, target: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, Tensor | None]:
        """As `Seq2Seq`, up to rounding, in half the time: what no step has to wait for is done once for all steps."""
        check_padding(source, "source")
        states, last = self.encoder(turned(source) if self.arm.backwards else source)  # (B, M, 2 h), (B, 2 h)
        state, words = torch.tanh(self.start(last)), self.embedding(target)  # (B, h), (B, N, E)
        if self.attention is None:
            contexts, weights = last[:, None].expand(-1, target.shape[1], -1), None  # (B, N, 2 h)
            said = self._all_steps(torch.cat([words, contexts], dim=-1), state)  # (B, N, h)
        else:
            said, contexts, weights = self._step_by_step(words, state, states, (source != PADDING)[:, None])
        logits = self.output(torch.cat([said, contexts], dim=-1))  # (B, N, V)
        return (logits, weights) if return_attention else logits

    def _all_steps(self, inputs: Tensor, state: Tensor) -> Tensor:
        """The decoder's cell along inputs (B, N, .) that are all known: states (B, N, h)."""
        cell = self.cell
        numbers = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
        return torch.gru(inputs, state[None], numbers, True, 1, 0.0, self.training, False, True)[0]

    def _step_by_step(
        self, words: Tensor, state: Tensor, states: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """With attention: states (B, N, h), contexts (B, N, 2 h), weights (B, N, M); keys are projected once."""
        attention, said, contexts, weights = self.attention, [], [], []
        assert isinstance(attention, DotAttention | AdditiveAttention)
        key = attention.key(states)  # (B, M, h or a)
        for word in words.unbind(dim=1):  # (B, E)
            if isinstance(attention, DotAttention):
                context, weight = scaled_dot_product_attention(state[:, None], key, states, mask, return_weights=True)
            else:
                query = attention.query(state)[:, None]
                context, weight = additive_attention(query, key, states, attention.vector, mask)
            state = self.cell(torch.cat([word, context[:, 0]], dim=-1), state)
            said.append(state)
            contexts.append(context[:, 0])
            weights.append(weight)
        return torch.stack(said, dim=1), torch.stack(contexts, dim=1), torch.cat(weights, dim=1)


def turned(source: Tensor) -> Tensor:
    """Each sentence with its words in reversed order, its padding where it was: (B, M) -> (B, M)."""
    lengths = (source != PADDING).sum(dim=1, keepdim=True)  # (B, 1)
    place = torch.arange(source.shape[1], device=source.device)  # (M,)
    return source.gather(1, torch.where(place < lengths, lengths - 1 - place, place))


def build(arm: Arm, source_vocabulary: int, target_vocabulary: int, sizes: tuple[int, int], seed: int) -> Translator:
    """A fresh translator of a seed; `sizes` are the widths of a word's vector and of a state."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Translator(arm, source_vocabulary, target_vocabulary, *sizes)


@torch.no_grad()
def read_map(translator: Translator, source: list[int], target: list[int]) -> Tensor | None:
    """The weights over the French words for each word of a translation and for what follows it, (N + 1, M).

    Row i is of the step that says word i; it is computed from the state before that step, which has not read word
    i - 1 yet. None without attention.
    """
    given = torch.tensor([[BEGIN, *target]])
    translator.eval()
    weights = translator(torch.tensor([source]), given, return_attention=True)[1]
    return None if weights is None else weights[0]
