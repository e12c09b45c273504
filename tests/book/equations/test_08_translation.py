"""Chapter 8's equations, by the course's own code: facts 5.5, the numbers by hand, the path, the record's form."""

import math

import pytest
import torch

from helpers.layers.additive_attention import AdditiveAttention, additive_attention
from helpers.layers.attention import scaled_dot_product_attention
from helpers.measure.bleu import corpus_bleu
from helpers.models.seq2seq import Seq2Seq

STATES = torch.tensor([[[-1.0, 0.0], [-1.0, 1.0], [0.0, 1.0]]], dtype=torch.float64)
QUERY = torch.tensor([[[1.0, 0.0]]], dtype=torch.float64)


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_the_additive_example_by_hand():
    scores = [0, math.tanh(1), 2 * math.tanh(1)]
    total = sum(math.exp(e) for e in scores)
    context, weights = additive_attention(QUERY, STATES, STATES, torch.ones(2, dtype=torch.float64))
    assert weights[0, 0].tolist() == pytest.approx([math.exp(e) / total for e in scores], abs=1e-12)
    assert weights[0, 0].tolist() == pytest.approx([0.1294, 0.2771, 0.5935], abs=6e-5)
    assert context[0, 0].tolist() == pytest.approx([-0.4065, 0.8706], abs=6e-5)


def test_its_printed_digits_can_be_followed_with_four_digits():
    exponentials = [1, 2.1417, 4.5869]
    assert [round(math.exp(e), 4) for e in (0.7616, 2 * 0.7616)] == exponentials[1:]
    assert round(sum(exponentials), 4) == 7.7286
    assert [round(e / 7.7286, 4) for e in exponentials] == [0.1294, 0.2771, 0.5935]
    assert round(0.1294 + 0.2771, 4) == 0.4065
    assert round(0.2771 + 0.5935, 4) == 0.8706


def test_the_dot_product_example_by_hand():
    query, keys = torch.tensor([[1.0, 0.0]]), torch.eye(2)
    _, weights = scaled_dot_product_attention(query, keys, keys, return_weights=True)
    assert weights[0].tolist() == pytest.approx([0.670, 0.330], abs=5e-4)
    u = math.exp(1 / math.sqrt(2))
    assert weights[0, 0].item() == pytest.approx(u / (u + 1))


def test_additive_attention_is_its_formula_one_number_at_a_time():
    torch.manual_seed(0)
    layer = AdditiveAttention(query_dim=3, key_dim=4, hidden_dim=5).double()
    s, h = randn(2, 6, 3), randn(2, 7, 4)
    context, weights = layer(s, h)
    for b in range(2):
        for t in range(6):
            e = [layer.vector @ torch.tanh(layer.query.weight @ s[b, t] + layer.key.weight @ h[b, j]) for j in range(7)]
            alpha = torch.stack(e).softmax(0)
            assert (alpha - weights[b, t]).abs().max() < 1e-12
            assert (sum(alpha[j] * h[b, j] for j in range(7)) - context[b, t]).abs().max() < 1e-12


def test_the_score_has_196_864_parameters():
    layer = AdditiveAttention(query_dim=256, key_dim=512, hidden_dim=256)
    assert sum(p.numel() for p in layer.parameters()) == 196_864 == 256 * 256 + 256 * 512 + 256
    ours = AdditiveAttention(query_dim=128, key_dim=256, hidden_dim=128)
    assert sum(p.numel() for p in ours.parameters()) == 49_280 == 128 * 128 + 128 * 256 + 128


def test_equal_scores_give_the_mean_state():
    context, weights = additive_attention(QUERY, STATES, STATES, torch.zeros(2, dtype=torch.float64))
    assert torch.allclose(weights, torch.full((1, 1, 3), 1 / 3, dtype=torch.float64))
    assert torch.allclose(context[0, 0], STATES[0].mean(0))


def test_all_contexts_are_weights_times_states():
    model = Seq2Seq(50, 50, hidden_dim=16)
    french, english = torch.randint(4, 50, (3, 9)), torch.randint(4, 50, (3, 5))
    _, weights = model(french, english, return_attention=True)
    states, last = model.encoder(french)
    assert (weights @ states).shape == (3, 5, 32)
    assert last.shape == (3, 32)  # what crosses without attention, whatever the length


def test_bleu_by_hand():
    reference = ["the", "red", "car", "is", "small", "."]
    assert corpus_bleu([[*reference[:4], "big", "."]], [[reference]]) == pytest.approx((1 / 12) ** 0.25)
    assert abs((1 / 12) ** 0.25 - 0.537) < 5e-4
    assert corpus_bleu([["the", "car", "red", "is", "small", "."]], [[reference]]) == 0


def test_a_candidate_that_is_too_short_is_punished():
    reference = ["the", "red", "car", "is", "small", "."]
    assert corpus_bleu([reference[1:]], [[reference]]) == pytest.approx(math.exp(-1 / 5))


def test_a_beam_of_two_finds_what_greedy_misses():
    first, then = {"a": 0.6, "one": 0.4}, {"a": 0.4, "one": 0.9}
    greedy = max(first, key=first.get)
    assert first[greedy] * then[greedy] == pytest.approx(0.24)
    assert max(first[w] * then[w] for w in first) == pytest.approx(0.36)
