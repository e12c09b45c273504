"""Figures of lab 08 on a page: light in bytes, and as they were to the eye."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.data.breeds import draw_breeds
from helpers.pages.l08 import figures, pictures
from helpers.plots.style import RC


@pytest.fixture(scope="module")
def dogs():
    kinds = np.arange(12) % 3
    return draw_breeds(kinds, kinds, np.random.default_rng(0), image_size=64, difficulty=0.2)


def as_svg(figure):
    file = io.StringIO()
    figure.savefig(file, format="svg", bbox_inches="tight", dpi=RC["figure.dpi"])
    plt.close(figure)
    return file.getvalue()


def test_a_drawn_dog_takes_nine_kilobytes_and_no_pixel_changes_by_more_than_can_be_seen(dogs):
    figure = pictures.contact_sheet(dogs, np.arange(12), [f"breed {k}" for k in range(12)])
    for ax, image in zip(figure.axes, dogs, strict=True):
        assert np.abs(ax.images[0].get_array().astype(int) - image).max() <= 2
    text = as_svg(figure)
    assert text.count("<image") == 12
    assert text.count("pixelated") == 12, "the page enlarges by whole pixels"
    assert len(text) < 12 * 9_000 + 40_000  # letters and frames beside the pictures


def test_bars_are_hatched_with_strokes_that_weigh_little():
    row = {"model": "vit_mini", "tuning": "full", "data_s": 3.0, "train_s": 20.0, "evaluate_s": 2.0}
    rows = [row | {"model": name} for name in ("vit_mini", "xception_mini", "deit_mini")]
    assert len(as_svg(figures.time_split(rows))) < 90_000
