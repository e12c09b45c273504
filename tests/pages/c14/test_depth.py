"""The study of depth: its start, its kinds, and what it says about a fresh network."""

import math

import pytest
import torch

from helpers.measure.cost import count_parameters
from helpers.pages.c14 import depth, measured


def test_another_kind_is_refused_and_the_random_state_is_left():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    depth.build("norm first", 2)
    assert torch.equal(torch.rand(1), expected)
    with pytest.raises(ValueError, match="kind: expected one of norm after, norm first"):
        depth.build("no norm", 2)


@pytest.mark.parametrize("kind", depth.KINDS)
def test_a_fresh_network_guesses(kind):
    images, labels, new, _ = depth.digits()
    assert (len(images), len(new)) == (1347, 450)
    loss = torch.nn.functional.cross_entropy(depth.build(kind, 6)(images), labels)
    assert loss.item() == pytest.approx(math.log(10), abs=0.05)


def test_layer_scale_adds_its_gains_and_starts_as_the_identity():
    plain, scaled = depth.build("norm first", 3), depth.build("LayerScale 1e-5", 3)
    assert count_parameters(scaled)["total"] - count_parameters(plain)["total"] == 3 * 2 * depth.WIDTH
    streams = scaled.streams(depth.digits()[0][:8])
    assert len(streams) == 4
    assert 0 < (streams[-1] - streams[0]).norm() < 1e-3 * streams[0].norm()


def test_the_start_of_a_network_without_a_scale():
    rows = {kind: depth.at_the_start(kind, 12) for kind in depth.KINDS}
    assert rows["norm first"]["growth"] > 1.3 > rows["LayerScale 0.1"]["growth"]
    assert rows["norm first"]["first"] > 2 * rows["norm first"]["last"]
    assert rows["LayerScale 1e-5"]["first"] == pytest.approx(rows["LayerScale 1e-5"]["last"], rel=1e-3)
    pushes = [rows[kind]["push"] for kind in ("norm first", "LayerScale 0.1", "LayerScale 1e-5")]
    assert pushes == sorted(pushes, reverse=True)


def test_a_step_of_nothing_pushes_nothing():
    assert depth.at_the_start("norm first", 2, rate=0.0)["push"] == 0.0


def test_a_narrow_block_of_this_start_changes_as_much_as_a_wide_one_of_the_usual():
    assert depth.branch_share(32, None) == pytest.approx(depth.branch_share(768, 0.02), rel=0.15)
    assert depth.branch_share(32, 0.02) < 0.05 * depth.branch_share(768, 0.02)


def test_training_warms_up_and_learns():
    net = depth.build("LayerScale 0.1", 2)
    losses = depth.train(net, 0.01, steps=60)
    assert len(losses) == 60
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    assert depth.right(net) > 0.4


def test_the_study_has_a_row_for_each():
    rows = depth.study(steps=10, seeds=(0,), depths=(1, 2), rates=(0.001,))
    assert len(rows) == 2 * len(depth.TRAINED)
    assert {"kind", "depth", "seed", "rate", "loss", "new"} == set(rows[0])
    fresh = depth.starts(seeds=(0, 1), depths=(2,))
    assert len(fresh) == 2 * len(depth.KINDS)
    assert {"kind", "depth", "seed", "first", "last", "growth", "push"} == set(fresh[0])


def test_lab_14_on_photographs_is_read_as_it_stands():
    gain = measured.found("a plain ViT gains from depth")
    deep, shallow = (measured.standing("plain", blocks)["top1"]["value"] for blocks in (48, 6))
    assert gain.value == pytest.approx(deep - shallow)
    with pytest.raises(ValueError, match="no statement"):
        measured.found("depth is all you need")
