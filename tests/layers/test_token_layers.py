"""The small parts of a block: MLP, drop path, LayerScale, add and norm, class attention, talking heads."""

import pytest
import torch
from torch import nn

from helpers.layers.add_and_norm import AddAndNorm
from helpers.layers.attention import MultiHeadAttention
from helpers.layers.class_attention import ClassAttention
from helpers.layers.drop_path import DropPath
from helpers.layers.layer_scale import LayerScale
from helpers.layers.mlp import TokenMLP
from helpers.layers.talking_heads import TalkingHeadsAttention


def test_mlp_sees_one_token_at_a_time():
    mlp = TokenMLP(8, 32)
    x = torch.randn(2, 5, 8)
    changed = x.clone()
    changed[:, 3] += 1.0
    moved = (mlp(x) - mlp(changed)).abs().amax(-1) > 0
    assert moved.tolist() == [[False, False, False, True, False]] * 2


def test_mlp_uses_the_exact_gelu():
    mlp = TokenMLP(8, 32).double()
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    hidden = mlp.hidden(x)
    exact = hidden * (1 + torch.erf(hidden / 2**0.5)) / 2
    assert (mlp(x) - mlp.output(exact)).abs().max() < 1e-14
    assert (mlp(x) - mlp.output(nn.functional.gelu(hidden, approximate="tanh"))).abs().max() > 1e-6


def test_drop_path_skips_whole_images_and_keeps_the_mean():
    torch.manual_seed(0)
    drop = DropPath(0.25).train()
    out = drop(torch.ones(20_000, 3, 2))
    per_image = out.flatten(1)
    assert (per_image == per_image[:, :1]).all()
    assert sorted(set(per_image[:, 0].tolist())) == pytest.approx([0.0, 4 / 3])
    assert per_image[:, 0].mean() == pytest.approx(1.0, abs=0.02)  # standard error 0.004


def test_drop_path_is_the_identity_in_eval_mode():
    x = torch.randn(4, 3)
    assert DropPath(0.9).eval()(x) is x
    assert DropPath(0.0).train()(x) is x


@pytest.mark.parametrize("probability", [-0.1, 1.0, 2.0])
def test_drop_path_names_a_bad_probability(probability):
    with pytest.raises(ValueError, match=rf"\[0, 1\), got {probability}"):
        DropPath(probability)


def test_layer_scale_has_one_gain_a_channel():
    scale = LayerScale(4, 1e-5)
    x = torch.randn(2, 3, 4)
    torch.testing.assert_close(scale(x), 1e-5 * x)
    with torch.no_grad():
        scale.gamma.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    torch.testing.assert_close(scale(x), x @ torch.diag(scale.gamma))


def test_pre_norm_keeps_the_sum_and_post_norm_norms_it():
    x = 10 * torch.randn(2, 3, 8) + 5
    nothing = torch.zeros_like
    assert torch.equal(AddAndNorm(8, 0.0, pre_norm=True)(x, nothing), x)
    assert AddAndNorm(8, 0.0, pre_norm=False)(x, nothing).mean(-1).abs().max() < 1e-5


@pytest.mark.parametrize("pre_norm", [False, True])
def test_add_and_norm_drops_numbers_of_the_branch_in_training_only(pre_norm):
    torch.manual_seed(0)
    box = AddAndNorm(8, 0.25, pre_norm)
    box.norm = nn.Identity()  # what is left is x + dropout(f(x))
    x = torch.full((50, 20, 8), 3.0)
    added = box.train()(x, torch.ones_like) - x
    assert sorted(set(added.flatten().tolist())) == pytest.approx([0.0, 4 / 3])
    assert (added == 0).float().mean() == pytest.approx(0.25, abs=0.03)  # standard error 0.005
    assert torch.equal(box.eval()(x, torch.ones_like), x + 1)


def test_class_attention_is_cross_attention_with_one_query():
    ours = ClassAttention(12, 3).double()
    general = MultiHeadAttention(12, 3).double()
    with torch.no_grad():
        projections = (ours.query, ours.key, ours.value)
        general.qkv.weight.copy_(torch.cat([p.weight for p in projections]))
        general.qkv.bias.copy_(torch.cat([p.bias for p in projections]))
    general.output.load_state_dict(ours.output.state_dict())
    z = torch.randn(2, 5, 12, dtype=torch.float64)
    output, weights = ours(z, return_weights=True)
    expected, expected_weights = general(z[:, :1], memory=z, return_weights=True)
    assert output.shape == (2, 1, 12)
    assert weights.shape == (2, 3, 1, 5)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights, expected_weights)
    torch.testing.assert_close(ours(z), expected)


def test_heads_that_do_not_talk_are_plain_multi_head_attention():
    talking, plain = TalkingHeadsAttention(12, 3).double(), MultiHeadAttention(12, 3).double()
    plain.qkv.load_state_dict(talking.qkv.state_dict())
    plain.output.load_state_dict(talking.output.state_dict())
    x = torch.randn(2, 5, 12, dtype=torch.float64)
    assert (talking(x) - plain(x)).abs().max() > 1e-3
    with torch.no_grad():
        for mix in (talking.mix_scores, talking.mix_weights):
            mix.weight.copy_(torch.eye(3))
            mix.bias.zero_()
    torch.testing.assert_close(talking(x), plain(x))
    torch.testing.assert_close(talking(x, return_weights=True)[1], plain(x, return_weights=True)[1])


def test_talking_mixes_heads_before_and_after_the_softmax():
    talking = TalkingHeadsAttention(12, 3).double()
    x = torch.randn(1, 4, 12, dtype=torch.float64)
    query, key, value = talking.qkv(x)[0].view(4, 3, 3, 4).unbind(1)  # (N, h, d)
    scores = torch.einsum("nhd,mhd->nmh", query, key) / 2
    weights = talking.mix_weights(talking.mix_scores(scores).softmax(1))  # (N, M, h)
    expected = talking.output(torch.einsum("nmh,mhd->nhd", weights, value).flatten(1))
    torch.testing.assert_close(talking(x)[0], expected)


@pytest.mark.parametrize("shape", [(2, 5, 6), (5, 8)])
def test_class_attention_refuses_tokens_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="z: expected"):
        ClassAttention(8, 2)(torch.zeros(shape))
