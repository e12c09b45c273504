"""Each line of the training step is missed when it is forgotten, and only then."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from helpers.pages.c03 import figures
from helpers.pages.c03.forgetting import LINES, accuracy_without, forgetting_table


@pytest.fixture(scope="module")
def digits():
    bunch = load_digits()
    x, y = torch.tensor(bunch.data / 16 - 0.3, dtype=torch.float32), torch.tensor(bunch.target)
    return x[:1000], y[:1000], x[1000:], y[1000:]


def test_each_line_counts_but_the_one_that_has_nothing_to_switch(digits):
    whole = accuracy_without(None, *digits)
    without = {line: accuracy_without(line, *digits) for line in LINES}
    assert whole > 0.9
    assert without["eval"] == whole
    assert without["backward"] == without["step"] < 0.3
    assert without["zero_grad"] < whole
    assert without["cross_entropy"] < whole
    table = forgetting_table(*digits).data
    assert all(f"{100 * value:.1f}" in table for value in [whole, *without.values()])


def test_a_line_that_there_is_not_is_refused(digits):
    with pytest.raises(ValueError, match="expected one of zero_grad"):
        accuracy_without("train", *digits)


def test_every_rate_has_its_line_and_its_name_apart_from_the_others():
    figure = figures.loss_by_rate({0.1: [2.0] * 40, 1.0: [2.0] * 40, 10.0: [np.nan] * 40}, guessing=2.3)
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.texts][:2] == ["η = 0.1", "η = 1"]
    heights = [text.xy[1] for text in ax.texts][:2]
    assert heights[0] < heights[1]
