"""The stacks of chapter 6: what is shared, what is added, and what reaches the first layer."""

import pytest
import torch

from helpers.pages.c06.stacks import Stack, gradient_sizes, per_layer, train

LABELS = torch.arange(20) % 10


@pytest.fixture
def images():
    return torch.randn(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def stack(**choice):
    torch.manual_seed(0)
    return Stack(**choice)


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_a_recurrent_stack_has_one_layer_for_all_steps(images):
    once, shared, fresh = (stack(depth=d, recurrent=r) for d, r in ((1, False), (9, True), (9, False)))
    assert count(once) == count(shared) == count(fresh) - 8 * 9 * 16 * 16
    calls = []
    shared.layers[0].register_forward_hook(lambda *args: calls.append(1))
    assert shared(images).shape == (20, 10)
    assert len(calls) == 9


def test_a_residual_layer_that_computes_nothing_hands_its_input_on(images):
    net = stack(depth=3, residual=True)
    for layer in net.layers:
        layer.convolution.weight.data.zero_()
    maps = net.states(images)
    assert len(maps) == 4
    assert all(torch.equal(one, maps[0]) for one in maps)
    plain = stack(depth=3)
    plain.layers[1].convolution.weight.data.zero_()
    assert plain.states(images)[-1].abs().max() == 0


def test_the_factors_of_a_layer_are_those_of_the_theory(images):
    def factor(**choice):
        return per_layer(gradient_sizes(stack(depth=12, **choice), images, LABELS))

    assert factor() == pytest.approx(6**-0.5, abs=0.06)
    assert factor(gain=1.0) == pytest.approx(1, abs=0.12)
    assert factor(residual=True) == pytest.approx((7 / 6) ** 0.5, abs=0.06)


def test_gradients_are_left_clean_and_the_head_comes_last(images):
    net = stack(depth=2, residual=True)
    sizes = gradient_sizes(net, images, LABELS)
    assert len(sizes) == 3
    assert all(p.grad is None for p in net.parameters())


def test_training_lowers_the_loss_and_repeats_itself(images):
    losses = [train(stack(depth=2, residual=True, norm=True), images, LABELS, 30, 1e-2) for _ in range(2)]
    assert losses[0] == losses[1]
    assert losses[0][-1] < 0.7 * losses[0][0]


def test_a_depth_of_nothing_is_refused():
    with pytest.raises(ValueError, match="depth: expected at least 1, got 0"):
        Stack(0)
