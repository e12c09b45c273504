"""The square explorer in a static page: by mouse, keyboard and touch, its words against the study's."""

import pytest

from helpers.pages.c17 import recorded
from helpers.pages.c17.explorer import RECIPES, SquareExplorer, told

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def explored():
    return recorded.study().summary["explored"]


@pytest.fixture(scope="module")
def where(tmp_path_factory, explored):
    return write_page(tmp_path_factory.mktemp("square"), SquareExplorer(explored))


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer().get_by_label("trained on").select_option("erasing")
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_the_square_goes_where_the_keys_send_it(stage, explored):
    explorer = stage.explorer()
    size, right, down = (explorer.get_by_label(name) for name in ("size of", "from the left", "from the top"))
    states = [tuple(state) for state in explored["states"]]
    side = 36 - 18
    assert stage.said() == told(explored, "plain", states.index((18, side // 2, side // 2)))
    right.press("End")
    down.press("Home")
    assert stage.said() == told(explored, "plain", states.index((18, 0, side)))
    size.press("Home")
    assert stage.said() == told(explored, "plain", 0)
    assert explorer.locator("img").count() == 1 + 2 * 3


def test_each_recipe_says_what_the_study_found(stage, explored):
    explorer = stage.explorer()
    explorer.get_by_label("size of").press("Home")
    for recipe in RECIPES:
        explorer.get_by_label("trained on").select_option(recipe)
        assert stage.said() == told(explored, recipe, 0)
