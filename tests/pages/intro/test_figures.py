"""The figure of accuracies: every network has its bar, its number and the look of what is known of it."""

from types import SimpleNamespace

import matplotlib
import pytest
from matplotlib.patches import FancyArrowPatch

from helpers.pages.intro.figures import accuracies
from helpers.pages.intro.hero import hero

matplotlib.use("Agg")


def bar(value, low=None, high=None):
    return {"name": f"network {value}", "colour": "vit", "top1": SimpleNamespace(value=value, low=low, high=high)}


def test_every_network_has_its_bar_and_its_look():
    figure = accuracies(
        [
            {"title": "told", "look": "reported", "rows": [bar(0.7), bar(0.8)]},
            {"title": "measured", "look": "measured", "rows": [bar(0.25, 0.22, 0.28)]},
            {"title": "leaked", "look": "seen", "rows": [bar(0.9, 0.88, 0.92)]},
        ]
    )
    (axis,) = figure.axes
    assert [patch.get_width() for patch in axis.patches] == pytest.approx([70, 80, 25, 90])
    assert [patch.get_hatch() for patch in axis.patches] == [None, None, None, "////"]
    hollow = [patch.get_facecolor() == (1, 1, 1, 1) for patch in axis.patches]
    assert hollow == [True, True, False, True]
    texts = [text.get_text() for text in axis.texts]
    assert {"told", "measured", "leaked", "70.0", "80.0", "25.0", "90.0"} == set(texts)
    intervals = [line.get_xdata() for line in axis.lines]
    assert [list(line) for line in intervals] == [pytest.approx([22, 28]), pytest.approx([88, 92])]
    heights = [text.xy[1] for text in axis.texts]
    numbers = [xy for text, xy in zip(texts, heights, strict=True) if text[0].isdigit()]
    assert sorted(set(numbers)) == numbers  # nothing is drawn over another row


@pytest.mark.parametrize("experiments", [[], [{"title": "", "look": "seen", "rows": []}]])
def test_nothing_to_draw_is_refused(experiments):
    with pytest.raises(ValueError, match="at least one"):
        accuracies(experiments)


def test_the_first_picture_shows_a_window_and_what_a_head_of_attention_reads():
    near, far = hero().axes
    assert len(near.patches) == 4  # the window, twice, and the framed square, twice
    assert len([patch for patch in far.patches if isinstance(patch, FancyArrowPatch)]) in (23, 24)
