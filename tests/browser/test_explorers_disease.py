"""The disease explorer in a static page: by mouse, keyboard and touch, its words against the record's."""

import pytest

from helpers.pages.c04 import recorded
from helpers.pages.c04.explorer import SIGNS, DiseaseExplorer, order_of, told_given, told_guess, told_hidden

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def patients():
    return recorded.patients()


@pytest.fixture(scope="module")
def where(tmp_path_factory, patients):
    return write_page(tmp_path_factory.mktemp("disease"), DiseaseExplorer(patients))


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer().get_by_label("Give it:").select_option("normalisation forgotten")
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_patients_come_one_after_the_other_and_are_named(stage, patients):
    explorer, order = stage.explorer(), order_of(len(patients))
    assert stage.said() == told_hidden(0, patients)
    explorer.get_by_role("button", name="Next patient").click()
    assert stage.said() == told_hidden(1, patients)
    sick = patients[order[1]]
    other = next(name for name in SIGNS if name != sick["disease"])
    asks = explorer.get_by_label("What is it?")
    asks.select_option(other)
    assert stage.said() == told_guess(sick, other)
    assert sick["disease"] not in explorer.locator("svg").get_attribute("aria-label")
    asks.select_option(sick["disease"])
    assert stage.said() == told_guess(sick, sick["disease"])
    assert sick["disease"] in explorer.locator("svg").get_attribute("aria-label")


def test_a_disease_is_given_in_three_doses_by_keys(stage, patients):
    explorer = stage.explorer()
    for disease in SIGNS:
        explorer.get_by_label("Give it:").select_option(disease)
        doses = [patient for patient in patients if patient["disease"] == disease]
        slider = explorer.get_by_role("slider")
        for key, at in (("Home", 0), ("End", 2), ("ArrowLeft", 1)):
            slider.press(key)
            assert stage.said() == told_given(doses[at])
    explorer.get_by_role("button", name="Next patient").click()
    assert stage.said() == told_hidden(1, patients)
    assert explorer.get_by_role("slider").is_disabled()


def test_what_one_gave_is_no_riddle(stage, patients):
    explorer = stage.explorer()
    explorer.get_by_label("Give it:").select_option("bad start")
    explorer.get_by_label("What is it?").select_option("healthy")
    assert stage.said() == told_hidden(0, patients)
