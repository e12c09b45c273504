"""The block explorer in a static page: by mouse, keyboard and touch; its numbers against the package's."""

import pytest

from helpers.pages.c06.blocks import BLOCKS, block
from helpers.pages.c06.explorer import BlockExplorer, flow, kind, short, times_plain, told

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser
NAMES = [make(16).name for make in BLOCKS.values()]


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("block"), BlockExplorer())


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


def said(stage):
    """Its sentence, without what holds a line together."""
    return stage.said().replace("\u00a0", " ")


def setting(stage, name, channels, side):
    for label, value in (
        ("block", list(BLOCKS).index(name)),
        ("channels", channels),
        ("map", side),
    ):
        stage.explorer().get_by_label(label, exact=True).select_option(str(value))


def layers(name, channels, side):
    """What stands beside or under each layer of the drawing."""
    found = block(name, channels)
    steps = [step for branch in found.branches for step in branch]
    words = ("", "", "") if len(found.branches) > 1 else (" channels", " weights", " MACs")
    numbers = [(flow(step), f"{step.weights:,}", short(step.weights * side**2)) for step in steps]
    return [
        [kind(step), *(number + word for number, word in zip(row, words, strict=True))]
        for step, row in zip(steps, numbers, strict=True)
    ]


def drawn(stage):
    return stage.page.eval_on_selector_all(
        "[data-layer]", "all => all.map((one) => [...one.querySelectorAll('text')].map((line) => line.textContent))"
    )


@pytest.mark.parametrize("name", ["inception", "inverted"])
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme, name):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        setting(stage, name, 768, 56)
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_a_finger_finds_everything_large_enough(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        heights = stage.page.eval_on_selector_all(
            ".explorer :is(button, select)", "all => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert len(heights) == 3 + len(BLOCKS)
        assert min(heights) >= 44


def test_it_opens_as_asked_with_all_blocks_in_their_order(stage):
    assert said(stage) == told("bottleneck", 256, 14)
    assert stage.explorer().get_by_label("block", exact=True).locator("option").all_inner_texts() == NAMES
    assert stage.explorer().locator("[role=radio] > span:first-child").all_inner_texts() == NAMES


@pytest.mark.parametrize(("channels", "side"), [(16, 7), (256, 28), (768, 56)])
@pytest.mark.parametrize("name", BLOCKS)
def test_layers_and_sums_are_those_of_python(stage, name, channels, side):
    setting(stage, name, channels, side)
    assert said(stage) == told(name, channels, side)
    assert drawn(stage) == layers(name, channels, side)
    assert stage.explorer().locator("[data-skip]").count() == block(name, channels).adds_input
    rows = stage.explorer().locator("[role=radio]").evaluate_all(
        "all => all.map((row) => [...row.querySelectorAll('span')].slice(1, 3).map((one) => one.textContent))"
    )  # fmt: skip
    counts = [block(other, channels).weights for other in BLOCKS]
    assert rows == [[f"{count:,}", times_plain(count, channels)] for count in counts]


def widths(stage, selector):
    return stage.page.eval_on_selector_all(selector, "all => all.map((one) => one.getBoundingClientRect().width)")


def test_bars_are_as_long_as_their_weights(stage):
    setting(stage, "five", 96, 7)
    bars = widths(stage, ".blocks-bar")
    counts = [block(name, 96).weights for name in BLOCKS]
    assert [bar / max(bars) for bar in bars] == pytest.approx([count / max(counts) for count in counts], abs=0.01)
    assert widths(stage, ".blocks-plain")[0] / widths(stage, ".blocks-sum")[0] == pytest.approx(9 / 25, abs=0.01)


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize(("channels", "side"), [(16, 7), (768, 56)])
def test_no_word_leaves_the_drawing_or_meets_another(stage, name, channels, side):
    setting(stage, name, channels, side)
    found = stage.page.evaluate("""() => {
      const edge = document.querySelector('.blocks-left svg').getBoundingClientRect();
      const boxes = [...document.querySelectorAll('.blocks-left svg text')].filter((one) => one.textContent)
        .map((one) => [one.textContent, one.getBoundingClientRect()]);
      const out = boxes.filter(([, b]) => b.left < edge.left || b.right > edge.right || b.bottom > edge.bottom + 1);
      const meet = boxes.flatMap(([one, a], i) => boxes.slice(i + 1)
        .filter(([, b]) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
        .map(([other]) => `${one} / ${other}`));
      return [...out.map(([one]) => one), ...meet];
    }""")
    assert found == []


def test_a_bar_that_is_pressed_chooses_its_block(stage):
    explorer = stage.explorer()
    explorer.get_by_role("radio", name="depthwise separable").click()
    assert said(stage) == told("separable", 256, 14)
    assert explorer.get_by_label("block", exact=True).input_value() == str(list(BLOCKS).index("separable"))
    assert explorer.locator("[aria-checked=true] > span:first-child").all_inner_texts() == ["depthwise separable"]


def test_arrow_keys_go_through_the_bars_and_round(stage):
    setting(stage, "inverted", 64, 28)
    explorer = stage.explorer()
    assert explorer.locator("[role=radio][tabindex='0']").count() == 1
    explorer.locator("[aria-checked=true]").press("ArrowDown")
    assert said(stage) == told("convnext", 64, 28)
    stage.page.keyboard.press("ArrowDown")
    assert said(stage) == told("five", 64, 28)
    stage.page.keyboard.press("ArrowUp")
    assert said(stage) == told("convnext", 64, 28)
    assert stage.page.evaluate("() => document.activeElement.textContent").startswith("ConvNeXt block")
