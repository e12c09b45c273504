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
    for body in ("attention", "mean", "squeeze"):
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


def test_asked_for_another_lamp_only_the_askers_shape_has_changed():
    streets = street.draw_streets(2000, seed=5)
    other, every = street.ask_another(streets), torch.arange(2000)
    before, after = streets.images[every, :4, streets.asker], other.images[every, :4, other.asker]
    assert (after.sum(1) == 1).all()
    assert (before.argmax(1) != after.argmax(1)).all()
    rest = streets.images.clone()
    rest[every, :4, streets.asker] = after
    assert torch.equal(rest, other.images)
    lit = other.images[:, 4:8]
    lamp = (other.images[every, after.argmax(1)] * lit.sum(1)).argmax(1)
    assert (lit[every, :, lamp].argmax(1) == other.colour).all()
    assert ((lamp - other.asker).abs() == other.distance).all()
    assert (other.colour == streets.colour).double().mean().item() == pytest.approx(0.25, abs=0.03)


def test_counting_colours():
    streets = street.draw_streets(20_000, seed=4)
    images = torch.zeros(2, street.CHANNELS, street.HOUSES)
    for place, colour in ((3, 0), (4, 0), (5, 1), (20, 2)):
        images[:, 4 + colour, place] = 1
    drawn = street.Streets(images, torch.tensor([6, 6]), torch.tensor([0, 1]), torch.tensor([2, 1]))
    assert street.by_counting(drawn, 3).tolist() == [1, 0]
    assert street.by_counting(drawn, 2).tolist() == [0.5, 0.5]
    # all four seen: of the three others none, one, two or three have the right colour, with 27, 27, 9, 1 in 64
    whole = (27 * (6 / 27 * 1 / 4 + 18 / 27 * 0 + 3 / 27 * 0) + 27 * (6 / 9 + 3 / 9 / 2) + 9 + 1) / 64
    assert street.by_counting(streets, street.HOUSES).mean().item() == pytest.approx(whole, abs=0.01)
    beyond = street.by_counting(streets, 4)[streets.distance > 4]
    assert beyond.mean().item() == pytest.approx(0.25, abs=0.01)


def test_who_matches_shapes_is_right_twice():
    model = street.build("attention")
    street.train(model)
    found = street.two_questions(model, street.draw_streets(2000, seed=7), street.HOUSES)
    assert found["streets"] == 2000
    assert found["both_right"] > 0.97
    assert found["same"] == pytest.approx(0.25, abs=0.04)


def test_who_counts_gives_one_answer_to_both_questions():
    class Counts(torch.nn.Module):
        def forward(self, images, asker):
            return images[:, 4:8].sum(2) - 0.1 * torch.arange(4)  # of colours that tie, the first

    found = street.two_questions(Counts(), street.draw_streets(4000, seed=8), street.HOUSES)
    assert found["same"] == found["most_seen"] == 1
    assert found["both_right"] == pytest.approx(0.23, abs=0.03)
    near = street.two_questions(Counts(), street.draw_streets(4000, seed=8), 4)
    assert 0 < near["streets"] < 400


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
