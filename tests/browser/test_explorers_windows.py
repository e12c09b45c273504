"""The window explorer in a static page: by mouse, keyboard and touch, its sentences against the package."""

import pytest

from helpers.pages.c14.explorer import FIRST, WindowExplorer, told

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("windows"), WindowExplorer())


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


def first(**changes):
    now = {name: FIRST[name] for name in ("window", "shift", "row", "column", "mask")} | changes
    return told(**now)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        for mask in (True, False):
            stage.explorer().get_by_label("mask", exact=True).set_checked(mask)
            assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
            assert stage.overflow() <= 0
            assert stage.outside() == []


def test_every_token_says_what_the_package_says(stage):
    assert stage.said() == first()
    explorer = stage.explorer()
    row, column = (explorer.get_by_role("slider", name=name) for name in ("row", "column"))
    row.press("Home")
    column.press("Home")
    for y in range(8):
        assert stage.said() == first(row=y, column=0)
        row.press("ArrowRight")
    column.press("ArrowRight")
    assert stage.said() == first(row=7, column=1)


def test_window_shift_and_mask_by_keyboard(stage):
    explorer = stage.explorer()
    shift = explorer.get_by_role("slider", name="shift")
    shift.press("End")
    assert stage.said() == first(shift=3)
    explorer.get_by_label("mask", exact=True).press("Space")
    assert stage.said() == first(shift=3, mask=False)
    explorer.get_by_label("window", exact=True).select_option("2")
    assert stage.said() == first(window=2, shift=1, mask=False)
    shift.press("Home")
    assert stage.said() == first(window=2, shift=0, mask=False)


def test_a_click_chooses_a_token_in_the_image_and_after_the_roll(stage):
    explorer = stage.explorer()
    cells = explorer.locator("rect.windows-cell")
    assert cells.count() == 64
    cells.nth(0).click()
    assert stage.said() == first(row=0, column=0)
    explorer.get_by_label("seen", exact=True).select_option("roll")
    assert stage.said() == first(row=0, column=0)
    assert (
        cells.nth(0).get_attribute("x") == cells.nth(0).get_attribute("y") == "241"
    )  # rolled by two: row and column 7
    cells.nth(63).click()
    assert stage.said() == first(row=7, column=7)
