"""Cards, names and colours: the answer is the colour of the card that was asked for."""

import pytest
import torch

from helpers.pages.c14 import lookup


def test_the_answer_stands_on_the_card():
    for question in lookup.QUESTIONS:
        tokens, colours = lookup.draw(question, 200, seed=3)
        assert tokens.shape == (200, 9, 13)
        cards = tokens[:, 1:]
        assert (cards[..., :8].sum(1) == 1).all()  # each name once in a row
        assert (tokens[:, 0, -1] == 1).all()
        assert (cards[..., -1] == 0).all()
        if question == "by content":
            where = (cards[..., :8] * tokens[:, :1, :8]).sum(-1).argmax(1)
        else:
            where = torch.full((200,), lookup.PLACE - 1)
        shown = cards[torch.arange(200), where, 8:12]
        assert torch.equal(shown.argmax(1), colours)
    with pytest.raises(ValueError, match="question: expected one of by place, by content; got 'by luck'"):
        lookup.draw("by luck", 1, 0)


@pytest.mark.parametrize("kind", lookup.KINDS)
@pytest.mark.parametrize("read", lookup.READERS)
def test_every_network_names_a_colour(kind, read):
    net = lookup.build(kind, read)
    tokens, _ = lookup.draw("by content", 5, 0)
    assert net(tokens).shape == (5, 4)
    for bad in (("conv", read), (kind, "all")):
        with pytest.raises(ValueError, match="expected one of"):
            lookup.build(*bad)


def test_a_convolution_of_two_blocks_does_not_reach_the_far_cards_from_the_token_in_front():
    net = lookup.build("convolution", "token")
    tokens, _ = lookup.draw("by content", 1, 0)
    moved = tokens.clone()
    moved[:, 3:] = 0
    assert torch.equal(net(tokens), net(moved))
    attention = lookup.build("attention", "token")
    assert not torch.equal(attention(tokens), attention(moved))


def test_counting_colours_is_better_than_a_guess_and_no_look_up():
    assert 0.35 < lookup.most_frequent() < 0.5
    assert 1.0 < lookup.counting_loss() < 1.386


def test_the_study_has_a_row_for_each_and_by_place_is_easy():
    rows = lookup.study(steps=30, seeds=(0,))
    assert len(rows) == 12
    net = lookup.build("convolution", "mean")
    losses = lookup.train(net, "by place", 150)
    assert losses[-1] < losses[0] / 2
    assert lookup.right(net, "by place") > 0.9
