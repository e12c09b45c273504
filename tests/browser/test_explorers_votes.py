"""The explorer of votes in a static page: by mouse, keyboard and touch, its sums against the package."""

import numpy as np
import pytest

from helpers.pages.c02.explorer import VoteExplorer, by_vote, described, photograph_group, told
from helpers.pages.c02.words import Voter

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


def drawn():
    """Two made-up pictures of 15 x 15 places and nine words, three classes."""
    rng = np.random.default_rng(0)
    voter = Voter(rng.random((9, 32)), rng.normal(0, 5, (3, 9)).round(3), rng.normal(0, 1, 3).round(4))
    images = rng.integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    pictures = [("1, a low-rider", "low-rider", images[0]), ("2, a big-head", "stilt-legs", images[1])]
    classes = ("low-rider", "stilt-legs", "big-head")
    return described("dog", classes, voter, pictures, rng.integers(0, 9, (2, 15, 15)))


GROUPS = [drawn(), photograph_group()]


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("votes"), VoteExplorer(GROUPS))


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer().get_by_label("picture").select_option("1-0")
        stage.explorer().get_by_role("slider", name="word").press("End")
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_every_picture_and_class_adds_up_as_in_the_package(stage):
    explorer = stage.explorer()
    for g, group in enumerate(GROUPS):
        for k, picture in enumerate(group["pictures"]):
            explorer.get_by_label("picture").select_option(f"{g}-{k}")
            assert stage.said() == told(group, k, picture["first"])
        for label in range(len(group["classes"])):
            explorer.get_by_label("asked for").select_option(str(label))
            assert stage.said() == told(group, len(group["pictures"]) - 1, label)


def test_keys_walk_through_the_words(stage):
    slider = stage.explorer().get_by_role("slider", name="word")
    slider.press("ArrowRight")
    assert stage.said() == told(GROUPS[0], 0, 0, 1)
    slider.press("End")
    last = len(by_vote(GROUPS[0], 0, 0)) - 1
    assert stage.said() == told(GROUPS[0], 0, 0, last)
    assert "−" in stage.said().split("Outlined")[1]
    rings = stage.explorer().locator("circle").count()
    assert rings == by_vote(GROUPS[0], 0, 0)[last][2]


def test_a_press_on_a_place_takes_its_word(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        stage.explorer().locator(".votes-place").nth(7).tap()
        rank = next(r for r in range(9) if f"word {_word_at(7)}," in told(GROUPS[0], 0, 0, r))
        assert stage.said() == told(GROUPS[0], 0, 0, rank)
        assert stage.errors == stage.foreign == []


def _word_at(place):
    from helpers.pages.c02.explorer import words_of

    return words_of(GROUPS[0], 0)[place]
