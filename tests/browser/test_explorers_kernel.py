"""The kernel explorer in a static page: painted, slid, turned, by mouse, keyboard and touch; read by what it says."""

import numpy as np
import pytest

from helpers.pages.c05.by_hand import output_size
from helpers.pages.c05.explorer import KERNELS, KernelExplorer, response

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser
HEIGHT, WIDTH = 72, 108
IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
EDGE, SPOTS = KERNELS["edges from left to right"], KERNELS["spots"]


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("kernel"), KernelExplorer(IMAGE))


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


def sentence(row, column, kernel=EDGE, stride=1, padding=1, dilation=1, after=""):
    """What it says at a place of the map, counted from 1."""
    number = f"{response(IMAGE, kernel, stride, padding, dilation)[row - 1, column - 1]:g}".replace("-", "−")
    rows, columns = (output_size(side, 3, stride, padding, dilation) for side in (HEIGHT, WIDTH))
    size = f"({HEIGHT} + 2·{padding} − {dilation}·(3 − 1) − 1)/{stride}"
    return (
        f"Row {row}, column {column}: the nine products add up to {number}. "
        f"Rows: {size}, rounded down, + 1 = {rows}; columns in the same way {columns}.{after}"
    )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_a_finger_finds_everything_large_enough(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        heights = stage.page.eval_on_selector_all(
            ".explorer :is(button, select, input)", "all => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44


def test_it_opens_on_the_first_kernel_of_the_list(stage):
    assert (
        stage.explorer().get_by_label("kernel", exact=True).input_value()
        == next(iter(KERNELS))
        == "edges from left to right"
    )


def test_arrow_keys_slide_the_window(stage):
    assert stage.said() == sentence(31, 41)
    photo = stage.explorer().get_by_label("The picture under the window: arrow keys slide it")
    photo.press("ArrowRight")
    photo.press("ArrowDown")
    assert stage.said() == sentence(32, 42)
    stage.explorer().get_by_label("row", exact=True).press("Home")
    assert stage.said() == sentence(1, 42)
    photo.press("ArrowUp")  # no further than the edge
    assert stage.said() == sentence(1, 42)


def test_the_mouse_points_at_the_map(stage):
    place = stage.explorer().get_by_label("The map: arrow keys slide the window")
    box = place.bounding_box()
    place.hover(position={"x": box["width"] * 9.5 / WIDTH, "y": box["height"] * 4.5 / HEIGHT})
    assert stage.said() == sentence(5, 10)


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(2, 0, 1), (3, 2, 4), (1, 1, 2)])
def test_sizes_and_sums_are_those_of_python(stage, stride, padding, dilation):
    explorer = stage.explorer()
    explorer.get_by_label("kernel", exact=True).select_option("spots")
    for label, value in (("stride", stride), ("padding", padding), ("dilation", dilation)):
        explorer.get_by_label(label, exact=True).select_option(str(value))
    for label, keys in (("row", 3), ("column", 5)):
        slider = explorer.get_by_label(label, exact=True)
        slider.press("Home")
        for _ in range(keys):
            slider.press("ArrowRight")
    assert stage.said() == sentence(4, 6, SPOTS, stride, padding, dilation)


def test_a_kernel_is_painted_by_keys_and_by_presses(stage):
    explorer = stage.explorer()
    cells = explorer.locator("[data-cell]")
    cells.nth(4).press("5")
    painted = [[-1, 0, 1], [-1, 5, 1], [-1, 0, 1]]
    assert stage.said() == sentence(31, 41, painted)
    assert explorer.get_by_label("kernel", exact=True).input_value() == "your own"
    cells.nth(4).press("ArrowRight")
    assert stage.page.evaluate("() => document.activeElement.dataset.cell") == "5"
    cells.nth(5).press("-")
    cells.nth(0).click()  # a press adds 1
    explorer.get_by_label("a press").select_option("sets 0")
    cells.nth(8).click()
    painted = [[0, 0, 1], [-1, 5, 0], [-1, 0, 0]]
    assert stage.said() == sentence(31, 41, painted)


def test_a_weight_stays_between_minus_nine_and_nine(stage):
    cell = stage.explorer().locator("[data-cell]").nth(2)
    cell.press("9")
    cell.press("+")
    assert cell.inner_text() == "9"


def test_turned_round_the_edges_have_the_opposite_sign(stage):
    stage.explorer().get_by_role("button", name="Turn by 180°").click()
    turned = [row[::-1] for row in EDGE[::-1]]
    assert turned == [[-weight for weight in row] for row in EDGE]
    assert stage.said() == sentence(31, 41, turned)


def test_relu_and_pooling_come_after(stage):
    explorer = stage.explorer()
    explorer.get_by_label("then").select_option("ReLU, 2 x 2 max pool")
    assert stage.said() == sentence(31, 41, after=f" Pooling halves both: {HEIGHT // 2} x {WIDTH // 2}.")
    assert "after ReLU and pooling, 36 x 54" in explorer.inner_text()
