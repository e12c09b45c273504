"""A beam against a model whose sentences can be counted by hand, and against greedy decoding."""

import itertools

import pytest
import torch
from torch import nn

from helpers.models.beam import beam_decode
from helpers.models.decoding import greedy_decode
from helpers.models.seq2seq import Seq2Seq

BEGIN, END, A, B = 1, 2, 3, 4


class Table(nn.Module):
    """Next-word probabilities that depend on the last word alone."""

    def __init__(self, rows):
        super().__init__()
        self.rows = torch.tensor(rows)

    def forward(self, source, target):
        return self.rows[target].log()


# Greedy begins with a (0.6) and ends with 0.6 * 0.5; the best sentence is b <end>: 0.4 * 0.9.
TRAP = [
    [1.0, 0, 0, 0, 0],
    [0, 0, 0, 0.6, 0.4],
    [1.0, 0, 0, 0, 0],
    [0, 0, 0.5, 0.25, 0.25],
    [0, 0, 0.9, 0.05, 0.05],
]


def test_a_beam_finds_what_greed_misses():
    source = torch.tensor([[A]])
    greedy, p = beam_decode(Table(TRAP), source, BEGIN, END, width=1)
    assert greedy.tolist() == [[A, END]]
    assert p == pytest.approx(torch.tensor(0.3).log().item())
    best, p = beam_decode(Table(TRAP), source, BEGIN, END, width=2)
    assert best.tolist() == [[B, END]]
    assert p == pytest.approx(torch.tensor(0.36).log().item())


def test_a_beam_as_wide_as_all_sentences_finds_the_likeliest():
    generator = torch.Generator().manual_seed(3)
    rows = torch.rand(5, 5, generator=generator)
    rows[:, :2] = 0
    rows = rows / rows.sum(1, keepdim=True)
    model, source = Table(rows.tolist()), torch.tensor([[A]])
    found, p = beam_decode(model, source, BEGIN, END, width=200, max_length=4)
    best = max(
        (
            (sum(rows[x, y].log().item() for x, y in itertools.pairwise((BEGIN, *words))), words)
            for n in range(5)
            for words in itertools.product((A, B, END), repeat=n)
            if n and END not in words[:-1] and (words[-1] == END or n == 4)
        ),
    )
    assert tuple(found[0].tolist()) == best[1]
    assert p == pytest.approx(best[0], abs=1e-5)


def test_a_width_of_one_is_greedy_and_a_wider_one_is_never_less_likely():
    torch.manual_seed(0)
    model = Seq2Seq(12, 12, 8, 8, "dot").eval()
    for seed in range(5):
        source = torch.randint(4, 12, (1, 5), generator=torch.Generator().manual_seed(seed))
        one, p_one = beam_decode(model, source, 2, 3, width=1, max_length=9)
        assert torch.equal(one, greedy_decode(model, source, 2, 3, max_length=9))
        _, p_all = beam_decode(model, source, 2, 3, width=500, max_length=3)
        _, p_short = beam_decode(model, source, 2, 3, width=1, max_length=3)
        assert p_all >= p_short - 1e-6
        assert p_one <= 0


def test_the_mean_forgives_length():
    rows = [[1.0, 0, 0, 0, 0], [0, 0, 0.4, 0.6, 0], [1.0, 0, 0, 0, 0], [0, 0, 0.5, 0.5, 0], [1.0, 0, 0, 0, 0]]
    model, source = Table(rows), torch.tensor([[A]])
    summed, _ = beam_decode(model, source, BEGIN, END, width=8, max_length=6)
    assert summed.tolist() == [[END]], "0.4 against 0.6 * 0.5 and less"
    mean, _ = beam_decode(model, source, BEGIN, END, width=8, max_length=6, length_power=1.0)
    assert mean.shape[1] > 1


def test_wrong_questions_are_refused():
    with pytest.raises(ValueError, match="width: expected at least 1, got 0"):
        beam_decode(Table(TRAP), torch.tensor([[A]]), BEGIN, END, width=0)
    with pytest.raises(ValueError, match="source"):
        beam_decode(Table(TRAP), torch.tensor([[A], [A]]), BEGIN, END)


def test_padding_is_never_said_and_the_mode_of_the_model_is_kept():
    rows = [[1.0, 0, 0, 0, 0], [0.9, 0, 0.04, 0.06, 0], [1.0, 0, 0, 0, 0], [0.9, 0, 0.1, 0, 0], [1.0, 0, 0, 0, 0]]
    model = Table(rows).train()
    words, _ = beam_decode(model, torch.tensor([[A]]), BEGIN, END, width=3, max_length=4)
    assert 0 not in words.tolist()[0]
    assert model.training
