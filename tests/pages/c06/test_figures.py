"""Figures of chapter 6 draw what they are given, and refuse nothing at all."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest

from helpers.pages.c06 import figures, record, story
from helpers.pages.c06.bricks import NAMES, brick


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_block_names_its_layers_and_counts_them():
    found = texts(figures.blocks([brick("bottleneck", 256)]))
    assert found[:4] == ["1 × 1, 64", "3 × 3, 64", "1 × 1, 256", "+"]
    assert "69,632 weights" in found
    assert "3 × 3 each, 64" in texts(figures.blocks([brick("separable", 64)]))


def test_colours_say_which_kind_a_convolution_is():
    kinds = {figures.colour_of_conv(conv) for name in NAMES for conv in brick(name, 64).convs}
    assert kinds == {figures.ORANGE, figures.BLUE, figures.GREEN}


def test_the_wall_has_all_years_in_order_and_the_parameters_it_is_given():
    rows = story.steps({"VGG-16": 138_357_544, "GoogLeNet": 6_624_904})
    assert [row["year"] for row in rows] == sorted(row["year"] for row in rows)
    found = texts(figures.timeline(rows))
    assert [text for text in found if text.endswith(" M")] == ["138 M", "6.6 M"]
    assert len(rows) == 11


def test_lines_have_their_names():
    sizes = {"plain": [1e-6, 1e-3, 1.0], "residual": [1.2, 1.1, 1.0]}
    assert set(texts(figures.gradients(sizes))) == set(sizes)
    assert set(texts(figures.losses({"plain": [2.3] * 20, "residual": [1.0] * 20}, 2.3))) == {"plain", "residual"}
    assert {"W", "$W_1$", "$W_2$", "$W_3$"} <= set(texts(figures.recurrent_and_residual()))


def test_an_interval_that_holds_zero_is_hollow_and_a_statement_of_one_run_has_one():
    def of(low, high):
        return SimpleNamespace(difference=SimpleNamespace(value=(low + high) / 2, low=low, high=high))

    figure = figures.verdicts({"one": {"sure": of(0.1, 0.2), "open": of(-0.1, 0.2)}, "two": {"sure": of(0.2, 0.3)}})
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [line.get_markerfacecolor() == "white" for line in dots] == [False, False, True]
    assert texts(figure) == ["sure", "open", "one", "two"]


EMPTY = {
    "blocks": figures.blocks,
    "timeline": figures.timeline,
    "speeds": figures.speeds,
    "gradients": lambda rows: figures.gradients(dict(rows)),
    "losses": lambda rows: figures.losses(dict(rows), 1.0),
    "verdicts": lambda rows: figures.verdicts(dict(rows)),
    "ladder": lambda rows: figures.ladder(rows, 0.1),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_is_refused(name):
    with pytest.raises(ValueError, match="a figure needs at least one"):
        EMPTY[name]([])


def test_the_record_fills_the_two_charts_of_lab_2():
    run = record.equal_budget()
    rows = record.rows_of(run)
    labels = figures.ladder(rows, 0.1).axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == [f"{row.label} · {row.year}" for row in rows]
    bars = figures.speeds(rows).axes[0].patches
    assert len(bars) == 2 * sum(bool(row.training_macs) for row in rows)
    assert max(bar.get_width() for bar in bars) == 100
