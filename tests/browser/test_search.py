"""The search from a folder: excerpts without fetching, chapters first, by keyboard, readable in both themes."""

import pytest

from .conftest import THEMES

pytestmark = pytest.mark.browser
RESULTS = "#search-results ul.search li"


@pytest.fixture(scope="module")
def found(visitor, book):
    """The page of results for a word, opened once."""
    page, visit = visitor.open(f"file://{book}/search.html?q=attention")
    page.locator(RESULTS).first.wait_for()
    yield page, visit
    page.close()


def test_nothing_is_fetched_and_nothing_fails(found):
    page, visit = found
    page.wait_for_load_state("networkidle")
    assert visit.errors == visit.failed == []
    assert not any(request.endswith(".html") or "/chapters/" in request for request in visit.requests[1:])


def test_the_first_results_are_chapters_and_the_glossary_comes_after_them(found):
    kinds = found[0].locator(f"{RESULTS} .kind").all_inner_texts()
    assert kinds[:5] == ["chapter"] * 5
    assert kinds.index("glossary") > max(k for k, kind in enumerate(kinds) if kind == "chapter")
    titles = found[0].locator(f"{RESULTS} > a").all_inner_texts()
    assert titles[0].startswith(("8 · Attention in machine translation", "9 · Attention is all you need"))


def test_every_page_of_the_book_that_is_found_shows_where_the_word_stands(found):
    page, _ = found
    links = [
        link.split("#")[0]
        for link in page.eval_on_selector_all(f"{RESULTS} > a", "all => all.map(a => a.getAttribute('href'))")
    ]
    pages = [link for link in links if not link.startswith(("api", "references", "genindex"))]
    assert len(pages) > 20
    assert len(set(pages)) == len(pages), "a page once"
    contexts = page.locator(f"{RESULTS} p.context")
    assert contexts.count() >= 0.8 * len(pages)
    marks = page.locator(f"{RESULTS} p.context mark").all_inner_texts()
    assert {mark.lower()[:9] for mark in marks} == {"attention"}
    assert all(len(text) < 300 for text in contexts.all_inner_texts())


def test_excerpts_hold_no_code(found):
    text = " ".join(found[0].locator(f"{RESULTS} p.context").all_inner_texts())
    for sign in ("import ", "def ", "plt.", "glue(", "(self", "Show code"):
        assert sign not in text


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_among_results(found, visitor, theme):
    page, _ = found
    visitor.turn(page, 390 if theme == "dark" else 1280, theme)
    page.evaluate(visitor.axe_script)
    assert visitor.run_axe(page, None, {}) == []
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_from_any_page_by_keyboard_to_the_place_itself(visitor, book):
    page, visit = visitor.open(f"file://{book}/chapters/10_vision_transformer.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("scaled dot product")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=scaled*")
    page.locator(RESULTS).first.wait_for()
    page.locator(f"{RESULTS} > a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/*.html*")
    assert page.locator(":target").count() == (1 if "#" in page.url else 0)
    assert visit.errors == []
    page.close()


@pytest.mark.parametrize("query", ["zyxwvutsrq", "the", "<b>attention</b>", "a.b(c"])
def test_odd_queries_end_in_a_sentence(visitor, book, query):
    page, visit = visitor.open(f"file://{book}/search.html")
    page.goto(f"file://{book}/search.html?q={query}")
    page.wait_for_function("() => document.querySelector('.search-summary')?.textContent.length > 20")
    assert visit.errors == []
    assert page.locator(f"{RESULTS} b").count() == 0
    page.close()
