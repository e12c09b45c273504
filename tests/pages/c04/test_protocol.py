"""Each check of the protocol passes on what is healthy and fails on the bug that was planted for it."""

import math

import pytest
import torch.nn.functional as F
from torch import nn

from helpers.pages.c04 import protocol, small


@pytest.fixture(scope="module")
def data():
    return small.draw(0, 300)


def test_twenty_digits_are_memorised_unless_softmax_is_taken_twice(data):
    images, labels = data.images[:20], data.given[:20]
    assert protocol.memorise(F.cross_entropy, images, labels) < 0.01
    floor = math.log(1 + 9 / math.e)
    assert floor < protocol.memorise(protocol.softmax_twice, images, labels) < floor + 0.2


def honest(images, labels):
    return images


def test_shuffled_labels_leave_chance_unless_the_label_is_among_the_inputs(data):
    assert protocol.shuffled_control(data, honest) < 0.2
    assert protocol.shuffled_control(data, protocol.label_inside) > 0.5


@pytest.mark.parametrize("leak", [protocol.camera, protocol.copies])
def test_a_leak_that_lies_in_the_data_passes_the_shuffled_labels(data, leak):
    leaky = leak(data)
    model = small.network(0)
    small.train(model, leaky, small.Measures(), 0, steps=300, every=300)
    assert small.asked(model, leaky.val_images, leaky.val_labels)[1].float().mean() > 0.95  # a splendid network
    assert protocol.shuffled_control(leaky, honest) < 0.2


def test_a_marker_shows_where_the_middle_is_blank(data):
    assert protocol.known_by_border(data) < 0.7
    assert protocol.known_by_border(protocol.camera(data)) > 0.85


def test_a_cut_graph_leaves_parameters_idle(data):
    model = small.network(0)
    assert protocol.idle_parameters(model, data.images[:50], data.given[:50]) == []
    broken = nn.Sequential(*model[:2], protocol.CutOff(), *model[2:])
    assert protocol.idle_parameters(broken, data.images[:50], data.given[:50]) == ["0.weight", "0.bias"]


def test_neighbours_matter_in_train_mode_only(data):
    model = small.network(0, norm=True)
    sides = (data.images[:1], data.val_images[:9], data.val_images[9:18])
    assert protocol.neighbours_matter(model.eval(), *sides) == 0
    assert protocol.neighbours_matter(model.train(), *sides) > 0.01


def test_the_rate_finder_stops_where_it_breaks(data):
    rates, losses = protocol.find_rate(data, small.network(0), high=100.0)
    assert len(rates) == len(losses) < 120
    assert min(losses) < losses[0] / 2 < losses[-1]
    assert min(protocol.find_rate(data, protocol.dead_start())[1]) > math.log(10) - 0.2


def test_a_watched_training_learns_true_labels_before_wrong_ones():
    seen = protocol.watch(small.draw(0, 150, 0.2), steps=300, every=20)
    assert len({len(values) for values in seen.values()}) == 1
    middle = len(seen["step"]) // 5
    assert seen["true_known"][middle] > seen["wrong_known"][middle] + 0.2
    assert seen["wrong_known"][-1] > 0.9
