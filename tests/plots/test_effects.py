"""The strip of effects: a row each, in points, hollow where the interval holds zero."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgb

from helpers.plots.effects import effect_strip


def test_a_strip_has_a_row_for_each_effect_in_points():
    sure, unsure = SimpleNamespace(value=0.2, low=0.1, high=0.3), SimpleNamespace(value=-0.01, low=-0.05, high=0.03)
    figure = effect_strip(
        {"one": sure, "a name that is far too long for a single line of a figure that a phone has to show": unsure}
    )
    (ax,) = figure.axes
    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in points] == pytest.approx([20, -1])
    assert [to_rgb(line.get_markerfacecolor()) == (1, 1, 1) for line in points] == [False, True]
    assert "\n" in ax.texts[1].get_text()
    plt.close(figure)


def test_an_empty_strip_is_refused():
    with pytest.raises(ValueError, match="at least one effect"):
        effect_strip({})
