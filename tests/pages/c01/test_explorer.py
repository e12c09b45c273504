"""The draws of the explorer: chances, leaks, its sentence, its size and its still picture."""

from itertools import islice

import numpy as np
import pytest

from helpers.pages.c01.explorer import (
    REMEMBERED,
    RIGHT,
    WRONG,
    DrawExplorer,
    draw_test_set,
    first_view,
    mulberry32,
    told,
)


def test_numbers_are_even_and_those_of_the_seed():
    numbers = np.array(list(islice(mulberry32(1), 20_000)))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert np.histogram(numbers, 10, (0, 1))[0].min() > 1800
    assert list(islice(mulberry32(1), 3)) == numbers[:3].tolist()
    assert next(mulberry32(2)) != numbers[0]


def test_a_test_set_has_its_accuracy_and_its_leak():
    drawn = draw_test_set(mulberry32(5), 20_000, 0.7, 0.3)
    shares = {letter: drawn.count(letter) / len(drawn) for letter in (REMEMBERED, RIGHT, WRONG)}
    assert shares[REMEMBERED] == pytest.approx(0.3, abs=0.01)
    assert 1 - shares[WRONG] == pytest.approx(0.3 + 0.7 * 0.7, abs=0.01)
    assert draw_test_set(mulberry32(5), 50, 1.0, 0.0) == 50 * RIGHT
    assert draw_test_set(mulberry32(5), 50, 0.0, 1.0) == 50 * REMEMBERED


def test_the_sentence_counts():
    said = told("rrrrrrrrww", 3, 2, 0.8)
    assert said.startswith("Test set 3: 8 of 10 right, 80.0 % [49.0, 94.3]. The truth, 80 %, lies inside.")
    assert said.endswith("So far 2 of 3 intervals hold it.")
    assert "10 of 10 right (4 of them remembered)" in told("mmmmrrrrrr", 1, 0, 0.5)
    assert "lies outside" in told(100 * "r", 1, 0, 0.5)


def test_explorer_is_light_and_has_a_still_picture(light_with_a_still):
    explorer = DrawExplorer()
    light_with_a_still(explorer)
    assert first_view()[1] in explorer.alt
