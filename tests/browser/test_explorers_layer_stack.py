"""The layer-stack explorer in a static page: by mouse, keyboard and touch, its numbers against the package."""

import numpy as np
import pytest

from helpers.measure.receptive_field import Layer
from helpers.pages.c07.explorer import PRESETS, FieldExplorer, told

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    rows, columns = np.mgrid[:224, :224]
    picture = np.stack([rows, columns, (rows + columns) // 2], axis=-1).astype(np.uint8)
    return write_page(tmp_path_factory.mktemp("layer-stack"), FieldExplorer(picture))


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


def sentence(layers):
    return told([Layer(*layer) for layer in layers])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer().get_by_label("start from").select_option(label="32 layers of 3 × 3")
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_every_stack_says_what_the_package_says(stage):
    for name, layers in PRESETS.items():
        stage.explorer().get_by_label("start from").select_option(label=name)
        assert stage.said() == sentence(layers)
        assert stage.explorer().locator("tbody tr").count() == len(layers)


def test_layers_are_added_and_removed(stage):
    explorer = stage.explorer()
    explorer.get_by_label("start from").select_option(label="three layers of 3 × 3")
    explorer.get_by_label("kernel").select_option("5")
    explorer.get_by_label("stride").select_option("2")
    explorer.get_by_label("dilation").select_option("4")
    explorer.get_by_role("button", name="Add layer").click()
    explorer.get_by_role("button", name="Add layer").press("Enter")
    layers = [(3, 1, 1)] * 3 + [(5, 2, 4)] * 2
    assert stage.said() == sentence(layers)
    assert explorer.locator("tbody tr").last.inner_text().split() == ["5", "5", "2", "4", "55", "4"]
    remove = explorer.get_by_role("button", name="Remove last")
    for left in range(4, -1, -1):
        remove.press("Space")
        assert stage.said() == sentence(layers[:left])
    assert remove.is_disabled()


def test_a_field_that_the_drawing_cannot_hold_is_refused_in_words(stage):
    explorer = stage.explorer()
    explorer.get_by_label("kernel").select_option("16")
    explorer.get_by_label("stride").select_option("16")
    explorer.get_by_role("button", name="Add layer").click()
    before = explorer.locator("tbody tr").count()
    explorer.get_by_role("button", name="Add layer").click()
    assert stage.said().startswith("No more: a field of 4000 pixels")
    assert explorer.locator("tbody tr").count() == before


def brightness(stage, x, y):
    """Sum of red, green and blue of the drawing at these shares of its side."""
    return (
        stage.explorer()
        .locator("canvas")
        .evaluate(
            "(c, [x, y]) => { const p = c.getContext('2d').getImageData(x * c.width, y * c.height, 1, 1).data;"
            " return p[0] + p[1] + p[2]; }",
            [x, y],
        )
    )


def test_the_middle_is_lit_and_a_close_up_brings_it_near(stage):
    explorer = stage.explorer()
    explorer.get_by_label("start from").select_option(label="32 layers of 3 × 3")
    assert brightness(stage, 0.503, 0.503) > 1.5 * brightness(stage, 0.62, 0.62)
    close = explorer.get_by_role("button", name="Close-up")
    before = brightness(stage, 0.56, 0.5)
    close.focus()
    stage.page.keyboard.press("Enter")
    assert close.get_attribute("aria-pressed") == "true"
    assert brightness(stage, 0.56, 0.5) > before
    assert "32 layers: the field is 65 x 65 pixels" in explorer.locator("canvas").get_attribute("aria-label")


def test_a_finger_adds_a_layer(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        add = stage.explorer().get_by_role("button", name="Add layer")
        assert add.bounding_box()["height"] >= 44
        add.tap()
        assert stage.said() == sentence([*next(iter(PRESETS.values())), (3, 1, 1)])
        assert stage.errors == []
