"""The block explorer in a static page: by mouse, keyboard and touch, its numbers against the package."""

import pytest

from helpers.pages.c06.bricks import NAMES, brick, told
from helpers.pages.c06.explorer import FIRST, SIDES, BlockExplorer

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("block"), BlockExplorer())


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        for name in ("inception", "inverted bottleneck"):
            stage.explorer().get_by_label("block", exact=True).select_option(name)
            assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
            assert stage.overflow() <= 0
            assert stage.outside() == []


def test_every_block_says_what_the_package_says(stage):
    assert stage.said() == told(*FIRST)
    explorer = stage.explorer()
    for name in NAMES:
        explorer.get_by_label("block", exact=True).select_option(name)
        assert stage.said() == told(name, FIRST[1], FIRST[2])
        assert explorer.locator("tbody tr").count() == len(brick(name, 16).convs)


def test_channels_and_map_by_keyboard(stage):
    explorer = stage.explorer()
    explorer.get_by_label("block", exact=True).select_option("ConvNeXt")
    slider = explorer.get_by_role("slider", name="channels")
    slider.press("ArrowRight")
    assert stage.said() == told("ConvNeXt", FIRST[1] + 16, FIRST[2])
    slider.press("End")
    explorer.get_by_label("map", exact=True).select_option(str(SIDES[-1]))
    assert stage.said() == told("ConvNeXt", 768, SIDES[-1])
    slider.press("Home")
    assert stage.said() == told("ConvNeXt", 16, SIDES[-1])
