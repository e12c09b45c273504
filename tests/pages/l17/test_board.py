"""The board of lab 17, the control of a test, and what the tests see of faults that they were not written for."""

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from helpers.models.parity import TRAPS
from helpers.pages.l17 import checks, costs
from helpers.pages.l17.board import alike, caught, controlled, idle, run_tests, said
from helpers.pages.l17.checks import OURS, POPULAR, fresh, noise
from helpers.pages.l17.faulty import SOUND, build, sealed_by
from helpers.pages.l17.strangers import EXPECTED, STRANGERS, divisor_of_four, dropout_on


def test_the_board_says_who_was_caught_and_who_was_not_told_apart():
    tests = {"is A": lambda net: net == "A", "is no C": lambda net: net != "C", "later": lambda net: None}
    results = run_tests(tests, lambda letter: letter, "ABCD")
    assert caught(results) == "BCD"
    assert alike(results) == ["A", "BD", "C"]
    assert idle(results) == ["later"]
    text = said(results)
    assert "Caught, by at least one test: B, C, D." in text
    assert "No test objects to A." in text
    assert "No test has separated B, D from each other." in text
    assert "Not written yet, so it says nothing: later." in text


def test_a_test_that_is_not_written_catches_nobody_and_does_not_pass_for_one():
    results = run_tests({"mine": lambda net: None}, lambda letter: letter, "ABC")
    assert caught(results) == ""
    assert "One of them is sound; 2 are not." in said(results)
    assert "Not written yet" in said(results)


@pytest.mark.parametrize("answer", [1, "yes", torch.tensor(True)])
def test_a_test_that_answers_neither_true_nor_false_is_refused(answer):
    with pytest.raises(ValueError, match=r"test 'mine': expected True, False or None.*try bool"):
        run_tests({"mine": lambda net: answer}, lambda letter: letter, "AB")


def test_every_test_gets_a_fresh_network():
    def spoils(net):
        clean = bool(net.head.bias.eq(0).all())
        net.head.bias.add_(1)
        return clean

    assert caught(run_tests({"first": spoils, "second": spoils}, sealed_by(23), "AB")) == ""
    with pytest.raises(ValueError, match="expected at least one"):
        run_tests({}, sealed_by(23), "AB")


def test_learning_by_heart_leaves_gradients_on_inside_the_board():
    assert run_tests({"heart": checks.loss_falls}, lambda letter: build(SOUND), "A") == {"heart": {"A": True}}
    losses = checks.by_heart(build(SOUND), steps=3)
    assert len(losses) == 3
    assert losses[0] == pytest.approx(F.cross_entropy(build(SOUND)(noise(10)), torch.arange(10)).item(), abs=1e-4)


# ------------------------------------------------------------------------------------------------------- the control


def loses_its_head(net):
    net.head.register_forward_hook(lambda module, read, logits: 0 * logits)


def test_a_control_spoils_who_passes_and_then_has_to_fail():
    answers = controlled(lambda net: bool(net(noise(2)).abs().max() > 0), loses_its_head, sealed_by(23), "ABC")
    assert answers.holds
    assert (answers.acquitted, answers.blind) == ("ABC", "")
    assert "unspoilt, A, B, C pass; spoilt, none" in answers.said("mine")


def test_a_control_names_a_test_that_cannot_fail_and_one_that_convicts_all():
    blind = controlled(lambda net: True, loses_its_head, sealed_by(23), "AB")
    assert not blind.holds
    assert "A, B still pass, spoilt" in blind.said("mine")
    hard = controlled(lambda net: False, loses_its_head, sealed_by(23), "AB")
    assert not hard.holds
    assert "convicts all" in hard.said("mine")


# --------------------------------------------------------------------------------------------------- further faults


def failed(break_it, tests=OURS):
    """The tests that a sound network fails once it is broken."""
    answers = run_tests(tests, lambda letter: build(SOUND).eval().spoil(break_it), "A")
    return {name for name, row in answers.items() if not row["A"]}


@pytest.mark.parametrize("name", STRANGERS)
def test_our_tests_see_one_of_nine_further_faults(name):
    assert failed(STRANGERS[name]) == ({"gradients arrive"} if name == "softmax over the queries" else set())


def test_the_traps_of_lab_6_are_among_them():
    assert {f"{name} (lab 6)" for name in TRAPS} < set(STRANGERS)
    assert len(STRANGERS) == 9


@pytest.mark.parametrize("name", STRANGERS)
def test_parity_sees_every_one_with_drawn_weights_and_with_fresh_ones_all_but_a_bias_of_0(name):
    assert costs.apart(STRANGERS[name]) > 1e-7 > costs.AGREE > costs.apart(lambda net: None)
    assert (costs.apart(STRANGERS[name], fresh) > costs.AGREE) == (not name.startswith("missing query bias"))


def test_a_divisor_that_is_right_at_one_width_is_seen_at_two_and_not_by_parity_at_one():
    assert costs.apart(EXPECTED["divisor fixed at 4"]) < costs.AGREE
    assert failed(divisor_of_four) == {"unit scores"}
    with torch.no_grad():
        assert checks.score_variance(checks.loud(build(SOUND).spoil(divisor_of_four))) == pytest.approx(1, abs=0.1)


def test_softmax_over_the_queries_leaves_their_biases_without_a_gradient():
    net = checks.loud(build(SOUND).spoil(STRANGERS["softmax over the queries"]))
    net(noise(4).double()).square().sum().backward()
    query, key, _ = net.blocks[0].attention.qkv.bias.grad.chunk(3)
    assert query.abs().max() < 1e-12 < 1e-6 < key.abs().max()


def test_with_fresh_weights_one_test_convicts_the_sound_network():
    assert failed(lambda net: None, {name: partial(test, ready=fresh) for name, test in OURS.items()}) == {
        "places matter"
    }


def test_dice_acquit_a_network_without_positions():
    def lost(letter):
        net = build("no_positions").eval()
        return net.spoil(dropout_on) if letter == "D" else net

    asked = run_tests({name: OURS[name] for name in ("places matter", "asked twice")}, lost, "ND")
    assert asked == {"places matter": {"N": False, "D": True}, "asked twice": {"N": True, "D": False}}


def test_popular_tests_see_none_of_two_further_faults():
    assert not failed(STRANGERS["ReLU for GELU"], POPULAR)
    assert not failed(STRANGERS["softmax over the queries"], POPULAR)


def test_raised_stream_on_every_block_finds_one_more():
    """Exercise (a)."""

    def every_block(net):
        x = torch.randn(2, 7, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        return all(checks.difference(block(x + 5), block(x) + 5) < 1e-6 for block in checks.loud(net).blocks)

    assert not failed(lambda net: None, {"every": every_block})
    assert [name for name in STRANGERS if failed(STRANGERS[name], {"every": every_block})] == [
        "one residual missing (lab 6)"
    ]


def test_a_negative_number_that_passes_the_bend_tells_gelu_from_relu():
    """Exercise (e): ReLU of -1 is 0, GELU is not, and -1 times 0.1587 is exact GELU's alone."""

    def bends(net):
        value = net.blocks[0].mlp.activation(torch.tensor(-1.0, dtype=torch.float64)).item()
        return abs(value + 0.5 * (1 + torch.erf(torch.tensor(-(0.5**0.5), dtype=torch.float64)).item())) < 1e-9

    assert not failed(lambda net: None, {"bend": bends})
    assert {name for name in STRANGERS if failed(STRANGERS[name], {"bend": bends})} == {
        "ReLU for GELU",
        "tanh GELU (lab 6)",
    }


def test_the_rank_of_the_scores_tells_wide_keys_from_others():
    """Exercise (d): q and k of width d make scores of rank d, and one more for the constant that softmax forgets."""

    def rank(net):
        attention = checks.loud(net).blocks[0].attention
        _, weights = attention(0.1 * torch.randn(1, 60, 64, dtype=torch.float64), return_weights=True)
        return torch.linalg.matrix_rank(weights[0, 0].log(), rtol=1e-9).item()

    with torch.no_grad():
        assert rank(build(SOUND)) == 64 // 4 + 1
        assert rank(build("wide_keys")) > 50
