"""Figures of chapter 7 draw what they are given, and refuse nothing at all."""

import numpy as np
import pytest

from helpers.measure.receptive_field import Layer
from helpers.pages.c07 import figures, street


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_pyramid_writes_the_paths_into_its_pixels():
    found = texts(figures.pyramid([Layer(3)] * 3, "three"))
    assert [text for text in found if text.isdigit()] == list("1367631")
    assert "three: 7 pixels" in found


def test_a_pyramid_with_holes_leaves_them_empty():
    found = texts(figures.pyramid([Layer(3, dilation=2)] * 2, "two"))
    assert [text for text in found if text.isdigit()] == list("12321")
    assert "two: 9 pixels" in found


@pytest.mark.parametrize("draw", [lambda: figures.pyramid([], ""), lambda: figures.bells([])])
def test_nothing_is_refused(draw):
    with pytest.raises(ValueError, match="a figure needs at least one"):
        draw()


def test_bells_name_their_depth():
    assert texts(figures.bells([2, 8])) == ["2 layers\n5 pixels", "8 layers\n17 pixels"]


def test_dumbbells_name_their_sides_once():
    rows = [
        {"name": "a", "theory": None, "sides": {"fresh": 0.5, "released": 0.2}},
        {"name": "b", "theory": 2.0, "sides": {"fresh": 0.5, "released": 0.4}},
    ]
    figure = figures.dumbbells(rows)
    assert texts(figure) == ["fresh", "released"]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["a", "b"]
    with pytest.raises(ValueError, match="a figure needs at least one row"):
        figures.dumbbells([])


def test_a_street_marks_its_asker_and_draws_what_it_reads():
    streets = street.draw_streets(1, seed=0)
    plain = figures.street(streets.images[0].numpy(), int(streets.asker))
    assert texts(plain).count("?") == 1
    read = figures.street(streets.images[0].numpy(), int(streets.asker), np.full(32, 1 / 32))
    patches = lambda figure: sum(len(ax.patches) for ax in figure.axes)  # noqa: E731
    assert patches(read) == patches(plain) + 32


def test_curves_and_distances_name_every_network():
    curves = {body: np.linspace(1.4, 0.5, 100) for body in street.BODIES}
    assert set(texts(figures.losses(curves, 1.39))) == set(street.BODIES)
    shares = {body: [0.5] * 20 for body in street.BODIES}
    figure = figures.accuracy_by_distance(shares, shares, {body: street.reach(body) for body in street.BODIES})
    assert set(texts(figure)) == set(street.BODIES)


def test_denoised_shows_three_pictures_and_the_weights():
    picture = np.random.default_rng(0).random((6, 6))
    figure = figures.denoised({"a": picture, "b": picture, "c": picture}, picture, (1, 2))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a", "b", "c", "what one pixel reads"]
