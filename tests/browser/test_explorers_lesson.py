"""The lesson explorer in a static page: by mouse, keyboard and touch, its numbers against the package."""

import pytest

from helpers.pages.c13.explorer import LESSONS, STUDENT, TEACHER, LessonExplorer, told

from .conftest import THEMES, WIDTHS
from .explorer_page import opened, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("lesson"), LessonExplorer())


@pytest.fixture
def stage(chromium, where):
    with opened(chromium, where) as stage:
        yield stage
        assert stage.errors == stage.foreign == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_all_fits(chromium, where, width, theme):
    with opened(chromium, where, width, theme, touch=width < 500) as stage:
        stage.explorer().get_by_label("lesson", exact=True).select_option("hard")
        assert stage.axe() == stage.errors == stage.foreign == stage.small_targets() == []
        assert stage.overflow() <= 0
        assert stage.outside() == []


def test_every_lesson_says_what_the_package_says(stage):
    explorer = stage.explorer()
    assert stage.said() == told(STUDENT, TEACHER, 1, "soft", 3.0, 0.5)
    for kind in LESSONS:
        explorer.get_by_label("lesson", exact=True).select_option(kind)
        for label in (0, 2):
            explorer.get_by_label("label", exact=True).select_option(str(label))
            assert stage.said() == told(STUDENT, TEACHER, label, kind, 3.0, 0.5)
        assert explorer.get_by_role("slider", name="temperature").is_disabled() == (kind != "soft")


def test_keys_turn_temperature_weight_and_logits(stage):
    explorer = stage.explorer()
    explorer.get_by_role("slider", name="temperature").press("ArrowRight")
    assert stage.said() == told(STUDENT, TEACHER, 1, "soft", 3.5, 0.5)
    explorer.get_by_role("slider", name="weight").press("End")
    assert stage.said() == told(STUDENT, TEACHER, 1, "soft", 3.5, 1.0)
    explorer.get_by_role("group", name="Logits of the teacher").get_by_label("wolf").press("End")
    assert stage.said() == told(STUDENT, (4.0, 2.0, 6.0), 1, "soft", 3.5, 1.0)
    explorer.get_by_role("group", name="Logits of the student").get_by_label("cat").press("Home")
    assert stage.said() == told((-2.0, 2.0, 0.0), (4.0, 2.0, 6.0), 1, "soft", 3.5, 1.0)
    assert "wolf" in explorer.locator("svg").get_attribute("aria-label")


def test_a_student_that_agrees_is_left_alone(stage):
    explorer = stage.explorer()
    explorer.get_by_role("slider", name="weight").press("End")
    for name, presses in (("cat", 4), ("fox", 0), ("wolf", 0)):  # 2.0 -> 4.0, as the teacher's
        for _ in range(presses):
            explorer.get_by_role("group", name="Logits of the student").get_by_label(name).press("ArrowRight")
    assert stage.said() == told(TEACHER, TEACHER, 1, "soft", 3.0, 1.0)
    assert explorer.locator("svg path").count() == 0


def test_a_finger_changes_the_lesson(chromium, where):
    with opened(chromium, where, 390, touch=True) as stage:
        lesson = stage.explorer().get_by_label("lesson", exact=True)
        assert lesson.bounding_box()["height"] >= 44
        lesson.select_option("labels")
        assert stage.said() == told(STUDENT, TEACHER, 1, "labels", 3.0, 0.5)
        assert stage.errors == []
