"""The nine networks of lab 17: what each one is, what it does not say of itself, and the tests that find it."""

import copy

import pytest
import torch
from torch import nn

from helpers.models.parity import randomise
from helpers.models.vit import ViT
from helpers.pages.l17 import checks, faulty
from helpers.pages.l17.checks import OURS, POPULAR, noise
from helpers.pages.l17.faulty import FAULTS, LETTERS, SIZE, SOUND, build, deal, load_what_fits, sealed_by

CONVICTS = {  # fault -> the tests of ours that it fails, all of them
    SOUND: set(),
    "late_class": {"counted", "positions reach every token"},
    "wide_keys": {"counted"},
    "no_scale": {"unit scores"},
    "post_norm": {"raised stream"},
    "flatten": {"one bright patch"},
    "batch_mean": {"alone or in company", "gradients arrive"},
    "dropout_on": {"asked twice", "alone or in company", "raised stream"},
    "no_positions": {"places matter", "positions reach every token", "gradients arrive"},
}


def test_the_sound_network_computes_what_the_courses_vit_computes():
    torch.manual_seed(3)
    reference = randomise(ViT(**SIZE).double().eval())
    net = build(SOUND).double().eval()
    net.load_state_dict(reference.state_dict())
    images = noise(3).double()
    torch.testing.assert_close(net(images), reference(images), rtol=0, atol=1e-12)
    logits, attention = net(images, return_attention=True)
    expected_logits, expected = reference(images, return_attention=True)
    torch.testing.assert_close(logits, expected_logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(attention, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("fault", FAULTS)
def test_first_weights_are_the_same_wherever_shapes_agree(fault):
    torch.manual_seed(5)
    expected = ViT(**SIZE).state_dict()
    before = torch.get_rng_state()
    own = build(fault, seed=5).state_dict()
    assert torch.equal(torch.get_rng_state(), before), "the random state of the caller is left as it was"
    other = [name for name in own if own[name].shape != expected[name].shape]
    assert all(torch.equal(own[name], expected[name]) for name in own if name not in other)
    parts = {"late_class": 1, "wide_keys": 3 * SIZE["depth"]}  # positions; weight and bias of qkv, weight of the output
    assert len(other) == parts.get(fault, 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_the_tests_that_it_should_and_no_other(fault):
    with torch.no_grad():
        failed = {name for name, check in (POPULAR | OURS).items() if not check(build(fault).eval())}
    assert failed == CONVICTS[fault]


def test_popular_tests_can_fail():
    wrong_head = build(SOUND)
    wrong_head.head = nn.Linear(SIZE["embed_dim"], 7)
    assert not checks.right_shape(wrong_head)
    too_sure = build(SOUND)
    with torch.no_grad():
        too_sure.head.weight.mul_(200)
    assert not checks.first_loss(too_sure)
    deaf = build(SOUND)
    deaf.embed = lambda images: torch.zeros(len(images), 17, SIZE["embed_dim"])  # sees nothing, learns nothing
    assert not checks.loss_falls(deaf)


def test_the_last_norm_by_hand_is_layer_norm():
    hand, torchs = faulty.LastNorm(8, SOUND), nn.LayerNorm(8, eps=1e-6)
    x = 3 * torch.randn(5, 8) + 1
    torch.testing.assert_close(hand(x), torchs(x))
    mixed = faulty.LastNorm(8, "batch_mean")
    assert torch.equal(mixed(x[:1]), torch.zeros(1, 8)), "alone, an image is its own mean"


def test_a_class_token_without_a_position_is_the_same_function_of_other_weights():
    reference = randomise(ViT(**SIZE).double().eval())
    weights = reference.state_dict()
    table = weights["positions.table"]
    late = build("late_class").double().eval()
    moved = {"positions.table": table[:, 1:], "class_token": weights["class_token"] + table[:, :1]}
    late.load_state_dict(weights | moved)
    images = noise(2).double()
    torch.testing.assert_close(late(images), reference(images), rtol=0, atol=1e-12)


def test_dropout_falls_in_training_and_in_evaluation_alike():
    net, images = build("dropout_on").eval(), noise(1)
    torch.manual_seed(0)
    first = net(images)
    torch.manual_seed(0)
    assert torch.equal(net.train()(images), first)
    assert not torch.equal(net.eval()(images), first)


def test_what_does_not_fit_stays_fresh_and_is_named():
    wide = build("wide_keys")
    before = copy.deepcopy(wide.state_dict())
    left = load_what_fits(wide, {name: tensor + 1 for name, tensor in ViT(**SIZE).state_dict().items()})
    assert {name.split(".", 2)[2] for name in left} == {
        "attention.qkv.weight",
        "attention.qkv.bias",
        "attention.output.weight",
    }
    assert all(torch.equal(wide.state_dict()[name], before[name]) for name in left)


def test_a_deal_hides_every_fault_once_and_another_number_deals_anew():
    assert sorted(deal(23).values()) == sorted(FAULTS)
    assert deal(23) == deal(23) != deal(24)
    assert tuple(deal(23)) == LETTERS


@pytest.mark.parametrize("letter", LETTERS)
def test_a_sealed_network_does_not_say_what_it_is(letter):
    net = sealed_by(23)(letter)
    assert not net.training
    printed = f"{net!r} {net.blocks} {net.norm} {net.positions} {net.patches}"
    assert f"<network {letter}, sealed>" in printed
    assert not any(key in printed for key in FAULTS)
    assert len({str(type(net)), str(type(sealed_by(23)("A")))}) == 1
    assert sealed_by(23)(letter, embed_dim=32).head.in_features == 32


def test_a_letter_or_a_fault_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="expected one of A, B"):
        sealed_by(23)("Z")
    with pytest.raises(ValueError, match="expected one of sound, late_class"):
        build("typo")


def test_another_size_keeps_the_fault_and_the_spoiling():
    dark = build("no_positions").eval().spoil(lambda net: nn.init.constant_(net.head.bias, 7.0))
    larger = dark.resized(embed_dim=128)
    assert larger.head.in_features == 128
    assert not larger.training
    assert larger.head.bias.eq(7).all()
    with torch.no_grad():
        assert not OURS["places matter"](larger)
    assert build(SOUND).head.bias.eq(0).all(), "a spoilt network leaves the next fresh one alone"


def test_biases_of_the_keys_get_no_gradient_and_all_others_do():
    net = checks.loud(build(SOUND))
    net(noise(4).double()).square().sum().backward()
    for block in net.blocks:
        query, key, value = block.attention.qkv.bias.grad.chunk(3)
        assert key.abs().max() < 1e-12 < 1e-6 < min(query.abs().min(), value.abs().min())
