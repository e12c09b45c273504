"""The bias explorer in a static page: by mouse, keyboard and touch, its numbers against the study's."""

from itertools import product

import pytest

from helpers.pages.c12 import recorded
from helpers.pages.c12.explorer import ORDERS, WORLDS, BiasExplorer, points_of, told

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def rows():
    return recorded.study().summary["points"]


@pytest.fixture(scope="module")
def where(tmp_path_factory, rows):
    return write_page(tmp_path_factory.mktemp("bias"), BiasExplorer(rows))


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer().get_by_label("pixels", exact=True).select_option("pixels")
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_every_choice_says_what_the_study_found(stage, rows):
    explorer, points = stage.explorer(), points_of(rows)
    for world, order in product(WORLDS, ORDERS):
        explorer.get_by_label("where the digits lie").select_option(world)
        explorer.get_by_label("pixels", exact=True).select_option(order)
        assert stage.said() == told(points, world, order, 10)
        assert explorer.locator("canvas").count() == 3


def test_keys_change_the_number_of_digits(stage, rows):
    slider, points = stage.explorer().get_by_role("slider"), points_of(rows)
    slider.press("End")
    assert stage.said() == told(points, "centred", "none", 100)
    slider.press("Home")
    assert stage.said() == told(points, "centred", "none", 1)
    assert "MLP" in stage.explorer().locator("svg").get_attribute("aria-label")
