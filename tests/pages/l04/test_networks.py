"""The translators of lab 4: quick, and the same function as the course's."""

import pytest
import torch

from helpers.models.seq2seq import Seq2Seq
from helpers.pages.l04.arms import ARMS
from helpers.pages.l04.networks import OneWayEncoder, Translator, build, read_map, turned

SOURCE = torch.tensor([[5, 6, 7, 8, 4], [9, 5, 4, 0, 0], [7, 0, 0, 0, 0]])
TARGET = torch.tensor([[2, 5, 6, 7], [2, 8, 0, 0], [2, 9, 4, 0]])


def translator(name, seed=0):
    return build(ARMS[name], 12, 11, (6, 5), seed).double().eval()


@pytest.mark.parametrize("name", list(ARMS))
def test_it_says_what_the_courses_translator_says(name):
    model = translator(name)
    source = turned(SOURCE) if ARMS[name].backwards else SOURCE
    ours, our_weights = model(SOURCE, TARGET, return_attention=True)
    theirs, weights = Seq2Seq.forward(model, source, TARGET, return_attention=True)
    assert torch.allclose(ours, theirs, atol=1e-12)
    assert torch.equal(ours, model(SOURCE, TARGET))
    if weights is None:
        assert our_weights is None
    else:
        assert torch.allclose(our_weights, weights, atol=1e-12)
        assert our_weights[1, :, 3:].abs().max() == 0, "no padding is read"


def test_gradients_are_those_of_the_courses_translator_too():
    for name in ("none", "additive"):
        grads = []
        for forward in (Translator.forward, Seq2Seq.forward):
            model = translator(name)
            forward(model, SOURCE, TARGET).square().sum().backward()
            grads.append([parameter.grad for parameter in model.parameters()])
        assert all(torch.allclose(a, b, atol=1e-10) for a, b in zip(*grads, strict=True))


def test_a_sentence_is_turned_and_its_padding_stays():
    assert turned(SOURCE).tolist() == [[4, 8, 7, 6, 5], [4, 5, 9, 0, 0], [7, 0, 0, 0, 0]]
    assert torch.equal(turned(turned(SOURCE)), SOURCE)


def test_one_way_reads_one_way_and_does_not_see_padding():
    encoder = OneWayEncoder(12, 6, 5).double()
    states, last = encoder(SOURCE)
    assert states.shape == (3, 5, 10)
    assert torch.equal(last[1], states[1, 2])
    changed = SOURCE.clone()
    changed[0, 3] = 11
    later, _ = encoder(changed)
    assert torch.equal(later[0, :3], states[0, :3]), "nothing is known of what comes"
    alone, last_alone = encoder(SOURCE[1:2, :3])
    assert torch.allclose(last_alone[0], last[1])
    assert torch.allclose(alone[0], states[1, :3])


def test_backwards_is_forwards_on_turned_words():
    forwards, backwards = translator("forwards"), translator("backwards")
    backwards.load_state_dict(forwards.state_dict())
    assert torch.equal(backwards(SOURCE, TARGET), forwards(turned(SOURCE), TARGET))


def test_a_map_has_a_row_for_each_word_and_one_for_what_follows():
    weights = read_map(translator("dot"), [5, 6, 7], [8, 9])
    assert weights.shape == (3, 3)
    assert torch.allclose(weights.sum(-1), torch.ones(3, dtype=torch.float64))
    assert read_map(translator("none"), [5, 6], [8]) is None
