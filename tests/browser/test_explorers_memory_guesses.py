"""Chapter 11's explorers in a static page: memory against the package's numbers, guesses by mouse and key."""

import pytest

from helpers.pages.c11.explorer import MemoryExplorer, told
from helpers.pages.c11.guesses import GuessExplorer
from helpers.pages.c11.memory import networks

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser
NETWORKS = {network.name: network for network in networks()}


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("court"), MemoryExplorer(list(NETWORKS.values())), GuessExplorer())


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer(1).get_by_role("group", name="Your guess").get_by_role("button").first.click()
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_every_pair_says_what_the_package_says(stage):
    explorer = stage.explorer()
    first, second = NETWORKS["ViT-B"], NETWORKS["MobileNetV2"]
    assert stage.said() == told(first, second, 8, 224, 32)
    for name in NETWORKS:
        explorer.get_by_label("network B").select_option(name)
        for size in (224, 384):
            explorer.get_by_label("image, px").select_option(str(size))
            explorer.get_by_label("patch, px").select_option("16")
            assert stage.said() == told(first, NETWORKS[name], 8, size, 16)


def test_keys_turn_the_batch(stage):
    slider = stage.explorer().get_by_role("slider", name="batch")
    slider.press("End")
    assert stage.said() == told(NETWORKS["ViT-B"], NETWORKS["MobileNetV2"], 256, 224, 32)
    slider.press("Home")
    assert stage.said() == told(NETWORKS["ViT-B"], NETWORKS["MobileNetV2"], 1, 224, 32)


def test_a_guess_is_taken_once_and_counted(stage):
    explorer = stage.explorer(1)
    guess = explorer.get_by_role("group", name="Your guess")
    rows = GuessExplorer().rows
    assert stage.said(1) == "Sentence 1: not guessed yet. 0 of 0 guessed rightly."
    for at, row in enumerate(rows):
        wrong = (row["right"] + 1) % len(row["options"])
        chosen = row["right"] if at % 2 == 0 else wrong
        guess.get_by_role("button").nth(chosen).focus()
        stage.page.keyboard.press("Enter")
        word = "right" if at % 2 == 0 else "otherwise"
        assert stage.said(1) == f"Sentence {at + 1}: {word}. {row['answer']} {at // 2 + 1} of {at + 1} guessed rightly."
        guess.get_by_role("button").nth(row["right"]).click()  # too late
        assert f"of {at + 1} guessed" in stage.said(1)
        if at + 1 < len(rows):
            explorer.get_by_role("button", name="Next").click()
    assert explorer.get_by_role("button", name="Next").is_disabled()
