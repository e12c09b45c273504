"""Non-local means and attention are one; squeeze-and-excitation hears everyone and places nobody."""

import pytest
import torch

from helpers.pages.c07.blocks import Attend, SqueezeExcite, non_local_means, non_local_means_as_attention, surroundings


def picture(seed: int = 0) -> torch.Tensor:
    return torch.rand(7, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_surroundings_are_read_row_by_row():
    image = picture()
    patches = surroundings(image, 3)
    assert patches.shape == (63, 9)
    torch.testing.assert_close(patches[9 + 2], image[0:3, 1:4].flatten())
    torch.testing.assert_close(surroundings(image, 1)[:, 0], image.flatten())


@pytest.mark.parametrize("side", [0, 2, -1])
def test_a_side_that_is_not_odd_is_refused(side):
    with pytest.raises(ValueError, match="side: expected an odd number"):
        surroundings(picture(), side)


def test_a_picture_with_channels_is_refused():
    with pytest.raises(ValueError, match="picture"):
        surroundings(picture()[None], 3)


def test_non_local_means_is_attention():
    image = picture()
    averaged, weights = non_local_means(image, side=3, tau=0.4)
    torch.testing.assert_close(weights.sum(1), torch.ones(63, dtype=torch.float64))
    torch.testing.assert_close(non_local_means_as_attention(image, side=3, tau=0.4), averaged)


def test_tau_runs_from_the_picture_itself_to_its_mean():
    image = picture()
    torch.testing.assert_close(non_local_means(image, 3, 1e-6)[0], image)
    torch.testing.assert_close(non_local_means(image, 3, 1e9)[0], image.mean().expand(7, 9))


def test_the_worked_example_and_the_exercise():
    values = torch.tensor([10.0, 13, 6])
    assert (torch.softmax(-torch.tensor([0.0, 1, 2]) * torch.tensor(2.0).log(), 0) @ values) == pytest.approx(72 / 7)
    values = torch.tensor([10.0, 7, 20])
    assert (torch.softmax(-torch.tensor([0.0, 1, 2]) * torch.tensor(3.0).log(), 0) @ values) == pytest.approx(131 / 13)


def test_squeeze_and_excitation_gates_channels_alike_at_all_places():
    block, x = SqueezeExcite(8), torch.randn(2, 8, 5)
    gate = block(x) / x
    assert gate.std(dim=2).max() < 1e-5
    assert ((gate > 0) & (gate < 1)).all()
    assert sum(p.numel() for p in block.parameters()) == 2 * 8 * 8 // 2 + 4 + 8
    order = torch.randperm(5)
    torch.testing.assert_close(block(x)[:, :, order], block(x[:, :, order]))


def test_attention_reads_from_everywhere_with_weights_that_sum_to_one():
    block, x = Attend(8), torch.randn(2, 8, 5)
    assert block(x).shape == (2, 8, 5)
    weights = block.weights(x)
    assert weights.shape == (2, 5, 5)
    torch.testing.assert_close(weights.sum(2), torch.ones(2, 5))
