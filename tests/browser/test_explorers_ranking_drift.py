"""Chapter 18's explorers in a static page: weights against the package's ranking, alarms by select and key."""

import numpy as np
import pytest

from helpers.pages.c18.drift import DAYS, KINDS, SIZES, WATCHES
from helpers.pages.c18.ranking import FIRST, RankingExplorer
from helpers.pages.c18.ranking import told as ranking_told
from helpers.pages.c18.watching import DriftExplorer

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser
NAMES = ["Xception", "ViT-B/16", "Xception-mini"]
SCORES = np.array([[0.8, 0.1, 0.3, 0.0], [1.0, 0.0, 0.0, 0.0], [0.2, 1.0, 0.9, 1.0]])
SHARES = np.array([0.05, 0.15, 0.8])


def some_stories():
    rng = np.random.default_rng(0)
    stories = []
    for k in range(len(KINDS)):
        accuracy = np.linspace(0.7, 0.7 - 0.1 * k, DAYS).round(3).tolist()
        rise = np.maximum(0, np.arange(DAYS) - 10) * 0.1 * k
        days = [[(rng.random(DAYS) + rise).round(2).tolist() for _ in WATCHES] for _ in SIZES]
        stories.append([(told_of, accuracy) for told_of in days])
    return stories


RANKING, DRIFT = RankingExplorer(NAMES, SCORES, SHARES), DriftExplorer(some_stories())


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("production"), RANKING, DRIFT)


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer(1).get_by_label("show the hidden accuracy").check()
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_keys_turn_the_weights_and_the_ranking_is_the_packages(stage):
    assert stage.said() == ranking_told(NAMES, RANKING.scores, FIRST, SHARES)
    weights = list(FIRST)
    for k, (name, key, value) in enumerate(
        [("accuracy", "Home", 0), ("speed", "End", 5), ("size", "ArrowRight", 2), ("clean test", "End", 5)]
    ):
        stage.explorer().get_by_role("slider", name=name).press(key)
        weights[k] = value
        assert stage.said() == ranking_told(NAMES, RANKING.scores, tuple(weights), SHARES)
    for name in ("speed", "size", "clean test"):
        stage.explorer().get_by_role("slider", name=name).press("Home")
    assert stage.said() == ranking_told(NAMES, RANKING.scores, (0, 0, 0, 0), SHARES)


def test_the_drift_explorer_says_what_the_package_says_and_hides_the_truth(stage):
    explorer = stage.explorer(1)
    assert stage.said(1) == DRIFT.first_words()
    assert "hidden" in stage.said(1)
    explorer.get_by_label("show the hidden accuracy").focus()
    stage.page.keyboard.press("Space")
    for kind in range(len(KINDS)):
        explorer.get_by_label("what changes").select_option(str(kind))
        for size in range(len(SIZES)):
            explorer.get_by_label("pictures a day").select_option(str(size))
            explorer.get_by_label("watched").select_option(str((kind + size) % 3))
            assert stage.said(1) == DRIFT.said(kind, size, (kind + size) % 3, revealed=True)


def test_no_select_opens_on_its_last_option(stage):
    for select in stage.explorer(1).get_by_role("combobox").all():
        options = select.locator("option")
        assert select.input_value() != options.nth(options.count() - 1).get_attribute("value")
