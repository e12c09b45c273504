"""The figure of differences: every row is drawn, a missing one says so, and numbers carry their sign."""

from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pytest

from helpers.pages.intro.figures import gaps_by_world

matplotlib.use("Agg")


def question(*differences):
    rows = [{"world": f"world {i}", "difference": d, "reported": i == 0} for i, d in enumerate(differences)]
    return {"title": "who is ahead?", "colour": "vit", "rows": rows}


def test_every_row_is_drawn_and_a_missing_one_says_so():
    ahead = SimpleNamespace(value=0.097, low=0.085, high=0.109)
    behind = SimpleNamespace(value=-0.12, low=-0.15, high=-0.09)
    figure = gaps_by_world([question(ahead, behind), question(None, behind)], ("CNN ahead", "ViT ahead"))
    axis = figure.axes[0]
    texts = [text.get_text() for text in axis.texts]
    assert texts.count("−12.0") == 2
    assert "+9.7" in texts
    assert texts.count("never run") == 1
    assert [label.get_text() for label in axis.get_yticklabels()] == ["world 0", "world 1"] * 2
    low, high = axis.get_xlim()
    assert low == -high < -15
    markers = [line.get_markerfacecolor() for line in axis.lines if line.get_marker() == "D"]
    assert markers == ["white"]  # the reported one is hollow
    plt.close(figure)


@pytest.mark.parametrize("questions", [[], [{"title": "", "colour": "cnn", "rows": []}]])
def test_nothing_to_draw_is_refused(questions):
    with pytest.raises(ValueError, match="at least one"):
        gaps_by_world(questions, ("less", "more"))
