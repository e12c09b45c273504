"""Attention equals torch's, obeys its masks, and does not know the order of its tokens."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.layers.additive_attention import AdditiveAttention, additive_attention
from helpers.layers.attention import MultiHeadAttention, merge_heads, scaled_dot_product_attention, split_heads
from helpers.layers.class_attention import ClassAttention
from helpers.layers.masks import causal_mask, masked_softmax, padding_mask
from helpers.layers.talking_heads import TalkingHeadsAttention

FEW = settings(max_examples=30, deadline=None)


def randn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def draw_mask(kind, B, h, N, M, seed=0):
    """A mask of the given rank and type, in which every query reads key 0 at least."""
    shape = {2: (N, M), 3: (B, N, M), 4: (B, h, N, M)}[kind[0]]
    mask = randn(*shape, seed=seed) > 0
    mask[..., 0] = True
    if kind[1] == "additive":
        return randn(*shape, seed=seed + 1).masked_fill(~mask, float("-inf"))
    return mask


MASKS = [(rank, dtype) for rank in (2, 3, 4) for dtype in ("boolean", "additive")]


# ---- the equation --------------------------------------------------------------------------------------------------


def test_by_hand():
    """One query, two keys: scores ln 3 and 0 after the division by sqrt(4), so weights 3/4 and 1/4."""
    query = torch.tensor([[2 * math.log(3), 0.0, 0.0, 0.0]], dtype=torch.float64)
    key = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0]], dtype=torch.float64)
    value = torch.tensor([[4.0, 0.0], [0.0, 8.0]], dtype=torch.float64)
    output, weights = scaled_dot_product_attention(query, key, value, return_weights=True)
    torch.testing.assert_close(weights, torch.tensor([[0.75, 0.25]], dtype=torch.float64))
    torch.testing.assert_close(output, torch.tensor([[3.0, 2.0]], dtype=torch.float64))


@pytest.mark.parametrize("kind", [None, *MASKS])
def test_equals_torch_with_every_kind_of_mask(kind):
    query, key, value = randn(2, 3, 5, 8, seed=1), randn(2, 3, 7, 8, seed=2), randn(2, 3, 7, 6, seed=3)
    mask = None if kind is None else draw_mask(kind, 2, 3, 5, 7)
    aligned = mask[:, None] if mask is not None and mask.dim() == 3 else mask
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=aligned)
    explicit, weights = scaled_dot_product_attention(query, key, value, mask, return_weights=True)
    fused = scaled_dot_product_attention(query, key, value, mask)
    assert (explicit - expected).abs().max() < 1e-12
    assert (fused - expected).abs().max() < 1e-12
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 5, dtype=torch.float64))


def test_a_query_that_may_read_nothing_gets_zero_and_a_finite_gradient():
    query, key, value = (randn(1, 2, 4, 8, seed=s).requires_grad_() for s in range(3))
    mask = torch.ones(4, 4, dtype=torch.bool)
    mask[2] = False
    output, weights = scaled_dot_product_attention(query, key, value, mask, return_weights=True)
    assert (output[:, :, 2] == 0).all()
    assert (weights[:, :, 2] == 0).all()
    torch.testing.assert_close(output, scaled_dot_product_attention(query, key, value, mask))
    output.sum().backward()
    assert torch.isfinite(query.grad).all()
    assert key.grad.abs().sum() > 0


def test_dot_products_have_variance_d():
    """Facts 5.6: unit-variance entries give Var(q . k) = d; divided by sqrt(d), one."""
    for d in (4, 64, 512):
        products = (randn(20_000, d, seed=1) * randn(20_000, d, seed=2)).sum(-1)
        assert products.var() / d == pytest.approx(1.0, abs=0.05)


def test_without_the_scale_the_softmax_saturates():
    """Facts 5.6, 16 keys and d = 512: largest weight 0.94 against 0.25, entropy 0.15 against 2.36 of ln 16."""
    query, key = randn(2000, 1, 512, seed=1), randn(2000, 16, 512, seed=2)
    _, scaled = scaled_dot_product_attention(query, key, key, return_weights=True)
    _, unscaled = scaled_dot_product_attention(query * 512**0.5, key, key, return_weights=True)
    for weights, largest, entropy, slope in [(unscaled, 0.94, 0.15, 0.005), (scaled, 0.25, 2.36, 0.054)]:
        assert weights.amax(-1).mean() == pytest.approx(largest, abs=0.01)
        assert torch.special.entr(weights).sum(-1).mean() == pytest.approx(entropy, abs=0.02)
        assert (weights * (1 - weights)).mean() == pytest.approx(slope, abs=0.001)


def test_softmax_jacobian():
    """dp_i/ds_j = p_i (delta_ij - p_j)."""
    scores = randn(6)
    p = scores.softmax(0)
    jacobian = torch.autograd.functional.jacobian(masked_softmax, scores)
    torch.testing.assert_close(jacobian, torch.diag(p) - p[:, None] * p)


@FEW
@given(
    B=st.integers(1, 3),
    N=st.integers(1, 6),
    M=st.integers(1, 6),
    d=st.integers(1, 9),
    h=st.integers(1, 3),
    kind=st.sampled_from([None, *MASKS]),
    seed=st.integers(0, 1000),
)
def test_explicit_and_fused_agree_for_all_sizes(B, N, M, d, h, kind, seed):
    query, key, value = (randn(B, h, n, d, seed=seed + i) for i, n in enumerate((N, M, M)))
    mask = None if kind is None else draw_mask(kind, B, h, N, M, seed)
    explicit, weights = scaled_dot_product_attention(query, key, value, mask, return_weights=True)
    torch.testing.assert_close(explicit, scaled_dot_product_attention(query, key, value, mask))
    assert weights.shape == (B, h, N, M)
    if mask is not None and mask.dtype == torch.bool:
        forbidden = ~mask if mask.dim() != 3 else ~mask[:, None]
        assert (weights[forbidden.expand_as(weights)] == 0).all()


# ---- masks ---------------------------------------------------------------------------------------------------------


def test_causal_row_i_reads_i_plus_one_keys():
    mask = causal_mask(5)
    assert mask.sum(-1).tolist() == [1, 2, 3, 4, 5]
    _, weights = scaled_dot_product_attention(randn(5, 8), randn(5, 8), randn(5, 8), mask, return_weights=True)
    assert (weights > 0).sum(-1).tolist() == [1, 2, 3, 4, 5]
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, dtype=torch.float64))


@pytest.mark.parametrize("return_weights", [False, True])
def test_nothing_leaks_from_the_future(return_weights):
    attention = MultiHeadAttention(16, 4).double()
    x = randn(2, 6, 16)
    changed = x.clone()
    changed[:, 4:] += 1.0
    run = lambda tokens: attention(tokens, mask=causal_mask(6), return_weights=return_weights)  # noqa: E731
    before, after = (run(t)[0] if return_weights else run(t) for t in (x, changed))
    assert torch.equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] - after[:, 4:]).abs().min() > 0


def test_padding_hides_keys_not_queries():
    attention = MultiHeadAttention(16, 4).double()
    x = randn(2, 5, 16)
    is_token = torch.tensor([[True] * 5, [True, True, True, False, False]])
    _, weights = attention(x, mask=padding_mask(is_token), return_weights=True)
    assert (weights[1, :, :, 3:] == 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 5, dtype=torch.float64))
    alone = attention(x[1:, :3])
    torch.testing.assert_close(attention(x, mask=padding_mask(is_token))[1:, :3], alone)


def test_masks_combine():
    both = causal_mask(3) & padding_mask(torch.tensor([[True, True, False]]))
    assert both[0, 0].tolist() == [[True, False, False], [True, True, False], [True, True, False]]


@pytest.mark.parametrize("shape", [(5,), (4, 5), (3, 5, 5), (2, 2, 5, 5), (1, 2, 3, 5, 5)])
def test_a_mask_that_does_not_fit_is_refused(shape):
    x = randn(2, 3, 5, 8)
    for return_weights in (False, True):
        with pytest.raises(ValueError, match=r"broadcasts to \(2, 3, 5, 5\), got \(" + str(shape[0])):
            scaled_dot_product_attention(x, x, x, torch.ones(shape, dtype=torch.bool), return_weights)


def test_a_mask_of_integers_is_refused():
    """Zeros and ones would be added to the scores and hide nothing."""
    x = randn(2, 3, 5, 8)
    for return_weights in (False, True):
        with pytest.raises(ValueError, match=r"expected booleans .* got torch.int64"):
            scaled_dot_product_attention(x, x, x, torch.ones(5, 5, dtype=torch.long), return_weights)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("mask_dtype", [torch.float32, torch.float64, torch.bfloat16, torch.bool])
@pytest.mark.parametrize("return_weights", [False, True])
def test_a_mask_of_another_precision_follows_the_scores(dtype, mask_dtype, return_weights):
    x = randn(2, 3, 5, 8)
    allowed = causal_mask(5)
    mask = allowed if mask_dtype == torch.bool else torch.zeros(5, 5, dtype=mask_dtype).masked_fill(~allowed, -math.inf)
    low = x.to(dtype)
    result = scaled_dot_product_attention(low, low, low, mask, return_weights)
    output = result[0] if return_weights else result
    assert output.dtype == dtype
    expected = scaled_dot_product_attention(x, x, x, allowed)
    assert (output.double() - expected).abs().max() < 0.05
    _, weights = additive_attention(low[:, 0], low[:, 0], low[:, 0], torch.ones(8, dtype=dtype), mask)
    assert weights.dtype == dtype
    assert (weights[:, ~allowed] == 0).all()


def test_every_attention_runs_under_autocast():
    x = randn(2, 5, 16).float()
    mask = torch.zeros(5, 5).masked_fill(~causal_mask(5), -math.inf)
    layers = (MultiHeadAttention(16, 4), TalkingHeadsAttention(16, 4), ClassAttention(16, 4))
    additive = AdditiveAttention(16, 16, 8)
    for layer in layers:
        given = {"mask": mask} if isinstance(layer, MultiHeadAttention) else {}
        with torch.autocast("cpu", torch.bfloat16):
            low, kept = layer(x, **given), layer(x, **given, return_weights=True)[0]
        exact = layer(x, **given)
        assert (low.float() - exact).abs().max() < 0.05
        assert (kept.float() - exact).abs().max() < 0.05
    with torch.autocast("cpu", torch.bfloat16):
        low, _ = additive(x, x, mask)
    assert (low.float() - additive(x, x, mask)[0]).abs().max() < 0.05


# ---- heads ---------------------------------------------------------------------------------------------------------


def as_torch(ours):
    """torch's module with the same weights."""
    theirs = nn.MultiheadAttention(ours.embed_dim, ours.num_heads, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.copy_(randn(*parameter.shape, seed=parameter.numel()) / parameter.shape[-1] ** 0.5)
        theirs.in_proj_weight.copy_(ours.qkv.weight)
        theirs.in_proj_bias.copy_(ours.qkv.bias)
        theirs.out_proj.weight.copy_(ours.output.weight)
        theirs.out_proj.bias.copy_(ours.output.bias)
    return theirs


@FEW
@given(
    h=st.integers(1, 4), d=st.integers(1, 6), B=st.integers(1, 3), N=st.integers(1, 5), M=st.integers(1, 5),
    cross=st.booleans(), padded=st.booleans(),
)  # fmt: skip
def test_multi_head_equals_torch(h, d, B, N, M, cross, padded):
    ours = MultiHeadAttention(h * d, h).double()
    theirs = as_torch(ours)
    x = randn(B, N, h * d, seed=1)
    memory = randn(B, M, h * d, seed=2) if cross else None
    keys = x if memory is None else memory
    is_token = torch.ones(B, keys.shape[1], dtype=torch.bool)
    if padded:
        is_token[-1, 1:] = False
    expected, expected_weights = theirs(x, keys, keys, key_padding_mask=~is_token, average_attn_weights=False)
    output, weights = ours(x, memory, padding_mask(is_token), return_weights=True)
    assert (output - expected).abs().max() < 1e-12
    assert (weights - expected_weights).abs().max() < 1e-12
    assert (ours(x, memory, padding_mask(is_token)) - expected).abs().max() < 1e-12


def test_cost_does_not_depend_on_the_heads():
    for h in (1, 2, 4, 8):
        count = sum(p.numel() for p in MultiHeadAttention(32, h).parameters())
        assert count == 4 * 32**2 + 4 * 32


def test_split_and_merge_are_inverse_and_keep_heads_together():
    x = torch.arange(2 * 3 * 8.0).view(2, 3, 8)
    heads = split_heads(x, 4)
    assert heads.shape == (2, 4, 3, 2)
    assert torch.equal(heads[:, 1], x[:, :, 2:4])
    assert torch.equal(merge_heads(heads), x)


def test_permuting_tokens_permutes_the_output():
    attention = MultiHeadAttention(16, 4).double()
    x = randn(2, 7, 16)
    order = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    torch.testing.assert_close(attention(x)[:, order], attention(x[:, order]))
    assert (attention(x) - attention(x[:, order])).abs().max() > 1e-3


@FEW
@given(embed_dim=st.integers(1, 64), num_heads=st.integers(0, 16))
def test_heads_must_share_the_width(embed_dim, num_heads):
    if num_heads and embed_dim % num_heads == 0:
        assert MultiHeadAttention(embed_dim, num_heads)(torch.zeros(1, 2, embed_dim)).shape == (1, 2, embed_dim)
    else:
        with pytest.raises(ValueError, match=f"embed_dim {embed_dim} is not a multiple of num_heads {num_heads}"):
            MultiHeadAttention(embed_dim, num_heads)


def test_wrong_shapes_are_named():
    attention = MultiHeadAttention(16, 4)
    with pytest.raises(ValueError, match=r"tokens: expected \(B, N, D=16\), got \(2, 3, 8\)"):
        attention(torch.zeros(2, 3, 8))
    with pytest.raises(ValueError, match=r"memory: expected \(B=2, M, D=16\), got \(1, 3, 16\)"):
        attention(torch.zeros(2, 3, 16), torch.zeros(1, 3, 16))
    with pytest.raises(ValueError, match=r"got query \(3, 8\), key \(3, 4\), value \(3, 8\)"):
        scaled_dot_product_attention(torch.zeros(3, 8), torch.zeros(3, 4), torch.zeros(3, 8))


# ---- additive ------------------------------------------------------------------------------------------------------


def test_additive_attention_is_its_formula():
    """e_tj = v . tanh(W_q s_t + W_k h_j), one number at a time."""
    attention = AdditiveAttention(query_dim=3, key_dim=4, hidden_dim=5).double()
    query, states = randn(2, 3, 3, seed=1), randn(2, 6, 4, seed=2)
    output, weights = attention(query, states)
    for b in range(2):
        for t in range(3):
            scores = [
                attention.vector
                @ torch.tanh(attention.query.weight @ query[b, t] + attention.key.weight @ states[b, j])
                for j in range(6)
            ]
            expected = torch.stack(scores).softmax(0)
            torch.testing.assert_close(weights[b, t], expected)
            torch.testing.assert_close(output[b, t], expected @ states[b])


@pytest.mark.parametrize("rank", [2, 3])
def test_additive_attention_obeys_its_mask(rank):
    query, key, value = randn(2, 3, 5, seed=1), randn(2, 4, 5, seed=2), randn(2, 4, 6, seed=3)
    mask = draw_mask((rank, "boolean"), 2, 1, 3, 4)
    _, weights = additive_attention(query, key, value, randn(5), mask)
    assert (weights[~mask.expand_as(weights)] == 0).all()
    assert (weights[mask.expand_as(weights)] > 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, dtype=torch.float64))


def test_additive_attention_names_wrong_shapes():
    with pytest.raises(ValueError, match=r"key: expected \(B=2, M, a=5\), got \(2, 4, 6\)"):
        additive_attention(torch.zeros(2, 3, 5), torch.zeros(2, 4, 6), torch.zeros(2, 4, 6), torch.zeros(5))


def test_the_vector_of_additive_attention_starts_with_both_signs():
    """Uniform in ±1 / sqrt(a): scores of fresh weights have no common sign."""
    torch.manual_seed(0)
    vector = AdditiveAttention(4, 4, 400).vector.detach()
    assert vector.abs().max() <= 1 / 20
    assert vector.std().item() == pytest.approx(1 / 20 / 3**0.5, rel=0.1)
    assert abs(vector.mean().item()) < 0.005
