"""The explorer that draws test sets in a static page: by mouse, keyboard and touch, its draws against the package."""

import pytest

from helpers.pages.c01.explorer import FIRST, WRONG, DrawExplorer, draw_test_set, first_view, mulberry32, told
from helpers.widgets.intervals import wilson_interval

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("draws"), DrawExplorer())


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


class World:
    """The page's draws, made again by the package."""

    def __init__(self):
        self.random, self.now = mulberry32(1), dict(FIRST)
        self.number = self.held = 0

    def change(self, **now):
        self.now |= now
        self.number = self.held = 0
        return self.draw()

    def draw(self, times=1):
        for _ in range(times):
            last = draw_test_set(self.random, self.now["n"], self.now["accuracy"], self.now["leak"])
            low, high = wilson_interval(1 - last.count(WRONG) / len(last), len(last))
            self.number += 1
            self.held += low <= self.now["accuracy"] <= high
        return told(last, self.number, self.held, self.now["accuracy"])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer().get_by_role("slider", name="leaked share").press("End")
        stage.explorer().get_by_role("button", name="Draw 20").click()
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_every_draw_is_the_packages(stage):
    explorer, world = stage.explorer(), World()
    assert stage.said() == world.draw() == first_view()[1]
    explorer.get_by_role("button", name="Draw one").click()
    assert stage.said() == world.draw()
    explorer.get_by_role("button", name="Draw 20").click()
    assert stage.said() == world.draw(20)
    assert "22 intervals" in stage.said()
    assert explorer.locator("svg").nth(1).locator("circle").count() == 20


def test_keys_change_the_world_and_begin_again(stage):
    explorer, world = stage.explorer(), World()
    world.draw()
    explorer.get_by_role("slider", name="test images").press("End")
    assert stage.said() == world.change(n=1000)
    explorer.get_by_role("slider", name="true accuracy").press("ArrowRight")
    assert stage.said() == world.change(accuracy=0.81)
    explorer.get_by_role("slider", name="leaked share").press("End")
    assert stage.said() == world.change(leak=0.5)
    explorer.get_by_role("button", name="Draw 20").click()
    assert stage.said() == world.draw(20)
    assert stage.said().endswith("lies outside. So far 0 of 21 intervals hold it.")


def test_a_finger_draws(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        button = stage.explorer().get_by_role("button", name="Draw one")
        assert button.bounding_box()["height"] >= 44
        button.tap()
        assert stage.said().startswith("Test set 2: ")
        assert stage.errors == []
