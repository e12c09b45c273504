"""The attention and the softmax explorer in a static page: driven by mouse, keyboard, touch; read by what they say."""

import json
import re

import numpy as np
import pytest

from helpers.pages.c09.explorer import SoftmaxExplorer
from helpers.widgets import AttentionExplorer, AttentionMap

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser

WORDS, PATCHES, SOFTMAX = range(3)  # places on the page
ENGLISH, FRENCH = ["the", "green", "car", "stops"], ["la", "voiture", "verte", "s'", "arrête"]
ALIGNED = np.array(
    [
        [0.90, 0.05, 0.03, 0.01, 0.01],
        [0.05, 0.14, 0.80, 0.01, 0.00],
        [0.11, 0.81, 0.04, 0.03, 0.01],
        [0.01, 0.02, 0.03, 0.40, 0.54],
    ]
)
CAR = '"car" reads "voiture" 0.81, "la" 0.11, "verte" 0.04; the other 2 share 0.04'


def weights(*shape, seed=0):
    raw = np.exp(2 * np.random.default_rng(seed).normal(size=shape))
    return raw / raw.sum(-1, keepdims=True)


def square():
    """A picture of our own: an orange square on blue."""
    image = np.full((64, 64, 3), (40, 70, 120), np.uint8)
    image[16:40, 24:48] = (230, 150, 60)
    return image


@pytest.fixture(scope="module")
def explorers():
    own = ["I", "read", "internationalization", "aloud", "and", "slowly"]
    maps = [
        AttentionMap(ALIGNED, ENGLISH, FRENCH, "green car"),
        AttentionMap(weights(2, 3, 6, 6), own, own, "self-attention"),
    ]
    patches = AttentionMap.of_image(weights(2, 2, 17, 17, seed=1), square(), (4, 4), name="a square")
    return [
        AttentionExplorer(maps, title="Which French word does an English word read?"),
        AttentionExplorer(patches, title="Where does a patch look?"),
        SoftmaxExplorer.draw(),
    ]


@pytest.fixture(scope="module")
def where(explorers, tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("attention-softmax"), *explorers)


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


def token(stage, name, index=WORDS):
    return stage.explorer(index).get_by_role("option", name=name, exact=True)


def said_of_patches(explorers, query, layer=0, head=-1):
    """The part of the sentence that eight bits cannot change: who reads, and what it reads most."""
    return explorers[PATCHES].maps[0].sentence(query, layer, head).split(",")[0]


# --- words -------------------------------------------------------------------------------------------------------


def test_the_mouse_shows_a_row_and_a_click_keeps_it(stage):
    assert stage.said() == explorers_first_line()
    token(stage, "car").hover()
    assert stage.said() == CAR
    stage.page.mouse.move(2, 2)
    assert stage.said() == explorers_first_line()  # only looked at
    token(stage, "car").click()
    stage.page.mouse.move(2, 2)
    assert stage.said() == CAR
    assert token(stage, "car").get_attribute("aria-selected") == "true"


def explorers_first_line():
    return AttentionMap(ALIGNED, ENGLISH, FRENCH).sentence(0)


def test_arrow_keys_home_and_end_move_between_words(stage):
    token(stage, "the").focus()
    said = []
    for key in ("ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft", "End", "ArrowRight", "Home"):
        stage.page.keyboard.press(key)
        said.append(stage.said().split('"')[1])
    assert said == ["green", "car", "green", "the", "the", "stops", "stops", "the"]


def test_tab_enters_the_words_once_and_returns_to_the_chosen_one(stage):
    token(stage, "car").click()
    stage.page.keyboard.press("Shift+Tab")
    assert stage.page.evaluate("() => document.activeElement.tagName") == "SELECT"
    stage.page.keyboard.press("Tab")
    assert stage.page.evaluate("() => document.activeElement.textContent") == "car"
    stage.page.keyboard.press("Tab")
    assert token(stage, "car").evaluate("one => one !== document.activeElement")


def test_the_heat_map_follows_the_mouse(stage):
    rows = stage.explorer(WORDS).locator(".att-hit")
    rows.nth(2).hover()
    assert stage.said() == CAR
    rows.nth(3).click()
    stage.page.mouse.move(2, 2)
    assert stage.said() == AttentionMap(ALIGNED, ENGLISH, FRENCH).sentence(3)
    assert token(stage, "stops").evaluate("one => one === document.activeElement")


def test_every_weight_is_printed_beside_its_key(stage):
    token(stage, "stops").click()
    keys = stage.explorer(WORDS).get_by_role("list", name="Key tokens with their weights").get_by_role("listitem")
    assert [" ".join(text.split()) for text in keys.all_inner_texts()] == [
        "la 0.01", "voiture 0.02", "verte 0.03", "s' 0.40", "arrête 0.54",
    ]  # fmt: skip


def test_example_layer_and_head_say_what_python_says(stage, explorers):
    here, own = stage.explorer(WORDS), explorers[WORDS].maps[1]
    assert here.get_by_label("layer").count() == 0  # one layer, one head: nothing to choose
    here.get_by_label("example").select_option("self-attention")
    assert stage.said() == own.sentence(0)
    here.get_by_label("layer").select_option("layer 2")
    assert stage.said() == own.sentence(0, layer=1)
    here.get_by_label("head").select_option("head 3")
    for query in range(6):
        here.locator("[role=option]").nth(query).click()
        assert stage.said() == own.sentence(query, layer=1, head=2)
    here.get_by_label("head").select_option("mean of heads")
    assert stage.said() == own.sentence(5, layer=1)


def test_a_tap_chooses_a_word_and_a_patch(chromium, where, explorers):
    with opened(chromium, where, width=390, touch=True) as stage:
        token(stage, "car").tap()
        assert stage.said() == CAR
        token(stage, "patch row 3 column 2", PATCHES).tap()
        assert stage.said(PATCHES).startswith(said_of_patches(explorers, 10))
        stage.explorer(SOFTMAX).get_by_label("divide by √d").tap()
        assert "not scaled: " in stage.said(SOFTMAX)


# --- patches -----------------------------------------------------------------------------------------------------


def test_a_patch_is_chosen_by_mouse(stage, explorers):
    assert stage.said(PATCHES).startswith(said_of_patches(explorers, 0))
    token(stage, "patch row 2 column 3", PATCHES).hover()
    assert stage.said(PATCHES).startswith(said_of_patches(explorers, 7))
    stage.page.mouse.move(2, 2)
    assert stage.said(PATCHES).startswith("class token reads")
    token(stage, "patch row 2 column 3", PATCHES).click()
    stage.page.mouse.move(2, 2)
    assert stage.said(PATCHES).startswith(said_of_patches(explorers, 7))


def test_the_spread_is_the_perplexity(stage, explorers):
    from helpers.widgets.attention import perplexity

    spread = float(re.search(r"spread over ([\d.]+) of 17 tokens", stage.said(PATCHES))[1])
    assert spread == pytest.approx(perplexity(explorers[PATCHES].maps[0].row(0)), abs=0.1)


def test_arrow_keys_walk_over_the_grid(stage):
    token(stage, "class token", PATCHES).focus()
    said = []
    for key in ("ArrowDown", "ArrowLeft", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp", "End", "ArrowRight", "Home"):
        stage.page.keyboard.press(key)
        said.append(stage.said(PATCHES).split(" reads")[0])
    assert said == [
        "patch row 1 column 1", "patch row 1 column 1", "patch row 1 column 2", "patch row 2 column 2",
        "patch row 1 column 2", "class token", "patch row 4 column 4", "patch row 4 column 4", "class token",
    ]  # fmt: skip


def test_the_most_read_patch_is_the_light_one(stage, explorers):
    for query in (0, 9, 16):
        stage.explorer(PATCHES).locator("[role=option]").nth(query).click()
        row = explorers[PATCHES].maps[0].row(query)[1:]
        veils = (
            stage.explorer(PATCHES)
            .locator(".att-patch")
            .evaluate_all("patches => patches.map((patch) => +patch.style.getPropertyValue('--veil'))")
        )
        np.testing.assert_allclose(veils, 0.82 * (1 - row / row.max()), atol=0.01)
        ringed = stage.explorer(PATCHES).locator(".att-best")
        assert ringed.count() == 1
        assert ringed.get_attribute("data-query") == str(row.argmax() + 1)


def test_layer_and_head_change_what_a_patch_reads(stage, explorers):
    here = stage.explorer(PATCHES)
    here.get_by_label("layer").select_option("layer 2")
    here.get_by_label("head").select_option("head 1")
    assert stage.said(PATCHES).startswith(said_of_patches(explorers, 0, layer=1, head=0))


def test_the_light_can_be_switched_off(stage):
    here = stage.explorer(PATCHES)
    dark = "patch => getComputedStyle(patch).backgroundColor"
    assert here.locator(".att-patch").first.evaluate(dark) != "rgba(0, 0, 0, 0)"
    here.get_by_label("light what it reads").press("Space")
    assert here.locator(".att-patch").first.evaluate(dark) == "rgba(0, 0, 0, 0)"


# --- softmax -----------------------------------------------------------------------------------------------------


def test_the_softmax_says_what_python_says(stage, explorers):
    drawn, here = explorers[SOFTMAX], stage.explorer(SOFTMAX)
    assert stage.said(SOFTMAX).startswith(drawn._line(3, 1.0, True) + "; not scaled it is ")
    here.get_by_label("divide by √d").click()
    assert stage.said(SOFTMAX).startswith(drawn._line(3, 1.0, False) + "; scaled it is ")
    here.get_by_label("dimension", exact=True).press("End")
    assert stage.said(SOFTMAX).startswith(drawn._line(5, 1.0, False))
    here.get_by_label("dimension", exact=True).press("Home")
    assert stage.said(SOFTMAX).startswith(drawn._line(0, 1.0, False))
    assert stage.said(SOFTMAX).endswith("the same")  # the root of 1 changes nothing


def test_the_temperature_moves_by_keys_and_softens(stage, explorers):
    heat = stage.explorer(SOFTMAX).get_by_label("temperature")
    assert heat.get_attribute("aria-valuetext") == "T = 1"
    for _ in range(4):
        heat.press("ArrowRight")
    assert stage.said(SOFTMAX).startswith(explorers[SOFTMAX]._line(3, 2.0, True))
    assert "d = 64, T = 2, scaled" in stage.said(SOFTMAX)


def test_a_slider_is_dragged_by_mouse(stage):
    knob = stage.explorer(SOFTMAX).get_by_label("dimension", exact=True)
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    y = box["y"] + box["height"] / 2
    stage.page.mouse.move(box["x"] + box["width"] * 0.6, y)
    stage.page.mouse.down()
    stage.page.mouse.move(box["x"] + box["width"] - 2, y, steps=5)
    stage.page.mouse.up()
    assert stage.said(SOFTMAX).startswith("d = 1024, scaled")


def test_the_table_shows_both_settings_and_their_means(stage, explorers):
    from helpers.pages.c09.explorer import sharpness

    drawn = explorers[SOFTMAX]
    cells = stage.explorer(SOFTMAX).locator("tbody tr").first.locator("td").all_inner_texts()
    both = [drawn.weights(3, scaled=on) for on in (True, False)]
    expected = [p[0].max() for p in both] + [sharpness(p)["largest"].mean() for p in both]
    np.testing.assert_allclose([float(cell) for cell in cells], expected, atol=0.0051)


def test_the_bars_are_the_weights(stage, explorers):
    heights = (
        stage.explorer(SOFTMAX).locator(".soft-bar").evaluate_all("bars => bars.map((b) => parseFloat(b.style.height))")
    )
    np.testing.assert_allclose(heights, 100 * explorers[SOFTMAX].weights(3)[0], atol=0.05)


def test_another_query_gives_other_weights(stage, explorers):
    from helpers.pages.c09.explorer import sharpness

    stage.explorer(SOFTMAX).get_by_label("query").press("End")
    largest = float(sharpness(explorers[SOFTMAX].weights(3)[31])["largest"])
    assert f"largest weight {largest:.2f}" in stage.said(SOFTMAX)


# --- all three ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width=width, theme=theme, touch=width < 500) as stage:
        assert stage.axe() == []
        assert stage.overflow() <= 0
        assert stage.outside() == stage.small_targets() == []
        token(stage, "patch row 2 column 3", PATCHES).click()
        stage.explorer(WORDS).get_by_label("example").select_option("self-attention")
        stage.explorer(SOFTMAX).get_by_label("divide by √d").click()
        assert stage.outside() == stage.axe() == []
        assert stage.errors == stage.foreign == []


def test_without_javascript_the_stills_stand_there(chromium, where, explorers):
    with opened(chromium, where, width=390, javascript=False) as stage:
        images = stage.page.locator("img")
        assert [one.get_attribute("alt") for one in images.all()] == [one.alt for one in explorers]
        assert all(one.bounding_box()["width"] <= 390 and one.is_visible() for one in images.all())
        assert stage.page.locator(".explorer").count() == 0


def test_nothing_moves_for_readers_who_want_no_motion(stage):
    assert stage.page.locator(".moves").count() > 10
    assert set(
        stage.page.locator(".moves").evaluate_all("all => all.map((e) => getComputedStyle(e).transitionDuration)")
    ) == {"0s"}


DRIVE = """async ([index, changes]) => {
  const states = JSON.parse(document.querySelector('script[type$="widget-state+json"]').textContent).state;
  const view = document.querySelectorAll('script[type$="widget-view+json"]')[index];
  const { state } = states[JSON.parse(view.textContent).model_id];
  const handlers = new Map(), saved = [];
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; for (const h of handlers.get(`change:${name}`) ?? []) h(); },
    save_changes: () => saved.push(1), on: (name, h) => handlers.set(name, [...(handlers.get(name) ?? []), h]),
    off: (name, h) => handlers.set(name, handlers.get(name).filter((one) => one !== h)),
  };
  const url = URL.createObjectURL(new Blob([state._esm], { type: 'text/javascript' }));
  const { default: widget } = await import(url);
  const el = document.body.appendChild(document.createElement('div'));
  const clean = widget.render({ model, el });
  const said = () => el.querySelector('.explorer-output').textContent;
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  const after = said();
  const values = [...el.querySelectorAll('input')].map((i) => i.type === 'checkbox' ? i.checked : i.value);
  const option = el.querySelectorAll('[role=option]')[1];
  option?.click();
  const count = () => [...handlers.values()].flat().length, listening = count();
  clean();
  return { after, values, saves: saved.length, selected: state.selected, listening, left: count(),
    nodes: el.childNodes.length };
}"""


def test_a_kernel_can_set_the_attention_explorer_and_reads_it_back(stage, explorers):
    seen = stage.page.evaluate(DRIVE, [WORDS, {"example": 1, "layer": 1, "head": 2, "selected": 4}])
    assert seen["after"] == explorers[WORDS].maps[1].sentence(4, 1, 2)
    assert (seen["saves"], seen["selected"]) == (1, 1)
    assert (seen["listening"] > 0, seen["left"], seen["nodes"]) == (True, 0, 0)


def test_a_kernel_can_set_the_softmax_explorer(stage, explorers):
    changes = {"dimension": 1024, "temperature": 0.5, "scaled": False, "query": 3}
    seen = stage.page.evaluate(DRIVE, [SOFTMAX, changes])
    assert seen["after"].startswith("d = 1024, T = 0.5, not scaled: ")
    assert seen["values"] == ["5", "-1", "4", False]
    assert (seen["listening"] > 0, seen["left"], seen["nodes"]) == (True, 0, 0)


def test_a_title_cannot_leave_its_script(chromium, tmp_path):
    words = AttentionMap(ALIGNED, ENGLISH, FRENCH)
    path = write_page(tmp_path, AttentionExplorer(words, title="</script><b>bold</b>"))
    with opened(chromium, path) as stage:
        assert stage.explorer().locator(".explorer-title").inner_text() == json.loads('"</script><b>bold</b>"')
        assert stage.errors == []
