"""The map explorer in a static page: by mouse, keyboard and touch, its sentences against the package."""

import numpy as np
import pytest

from helpers.pages.c16.explorer import MapExplorer, case, told

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser
PICTURE = np.tile(np.arange(64, dtype=np.uint8)[:, None, None] * 3, (1, 64, 3))
FALLS, FLAT = (0.9, 0.3, 0.2), (0.9, 0.8, 0.2)
CASES = [
    case("ViT, coat", PICTURE, (0.9, 0.5, 0.2), [("rollout", np.eye(8), FALLS), ("blob", np.eye(8), FLAT)]),
    case("CNN, coat", PICTURE, (0.8, 0.5, 0.2), [("Grad-CAM", np.eye(4), FLAT), ("blob", np.eye(8), FALLS)]),
]


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("maps"), MapExplorer(CASES, [PICTURE, PICTURE]))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        for bare in (True, False):
            stage.explorer().get_by_label("picture alone").set_checked(bare)
            assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
            assert stage.overflow() <= 0


def test_it_says_what_the_package_says_and_keeps_the_map_by_name(chromium, where):
    with opened(chromium, where) as stage:
        explorer = stage.explorer()
        assert stage.said() == told(CASES[0], 0)
        explorer.get_by_label("map", exact=True).select_option("1")
        assert stage.said() == told(CASES[0], 1)
        explorer.get_by_label("network", exact=True).select_option("1")
        assert stage.said() == told(CASES[1], 1)
        explorer.get_by_label("map", exact=True).select_option("0")
        assert stage.said() == told(CASES[1], 0)
        assert stage.errors == stage.foreign == []
