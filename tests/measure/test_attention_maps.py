"""Rollout and attention distance against the closed forms of uniform attention."""

import pytest
import torch

from helpers.measure.attention_maps import (
    attention_weights,
    class_map,
    mean_attention_distance,
    patch_distances,
    rollout,
    stacked,
)
from helpers.models.deit import DeiT
from helpers.models.vit import ViT


def uniform(depth: int, tokens: int) -> torch.Tensor:
    return torch.full((depth, 2, 3, tokens, tokens), 1 / tokens, dtype=torch.float64)


@pytest.mark.parametrize("depth", [1, 5, 12])
def test_rollout_of_uniform_attention(depth: int) -> None:
    """R = 2^-L I + (1 - 2^-L) 11' / N; the identity's share is 2.4e-4 after 12 layers."""
    tokens = 17
    share = 2.0**-depth
    expected = share * torch.eye(tokens) + (1 - share) / tokens * torch.ones(tokens, tokens)
    result = rollout(uniform(depth, tokens))
    assert result.shape == (2, tokens, tokens)
    assert torch.allclose(result, expected.double().expand_as(result), atol=1e-7)
    assert abs(2.0**-12 - 2.4e-4) < 1e-5


def test_rollout_multiplies_the_last_layer_from_the_left() -> None:
    first, last = torch.rand(2, 1, 1, 4, 4, dtype=torch.float64).softmax(-1)
    mix_first, mix_last = (first[0, 0] + torch.eye(4)) / 2, (last[0, 0] + torch.eye(4)) / 2
    result = rollout([first, last])[0]
    assert torch.allclose(result, mix_last @ mix_first)
    assert not torch.allclose(result, mix_first @ mix_last)
    assert torch.allclose(result.sum(-1), torch.ones(4, dtype=torch.float64))


def test_distance_of_uniform_attention_is_116_pixels() -> None:
    distance = mean_attention_distance(uniform(2, 1 + 14**2), patch_size=16, grid=14)
    assert distance.shape == (2, 2, 3)
    assert torch.allclose(distance, torch.tensor(116.4922).double(), atol=1e-3)
    assert patch_distances(14, 16).max() == pytest.approx(294.156, abs=1e-3)
    assert patch_distances(14, 16).sum().item() / (196 * 195) == pytest.approx(117.0896, abs=1e-3)


def test_distance_of_a_neighbourhood_is_local_and_ignores_the_class_token() -> None:
    near = (patch_distances(14, 16) <= 1.5 * 16).double()
    weights = torch.zeros(1, 1, 1, 197, 197, dtype=torch.float64)
    weights[..., 1:, 1:] = near
    weights[..., :, 0] = 5.0  # whatever the class token takes is left out
    distance = mean_attention_distance(weights / weights.sum(-1, keepdim=True), patch_size=16, grid=14)
    assert distance.item() == pytest.approx(16.698, abs=1e-3)


def test_attention_to_itself_has_no_distance() -> None:
    assert mean_attention_distance(torch.eye(10).expand(1, 1, 1, 10, 10), patch_size=8, grid=3).item() == 0


@pytest.mark.parametrize(("model_class", "num_prefix"), [(ViT, 1), (DeiT, 2)])
def test_our_models_give_weights_of_every_layer_and_head(model_class, num_prefix: int) -> None:
    torch.manual_seed(0)
    model = model_class(32, 8, 10, embed_dim=24, depth=3, num_heads=2).train()
    attention = attention_weights(model, torch.randn(2, 3, 32, 32))
    assert model.training
    assert stacked(attention).shape == (3, 2, 2, 16 + num_prefix, 16 + num_prefix)
    distance = mean_attention_distance(attention, 8, model.positions.grid, num_prefix)
    assert ((distance > 0) & (distance < patch_distances(4, 8).max())).all()
    assert class_map(rollout(attention), model.positions.grid, num_prefix).shape == (2, 4, 4)


def test_class_map_is_the_first_row_on_the_grid() -> None:
    matrix = torch.arange(25.0).view(1, 5, 5)
    assert class_map(matrix, 2)[0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rollout(torch.ones(2, 1, 1, 4, 4)), "sum to 1, got one that is off by 3"),
        (lambda: rollout([]), "got none"),
        (lambda: stacked([torch.ones(1, 1, 2, 2) / 2, torch.ones(1, 1, 1, 2) / 2]), "one shape"),
        (lambda: mean_attention_distance(uniform(1, 10), 16, 3, num_prefix=2), r"with 8 patches, got \(3, 3\)"),
        (lambda: class_map(torch.zeros(1, 4, 4), 2), r"with 3 patches, got \(2, 2\)"),
    ],
)
def test_bad_input_names_expected_and_received(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("grid", [(4, 16), (16, 4), (1, 64)])
def test_a_grid_that_is_no_square_is_taken_as_it_is(grid: tuple[int, int]) -> None:
    """64 patches of a wide image: 8 x 8 would be another picture and other distances."""
    rows, columns = grid
    assert class_map(torch.arange(65.0).expand(1, 65, 65), grid)[0].tolist() == [
        [1 + row * columns + column for column in range(columns)] for row in range(rows)
    ]
    distances = patch_distances(grid, 16)
    assert distances[0, -1] == pytest.approx(16 * ((rows - 1) ** 2 + (columns - 1) ** 2) ** 0.5)
    assert distances[0, 1] == 16
    measured = mean_attention_distance(uniform(1, 65), 16, grid)
    assert torch.allclose(measured, distances.mean())
    assert not torch.allclose(measured, patch_distances((8, 8), 16).mean())


def test_our_models_take_images_that_are_no_square_and_so_do_the_maps() -> None:
    torch.manual_seed(0)
    model = ViT((16, 64), 8, 10, embed_dim=24, depth=2, num_heads=2)
    attention = attention_weights(model, torch.randn(2, 3, 16, 64))
    assert class_map(rollout(attention), model.positions.grid).shape == (2, 2, 8)
    assert mean_attention_distance(attention, 8, model.positions.grid).shape == (2, 2, 2)


@pytest.mark.parametrize("grid", [(8, 8), (4, 15), (0, 16), 5])
def test_a_grid_with_another_number_of_patches_is_refused(grid) -> None:
    with pytest.raises(ValueError, match=r"grid: expected \(rows, columns\) with 16 patches"):
        class_map(torch.zeros(1, 17, 17), grid)
    with pytest.raises(ValueError, match=r"grid: expected \(rows, columns\) with 16 patches"):
        mean_attention_distance(uniform(1, 17), 8, grid)
