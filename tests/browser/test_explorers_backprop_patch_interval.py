"""The back-propagation, patch and interval explorers in a static page: driven by mouse, keyboard and touch."""

import re

import numpy as np
import pytest

from helpers.data.breeds import draw_breeds
from helpers.pages.c03.explorer import INPUTS, PARENT, STEPS, BackpropExplorer, forward_backward
from helpers.pages.c10.explorer import PatchExplorer, patch_cost
from helpers.widgets import IntervalExplorer
from helpers.widgets.intervals import difference_interval, half_width, reported_accuracy, wilson_interval

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser

TANGENT, CHAIN, PATCHES, PLAIN, INTERVALS = range(5)  # places on the page
GRID = 14
NUMBER = r"-?[\d.,]+(?:e-\d+)?"


def similarity():
    """Cosines of smooth two-dimensional positions with a little noise, (196, 196)."""
    steps = np.arange(GRID)
    near = np.exp(-0.5 * ((steps[:, None] - steps) / 2.5) ** 2) - 0.3
    vectors = np.concatenate([np.repeat(near, GRID, 0), np.tile(near, (GRID, 1))], axis=1)
    vectors += np.random.default_rng(0).normal(0, 0.1, vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.clip(vectors @ vectors.T, -1, 1)


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    image = draw_breeds(np.array([3]), np.array([2]), np.random.default_rng(7), image_size=224)[0]
    explorers = BackpropExplorer(), PatchExplorer(image, similarity(), GRID), PatchExplorer(image), IntervalExplorer()
    return write_page(tmp_path_factory.mktemp("backprop-patch-interval"), *explorers)


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        assert stage.page.locator(".explorer").count() == 5
        for _ in range(13):  # every node has its value and its gradient
            stage.explorer(CHAIN).get_by_role("button", name="Next").click()
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        wider = "nodes => nodes.filter((n) => n.scrollWidth > n.clientWidth + 1).map((n) => n.className)"
        assert stage.page.eval_on_selector_all(".explorer, .explorer-controls", wider) == []


# ---------------------------------------------------------------------------------------------- secant and tangent


def test_secant_becomes_the_tangent_by_keyboard(stage):
    assert stage.said(TANGENT) == "h = 2: secant slope 8, tangent slope 6"
    slider = stage.explorer(TANGENT).get_by_label("step h")
    slider.focus()
    for h in reversed(STEPS[:-1]):
        slider.press("ArrowLeft")
        assert stage.said(TANGENT) == f"h = {h:g}: secant slope {6 + h:g}, tangent slope 6"
    assert stage.said(TANGENT) == "h = 0.001: secant slope 6.001, tangent slope 6"
    slider.press("ArrowLeft")
    assert stage.said(TANGENT) == "h = 0: the quotient is 0/0, no secant is left; tangent slope 6"
    slider.press("ArrowLeft")
    assert stage.said(TANGENT) == "h = -0.001: secant slope 5.999, tangent slope 6"
    assert slider.get_attribute("aria-valuetext") == "h = -0.001"
    slider.press("Home")
    assert stage.said(TANGENT) == "h = -2: secant slope 4, tangent slope 6"


def click_at(stage, slider, share):
    """Press a slider with the mouse, `share` of the way along."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    stage.page.mouse.click(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2)


def test_secant_follows_the_mouse(stage):
    slider = stage.explorer(TANGENT).get_by_label("step h")
    click_at(stage, slider, 0.5)
    assert stage.said(TANGENT).startswith("h = 0: ")
    click_at(stage, slider, 0)
    assert stage.said(TANGENT) == "h = -2: secant slope 4, tangent slope 6"


# ---------------------------------------------------------------------------------------------------- the chain rule

WALK = [
    "start: the inputs are known; Next begins the forward pass",
    "forward: a = w · x + b = 0.5 · 2 - 0.4 = 0.6",
    "forward: h = relu(a) = max(0, 0.6) = 0.6",
    "forward: z = v · h + c = 2 · 0.6 - 1.2 = 0",
    "forward: p = sigmoid(z) = 1/(1 + exp(0)) = 0.5",
    "forward: L = -log p = -log 0.5 = 0.6931",
    "backward: dL/dp = -1/p = -1/0.5 = -2",
    "backward: dL/dz = dL/dp · p(1 - p) = -2 · 0.25 = -0.5, and that is p - y = 0.5 - 1",
    "backward: dL/dv = dL/dz · h = -0.5 · 0.6 = -0.3",
    "backward: dL/dc = dL/dz · 1 = -0.5 · 1 = -0.5",
    "backward: dL/dh = dL/dz · v = -0.5 · 2 = -1",
    "backward: dL/da = dL/dh · relu'(a) = -1 · 1 = -1",
    "backward: dL/dw = dL/da · x = -1 · 2 = -2",
    "backward: dL/db = dL/da · 1 = -1 · 1 = -1",
    "backward: dL/dx = dL/da · w = -1 · 0.5 = -0.5",
]


def test_steps_by_mouse_there_and_back(stage):
    explorer = stage.explorer(CHAIN)
    button = {name: explorer.get_by_role("button", name=name, exact=True) for name in ("Start", "Back", "Next")}
    said = [stage.said(CHAIN)]
    for _ in WALK[1:]:
        button["Next"].click()
        said.append(stage.said(CHAIN))
    assert said == WALK
    assert button["Next"].get_attribute("aria-disabled") == "true"
    button["Next"].click(force=True)  # nothing comes after the last step
    assert stage.said(CHAIN) == WALK[-1]
    button["Back"].click()
    button["Back"].click()
    assert stage.said(CHAIN) == WALK[-3]
    path = "Product along the path L → p → z → h → a → w: -2 · 0.25 · 2 · 1 · 2 = -2."
    assert path in explorer.inner_text()
    assert "Local derivative: da/dw = x = 2." in explorer.inner_text()
    button["Start"].click()
    assert stage.said(CHAIN) == WALK[0]
    assert button["Back"].get_attribute("aria-disabled") == "true"


def test_steps_by_keyboard(stage):
    graph = stage.explorer(CHAIN).get_by_role("group", name="Computational graph")
    graph.focus()
    said = []
    for _ in WALK[1:]:
        graph.press("ArrowRight")
        said.append(stage.said(CHAIN))
    assert said == WALK[1:]
    graph.press("ArrowLeft")
    assert stage.said(CHAIN) == WALK[-2]
    graph.press("Home")
    assert stage.said(CHAIN) == WALK[0]
    graph.press("End")
    assert stage.said(CHAIN) == WALK[-1]
    image = graph.get_by_role("img")
    assert image.get_attribute("aria-label").endswith("dL/dw = -2, dL/db = -1, dL/dx = -0.5")


def test_keyboard_reaches_the_buttons_by_tab(stage):
    stage.explorer(CHAIN).get_by_label("label y").focus()
    for _ in range(3):
        stage.page.keyboard.press("Tab")
    stage.page.keyboard.press("Enter")  # the third button is Next
    assert stage.said(CHAIN) == WALK[1]
    stage.page.keyboard.press("ArrowRight")
    assert stage.said(CHAIN) == WALK[2]


def test_a_tap_on_a_node_goes_to_it(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        node = stage.explorer(CHAIN).locator("[data-node=z]")
        node.tap()
        assert stage.said(CHAIN) == WALK[3]
        stage.explorer(CHAIN).locator("[data-node=z]").tap()  # its other pass
        assert stage.said(CHAIN) == WALK[7]
        stage.explorer(CHAIN).locator("[data-node=w]").tap()
        assert stage.said(CHAIN) == WALK[12]
        stage.explorer(CHAIN).get_by_role("button", name="Back").tap()
        assert stage.said(CHAIN) == WALK[11]


def test_a_shut_relu_stops_the_gradient(stage):
    explorer = stage.explorer(CHAIN)
    explorer.get_by_role("button", name="Next").press("ArrowRight")
    weight = explorer.get_by_label("weight w")
    for _ in range(3):
        weight.press("ArrowLeft")  # w = 0.2: a = 0
    assert stage.said(CHAIN) == "forward: a = w · x + b = 0.2 · 2 - 0.4 = 0"
    weight.press("ArrowLeft")
    explorer.get_by_role("button", name="Next").click()
    assert stage.said(CHAIN) == "forward: h = relu(a) = max(0, -0.2) = 0. The ReLU is shut, since a <= 0"
    explorer.get_by_role("button", name="Next").press("End")
    assert stage.said(CHAIN).startswith("backward: dL/dx = dL/da · w = 0 · 0.1 = 0. The ReLU let nothing through")
    explorer.get_by_role("button", name="Back").click()
    explorer.get_by_role("button", name="Back").click()
    assert stage.said(CHAIN).endswith("0 · 2 = 0. The ReLU let nothing through: w learns nothing")
    explorer.get_by_role("button", name="Back").click()
    assert stage.said(CHAIN).endswith("· 0 = 0. The ReLU is shut (a <= 0): the gradient stops here")


@pytest.mark.parametrize(("w", "v", "y"), [(0.5, 2, 0), (1, -3, 1), (-0.7, 1.5, 0), (0.3, 0, 1), (0.9, 3, 1)])
def test_gradients_are_those_of_the_package(stage, w, v, y):
    explorer = stage.explorer(CHAIN)
    for label, value in (("weight w", w), ("weight v", v), ("label y", y)):
        explorer.get_by_label(label).fill(str(value))
    values, gradients = forward_backward(INPUTS | {"w": w, "v": v, "y": y})
    graph = explorer.get_by_role("group", name="Computational graph")
    graph.press("End")
    label = graph.get_by_role("img").get_attribute("aria-label")
    shown = {name: float(number) for name, number in re.findall(rf"([\w/]+) = ({NUMBER})(?:,|$)", label)}
    for node in "ahzpL":
        assert shown[node] == pytest.approx(values[node], rel=6e-4, abs=1e-9)
    for node in PARENT:
        assert shown[f"dL/d{node}"] == pytest.approx(gradients[node], rel=6e-4, abs=1e-9)


# -------------------------------------------------------------------------------------------------------- patches


def told(size, patch):
    cost = patch_cost(size, patch)
    return (
        f"{size} x {size} pixels in patches of {patch}: {cost.patches:,} patches, {cost.tokens:,} tokens, "
        f"{cost.macs / 1e9:.2f} GMACs, {cost.activation_bytes / 2**20:.1f} MiB of activations; "
        f"{100 * cost.quadratic_macs / cost.macs:.1f} % of the MACs are quadratic in the tokens"
    )


def test_first_view_is_vit_b_16(stage):
    expected = "224 x 224 pixels in patches of 16: 196 patches, 197 tokens, 17.56 GMACs, 133.3 MiB of activations; "
    for index in (PATCHES, PLAIN):
        assert stage.said(index) == expected + "4.1 % of the MACs are quadratic in the tokens"
    rows = stage.explorer(PLAIN).get_by_role("row").all_inner_texts()
    assert [" ".join(row.split()) for row in rows] == [
        "patches G² 14 · 14 = 196",
        "tokens, with the class token 197",
        "numbers in one patch, 3P² 768",
        "parameters of the patch embedding 590,592",
        "parameters of the positions 151,296",
        "MACs per image 17.56 G",
        "of these, quadratic in tokens 4.1 %",
        "activations kept for backward 133.3 MiB",
        "the same, fused attention 112.0 MiB",
    ]


@pytest.mark.parametrize("size", [224, 384])
def test_cost_of_every_choice_is_that_of_the_package(stage, size):
    explorer = stage.explorer(PLAIN)
    explorer.get_by_label("image side").select_option(str(size))
    open_options = explorer.get_by_label("patch side").locator("option:enabled")
    sides = open_options.evaluate_all("options => options.map((o) => +o.value)")
    assert sides == [side for side in (8, 14, 16, 28, 32) if size % side == 0]
    for side in sides:
        explorer.get_by_label("patch side").select_option(str(side))
        assert stage.said(PLAIN) == told(size, side)


def test_a_patch_side_that_does_not_divide_gives_way(stage):
    explorer = stage.explorer(PLAIN)
    explorer.get_by_label("patch side").select_option("14")
    explorer.get_by_label("image side").select_option("384")
    assert stage.said(PLAIN) == told(384, 16)
    assert explorer.get_by_label("patch side").input_value() == "16"


def test_cost_by_keyboard(stage):
    patch = stage.explorer(PLAIN).get_by_label("patch side")
    patch.focus()
    stage.page.keyboard.press("ArrowDown")
    assert stage.said(PLAIN) == told(224, 28)


def picture(stage, index=PATCHES):
    return stage.explorer(index).get_by_role("application")


def note(stage, index=PATCHES):
    """The line about the chosen patch."""
    return stage.explorer(index).locator('p[role="status"]').first.inner_text()


def expected_note(row, column):
    """What the explorer says of a patch, counted from 1, its cosines as numbers."""
    values = similarity()[(row - 1) * GRID + column - 1]
    order = [j for j in np.argsort(-values, kind="stable") if j != (row - 1) * GRID + column - 1]
    return values, order


def assert_note(text, row, column):
    values, order = expected_note(row, column)
    assert text.startswith(f"patch row {row} column {column}: most similar to itself, then row ")
    named = [(int(r), int(c), float(v)) for r, c, v in re.findall(r"row (\d+) column (\d+) \((-?[\d.]+)\)", text)]
    assert len(named) == 4
    for (r, c, value), at in zip(named, [*order[:3], order[-1]], strict=True):
        # In 256 levels two neighbours may change places, so values are compared, not places.
        assert values[(r - 1) * GRID + c - 1] == pytest.approx(value, abs=0.01)
        assert values[at] == pytest.approx(value, abs=0.01)


def test_mouse_shows_the_similarity_of_a_patch(stage):
    assert_note(note(stage), 8, 8)
    picture(stage).scroll_into_view_if_needed()
    box = picture(stage).bounding_box()
    unit = box["width"] / GRID
    stage.page.mouse.move(box["x"] + 3.5 * unit, box["y"] + 2.5 * unit)
    assert_note(note(stage), 3, 4)
    stage.page.mouse.click(box["x"] + 13.5 * unit, box["y"] + 0.5 * unit)
    assert_note(note(stage), 1, 14)
    map_label = stage.explorer(PATCHES).get_by_role("img", name="Similarity map")
    assert map_label.get_attribute("aria-label") == "Similarity map of row 1 column 14"


def test_arrow_keys_show_the_similarity_of_a_patch(stage):
    picture(stage).focus()
    for key, row, column in [("ArrowUp", 7, 8), ("ArrowLeft", 7, 7), ("ArrowDown", 8, 7), ("ArrowRight", 8, 8)]:
        stage.page.keyboard.press(key)
        assert_note(note(stage), row, column)
    for _ in range(20):  # it stops at the edge
        stage.page.keyboard.press("ArrowUp")
    assert_note(note(stage), 1, 8)


def test_a_tap_shows_the_similarity_of_a_patch(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        box = picture(stage).bounding_box()
        unit = box["width"] / GRID
        picture(stage).tap(position={"x": 5.5 * unit, "y": 9.5 * unit})
        assert_note(note(stage), 10, 6)
        assert stage.errors == []


def test_sliders_choose_a_patch_too(chromium, where):
    """On a phone a patch is smaller than a finger."""
    with opened(chromium, where, 390, touch=True) as stage:
        row, column = (stage.explorer(PATCHES).get_by_role("slider", name=name) for name in ("row", "column"))
        row.press("Home")
        assert_note(note(stage), 1, 8)
        column.tap(position={"x": column.bounding_box()["width"] - 3, "y": 10})
        assert_note(note(stage), 1, 14)
        picture(stage).focus()
        stage.page.keyboard.press("ArrowLeft")
        assert (row.input_value(), column.input_value()) == ("1", "13")
        assert column.get_attribute("aria-valuetext") == "13"


def test_other_grids_have_no_map(stage):
    stage.explorer(PATCHES).get_by_label("patch side").select_option("32")
    assert note(stage).startswith("patch row 7 column 7: number 49 of 49; the similarities belong to 14 x 14 patches")
    assert stage.explorer(PATCHES).get_by_role("img", name="Similarity map").count() == 0
    assert not stage.explorer(PATCHES).locator(".patch-square").nth(1).is_visible()
    stage.explorer(PATCHES).get_by_label("patch side").select_option("16")
    assert_note(note(stage), 7, 7)


def test_without_positions_a_patch_has_its_number(stage):
    picture(stage, PLAIN).focus()
    stage.page.keyboard.press("ArrowRight")
    assert note(stage, PLAIN) == "patch row 8 column 9: number 107 of 196"


def test_a_wide_image_has_its_own_rows_and_columns(chromium, tmp_path):
    image = draw_breeds(np.array([3]), np.array([2]), np.random.default_rng(7), image_size=128)[0]
    vectors = np.eye(28) + 0.1
    vectors[10] += vectors[27]  # patch 2, 4 resembles the last, 4, 7
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    page = write_page(tmp_path, PatchExplorer(image[32:96, :112], vectors @ vectors.T, (4, 7)))
    with opened(chromium, page) as stage:
        cost = patch_cost((64, 112), 16)
        assert stage.said().startswith("64 x 112 pixels in patches of 16: 28 patches, 29 tokens, ")
        assert f" {cost.macs / 1e9:.2f} GMACs, " in stage.said()
        box = picture(stage, 0).bounding_box()
        assert box["width"] / box["height"] == pytest.approx(112 / 64, rel=0.02)
        unit = box["width"] / 7
        stage.page.mouse.move(box["x"] + 3.5 * unit, box["y"] + 1.5 * unit)
        assert note(stage, 0).startswith("patch row 2 column 4: most similar to itself, then row 4 column 7 (")
        similar = stage.explorer(0).get_by_role("img", name="Similarity map of row 2 column 4")
        assert similar.get_attribute("viewBox") == "0 0 7 4"
        assert similar.locator("rect").count() == 27
        for key in ["ArrowRight"] * 9 + ["ArrowDown"] * 9:  # it stops at the edges
            picture(stage, 0).press(key)
        assert note(stage, 0).startswith("patch row 4 column 7: most similar to itself, then row 2 column 4 (")
        stage.explorer(0).get_by_label("patch side").select_option("8")
        assert note(stage, 0).startswith("patch row 4 column 7: number 49 of 112; the similarities belong to 4 x 7")
        assert stage.axe() == stage.errors == stage.foreign == []


# ------------------------------------------------------------------------------------------------------ intervals


def test_first_view_is_the_proof_of_concept(stage):
    assert stage.said(INTERVALS).splitlines() == [
        "n = 8580: 82.4 % ± 0.8 points [81.6, 83.2]",
        "a second model 1 point lower: difference [\N{MINUS SIGN}0.2, 2.2], "
        "0 lies inside: a gap seen like this would leave 0 out from about n = 11,400 images each on",
        "if 30 % of the test set was memorised, a model of 82.4 % reports 87.7 %",
    ]


def to(stage, label, text):
    """Move a slider by keyboard until it shows the text; it is in there somewhere."""
    slider = stage.explorer(INTERVALS).get_by_label(label)
    slider.press("Home")
    for _ in range(250):
        if slider.get_attribute("aria-valuetext") == text:
            return
        slider.press("ArrowRight")
    raise AssertionError(f"{label}: there is no {text}")


def test_a_leak_by_keyboard(stage):
    to(stage, "accuracy a", "70 %")
    to(stage, "memorised q", "30 %")
    assert stage.said(INTERVALS).splitlines()[2] == (
        "if 30 % of the test set was memorised, a model of 70 % reports 79 %"
    )
    stage.explorer(INTERVALS).get_by_label("memorised q").press("Home")
    assert stage.said(INTERVALS).splitlines()[2] == (
        "if 0 % of the test set was memorised, a model of 70 % reports 70 %"
    )


def test_gap_and_size_by_mouse(stage):
    gap = stage.explorer(INTERVALS).get_by_label("gap in points")
    click_at(stage, gap, 1)
    assert re.search(
        r"a second model 20 points lower: difference \[18\.\d, 21\.\d\], 0 lies outside: more than the draw",
        stage.said(INTERVALS),
    )
    click_at(stage, gap, 0)
    assert stage.said(INTERVALS).splitlines()[1] == "a second model just as good: no gap to explain"
    click_at(stage, stage.explorer(INTERVALS).get_by_label("test images n"), 0)
    assert stage.said(INTERVALS).startswith("n = 10: 82.4 % ± 23.6 points [51.")
    assert "trust the brackets" in stage.said(INTERVALS)


def test_a_gap_larger_than_the_accuracy(stage):
    """A second model cannot fall below 0 %, and the words say so."""
    to(stage, "gap in points", "20.0")
    to(stage, "accuracy a", "1 %")
    line = stage.said(INTERVALS).splitlines()[1]
    assert line.startswith("a second model at 0 % (a model of 1 % leaves no room for 20 points less): difference [0.")
    to(stage, "accuracy a", "0 %")
    assert stage.said(INTERVALS).splitlines()[1].endswith(": no gap to explain")


def test_the_images_it_takes_are_enough_and_hardly_more(stage):
    for accuracy, gap in ((0.8, 0.02), (0.5, 0.005), (0.99, 0.01)):
        to(stage, "accuracy a", f"{100 * accuracy:g} %")
        to(stage, "gap in points", f"{100 * gap:.1f}")
        to(stage, "test images n", "10")
        found = int(re.search(r"about n = ([\d,]+) images", stage.said(INTERVALS))[1].replace(",", ""))
        assert difference_interval(accuracy, accuracy - gap, found)[0] > 0
        assert difference_interval(accuracy, accuracy - gap, round(0.98 * found))[0] <= 0


def test_a_tap_moves_a_slider(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        slider = stage.explorer(INTERVALS).get_by_label("test images n")
        box = slider.bounding_box()
        slider.tap(position={"x": box["width"] - 3, "y": box["height"] / 2})
        assert stage.said(INTERVALS).startswith("n = 100000: 82.4 % ± 0.2 points [82.2, 82.7]")
        assert stage.errors == []


MOVE = """(slider, text) => {
  for (let i = 0; i <= +slider.max && slider.getAttribute('aria-valuetext') !== text; i++) {
    slider.value = i;
    slider.dispatchEvent(new Event('input'));
  }
}"""


@pytest.mark.parametrize(
    ("n", "accuracy", "gap", "leak"),
    [
        (10, 0, 0.05, 0.5),
        (20, 1, 0.2, 0.0),
        (300, 0.5, 0.1, 0.25),
        (8580, 0.73, 0.012, 0.1),
        (100_000, 0.9, 0.003, 0.9),
    ],
)
def test_intervals_are_those_of_the_package(stage, n, accuracy, gap, leak):
    texts = {
        "test images n": f"{n:,}",
        "accuracy a": f"{100 * accuracy:g} %",
        "gap in points": f"{100 * gap:.1f}",
        "memorised q": f"{100 * leak:g} %",
    }
    for label, text in texts.items():
        slider = stage.explorer(INTERVALS).get_by_label(label)
        slider.evaluate(MOVE, text)
        assert slider.get_attribute("aria-valuetext") == text
    second = max(0, accuracy - gap)
    lines = stage.said(INTERVALS).splitlines()
    numbers = [float(text) for text in re.findall(r"-?\d+\.\d", lines[0])]
    assert numbers[0] == pytest.approx(100 * accuracy, abs=0.051)
    assert numbers[1] == pytest.approx(100 * half_width(accuracy, n), abs=0.051)
    assert numbers[2:4] == pytest.approx([100 * x for x in wilson_interval(accuracy, n)], abs=0.051)
    if accuracy > second:
        low, high = difference_interval(accuracy, second, n)
        plain = lines[1].replace("\N{MINUS SIGN}", "-")
        shown = re.search(r"difference \[(-?[\d.]+), (-?[\d.]+)\]", plain).groups()
        assert [float(x) for x in shown] == pytest.approx([100 * low, 100 * high], abs=0.051)
        assert ("0 lies outside" in lines[1]) == (low > 0)
    assert float(re.search(r"reports ([\d.]+) %", lines[2])[1]) == pytest.approx(
        100 * reported_accuracy(accuracy, leak), abs=0.051
    )


# ---------------------------------------------------------------------------------------------- all of them


def test_width_of_the_window_changes_the_drawing(stage):
    """A graph that is wide on a laptop stands upright on a phone."""
    graph = stage.explorer(CHAIN).get_by_role("group", name="Computational graph").get_by_role("img")
    assert graph.get_attribute("viewBox").startswith("0 0 809 ")
    stage.page.set_viewport_size({"width": 390, "height": 800})
    graph.and_(stage.page.locator('[viewBox^="0 0 330 "]')).wait_for()


def test_still_pictures_stand_in_where_no_script_runs(chromium, where):
    with opened(chromium, where, javascript=False) as stage:
        images = stage.page.locator("img")
        assert images.count() == 4
        assert all(len(images.nth(i).get_attribute("alt")) > 80 for i in range(4))
