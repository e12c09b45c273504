"""Figures of chapter 6 draw what they are given, and refuse what they cannot draw."""

from itertools import pairwise
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

from helpers.pages.c06 import figures
from helpers.pages.c06.blocks import BLOCKS, block
from helpers.plots.style import FAMILY_COLOURS

mpl.use("Agg")


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_bottleneck_writes_its_layers_and_the_channels_between_them():
    figure = figures.drawn([block("bottleneck", 256)])
    assert texts(figure) == ["ResNet-50", "2015", "1 × 1", "3 × 3", "1 × 1", "256", "64", "64", "256", "256"]
    (plus,) = [line for line in figure.axes[0].lines if line.get_marker() == "+"]
    assert plus.get_xdata()[0] == figure.axes[0].lines[0].get_xdata()[0]  # on the trunk


def test_only_what_adds_its_input_has_a_plus():
    for name in BLOCKS:
        made = block(name, 64)
        markers = [line.get_marker() for line in figures.drawn([made]).axes[0].lines]
        assert markers.count("+") == made.adds_input


def test_branches_are_joined_to_the_channels_of_all():
    found = texts(figures.drawn([block("inception", 256)]))
    assert [found.count(name) for name in ("pooling", "1 × 1", "3 × 3", "5 × 5")] == [1, 4, 1, 1]
    assert found[-8:] == ["64", "96", "128", "16", "32", "256", "32", "256"]


@pytest.mark.parametrize("one", BLOCKS)
@pytest.mark.parametrize("other", ["", *BLOCKS])
def test_two_blocks_are_narrow_and_nothing_leaves_the_figure(one, other):
    figure = figures.drawn([block(name, 64) for name in (one, other) if name])
    assert figure.get_figwidth() <= 4.61
    figure.draw_without_rendering()
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 > -6
        assert box.x1 < figure.bbox.x1 + 6


def test_letters_are_not_small():
    every = [block("inception", 256), block("convnext", 96), block("inverted", 64)]
    assert min(text.get_fontsize() for text in figures.drawn(every).axes[0].texts) >= 9


def test_a_line_of_years_has_areas_icons_without_words_and_says_what_it_leaps():
    rows = [
        (1998, "A", "one", 1.0, block("five", 64)),
        (2012, "B", "two", 100.0, block("inverted", 64)),
        (2012, "C", "three", 25.0, None),
    ]
    figure = figures.timeline(rows)
    found = texts(figure)
    assert not {"5 × 5", "1 × 1", "384"} & set(found)
    assert [found.count(word) for word in ("14 years", "1998", "2012", "100 M", "25 M", "1 M")] == [1] * 6
    discs = [patch.radius for patch in figure.axes[0].patches if getattr(patch, "center", (0,))[0] == figures.DISC]
    assert np.allclose(np.square(discs) / max(discs) ** 2, [0.01, 1, 0.25])
    with pytest.raises(ValueError, match=r"years in their order, got \[2012, 1998\]"):
        figures.timeline(rows[1::-1])


def test_gradients_go_from_the_first_layer_to_the_last():
    figure = figures.gradients_by_layer({"plain": [1e-6, 1e-3, 1e-1], "residual": [0.1, 0.1]})
    (ax,) = figure.axes
    assert ax.get_yscale() == "log"
    assert list(ax.lines[0].get_xdata()) == [0, 0.5, 1]
    assert sorted(texts(figure)) == ["plain", "residual"]
    with pytest.raises(ValueError, match="norms above 0"):
        figures.gradients_by_layer({"plain": [0.0, 1.0]})


def test_curves_are_running_means_beside_the_level_of_guessing():
    figure = figures.curves({"a": [1.0, 3.0, 5.0, 7.0]}, level=2.3, window=2)
    level, line, *_ = figure.axes[0].lines
    assert set(level.get_ydata()) == {2.3}
    assert list(line.get_ydata()) == [2, 4, 6]
    assert list(line.get_xdata()) == [1.5, 2.5, 3.5]
    assert sorted(texts(figure)) == ["a", "guessing"]
    with pytest.raises(ValueError, match="at least 25 steps, got fewer of a"):
        figures.curves({"a": [1.0]}, level=2.3)


def test_depths_are_drawn_in_their_order_and_names_that_end_together_stand_apart():
    figure = figures.depth_chart({"plain": {8: 0.5, 2: 1.0}, "residual": {2: 1.0, 8: 0.5}, "third": {2: 0.2, 8: 0.51}})
    (ax,) = figure.axes
    assert list(ax.lines[0].get_xdata()) == [2, 8]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2", "8"]
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert all(one.y1 <= other.y0 + 1 for one, other in pairwise(boxes))


def test_names_of_speeds_cover_neither_marks_nor_names():
    at = np.random.default_rng(0).uniform(1, 3, (9, 2))
    rows = [SimpleNamespace(name=f"network {k}", macs=10 ** (6 + x), ms=10 ** (y - 2)) for k, (x, y) in enumerate(at)]
    figure = figures.speeds(rows)
    (ax,) = figure.axes
    figure.draw_without_rendering()
    boxes = [mpl.text.Text.get_window_extent(text) for text in ax.texts]
    assert texts(figure) == [row.name for row in rows]
    assert not any(box.count_overlaps([other for other in boxes if other is not box]) for box in boxes)
    marks = ax.transData.transform([(row.macs / 1e6, row.ms) for row in rows])
    assert not any(box.contains(*mark) for box in boxes for mark in marks)
    x, y = ax.lines[0].get_data()
    assert np.allclose(y / x, np.median([row.ms / row.macs * 1e6 for row in rows]))


def test_accuracies_stand_in_order_of_years():
    rows = [
        SimpleNamespace(name="new", year=2020, family="vit", value=0.8, low=0.7, high=0.9),
        SimpleNamespace(name="old", year=1998, family="cnn", value=0.6, low=0.5, high=0.65),
    ]
    figure = figures.accuracy_table_figure(rows)
    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["1998", "2020"]
    assert texts(figure) == ["60.0", "old", "80.0", "new"]
    assert list(ax.lines[0].get_xdata()) == [50, 65]
    assert ax.lines[0].get_color() == FAMILY_COLOURS["cnn"]
    rows[0].family = "mlp"
    with pytest.raises(ValueError, match=r"family: expected one of classical, cnn, .*; got mlp"):
        figures.accuracy_table_figure(rows)


@pytest.mark.parametrize(
    "draw",
    [
        figures.drawn, figures.timeline, figures.speeds, figures.accuracy_table_figure,
        lambda rows: figures.gradients_by_layer(dict(rows)), lambda rows: figures.depth_chart(dict(rows)),
        lambda rows: figures.curves(dict(rows), 1),
    ],
)  # fmt: skip
def test_nothing_is_refused(draw):
    with pytest.raises(ValueError, match="a figure needs at least one"):
        draw([])


def test_four_blocks_are_too_many():
    with pytest.raises(ValueError, match="one to three blocks, got 4"):
        figures.drawn([block("plain", 64)] * 4)
