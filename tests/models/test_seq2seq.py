"""Recurrent translation, without attention, with dot products, with the additive score."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.decoding import greedy_decode
from helpers.models.seq2seq import ATTENTIONS, Seq2Seq
from helpers.models.transformer import Transformer

SOURCE = torch.tensor([[4, 5, 6, 7, 3], [8, 3, 0, 0, 0], [9, 9, 4, 0, 0]])
TARGET = torch.tensor([[1, 4, 5, 6], [1, 8, 3, 2], [1, 9, 2, 0]])
FOLLOWING = torch.tensor([[4, 5, 6, 2], [8, 3, 2, 0], [9, 2, 0, 0]])
EACH = pytest.mark.parametrize("attention", ATTENTIONS)


def small(attention):
    torch.manual_seed(0)
    return Seq2Seq(10, 11, embed_dim=16, hidden_dim=24, attention=attention)


@EACH
def test_no_word_sees_the_words_after_it(attention):
    model = small(attention).double()
    changed = TARGET.clone()
    changed[:, 2:] = 7
    before, after = model(SOURCE, TARGET), model(SOURCE, changed)
    assert before.shape == (3, 4, 11)
    assert torch.equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] - after[:, 2:]).abs().max() > 1e-4


@EACH
def test_padding_and_neighbours_change_nothing(attention):
    model = small(attention).double()
    logits = model(SOURCE, TARGET)
    for i, length in enumerate((5, 2, 3)):
        alone = model(SOURCE[i : i + 1, :length], TARGET[i : i + 1])
        assert (logits[i] - alone[0]).abs().max() < 1e-12


@pytest.mark.parametrize("attention", ["dot", "additive"])
def test_weights_sum_to_one_over_the_words_of_the_source(attention):
    _, weights = small(attention)(SOURCE, TARGET, return_attention=True)
    assert weights.shape == (3, 4, 5)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 4))
    assert (weights[1, :, 2:] == 0).all()
    assert (weights[0] > 0).all()


def test_without_attention_every_step_reads_the_same_vector():
    """The bottleneck: the source reaches the decoder through the encoder's last states alone."""
    model = small("none").double()
    states, last = model.encoder(SOURCE)
    _, weights = model(SOURCE, TARGET, return_attention=True)
    assert weights is None
    expected = model(SOURCE, TARGET)
    model.encoder.forward = lambda source: (torch.full_like(states, torch.nan), last)
    assert torch.equal(model(SOURCE, TARGET), expected)


def test_last_states_are_the_ends_of_both_directions():
    states, last = small("none").encoder(SOURCE)
    for i, length in enumerate((5, 2, 3)):
        torch.testing.assert_close(last[i, :24], states[i, length - 1, :24])
        torch.testing.assert_close(last[i, 24:], states[i, 0, 24:])


def test_additive_step_is_its_formula():
    """Facts 5.5: the first context, from s_0 and h_j, one number at a time."""
    model = small("additive").double()
    states, last = model.encoder(SOURCE[:1])
    state, score = torch.tanh(model.start(last))[0], model.attention
    scores = [score.vector @ torch.tanh(score.query.weight @ state + score.key.weight @ h) for h in states[0]]
    _, weights = model(SOURCE[:1], TARGET[:1], return_attention=True)
    torch.testing.assert_close(weights[0, 0], torch.stack(scores).softmax(0))


def test_without_attention_every_step_reads_the_last_states_of_the_encoder():
    model = small("none").double()
    _, last = model.encoder(SOURCE)
    state, expected = torch.tanh(model.start(last)), []
    for word in model.embedding(TARGET).unbind(dim=1):
        state = model.cell(torch.cat([word, last], dim=1), state)
        expected.append(model.output(torch.cat([state, last], dim=1)))
    torch.testing.assert_close(model(SOURCE, TARGET), torch.stack(expected, dim=1))


@EACH
def test_initial_loss_is_that_of_a_guess(attention):
    torch.manual_seed(0)
    model = Seq2Seq(50, 60, attention=attention)
    logits = model(torch.randint(1, 50, (32, 9)), torch.randint(1, 60, (32, 8)))
    loss = F.cross_entropy(logits.flatten(0, 1), torch.randint(1, 60, (32 * 8,)))
    assert loss.item() == pytest.approx(math.log(60), abs=0.1)


@EACH
def test_one_batch_is_memorised_and_decoded(attention):
    model = small(attention)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(100):
        loss = F.cross_entropy(model(SOURCE, TARGET).flatten(0, 1), FOLLOWING.flatten(), ignore_index=0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.05
    assert torch.equal(greedy_decode(model, SOURCE, begin=1, end=2, max_length=6), FOLLOWING)


def test_decoding_stops_at_its_longest_answer():
    words = greedy_decode(small("dot"), SOURCE, begin=1, end=99, max_length=7)
    assert words.shape == (3, 7)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"expected one of \('none', 'dot', 'additive'\), got 'luong'"):
        Seq2Seq(10, 11, attention="luong")
    with pytest.raises(ValueError, match=r"at least one word a sentence, got lengths \[2, 0\]"):
        small("dot")(torch.tensor([[4, 5], [0, 0]]), TARGET[:2])
    with pytest.raises(ValueError, match=r"target: expected \(B=3, N\), got \(2, 4\)"):
        small("dot")(SOURCE, TARGET[:2])


def test_a_source_padded_on_the_left_is_refused():
    """The lengths would be right and the words wrong: the last ones would be cut off in silence."""
    left = torch.tensor([[4, 5, 6, 7, 3], [0, 0, 0, 8, 3], [9, 0, 4, 0, 0]])
    for model in (small("additive"), Transformer(10, 11, 16, 2, 1, 32)):
        with pytest.raises(ValueError, match=r"source: expected padding on the right .* rows \[1, 2\]"):
            model(left, TARGET)
        with pytest.raises(ValueError, match=r"target: expected padding on the right .* row.* \[0\]"):
            model(SOURCE, torch.tensor([[0, 1, 4, 5], [1, 8, 3, 2], [1, 9, 2, 0]]))


class Dropping(nn.Module):
    """A model whose answer depends on its mode."""

    def __init__(self):
        super().__init__()
        self.inner = Transformer(10, 11, 16, 2, 1, 32, dropout=0.9)
        self.frozen = nn.BatchNorm1d(2).eval()

    def forward(self, source, target):
        if target.shape[1] > 20:
            raise RuntimeError("too long")
        return self.inner(source, target)


def test_decoding_is_free_of_dropout_and_gives_each_module_its_mode_back():
    torch.manual_seed(0)
    model = Dropping()
    expected = greedy_decode(copy.deepcopy(model).eval(), SOURCE, begin=1, end=99, max_length=8)
    for _ in range(3):
        assert torch.equal(greedy_decode(model, SOURCE, begin=1, end=99, max_length=8), expected)
    assert model.training
    assert model.inner.training
    assert not model.frozen.training
    with pytest.raises(RuntimeError, match="too long"):
        greedy_decode(model, SOURCE, begin=1, end=99, max_length=30)
    assert model.inner.training
    assert not model.frozen.training


def test_an_answer_holds_no_padding_before_its_end():
    """A model that would say word 0 first: padding is no word, and the next one says the sentence is longer."""

    def model(source, target):
        return torch.arange(11.0).flip(0).expand(3, target.shape[1], 11)

    wrapped = nn.Module()
    wrapped.forward = model
    assert (greedy_decode(wrapped, SOURCE, begin=1, end=99, max_length=4) == 1).all()
