"""Every page, at two widths, in two themes: offline, accessible, typeset, and inside its width."""

import pytest

from .conftest import THEMES, WIDTHS

pytestmark = pytest.mark.browser
everywhere = [pytest.mark.parametrize("theme", THEMES), pytest.mark.parametrize("width", WIDTHS)]


def in_every_view(test):
    for mark in everywhere:
        test = mark(test)
    return test


def test_page_runs_without_an_error(visitor, served, page_path):
    """From its loading through every view."""
    assert visitor(served + page_path).errors == []


def test_page_asks_nothing_of_the_network(visitor, served, page_path):
    visit = visitor(served + page_path)
    assert [url for url in visit.requests if not url.startswith((served, "data:", "blob:"))] == []
    assert visit.failed == []
    assert len(visit.requests) > 3  # the check above saw the page load


@in_every_view
def test_axe_finds_nothing(visitor, served, page_path, width, theme):
    view = visitor(served + page_path).views[width, theme]
    assert view.axe == []
    assert view.seen["theme"] == theme


@in_every_view
def test_mathematics_is_typeset(visitor, served, page_path, width, theme):
    seen = visitor(served + page_path).views[width, theme].seen
    assert seen["typeset"] >= seen["formulas"]
    assert seen["badFormulas"] == []


@in_every_view
def test_images_are_there(visitor, served, page_path, width, theme):
    seen = visitor(served + page_path).views[width, theme].seen
    assert seen["brokenImages"] == []
    assert seen["images"] >= 1  # at least the logo


@in_every_view
def test_page_does_not_scroll_sideways(visitor, served, page_path, width, theme):
    assert visitor(served + page_path).views[width, theme].seen["overflow"] <= 0


def test_widgets_run_without_a_kernel(visitor, served, page_path):
    seen = visitor(served + page_path).views[WIDTHS[0], "light"].seen
    assert seen["liveWidgets"] == seen["widgets"]


def test_page_works_from_a_folder(visitor, book, page_path):
    """Over file://, where a browser forbids fetching and module scripts."""
    visit = visitor(f"file://{book}/{page_path}", axe=False)
    (view,) = visit.views.values()
    assert visit.errors == []
    assert visit.failed == []
    assert [url for url in visit.requests if not url.startswith(("file://", "data:", "blob:"))] == []
    assert view.seen["typeset"] >= view.seen["formulas"]
    assert view.seen["badFormulas"] == view.seen["brokenImages"] == []
    assert view.seen["liveWidgets"] == view.seen["widgets"]
