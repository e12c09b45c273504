"""Every page from a folder, at two widths, in two themes: offline, accessible, typeset, and inside its width."""

import pytest

from .conftest import ONLY_COLOURS, THEMES, THIN_FORMULAS, THIN_TEXT, WIDTHS

pytestmark = pytest.mark.browser
everywhere = [pytest.mark.parametrize("theme", THEMES), pytest.mark.parametrize("width", WIDTHS)]


def in_every_view(test):
    for mark in everywhere:
        test = mark(test)
    return test


def test_page_runs_without_an_error(visit):
    """From its loading through every view; module scripts and fetching are forbidden over file://."""
    assert visit.errors == []


def test_page_asks_nothing_of_the_network(visit):
    assert [url for url in visit.requests if not url.startswith(("file://", "data:", "blob:"))] == []
    assert visit.failed == []
    assert len(visit.requests) > 3  # the check above saw the page load


@in_every_view
def test_axe_finds_nothing(visit, width, theme):
    view = visit.views[width, theme]
    assert view.axe == []
    assert view.seen["theme"] == theme


@in_every_view
def test_mathematics_is_typeset(visit, width, theme):
    seen = visit.views[width, theme].seen
    assert seen["typeset"] >= seen["formulas"]
    assert seen["badFormulas"] == []


@in_every_view
def test_images_are_there(visit, width, theme):
    seen = visit.views[width, theme].seen
    assert seen["brokenImages"] == []
    assert seen["images"] >= 1  # at least the logo


@in_every_view
def test_page_does_not_scroll_sideways(visit, width, theme):
    assert visit.views[width, theme].seen["overflow"] <= 0


def test_widgets_run_without_a_kernel(visit):
    seen = visit.views[WIDTHS[0], "light"].seen
    assert seen["liveWidgets"] == seen["widgets"]


PALE = (
    """<html lang="en"><title>pale</title><body style="background: #fff; color: #000">
<main class="bd-article"><div class="highlight"><pre style="color: #111">
"""
    + '<span class="k">for</span> ' * 9
    + """<span class="o" style="color: #ddd">in</span> </pre></div>
<p style="color: #ddd"><mjx-container><i>x</i><i>y</i></mjx-container></p>
<ul>"""
    + "<li>a row</li>" * 9
    + """<li><b style="color: #ddd">another</b></li></ul></main></body></html>"""
)


def test_a_page_thinned_out_keeps_one_of_each_kind_that_contrast_can_object_to(visitor):
    page = visitor.context.new_page()
    page.set_content(PALE)
    page.evaluate(visitor.axe_script)
    page.evaluate(THIN_FORMULAS)
    page.evaluate(THIN_TEXT)
    assert page.locator("pre").inner_text().split() == ["for"] * 2 + ["in"]
    assert page.locator("ul").inner_text().split() == ["a", "row"] * 2 + ["another"]
    found = visitor.run_axe(page, None, ONLY_COLOURS)
    page.close()
    assert [line.split()[1] for line in found] == ["['.o']", "['p']", "['b']"]
