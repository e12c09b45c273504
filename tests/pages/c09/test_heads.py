"""The picture of several heads: weights that are a softmax, and halves of what comes out."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from helpers.pages.c09.heads import COLOURS, heads_drawing

matplotlib.use("Agg")


def test_each_head_shows_its_weights_and_writes_its_own_numbers():
    scores = [0.0, 3.0, 0.0]
    panels = {"One head": {"one": scores}, "Two heads": {"first": scores, "second": [1.0, 0.0, 0.0]}}
    figure = heads_drawing(["a", "b", "c"], 1, panels, width=4)
    for ax, heads in zip(figure.axes, panels.values(), strict=True):
        printed = [text.get_text() for text in ax.texts]
        for own in heads.values():
            weights = np.exp(own) / np.exp(own).sum()
            assert all(f"{weight:.2f}" in printed for weight in weights)
        written = [to_hex(box.get_facecolor()) for box in sorted(ax.patches, key=lambda box: box.get_x())]
        assert written == [to_hex(COLOURS[role]) for role in heads for _ in range(4 // len(heads))]


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected 2 scores, one a word, got 3"):
        heads_drawing(["a", "b"], 0, {"x": {"one": [0, 1, 2]}}, width=2)
    with pytest.raises(ValueError, match="at least one panel"):
        heads_drawing(["a"], 0, {}, width=2)
