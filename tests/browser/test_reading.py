"""What a reader does: switch the theme, search, follow the table of contents, tick a list."""

import pytest

pytestmark = pytest.mark.browser


def test_theme_switch_cycles_and_is_remembered(visitor, served):
    page, visit = visitor.open(served + "intro.html")
    mode = lambda: page.evaluate("() => document.documentElement.dataset.mode")  # noqa: E731
    seen = [mode()]
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        seen.append(mode())
    assert set(seen) == {"auto", "light", "dark"}
    page.evaluate("() => localStorage.setItem('mode', 'dark')")
    page.evaluate("() => localStorage.setItem('theme', 'dark')")
    page.reload()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    page.evaluate("() => localStorage.clear()")
    assert visit.errors == []
    page.close()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_word_offline(visitor, served, book, scheme):
    base = served if scheme == "http" else f"file://{book}/"
    page, visit = visitor.open(base + "search.html?q=attention")
    page.locator('ul.search li a[href^="chapters/08_attention_in_translation.html"]').first.wait_for()
    page.wait_for_load_state("networkidle")
    assert visit.errors == visit.failed == []
    page.close()


def test_search_says_so_where_nothing_is_found(visitor, served):
    page, visit = visitor.open(served + "search.html?q=zyxwvutsrq")
    page.wait_for_function("() => document.querySelector('#search-results')?.textContent.includes('did not match')")
    assert page.locator("ul.search li").count() == 0
    assert visit.errors == []
    page.close()


def test_front_door_leads_to_the_book(visitor, served):
    page = visitor.context.new_page()
    page.goto(served, wait_until="commit")  # it redirects at once
    page.wait_for_url("**/intro.html", wait_until="load")
    assert page.locator("h1").first.inner_text().startswith("From Convolution to Attention")
    page.close()


def test_keyboard_reaches_the_text_first(visitor, served):
    page, _ = visitor.open(served + "intro.html")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent.trim()") == "Skip to main content"
    page.close()


SMALL = """() => [...document.querySelectorAll(
  '.bd-header-article button, .bd-article :is(summary, .start),' +
  '.course-widget :is(button, select, input[type=range]),' +
  ' form.answer :is(input, button)')]
  .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, box]) => box.width && box.height && box.height < 44)
  .map(([what, box]) => `${Math.round(box.height)} px: ${what}`)"""


def test_what_a_finger_touches_is_tall_enough(chromium, served):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(served + "chapters/09_attention_is_all_you_need.html", wait_until="load")
    page.locator(".course-widget[data-ready]").first.wait_for()
    assert page.evaluate(SMALL) == []
    context.close()
