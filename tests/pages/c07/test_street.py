"""The street: what is drawn, who can know, and that what cannot be seen does not move an answer."""

import pytest
import torch

from helpers.pages.c07 import street


def test_a_street_has_four_lamps_one_asker_and_its_answer():
    streets = street.draw_streets(500, seed=3)
    shapes, colours, asks = streets.images[:, :4], streets.images[:, 4:8], streets.images[:, 8]
    every = torch.arange(500)
    assert (asks.sum(1) == 1).all()
    assert (asks[every, streets.asker] == 1).all()
    assert (colours.sum((1, 2)) == 4).all()
    assert (shapes.sum((1, 2)) == 5).all()
    asked = shapes[every, :, streets.asker]
    lit = colours.sum(1)
    same = (shapes * asked[:, :, None]).sum(1) * lit
    assert (same.sum(1) == 1).all()  # one lamp of the asker's shape
    lamp = same.argmax(1)
    assert (colours[every, :, lamp].argmax(1) == streets.colour).all()
    assert ((lamp - streets.asker).abs() == streets.distance).all()
    assert (colours[every, :, streets.asker] == 0).all()


def test_distances_and_colours_are_even():
    streets = street.draw_streets(20_000, seed=0)
    assert streets.distance.bincount(minlength=21)[1:].float().std() < 50
    assert streets.colour.bincount().float().std() < 120
    assert len(streets.part(5, 9)) == 4


@pytest.mark.parametrize("body", street.BODIES)
def test_the_reach_of_a_network_is_where_its_answer_stops_moving(body):
    model = street.build(body).double()
    image = torch.zeros(1, street.CHANNELS, street.HOUSES, dtype=torch.float64)
    asker = torch.tensor([31])
    moved = []
    for place in range(street.HOUSES):
        there = image.clone()
        there[0, :, place] = torch.arange(1.0, street.CHANNELS + 1)
        moved.append((model(there, asker) - model(image, asker)).abs().max().item() > 0)
    reach = street.reach(body)
    assert not any(moved[: max(0, 31 - reach)])
    assert all(moved[max(0, 31 - reach) :])


def test_attention_and_squeeze_do_not_know_where_anything_stands():
    streets, order = street.draw_streets(20, seed=1), torch.randperm(32, generator=torch.Generator().manual_seed(0))
    moved = order.argsort()[streets.asker]
    for body in ("attention", "squeeze"):
        model = street.build(body).double()
        images = streets.images.double()
        torch.testing.assert_close(model(images, streets.asker), model(images[:, :, order], moved))


def test_attention_learns_the_street_and_begins_at_guessing():
    losses = street.train(street.build("attention"))
    assert losses[0] == pytest.approx(1.386, abs=0.4)
    assert sum(losses[-10:]) < 1 < sum(losses[:10])


def test_shares_by_distance():
    shares = street.by_distance(torch.tensor([True, False, True]), torch.tensor([1, 1, 2]))
    assert shares[:2] == [0.5, 1.0]


def test_another_body_is_refused():
    with pytest.raises(ValueError, match="body: expected one of 4 convolutions"):
        street.build("mixer")


def test_a_study_has_a_row_for_every_body_and_seed():
    found = street.study(steps=20, seeds=(0,), test=400)
    assert [run["body"] for run in found] == list(street.BODIES)
    assert all(len(run["by_distance"]) == 20 for run in found)


def test_the_gradient_ends_where_the_field_ends():
    shares = street.gradient_by_distance(street.build("4 convolutions"), street.draw_streets(30, seed=0))
    assert shares.sum() == pytest.approx(1)
    assert (shares[:5] > 0).all()
    assert (shares[5:] == 0).all()
    assert shares[0] > shares[3]
