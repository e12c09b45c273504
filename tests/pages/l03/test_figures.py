"""Figures of receptive fields show the numbers they are given."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from helpers.pages.l03.figures import field_maps, growth_through_layers, stack_growth


def row(model: str, layer: str, theory_px: int | None, side: float, low: float | None = None) -> dict:
    high = None if low is None else 2 * side - low
    fixed = {"model": model, "layer": layer, "theory_px": theory_px, "image_px": 64}
    return {**fixed, "side95_px": side, "low_px": low, "high_px": high}


def test_maps_draw_both_squares_about_the_centre_of_mass() -> None:
    share = np.zeros((64, 64))
    share[20, 40] = 1
    (ax,) = field_maps([{"title": "cnn", "share": share, "theory_px": 30, "side95_px": 10}]).axes
    squares = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [square.get_width() for square in squares] == [30, 10]
    assert [(s.get_x() + s.get_width() / 2, s.get_y() + s.get_height() / 2) for s in squares] == [(40, 20)] * 2
    assert "theory 30 px" in ax.get_title(loc="left") + ax.get_title()


def test_a_map_that_sees_everything_has_no_theoretical_square() -> None:
    (ax,) = field_maps([{"title": "vit", "share": np.ones((8, 8)), "theory_px": None, "side95_px": 7}]).axes
    assert len([patch for patch in ax.patches if isinstance(patch, Rectangle)]) == 1


def test_growth_has_a_panel_a_network_and_marks_the_whole_image() -> None:
    rows = [row("vgg16", "a", 16, 13, 11), row("vgg16", "b", 44, 29, 25), row("vit_ti16", "c", None, 17)]
    vgg, vit = growth_through_layers(rows).axes
    assert list(vgg.lines[0].get_ydata()) == [16, 44]
    assert [text.get_text() for text in vit.texts] == ["all"]
    assert list(vit.lines[0].get_ydata()) == [64]


def test_stacks_stand_beside_the_random_walk() -> None:
    (ax,) = stack_growth([2, 8], {"linear": [1.1, 2.4]}).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert drawn["linear"] == [1.1, 2.4]
    assert drawn["random walk, sqrt(2n/3)"] == pytest.approx([(4 / 3) ** 0.5, (16 / 3) ** 0.5])


@pytest.mark.parametrize("figure", [field_maps, growth_through_layers])
def test_nothing_to_draw_is_an_error(figure) -> None:
    with pytest.raises(ValueError, match="at least one"):
        figure([])
