"""The figure of repeated intervals marks exactly those that miss the truth."""

from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pytest

from helpers.pages.c00.figures import repeated_intervals

matplotlib.use("Agg")


def test_those_that_miss_are_marked():
    hit = SimpleNamespace(value=0.81, low=0.75, high=0.86)
    missed = SimpleNamespace(value=0.71, low=0.66, high=0.76)
    figure = repeated_intervals([hit, missed, hit], truth=0.8)
    markers = [line.get_marker() for line in figure.axes[0].lines if line.get_marker() in ("o", "X")]
    assert markers == ["o", "X", "o"]
    plt.close(figure)


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        repeated_intervals([], truth=0.5)
