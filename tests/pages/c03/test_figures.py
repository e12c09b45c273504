"""The figures of chapter 3 draw what they are given."""

import matplotlib as mpl
import numpy as np
import pytest

from helpers.pages.c03 import figures

mpl.use("Agg")


def texts(ax):
    return " | ".join(text.get_text() for text in ax.texts)


def test_every_secant_is_labelled_with_its_slope():
    ax = figures.secant_figure(3.0, (2, 1)).axes[0]
    assert "h = 2: slope 8" in texts(ax)
    assert "h = 1: slope 7" in texts(ax)
    assert "tangent: slope 6" in texts(ax)


def test_an_error_of_zero_has_no_place_on_a_logarithmic_axis():
    ax = figures.step_error_figure([1e-1, 1e-2], {"secant, float64": [0.3, 0.0]}).axes[0]
    assert np.isnan(ax.lines[0].get_ydata()[1])


def test_the_graph_shows_values_and_gradients_with_true_minus_signs():
    values = dict.fromkeys(figures.GRAPH_NODES, 0.5)
    shown = texts(figures.graph_figure(values, {"w": -2.0}).axes[0])
    assert "w | 0.5" in shown
    assert "−2" in shown


def test_a_graph_without_a_value_is_refused():
    with pytest.raises(ValueError, match="got none for L, a"):
        figures.graph_figure(dict.fromkeys("xwbhvczp", 1.0), {})


def test_the_line_parts_the_classes_of_xor_in_the_hidden_plane():
    hidden = np.array([[0, 0], [1, 0], [1, 0], [2, 1]])
    ax = figures.xor_figure([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], hidden, [1, -2], -0.5).axes[1]
    line = ax.lines[-1]
    at = np.interp(hidden[:, 0], line.get_xdata(), line.get_ydata())
    assert [bool(h2 < y) for (_, h2), y in zip(hidden, at, strict=True)] == [False, True, True, False]


def test_one_line_a_name():
    assert len(figures.gradients_by_layer({"relu": np.ones((2, 3)), "tanh": np.ones((2, 3))}).axes[0].lines) == 2
    # ... and the line of chance
    assert len(figures.accuracy_by_epoch({"relu": np.ones((2, 3))}, chance=0.1).axes[0].lines) == 2


def test_another_start_of_an_activation_has_hollow_marks():
    norms = {"relu": np.ones((2, 3)), "relu, 1/d": np.ones((2, 3))}
    full, hollow = figures.gradients_by_layer(norms).axes[0].lines
    assert full.get_markerfacecolor() == full.get_color()
    assert hollow.get_markerfacecolor() == "white"


def test_the_zoom_shows_the_same_curves_closer():
    whole, close = figures.accuracy_by_epoch({"relu": np.full((2, 3), 0.9)}, chance=0.1, zoom=(0.85, 0.95)).axes
    assert whole.get_ylim() == (0, 100)
    assert close.get_ylim() == (85, 95)
    assert list(close.lines[0].get_ydata()) == list(whole.lines[0].get_ydata())
