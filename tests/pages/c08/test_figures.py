"""The translation chapter's figures show the numbers they are given."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from helpers.pages.c08 import figures as translation


def texts(ax):
    return {text.get_text() for text in ax.texts}


def test_each_build_has_one_part_more():
    figure = translation.five_builds(["la", "voiture", "rouge"], [0, 0.8, 1.5], [0.13, 0.28, 0.59], [-0.41, 0.87])
    assert len(figure.axes) == 5
    shown = [texts(ax) for ax in figure.axes]
    assert all({"la", "voiture", "rouge"} <= words for words in shown)
    assert ["1.5" in words for words in shown] == [False, True, True, True, True]
    assert ["0.59" in words for words in shown] == [False, False, True, True, True]
    assert ["$c_t$ = (−0.41, 0.87)" in words for words in shown] == [False, False, False, True, True]
    assert ["red" in words for words in shown] == [False, False, False, False, True]


def test_a_single_build_shows_what_its_place_on_the_sheet_shows():
    numbers = ["la", "voiture", "rouge"], [0, 0.8, 1.5], [0.13, 0.28, 0.59], [-0.41, 0.87]
    sheet = translation.five_builds(*numbers)
    for step, ax in enumerate(sheet.axes, start=1):
        (alone,) = translation.five_builds(*numbers, step=step).axes
        assert texts(alone) == texts(ax)
        assert alone.get_title() == ax.get_title()
        assert alone.get_ylim() == sheet.axes[-1].get_ylim()


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="expected 1 to 5"):
        translation.five_builds(["la", "voiture", "rouge"], [0, 1, 2], [0.1, 0.2, 0.7], [0, 1], step=6)
    with pytest.raises(ValueError, match="expected 3 words"):
        translation.five_builds(["la", "voiture"], [0, 1], [0.3, 0.7], [0, 1])
    with pytest.raises(ValueError, match="expected at least one sentence, got 0"):
        translation.alignments([])


def test_lines_carry_the_values_and_leave_the_total_out():
    cell = {"value": 0.5, "low": 0.4, "high": 0.6}
    rows = [{"mean": m, "words": cell, "bleu": cell} for m in (4.0, 8.0, 6.0)]
    figure = translation.quality_by_length({name: rows for name in translation.LINES})
    for ax in figure.axes:
        assert len(ax.containers) == 3
        assert all(list(bars[0].get_ydata()) == [50, 50] for bars in ax.containers)


def test_hand_links_are_framed_and_the_end_is_left_out():
    row = {"source": ["a", "b"], "target": ["x", "y"], "links": [[1], [0, 1]], "weights": np.full((3, 2), 0.5).tolist()}
    figure = translation.alignments([row, row, row])
    ax = figure.axes[0]
    assert ax.images[0].get_array().shape == (2, 2)
    assert sum(isinstance(patch, Rectangle) for patch in ax.patches) == 3
