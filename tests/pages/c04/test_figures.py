"""The figures of chapter 4 draw what they are given."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.pages.c04 import figures

SEEN = {
    "step": [0, 10, 20],
    "train_loss": [2.3, 1.0, 0.1],
    "val_loss": [2.3, 1.5, 1.9],
    "val_top1": [0.1, 0.7, 0.6],
    "true_known": [0.1, 0.9, 1.0],
    "wrong_known": [0.1, 0.2, 1.0],
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(figure):
    return " ".join(text.get_text() for ax in figure.axes for text in [*ax.texts, ax.title])


def test_each_step_shows_more_of_the_training():
    assert [len(figures.by_heart(SEEN, step).axes[0].lines) for step in (1, 2, 3)] == [1, 3, 4]
    assert "validation" not in words(figures.by_heart(SEEN, 1))
    with pytest.raises(ValueError, match="step"):
        figures.by_heart(SEEN, 4)


def test_a_gap_has_its_two_ends_and_the_interval_of_the_test():
    train, test = SimpleNamespace(value=1.0), SimpleNamespace(value=0.8, low=0.7, high=0.9)
    ax = figures.gap_figure({"clean labels": {"relu": (train, test)}}).axes[0]
    drawn = [list(line.get_xdata()) for line in ax.lines]
    assert [80.0, 100.0] in drawn
    assert any(np.allclose(x, [70, 90]) for x in drawn if len(x) == 2)


def test_double_descent_is_the_mean_of_the_seeds():
    found = {"train": [[0.2, 0.4], [0, 0]], "test": [[0.5, 0.7], [0.3, 0.3]], "ridge": [[0.4, 0.4], [0.2, 0.2]]}
    ax = figures.two_descents([10, 100], found, 50).axes[0]
    assert any(np.allclose(line.get_ydata(), [60, 30]) for line in ax.lines)
    with pytest.raises(ValueError, match="width"):
        figures.two_descents([], found, 50)


def test_a_valley_has_a_panel_a_path():
    paths = {"SGD": np.zeros((4, 2)), "Adam": np.ones((4, 2))}
    assert len(figures.valley(paths, 25, dict.fromkeys(paths, "#1f2933")).axes) == 2
    with pytest.raises(ValueError, match="path"):
        figures.valley({}, 25, {})


def test_the_finder_marks_a_tenth_of_the_lowest():
    ax = figures.rate_finder([0.001, 0.01, 0.1], [2.0, 1.0, 3.0], 2.3, 0.001).axes[0]
    assert any(list(line.get_xdata()) == [0.001] for line in ax.lines)
    assert "a tenth of it" in words(ax.figure)
    with pytest.raises(ValueError, match="rate"):
        figures.rate_finder([], [], 2.3, 0.1)


def test_schedules_are_drawn_by_rate():
    points = [{"rate": rate, "schedule": "both", "value": value} for rate, value in ((0.01, 0.8), (0.001, 0.7))]
    ax = figures.schedules(points, {"both": "#2563c9"}).axes[0]
    assert list(ax.lines[0].get_ydata()) == [70, 80]
    with pytest.raises(ValueError, match="point"):
        figures.schedules([], {})


def test_in_each_cube_the_orange_numbers_are_those_that_share():
    orange = [
        sum(patch.get_facecolor()[:3] == plt.matplotlib.colors.to_rgb(figures.ORANGE) for patch in ax.patches)
        for ax in figures.cubes(4).axes
    ]
    # faces seen: front 16, side 16, top 16. batch: a channel (front column, whole side, top row); layer: a row of the
    # front, one of the side, a row of the top; group: two columns, a column of the side, two of the top; instance.
    assert orange == [4 + 16 + 4, 4 + 1 + 4, 8 + 4 + 2, 4 + 4 + 1]
