"""Figures of chapter 14 show what they are given; reach is that of real blocks; tables say what torchvision says."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from helpers.models.parity import randomise
from helpers.models.swin import SwinBlock
from helpers.pages.c14 import depth, figures, lookup, measured, reach, reported


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_the_steps_cut_shift_roll_and_mask():
    with pytest.raises(ValueError, match="step: expected 1 to 6, got 7"):
        figures.window_step(7)
    shifted, rolled = (words(figures.window_step(step).axes[0]) for step in (3, 4))
    assert sorted(shifted) == sorted(rolled)
    assert "".join(rolled[:8]) == "AAAABBCC"
    assert "".join(rolled[-8:]) == "EEEEHHII"
    assert "64 of 256 pairs may look" in words(figures.window_step(5).axes[0])


def test_letters_are_the_regions_of_the_mask():
    from helpers.layers.windows import may_look

    pieces = [figures.letter((4 + k // 4 + 2) % 8, (4 + k % 4 + 2) % 8) for k in range(16)]
    same = torch.tensor([[a == b for b in pieces] for a in pieces])
    assert torch.equal(may_look(8, 8, 4, 2)[-1], same)


def test_every_branch_of_the_tree_goes_down_or_sideways_between_its_members():
    for parent, child in figures.BRANCHES:
        assert figures.TREE[parent][0] <= figures.TREE[child][0]
    assert {name for branch in figures.BRANCHES for name in branch} == set(figures.TREE)
    shown = words(figures.family_tree().axes[0])
    assert set(figures.TREE) <= set(shown)
    assert len(figures.YEARS) == 1 + max(row for row, *_ in figures.TREE.values())


@pytest.mark.parametrize("start", [(0, 0), (3, 4), (5, 2)])
def test_reach_is_that_of_real_blocks(start):
    shifts = (0, 2, 0)
    blocks = torch.nn.Sequential(*(randomise(SwinBlock(8, 2, 4, shift, 0.0).double()) for shift in shifts))
    x = torch.randn(1, 8, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    moved = x.clone()
    moved[0, start[0], start[1], 0] += 1.0
    seen = ((blocks(moved) - blocks(x)).abs() > 1e-13).any(-1)[0]
    assert torch.equal(seen, reach.heard(8, 4, shifts, *start)[-1])


def test_a_panel_says_how_many_have_heard():
    maps = {"never shifted": reach.heard(8, 4, (0, 0), 1, 1), "shifted": reach.heard(8, 4, (0, 2), 1, 1)}
    axes = figures.reach(maps).axes
    assert [ax.get_xlabel() for ax in axes] == ["1: 16", "2: 16", "1: 16", f"2: {int(maps['shifted'][1].sum())}"]
    with pytest.raises(ValueError, match="at least one row"):
        figures.reach({})


def rows_of_depth():
    return [
        {"kind": kind, "depth": L, "rate": rate, "seed": seed, "new": 0.5 + 0.1 * seed + rate, "loss": 1.0}
        | {"first": 2.0 * L, "last": 1.0, "push": 0.1, "growth": 1.0}
        for kind in depth.KINDS
        for L in (6, 12)
        for rate in (0.001, 0.01)
        for seed in (0, 1)
    ]


def test_the_panels_of_depth_hold_the_means():
    rows = rows_of_depth()
    assert measured.average(rows, "new", kind="norm first", depth=6, rate=0.01) == pytest.approx(0.56)
    assert measured.best_rate(rows, "norm first", 6) == (0.01, pytest.approx(0.56))
    with pytest.raises(ValueError, match="expected rows with"):
        measured.average(rows, "new", kind="norm first", depth=7)
    axes = measured.trained(rows).axes
    assert [ax.get_title(loc="left") for ax in axes] == list(depth.TRAINED)
    assert words(axes[0]) == ["55", "56", "55", "56"]
    (push,) = measured.first_push(rows).axes
    assert len(push.lines) == len(depth.KINDS)
    assert all(np.allclose(line.get_ydata(), 0.1) for line in push.lines)
    for draw in (measured.trained, measured.first_push):
        with pytest.raises(ValueError, match="at least one row"):
            draw([])


def test_the_gradients_of_all_stacks_stand_in_one_table():
    table = measured.gradient_table([row | {"first": 0.012 * row["depth"]} for row in rows_of_depth()])
    assert [row["stacked"] for row in table[::2]] == list(depth.KINDS)
    assert [row["before the"] for row in table[:2]] == ["first block", "last block"]
    assert [float(table[0][count]) for count in ("6", "12")] == [72.0, 144.0]
    assert {float(row["6"]) for row in table[1::2]} == {1000.0}


def test_every_seed_of_the_look_up_is_a_dot():
    rows = [
        {"question": question, "kind": kind, "read": read, "seed": seed, "right": 0.5 + seed / 10}
        for question in lookup.QUESTIONS
        for kind in lookup.KINDS
        for read in lookup.READERS
        for seed in (0, 1)
    ]
    ax = measured.lookups(rows, 0.43).axes[0]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(dots) == 12
    assert {float(line.get_xdata()[0]) for line in dots} == {50.0, 60.0}
    with pytest.raises(ValueError, match="at least one row"):
        measured.lookups([], 0.4)


def test_the_curve_of_learning_is_smoothed():
    losses = [1.0] * 30
    line = measured.learning(losses, 0.5).axes[0].lines[1]
    assert np.allclose(line.get_ydata(), 1.0)
    assert to_hex(line.get_color()) == measured.COLOURS["norm first"]
    with pytest.raises(ValueError, match="expected at least 20 steps, got 5"):
        measured.learning(losses[:5], 0.5)


def test_the_table_of_released_networks():
    rows = reported.released()
    assert [row["network"] for row in rows] == [name for _, name, _ in reported.RELEASED]
    assert reported.top1("Swin-T", rows) == 81.5  # facts 2.1: 81.47
    assert reported.top1("ConvNeXt-T", rows) == 82.5


def test_the_records_hold_every_run():
    rows = measured.depth_rows()
    assert len(rows) == len(depth.TRAINED) * len(depth.TRAINED_DEPTHS) * len(depth.RATES) * 3
    assert len(measured.start_rows()) == len(depth.KINDS) * len(depth.DEPTHS) * 3
    assert len(measured.lookup_rows()) == 2 * 3 * 2 * 2
