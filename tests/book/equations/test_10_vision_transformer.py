"""Chapter 10: the equations of the Vision Transformer, its counts, its memory, and what its maps measure."""

import pytest
import torch

from helpers.layers.attention import scaled_dot_product_attention
from helpers.layers.patches import LinearPatchEmbedding, PatchEmbedding, patchify
from helpers.layers.positions import interpolate_positions
from helpers.measure.attention_maps import mean_attention_distance, patch_distances, rollout
from helpers.measure.cost import count_parameters, macs, saved_activation_bytes
from helpers.models.parity import randomise
from helpers.models.vit import VIT_CONFIGS, ViT

F64 = torch.float64


def on_meta(**arguments) -> ViT:
    with torch.device("meta"):
        return ViT(**arguments)


def small() -> ViT:
    return randomise(ViT(32, 8, 10, 48, 2, 4)).double().eval()


# --- patches ------------------------------------------------------------------------------------------------------


def test_a_convolution_is_a_linear_patch_embedding_in_its_own_order_only() -> None:
    torch.manual_seed(0)
    convolution, linear = PatchEmbedding(16, 3, 768).double(), LinearPatchEmbedding(16, 3, 768).double()
    images = torch.randn(2, 3, 224, 224, dtype=F64)
    weight = convolution.projection.weight
    with torch.no_grad():
        linear.projection.bias.copy_(convolution.projection.bias)
        linear.projection.weight.copy_(weight.flatten(1))
        assert (convolution(images) - linear(images)).abs().max() < 1e-14
        linear.projection.weight.copy_(weight.permute(0, 2, 3, 1).flatten(1))
        assert (convolution(images) - linear(images)).abs().max() > 3


@pytest.mark.parametrize(("size", "patch", "tokens"), [(224, 16, 197), (384, 16, 577), (224, 32, 50), (224, 1, 50_177)])
def test_tokens_of_an_image(size: int, patch: int, tokens: int) -> None:
    assert on_meta(image_size=size, patch_size=patch, depth=1).positions.table.shape[1] == tokens


def test_the_index_of_a_green_value() -> None:
    patch = torch.zeros(1, 3, 16, 16)
    patch[0, 1, 2, 3] = 1
    assert patchify(patch, 16).argmax() == 291
    assert patch.permute(0, 2, 3, 1).flatten().argmax() == 106


def test_appending_a_number_before_the_matrix_is_adding_a_vector_after_it() -> None:
    torch.manual_seed(0)
    x, E, E_pos = torch.randn(9, 768, dtype=F64), torch.randn(768, 64, dtype=F64), torch.randn(9, 64, dtype=F64)
    appended = torch.cat([x, torch.eye(9, dtype=F64)], dim=1) @ torch.cat([E, E_pos])
    torch.testing.assert_close(appended, x @ E + E_pos, rtol=0, atol=1e-11)


# --- the example by hand ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "bottom", "read"),
    [([0, 1, 2, 3], 1, 26 / 7), ([3, 1, 2, 0], 1, 18 / 7), ([0, 1, 2, 3], 0, 2.8), ([3, 1, 2, 0], 0, 2.8)],
)
def test_the_class_token_of_the_example(order: list[int], bottom: int, read: float) -> None:
    image = torch.tensor([[0, 0, 4, 4], [0, 0, 0, 0], [4, 4, 8, 8], [4, 4, 8, 8]], dtype=F64)
    means = patchify(image[None, None], 2)[0].mean(1)[order]
    places = torch.tensor([0, 0, 0, bottom, bottom], dtype=F64)
    z = torch.stack([torch.cat([torch.zeros(1, dtype=F64), means]), places], dim=1)  # (5, 2)
    query = torch.tensor([[0, 2**0.5]], dtype=F64) * torch.tensor(2.0, dtype=F64).log()
    assert scaled_dot_product_attention(query, z, z)[0, 0].item() == pytest.approx(read, abs=1e-12)


# --- equations 1 to 4 ---------------------------------------------------------------------------------------------


def test_equations_1_to_4_written_out() -> None:
    model, images = small(), torch.randn(2, 3, 32, 32, dtype=F64)
    E = model.patches.projection.weight.flatten(1).T  # (P P C, D)
    x_p = patchify(images, 8)  # (B, G G, P P C)
    class_token = model.class_token.expand(2, -1, -1)
    patches = x_p @ E + model.patches.projection.bias
    z = torch.cat([class_token, patches], dim=1) + model.positions.table
    assert z.shape == (2, 17, 48)
    for block in model.blocks:
        z1 = block.attention(block.norm1(z)) + z
        misprint = block.mlp(block.norm2(z1)) + z
        z, before = block.mlp(block.norm2(z1)) + z1, z
        assert (block(before) - z).abs().max() < 1e-12 < 1 < (block(before) - misprint).abs().max()
    logits = model.norm(z)[:, 0] @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(model(images), logits, rtol=0, atol=1e-12)


def test_without_positions_the_order_of_patches_is_invisible() -> None:
    model, images = small(), torch.randn(1, 3, 32, 32, dtype=F64)
    p = patchify(images, 8)[:, torch.randperm(16, generator=torch.Generator().manual_seed(1))]
    shuffled = torch.nn.functional.fold(p.transpose(1, 2), 32, 8, stride=8)
    with torch.no_grad():
        assert (model(shuffled) - model(images)).abs().max() > 1e-3
        model.positions.table.zero_()
        assert (model(shuffled) - model(images)).abs().max() < 1e-12


# --- counts -------------------------------------------------------------------------------------------------------


def test_the_count_of_b16_term_by_term() -> None:
    block = 1536 * 2 + 1_771_776 + 590_592 + 2_362_368 + 2_360_064
    assert block == 7_087_872 == 12 * 768**2 + 13 * 768
    assert 590_592 + 768 + 151_296 + 12 * block + 1536 + 769_000 == 86_567_656 == count_parameters(on_meta())["total"]


@pytest.mark.parametrize(
    ("arguments", "parameters"), [({"num_classes": 120}, 85_890_936), ({"image_size": 384}, 86_859_496)]
)
def test_two_changes_of_the_count(arguments: dict, parameters: int) -> None:
    assert count_parameters(on_meta(**arguments))["total"] == parameters


@pytest.mark.parametrize(
    ("size", "image_size", "gmacs", "quadratic"),
    [("B", 224, 17.56, 4.1), ("B", 384, 55.48, 11.1), ("Ti", 224, 1.25, 14.3)],
)
def test_macs_and_the_quadratic_share(size: str, image_size: int, gmacs: float, quadratic: float) -> None:
    counted = macs(on_meta(image_size=image_size, **VIT_CONFIGS[size]), image_size)
    N, D = 1 + (image_size // 16) ** 2, VIT_CONFIGS[size]["embed_dim"]
    assert counted == 12 * (12 * N * D**2 + 2 * N**2 * D) + (N - 1) * 768 * D + 1000 * D
    assert counted / 1e9 == pytest.approx(gmacs, abs=0.005)
    assert 100 * 12 * 2 * N**2 * D / counted == pytest.approx(quadratic, abs=0.06)


@pytest.mark.parametrize(("patch", "exaflops", "printed"), [(16, 223.5, 224), (32, 56.1, 55)])
def test_the_bill_of_table_6(patch: int, exaflops: float, printed: float) -> None:
    by_hand = 303e6 * 7 * macs(on_meta(patch_size=patch), 224) * 2 * 3 / 1e18
    assert by_hand == pytest.approx(exaflops, abs=0.06)
    assert by_hand == pytest.approx(printed, rel=0.025)


def test_pixels_as_tokens() -> None:
    assert 224**2 == 50_176
    assert 50_176**2 * 4 == 10_070_523_904
    assert pytest.approx(0.4708, abs=5e-5) == 1025 / (6 * 192 + 1025)


@pytest.mark.parametrize(
    ("size", "image_size", "patch", "mib"),
    [("B", 224, 16, 133.3), ("B", 384, 16, 510.8), ("S", 224, 16, 66.9), ("Ti", 224, 16, 33.75), ("B", 224, 32, 30.2)],
)
def test_memory_by_formula_and_measured(size: str, image_size: int, patch: int, mib: float) -> None:
    D, L, h = (VIT_CONFIGS[size][key] for key in ("embed_dim", "depth", "num_heads"))
    N = 1 + (image_size // patch) ** 2
    formula = 4 * (L * (16 * N * D + h * N**2) + N * D + 3 * image_size**2) / 2**20
    measured = saved_activation_bytes(on_meta(image_size=image_size, patch_size=patch, **VIT_CONFIGS[size]), image_size)
    assert formula == pytest.approx(mib, abs=0.06)
    assert measured / 2**20 == pytest.approx(formula, rel=0.0015)


# --- maps ---------------------------------------------------------------------------------------------------------


def test_rollout_of_uniform_attention() -> None:
    uniform = torch.full((12, 1, 2, 5, 5), 0.2, dtype=F64)
    expected = 2.0**-12 * torch.eye(5, dtype=F64) + (1 - 2.0**-12) * 0.2
    torch.testing.assert_close(rollout(uniform)[0], expected)


def test_mean_attention_distance_of_uniform_attention() -> None:
    uniform = torch.full((1, 1, 1, 197, 197), 1 / 197, dtype=F64)
    assert mean_attention_distance(uniform, 16, 14).item() == pytest.approx(116.5, abs=0.05)
    distances = patch_distances(14, 16)
    assert (distances.sum() / (196 * 195)).item() == pytest.approx(117.1, abs=0.05)
    assert distances.max().item() == pytest.approx(294.2, abs=0.05)
    near = (distances < 16 * 1.5).to(F64)
    local = torch.zeros(197, 197, dtype=F64)
    local[0, 0] = 1
    local[1:, 1:] = near / near.sum(1, keepdim=True)
    assert mean_attention_distance(local[None, None, None], 16, 14).item() == pytest.approx(16.7, abs=0.1)


def test_uniform_attention_without_making_the_rows_sum_to_one_again() -> None:
    weights = torch.full((64, 64), 1 / 65, dtype=F64)  # what the class token reads is missing
    distances = patch_distances(8, 8)
    literal = (weights * distances).sum(1).mean().item()
    again = (weights * distances).sum(1).div(weights.sum(1)).mean().item()
    with_class_token = torch.full((1, 1, 1, 65, 65), 1 / 65, dtype=F64)
    assert literal == pytest.approx(32.6, abs=0.05)
    assert again == pytest.approx(33.1, abs=0.05)
    assert mean_attention_distance(with_class_token, 8, 8).item() == pytest.approx(again, abs=1e-12)


# --- against timm -------------------------------------------------------------------------------------------------


def test_positions_of_a_larger_grid_are_those_of_timm() -> None:
    from timm.layers import resample_abs_pos_embed

    table = torch.randn(1, 1 + 64, 32, generator=torch.Generator().manual_seed(0))
    ours = interpolate_positions(table, (8, 8), (10, 10), num_prefix=1)
    theirs = resample_abs_pos_embed(table, (10, 10), (8, 8), num_prefix_tokens=1)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def test_timm_keeps_one_sequence_more() -> None:
    import timm

    with torch.device("meta"):
        model = timm.create_model("vit_base_patch16_224")
    for block in model.blocks:
        block.attn.fused_attn = False
    more = saved_activation_bytes(model, 224) - saved_activation_bytes(on_meta(), 224)
    assert more == pytest.approx(4 * 197 * 768, rel=0.01)
    assert saved_activation_bytes(model, 224) / 2**20 == pytest.approx(133.9, abs=0.05)
