"""The figures of chapter 5 draw what they are given."""

import matplotlib as mpl
import numpy as np
import pytest

from helpers.pages.c05 import figures

mpl.use("Agg")
PICTURE, EDGE = np.arange(25).reshape(5, 5), np.array([[-1, 0, 1]] * 3)


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(("step", "numbers"), [(1, 25), (2, 26), (3, 27), (4, 34), (5, 49 + 25), (6, 49 + 9)])
def test_each_step_fills_its_part_of_the_map(step, numbers):
    (ax,) = figures.sliding_step(PICTURE, EDGE, step).axes
    shown = [text for text in texts(ax) if not text.startswith("map")]
    assert len(shown) == numbers
    assert step == 1 or "6" in shown  # 3 x (right minus left)


def test_a_step_or_a_shape_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"a step of 1 to 6, got \(5, 5\), \(3, 3\), 7"):
        figures.sliding_step(PICTURE, EDGE, 7)
    with pytest.raises(ValueError, match=r"expected shapes \(5, 5\) and \(3, 3\)"):
        figures.sliding_step(PICTURE[:4], EDGE, 1)


def test_the_matrix_has_nine_cells_a_row_a_weight_of_zero_among_them():
    (ax,) = figures.matrix_figure(EDGE, (6, 6)).axes
    assert len(ax.patches) == 16 * 9
    assert ax.get_xlabel().startswith("36 pixels")


def test_a_chain_names_its_panels_with_their_sizes():
    panels = {"a": np.ones((4, 6)), "b": -np.ones((2, 3)), "c": np.ones((2, 3)), "d": np.ones((1, 1))}
    titles = [ax.get_title(loc="left") for ax in figures.layer_chain(panels).axes]
    assert titles == ["a\n4 × 6", "b\n2 × 3", "c\n2 × 3", "d\n1 × 1"]


def test_every_network_has_its_line_and_every_whole_step_its_mark():
    tables = {name: np.full((2, 9), 0.5) for name in figures.SHIFT_STYLES}
    (ax,) = figures.shift_curves(tables, stride=4).axes
    assert texts(ax) == list(figures.SHIFT_STYLES)
    upright = [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1]
    assert upright == [4, 8]
    assert list(ax.lines[0].get_ydata()) == [50] * 9


def test_the_loss_is_drawn_in_means():
    (ax,) = figures.loss_curve([1.0, 3.0, 2.0, 4.0, 9.0], guessing=2.3, every=2).axes
    assert list(ax.lines[0].get_ydata()) == [2, 3]
    assert list(ax.lines[0].get_xdata()) == [2, 4]


def test_filters_and_maps_have_a_picture_each():
    assert sum(bool(ax.images) for ax in figures.filters_figure(np.ones((10, 3, 3, 3))).axes) == 10
    rows = [("first", np.ones((5, 4, 4))), ("second", np.ones((5, 2, 2)))]
    axes = figures.feature_maps(rows, np.zeros((8, 8, 3), np.uint8)).axes
    assert sum(bool(ax.images) for ax in axes) == 11
    assert [ax.get_title(loc="left") for ax in axes if ax.get_title(loc="left")] == ["the cat", "first", "second"]
