"""The picture of several heads: weights that are a softmax, and halves of what comes out."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from helpers.pages.c09.heads import COLOURS, heads_drawing

matplotlib.use("Agg")


def test_each_head_shows_its_weights_and_writes_its_own_numbers():
    scores = [0.0, 3.0, 0.0]
    roles = ("one", "first", "second")
    figure = heads_drawing(["a", "b", "c"], 1, {role: {"scores": scores, "role": role} for role in roles}, width=4)
    weights = np.exp(scores) / np.exp(scores).sum()
    for ax, role in zip(figure.axes, roles, strict=True):
        printed = [text.get_text() for text in ax.texts]
        assert all(f"{weight:.2f}" in printed for weight in weights)
        filled = [to_hex(box.get_facecolor()) == to_hex(COLOURS[role]) for box in ax.patches]
        assert (
            filled
            == {"one": [True] * 4, "first": [True, True, False, False], "second": [False, False, True, True]}[role]
        )


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected 2 scores, one a word, got 3"):
        heads_drawing(["a", "b"], 0, {"x": {"scores": [0, 1, 2], "role": "one"}}, width=2)
    with pytest.raises(ValueError, match="at least one head"):
        heads_drawing(["a"], 0, {}, width=2)
