"""The arms of lab 14: each is what it says, and what a block does is measured rightly."""

from itertools import pairwise

import pytest
import torch

from helpers.measure.cost import count_parameters
from helpers.models.cait import CaiT, ClassBlock
from helpers.models.vit import Block, ViT
from helpers.pages.l14.methods import ARMS
from helpers.pages.l14.networks import PostNormBlock, ScaledBlock, blocks_of, build
from helpers.pages.l14.probe import probe

DEPTH, CLASSES, WIDTH = 4, 5, 16


def small(arm, depth=DEPTH, layer_scale=1e-5, seed=0):
    return build(arm, depth, CLASSES, 16, 8, WIDTH, layer_scale, seed)


@pytest.fixture
def images():
    return torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("arm", list(ARMS))
def test_an_arm_has_as_many_blocks_as_it_says_and_answers(arm, images):
    model = small(arm)
    assert len(blocks_of(model)) == DEPTH
    logits, weights = model.eval()(images, return_attention=True)
    assert logits.shape == (3, CLASSES)
    assert len(weights) == DEPTH
    assert torch.allclose(logits, model(images), atol=1e-5)


def test_a_late_token_reads_the_patches_in_the_last_two_blocks_alone():
    for arm, made in ARMS.items():
        kinds = [type(block) is ClassBlock for block in blocks_of(small(arm))]
        assert kinds == [False] * 2 + [made.late_token] * 2


def test_a_plain_arm_is_the_courses_vit_and_a_full_one_its_cait(images):
    model = small("plain")
    vit = ViT(16, 8, CLASSES, embed_dim=WIDTH, depth=DEPTH, num_heads=4)
    vit.load_state_dict(model.state_dict())
    assert torch.equal(vit.eval()(images), model.eval()(images))
    assert type(small("cait")) is CaiT


def test_gains_of_one_make_the_plain_vit(images):
    scaled, plain = small("scale", layer_scale=1.0).eval(), small("plain").eval()
    assert torch.equal(scaled(images), plain(images)), "the same seed gives the same weights, and 1 changes nothing"
    assert not torch.equal(small("scale").eval()(images), plain(images))


def test_tiny_gains_make_the_identity_and_a_larger_gain_is_its_own(images):
    model = small("scale", layer_scale=1e-6).eval()
    tokens = model.embed(images)
    assert torch.allclose(blocks_of(model)[0](tokens), tokens, atol=1e-5)
    assert blocks_of(small("scale_large"))[0].scale1.gamma.tolist() == pytest.approx([0.1] * WIDTH)


def test_norms_stand_behind_the_sum_in_the_control(images):
    model = small("post").eval()
    tokens = model.embed(images)
    found = blocks_of(model)[0](tokens)
    assert torch.allclose(found.mean(dim=-1), torch.zeros(3, 5), atol=1e-5)
    assert torch.allclose(found.std(dim=-1, correction=0), torch.ones(3, 5), atol=1e-2)


def test_class_attention_costs_no_parameter_but_saves_one_position():
    total = {arm: count_parameters(small(arm))["total"] for arm in ARMS}
    assert total["post"] == total["plain"]
    assert total["scale"] == total["scale_large"] == total["plain"] + DEPTH * 2 * WIDTH
    assert total["late"] == total["scale"] - WIDTH
    assert total["cait"] == total["late"] + (DEPTH - 2) * 2 * (4 * 4 + 4)


def test_the_random_state_of_the_caller_is_left_alone_and_seeds_differ():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    small("late")
    assert torch.equal(torch.rand(1), expected)
    assert not torch.equal(small("plain").head.weight, small("plain", seed=1).head.weight)


@pytest.mark.parametrize(
    ("changed", "words"), [({"arm": "swin"}, "arm: expected one of post"), ({"depth": 2}, "depth")]
)
def test_what_cannot_be_built_is_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        small(**{"arm": "late", **changed})


def test_a_probe_measures_what_blocks_add_and_hear(images):
    labels = torch.tensor([0, 1, 2])
    model = small("plain").train()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    found = probe(model, images, labels)
    assert {name: len(rows) for name, rows in found.items()} == dict.fromkeys(("adds", "stream", "weights", "gain"), 4)
    assert found["gain"] == [None] * 4
    # By hand, for the first block and for the last.
    asked = model.eval()
    tokens = [asked.embed(images)]
    for block in blocks_of(asked):
        tokens.append(block(tokens[-1]))
    share = [((y - x).norm(dim=-1) / x.norm(dim=-1)).mean().item() for x, y in pairwise(tokens)]
    assert found["adds"] == pytest.approx(share, rel=1e-4)
    loss = torch.nn.functional.cross_entropy(asked.classify(tokens[-1]), labels)
    first, last = torch.autograd.grad(loss, [tokens[1], tokens[-1]], retain_graph=True)
    by_hand = [float(3 * gradient.flatten(1).norm(dim=1).mean()) for gradient in (first, last)]
    assert [found["stream"][0], found["stream"][-1]] == pytest.approx(by_hand, rel=1e-4)
    matrices = [p for p in blocks_of(asked)[0].parameters() if p.ndim == 2]
    square = sum(float(gradient.square().sum()) for gradient in torch.autograd.grad(loss, matrices))
    assert found["weights"][0] == pytest.approx(square**0.5, rel=1e-4)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_a_tiny_gain_is_seen_in_all_that_a_probe_measures(images):
    labels = torch.tensor([0, 1, 2])
    tiny, plain = (probe(small(arm, layer_scale=1e-6), images, labels) for arm in ("scale", "plain"))
    assert tiny["gain"] == pytest.approx([1e-6] * 4)
    for name in ("adds", "weights"):
        assert all(0 < small < 1e-4 * large for small, large in zip(tiny[name], plain[name], strict=True))
    assert max(tiny["stream"]) == pytest.approx(min(tiny["stream"]), rel=1e-4), "an identity passes the gradient on"
    late = probe(small("late", layer_scale=1e-6), images, labels)
    assert max(late["stream"][:2]) < 1e-4 * late["stream"][-1], "patches are heard through the class blocks' gains"


def test_a_network_that_diverged_is_not_probed(images):
    model = small("plain")
    with torch.no_grad():
        model.head.weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="have diverged"):
        probe(model, images, torch.tensor([0, 1, 2]))


def test_blocks_are_of_the_kind_that_their_arm_names():
    kinds = {
        "post": PostNormBlock,
        "plain": Block,
        "scale_large": ScaledBlock,
        "scale": ScaledBlock,
        "late": ScaledBlock,
    }
    for arm, kind in kinds.items():
        assert {type(block) for block in small(arm).blocks} == {kind}
