"""Digits that are named wrongly, shown with both answers."""

import numpy as np
import pytest

from helpers.plots.digits import wrong_digits


def test_the_wrong_digits_are_shown_with_both_answers():
    figure = wrong_digits(np.zeros((3, 8, 8)), [1, 2, 3], [1, 5, 6])
    assert [ax.get_title(loc="center") for ax in figure.axes] == ["says 2\nis 5", "says 3\nis 6"]
    with pytest.raises(ValueError, match="at least one that is wrong"):
        wrong_digits(np.zeros((1, 8, 8)), [1], [1])
