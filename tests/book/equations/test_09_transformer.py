"""Chapter 9's equations, by the course's own code: facts 5.6 to 5.9 and 5.13, and the paper's peak learning rate."""

import math

import pytest
import torch
from torch import nn

from helpers.layers.attention import MultiHeadAttention, scaled_dot_product_attention
from helpers.layers.masks import causal_mask, masked_softmax, padding_mask
from helpers.layers.positions import sinusoidal_positions
from helpers.measure.cost import macs_by_layer
from helpers.models.port import from_reference
from helpers.models.transformer import EncoderBlock

X = torch.tensor([[1, 0], [0, 1], [1, 1]], dtype=torch.float64)
Q = torch.tensor([[1, 1], [0, 1], [1, 2]], dtype=torch.float64)


def randn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# ---- the worked example ----------------------------------------------------------------------------------------------


def test_the_example_by_hand():
    u = math.exp(1 / math.sqrt(2))
    by_hand = torch.tensor(
        [
            [1 / (2 + u), 1 / (2 + u), u / (2 + u)],
            [1 / (1 + 2 * u), u / (1 + 2 * u), u / (1 + 2 * u)],
            [1 / (1 + u + u * u), u / (1 + u + u * u), u * u / (1 + u + u * u)],
        ],
        dtype=torch.float64,
    )
    output, weights = scaled_dot_product_attention(Q, X, 4 * X, return_weights=True)
    assert (weights - by_hand).abs().max() < 1e-12
    assert (output - by_hand @ (4 * X)).abs().max() < 1e-12
    printed = [[0.248, 0.248, 0.503], [0.198, 0.401, 0.401], [0.140, 0.284, 0.576]]
    assert (weights - torch.tensor(printed, dtype=torch.float64)).abs().max() < 6e-4


# ---- 5.6: why divide by the root of d --------------------------------------------------------------------------------


@pytest.mark.parametrize(("d", "tolerance"), [(4, 0.3), (64, 4), (512, 30)])  # four standard errors
def test_variance_of_a_dot_product_is_d(d, tolerance):
    products = (randn(10_000, d, seed=1) * randn(10_000, d, seed=2)).sum(-1)
    assert products.var().item() == pytest.approx(d, abs=tolerance)


def test_unscaled_softmax_saturates():
    """16 keys, d = 512: the facts give 0.94 and 0.25, 0.15 and 2.36 of 2.77, 0.005 and 0.054."""
    scores = (randn(2000, 1, 512, seed=1) * randn(2000, 16, 512, seed=2)).sum(-1)
    for s, largest, entropy, slope in ((scores, 0.94, 0.15, 0.005), (scores / 512**0.5, 0.25, 2.36, 0.054)):
        p = s.softmax(-1)
        assert p.max(-1).values.mean().item() == pytest.approx(largest, abs=0.015)
        assert -(p * p.clamp_min(1e-300).log()).sum(-1).mean().item() == pytest.approx(entropy, abs=0.03)
        assert (p * (1 - p)).mean().item() == pytest.approx(slope, abs=0.001)


@pytest.mark.parametrize("scaled", [True, False])
def test_what_a_query_hears_depends_on_the_probe(scaled):
    """Median gradient at the query: through one weight it dies without the division, through AV at d = 64 it grows."""
    heard = {}
    for d in (64, 512):
        q, k = randn(2000, 1, d, seed=1).requires_grad_(), randn(2000, 16, d, seed=2)
        s = (q * k).sum(-1)
        p = (s / d**0.5 if scaled else s).softmax(-1)
        for probe, raised in (("weight", p[:, 0]), ("output", p * randn(2000, 16, seed=3))):
            (gradient,) = torch.autograd.grad(raised.sum(), q, retain_graph=True)
            heard[probe, d] = gradient.flatten(1).norm(dim=1).median().item()
    if scaled:
        assert all(heard["weight", d] == pytest.approx(0.04, abs=0.005) for d in (64, 512))
        assert all(heard["output", d] == pytest.approx(0.27, abs=0.02) for d in (64, 512))
    else:
        assert heard["weight", 512] < 1e-12
        assert heard["output", 64] > 0.3
        assert heard["output", 512] < 0.05


def test_jacobian_of_softmax():
    s = randn(7)
    p = s.softmax(-1)
    by_formula = torch.diag(p) - torch.outer(p, p)
    by_autograd = torch.autograd.functional.jacobian(lambda z: z.softmax(-1), s)
    assert (by_formula - by_autograd).abs().max() < 1e-15


# ---- 5.7: heads ------------------------------------------------------------------------------------------------------


def test_heads_are_slices_of_one_projection():
    """MHA = [head_1; ...; head_h] W^O, each head from its own columns; 4 D^2 + 4 D parameters for any h."""
    D, h = 12, 3
    attention = MultiHeadAttention(D, h).double()
    assert sum(p.numel() for p in attention.parameters()) == 4 * D**2 + 4 * D
    x = randn(2, 5, D)
    query, key, value = attention.qkv(x).split(D, dim=-1)
    heads = [
        scaled_dot_product_attention(*(t[..., i * D // h : (i + 1) * D // h] for t in (query, key, value)))
        for i in range(h)
    ]
    assert (attention.output(torch.cat(heads, -1)) - attention(x)).abs().max() < 1e-12


@pytest.mark.parametrize("h", [1, 4, 8])
def test_ours_is_torchs(h):
    reference = nn.MultiheadAttention(32, h, batch_first=True)
    assert from_reference(reference)[1].largest_difference < 1e-10


def test_encoder_layer_of_the_paper():
    """3,145,728 weights at D = 512 and 2048 hidden units, biases and norms left out."""
    with torch.device("meta"):
        block = EncoderBlock(512, 8, 2048, 0.0, pre_norm=False)
    weights = sum(p.numel() for name, p in block.named_parameters() if p.dim() == 2)
    assert weights == 12 * 512**2 == 3_145_728


# ---- 5.8: masks ------------------------------------------------------------------------------------------------------


def test_causal_row_uses_its_own_and_earlier_keys():
    weights = masked_softmax(randn(5, 5), causal_mask(5))
    assert (weights > 0).sum(1).tolist() == [1, 2, 3, 4, 5]
    assert (weights.sum(1) - 1).abs().max() < 1e-12


def test_masking_after_the_softmax_loses_weight_and_leaks():
    scores = randn(5, 5)
    after = scores.softmax(-1) * causal_mask(5)
    assert (after.sum(1)[:-1] < 1).all()
    changed = scores.clone()
    changed[0, 4] += 3.0  # a key in the future of query 0
    assert (changed.softmax(-1) * causal_mask(5) - after)[0, 0].abs() > 1e-3
    assert torch.equal(masked_softmax(changed, causal_mask(5))[0], masked_softmax(scores, causal_mask(5))[0])


def test_padding_masks_columns():
    weights = masked_softmax(randn(1, 2, 3, 4), padding_mask(torch.tensor([[True, True, True, False]])))
    assert (weights[..., 3] == 0).all()
    assert (weights[..., :3] > 0).all()


# ---- 5.9: positions --------------------------------------------------------------------------------------------------


def test_sinusoids_know_the_offset_only():
    table = sinusoidal_positions(200, 512)
    product = table @ table.T
    for k in (0, 1, 7, 63):
        assert product.diagonal(k).std() < 1e-12
    omega = 10000.0 ** (-torch.arange(0, 512, 2, dtype=torch.float64) / 512)
    assert product[3, 10].item() == pytest.approx(torch.cos(7 * omega).sum().item(), abs=1e-10)
    assert ((table**2).sum(1) - 256).abs().max() < 1e-12


def test_a_shift_is_a_rotation():
    """PE[p + k] = R_k PE[p] with one rotation by k w_i for each pair, whatever p is."""
    D, k = 16, 5
    table = sinusoidal_positions(60, D)
    omega = 10000.0 ** (-torch.arange(0, D, 2, dtype=torch.float64) / D)
    rotation = torch.block_diag(
        *(
            torch.tensor([[math.cos(k * w), math.sin(k * w)], [-math.sin(k * w), math.cos(k * w)]], dtype=torch.float64)
            for w in omega
        )
    )
    assert (rotation @ rotation.T - torch.eye(D)).abs().max() < 1e-12
    assert (table[:-k] @ rotation.T - table[k:]).abs().max() < 1e-12


def test_self_attention_is_equivariant_until_it_knows_positions():
    attention = MultiHeadAttention(16, 4).double()
    x, order = randn(1, 7, 16), torch.tensor([3, 0, 6, 1, 5, 2, 4])
    assert (attention(x)[:, order] - attention(x[:, order])).abs().max() < 1e-12
    table = sinusoidal_positions(7, 16)
    assert (attention(x + table)[:, order] - attention(x[:, order] + table)).abs().max() > 1e-3


# ---- 5.13: cost ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("N", [16, 256, 384])
def test_macs_of_a_block(N):
    """12 N D^2 in the linear layers, 2 N^2 D in the products: equal to the MLP at N = 4 D, to everything at 6 D."""

    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = EncoderBlock(D, 4, 4 * D, 0.0, pre_norm=True)

        def forward(self, images):
            return self.block(images.flatten(2).transpose(1, 2))

    D = 64
    layers = macs_by_layer(Tokens(), (1, N), in_channels=D)
    products = sum(v for name, v in layers.items() if name.endswith("attention"))
    linear = sum(layers.values()) - products
    assert linear == 12 * N * D**2
    assert products == 2 * N**2 * D
    mlp = sum(v for name, v in layers.items() if ".mlp." in name)
    assert (products == mlp) == (4 * D == N)
    assert (products == linear) == (6 * D == N)


# ---- the paper's schedule --------------------------------------------------------------------------------------------


def test_peak_of_the_papers_learning_rate():
    rate = [512**-0.5 * min(t**-0.5, t * 4000**-1.5) for t in range(1, 20_001)]
    assert max(range(1, 20_001), key=lambda t: rate[t - 1]) == 4000
    assert max(rate) == pytest.approx(7.0e-4, rel=0.005)
