"""Chapter 4's small problem: hands that stay apart, networks, moved digits, and a training that repeats itself."""

import numpy as np
import pytest
import torch

from helpers.data.digits import digits
from helpers.pages.c04 import small


def test_no_hand_writes_on_two_sides():
    data, drawn = digits(), small.draw(3)
    hand = {
        image.tobytes(): who for image, who in zip((data.pixels / 8 - 1).astype(np.float32), data.hand, strict=True)
    }
    sides = [
        {hand[image.numpy().tobytes()] for image in images}
        for images in (drawn.images, drawn.val_images, drawn.test_images)
    ]
    assert [len(side) for side in sides] == [5, 4, 5]
    assert len(set.union(*sides)) == 14


def test_draws_are_nested_and_wrong_labels_are_wrong():
    few, more = small.draw(1, 50), small.draw(1, 200)
    assert torch.equal(few.images, more.images[:50])
    noisy = small.draw(1, 50, 0.2)
    assert noisy.wrong.sum() == 10
    assert torch.equal(noisy.given != few.given, noisy.wrong)
    assert torch.equal(noisy.val_labels, few.val_labels)
    for bad in ({"count": 0}, {"count": 5000}, {"wrong": 1.5}):
        with pytest.raises(ValueError, match="expected"):
            small.draw(0, **bad)


@pytest.mark.parametrize("activation", small.ACTIVATIONS)
def test_a_fresh_network_knows_nothing_and_leaves_the_random_state(activation):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    model = small.network(5, activation, depth=3, dropout=0.2, norm=True)
    assert torch.equal(before, torch.get_rng_state())
    loss, _ = small.asked(model, torch.randn(500, 64), torch.arange(500) % 10)
    assert 2.2 < loss < 3.4
    assert sum(isinstance(layer, torch.nn.BatchNorm1d) for layer in model) == 3
    with pytest.raises(ValueError, match="activation"):
        small.network(0, "step")


def test_a_digit_is_moved_but_not_lost():
    images = small.draw(0).images
    generator = torch.Generator().manual_seed(0)
    assert torch.allclose(small.moved(images, 0.0, generator), images, atol=1e-5)
    after = small.moved(images, 1.0, generator)
    assert after.shape == images.shape
    assert 0.7 < float((after + 1).sum() / (images + 1).sum()) < 1.01
    assert float((after - images).abs().mean()) > 0.05


def test_a_training_learns_repeats_itself_and_keeps_its_best_look():
    data = small.draw(2, 60)
    first, again = (
        small.train(small.network(2, dropout=0.2), data, small.Measures(dropout=0.2), 2, steps=60) for _ in range(2)
    )
    assert first.train_loss == again.train_loss
    assert first.steps == [25, 50, 60]
    assert first.train_loss[-1] < 0.5 < first.train_loss[0] + 1
    assert first.best == int(np.argmin(first.val_loss))
    assert first.right_at_end.shape == data.test_labels.shape
    quick = small.train(small.network(2), data, small.Measures(), 2, steps=500, every=5, until=0.1)
    assert quick.train_loss[-1] <= 0.1 < quick.train_loss[-2]
