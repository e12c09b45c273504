"""What a learner does: answers, opens solutions, takes quizzes, explores by mouse and by keyboard, searches."""

import importlib
import pkgutil
import re

import pytest

from helpers import pages
from helpers.checks import check, entries, fingerprint
from helpers.widgets.base import Explorer

from .conftest import BOOK
from .conftest import pages as built_pages

pytestmark = pytest.mark.browser
CHAPTERS = [page for page in built_pages() if re.match(r"chapters/(?!00)\d\d_", page)] or ["(no book)"]
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, scope="session")
FINE_TUNING = "chapters/15_fine_tuning.html"


@pytest.fixture
def reading(visitor, served):
    """Opens a page, or goes on where the test before left it; at the end nothing may have gone wrong in it."""
    read = []

    def go(page_path, **view):
        page, visit = visitor.tab(served + page_path, **view)
        read.append(visit)
        return page

    yield go
    for visit in read:
        assert visit.errors == visit.failed == []


# --- length ----------------------------------------------------------------------------------------------------------


@each_chapter
def test_a_chapter_is_at_most_22_screens_with_everything_folded(visitor, served, chapter):
    page, _ = visitor.open(served + chapter)
    page.set_viewport_size({"width": 1280, "height": 800})
    height = page.evaluate("() => document.documentElement.scrollHeight")
    page.close()
    assert height <= 22 * 800, f"{height / 800:.1f} screens of 1280 x 800: put second things into fine print"


CUT = """() => {
  const shown = document.querySelectorAll('.bd-article table, .bd-article mjx-container[display=true]');
  const wide = box => getComputedStyle(box).overflowX !== 'visible' && box.clientWidth
    && box.scrollWidth > box.clientWidth + 1;
  return [...shown].filter(one => {
    for (let box = one; !box.matches('.bd-article'); box = box.parentElement) if (wide(box)) return true;
  }).map(one => one.innerText.slice(0, 60));
}"""


@each_chapter
def test_no_table_and_no_formula_is_cut_on_a_desktop(visitor, served, chapter):
    """Those in folded boxes have no width yet."""
    page, _ = visitor.open(served + chapter)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.locator(".bd-article mjx-container[display=true]").count() >= 1
    cut = page.evaluate(CUT)
    page.close()
    assert cut == []


# --- exercises and quizzes ---------------------------------------------------------------------------------------


def turn_to(part):
    """Show the step of its deck that holds `part`, as a link to it does."""
    part.evaluate("part => part.closest('.deck-step')?.dispatchEvent(new Event('reveal'))")
    return part


@each_chapter
def test_exercises_and_questions_come_one_at_a_time(reading, chapter):
    page = reading(chapter)
    decks = page.locator(".deck").all()
    assert len(decks) >= 2
    for deck in decks:
        steps = deck.locator(".deck-step")
        back, onward = deck.get_by_role("button", name="← Back"), deck.get_by_role("button", name="Next →")
        assert steps.count() == deck.locator(".deck-number").count() >= 2
        assert back.is_disabled()
        for index in range(steps.count()):
            if index:
                onward.focus()
                page.keyboard.press("Enter")
            assert [step.is_visible() for step in steps.all()] == [at == index for at in range(steps.count())]
        assert onward.is_disabled()
        deck.locator(".deck-number").first.click()
        assert steps.first.is_visible()


def test_a_link_turns_to_the_exercise(reading):
    page = reading(FINE_TUNING)
    page.reload()
    last = page.locator("div.exercise").last
    assert not last.is_visible()
    page.evaluate("id => { location.hash = id; }", last.get_attribute("id"))
    page.wait_for_function(
        "id => document.getElementById(id).checkVisibility({contentVisibilityAuto: true})", arg=last.get_attribute("id")
    )
    assert last.is_visible()


def test_a_deck_counts_what_was_right_at_the_first_try(reading):
    page = reading(FINE_TUNING)
    page.reload()
    deck = page.locator(".deck").last
    for kind, said in ((".quiz-wrong", "0 of 1"), (".quiz-right", "1 of 2")):
        for answer in (kind, ".quiz-right"):
            summary = deck.locator(f".deck-step:not([hidden]) {answer} summary").first
            if not summary.evaluate("one => one.parentElement.open"):
                summary.click()
        assert deck.get_by_role("status").inner_text() == f"{said} right at the first try"
        deck.get_by_role("button", name="Next →").click()


@each_chapter
def test_solutions_are_closed_and_open_by_keyboard(reading, chapter):
    page = reading(chapter)
    for box in map(turn_to, page.locator("div.solution").all()):
        assert not box.locator(".cell_output").first.is_visible()
        button = box.locator("button").first
        button.focus()
        page.keyboard.press("Enter")
        assert box.locator(".cell_output").first.is_visible()
        assert "✓ Right." in box.inner_text()


@each_chapter
def test_a_quiz_answers_right_and_wrong(reading, chapter):
    page = reading(chapter)
    for quiz in map(turn_to, page.locator("div.quiz").all()):
        assert not quiz.locator(".quiz-verdict").first.is_visible()
        right, wrong = quiz.locator(".quiz-right").first, quiz.locator(".quiz-wrong").first
        right.locator("summary").click()
        assert right.locator(".quiz-verdict").inner_text() == "Right."
        wrong.locator("summary").focus()
        page.keyboard.press("Enter")
        assert wrong.locator(".quiz-verdict").inner_text() == "Not quite."


@each_chapter
def test_every_exercise_takes_an_answer(reading, chapter):
    page = reading(chapter)
    forms = page.locator("div.exercise form.answer")
    assert forms.count() == page.locator("div.exercise").count() >= 3
    for form in map(turn_to, forms.all()):
        form.get_by_role("button", name="Check").click()
        assert form.get_by_role("status").inner_text() == "✎ Write your answer into the field."
        form.get_by_label("Your answer").fill("-123456.789")
        page.keyboard.press("Enter")
        assert form.get_by_role("status").inner_text().startswith("✗ Not yet: ")


def test_a_right_answer_and_a_slip(reading):
    form = turn_to(reading(FINE_TUNING).locator("#ex-15-interval form.answer"))
    for answer, said in (("3.7", "✓ Right."), ("1.9", "✗ Not yet: That is one standard error.")):
        form.get_by_label("Your answer").fill(answer)
        form.get_by_label("Your answer").press("Enter")
        assert form.get_by_role("status").inner_text().startswith(said)


def test_the_page_compares_answers_as_the_package_does(reading, monkeypatch):
    page = reading(FINE_TUNING)
    cases = [
        ((6.001,), 4, ["6.001", "6.0012", "6", "6.01", "-6.001", "6001e-3", "x"]),
        ((1.0,), 3, ["0.9999", "1.004", "0.98", "1"]),
        ((0.659, 0.242, 0.099), 2, ["0.66, 0.242, 0.099", "(0.659,0.242,0.099)", "0.659", "0.1, 0.2, 0.7"]),
        ((86567656,), None, ["86567656", "86567657", "86_567_656"]),
        ((20, "Same"), None, ["20, same", "[20, 'same']", "20; SAME", "same, 20"]),
        ((1e-12,), 2, ["1e-12", "1.0e-12", "2e-12", "0"]),
        ((123456.0,), 3, ["123456", "123000", "124000", "1.23e5"]),
    ]
    for right, digits, given in cases:
        entry = {"right": fingerprint("t", right, digits), "hint": "no"} | ({"digits": digits} if digits else {})
        monkeypatch.setattr("helpers.checks.entries", lambda entry=entry: {"t": entry})
        for text in given:
            parts = [part.strip().strip("'") for part in text.strip("()[]").replace(";", ",").split(",")]
            numbers = [float(part.replace("_", "")) if re.match(r"-?[\d.]", part) else part for part in parts]
            here = page.evaluate("([entry, text]) => checkAnswer('t', entry, text)[0]", [entry, text])
            assert here == bool(check("t", numbers)), (right, text)
    entry = {"right": fingerprint("t", (86567656,), None), "hint": "no"}
    for text, right in (("86,567,656", True), ("86 567 656", True), ("86,567,65", False), (" , ", False)):
        assert page.evaluate("([entry, text]) => checkAnswer('t', entry, text)[0]", [entry, text]) == right
    for right, digits, text in (  # as a reader may write, and Python may not
        ((1, 4), None, "1 4"),
        ((1, 4), None, "1 and 4"),
        ((32, 11, 256), None, "32 11 256"),
        ((-2 / 3, 2 / 3), 3, "−0.667, 0.667"),
        ((-2 / 3, 2 / 3), 3, "-2/3 2/3"),
        ((3.7,), 2, "± 3.7 %"),
        ((0.5837, 1.5), 4, "0,5837; 1,5"),
        ((12.61, 0.4708), 4, "12.61 MB, 0.4708"),
        ((1025, 82, 433), None, "1025 82 433 tokens"),
    ):
        entry = {"right": fingerprint("t", right, digits), "hint": "no"} | ({"digits": digits} if digits else {})
        assert page.evaluate("([entry, text]) => checkAnswer('t', entry, text)[0]", [entry, text]), text


def test_the_page_reads_a_whole_array_at_once(reading):
    page = reading(FINE_TUNING)
    numbers = [round(-1.7 + index / 7 + 0.004, 4) for index in range(28)]  # most have two spellings at two digits
    entry = {"right": fingerprint("t", numbers, 2), "digits": 2, "hint": "Chain."}
    written = str([numbers[:14], numbers[14:]])
    for text, said in (
        (written, "✓ Right."),
        (written.replace(",", ""), "✓ Right."),  # as numpy prints an array
        (written.replace("-1.696", "-1.596"), "✗ Not yet: Chain."),
        (str(numbers[:9]), "✗ Not yet: expected 28 numbers or texts, got 9. Chain."),
    ):
        assert page.evaluate("([entry, text]) => checkAnswer('t', entry, text)[1]", [entry, text]) == said
    entry = {"right": fingerprint("t", [1.5, 2.5], 2), "digits": 2, "hint": "Chain."}
    said = page.evaluate("([entry, text]) => checkAnswer('t', entry, text)[1]", [entry, written])
    assert said == "✗ Not yet: expected at most 6 numbers or texts, got 28. Chain."


def test_no_answer_is_written_in_the_page(reading):
    page = reading(FINE_TUNING)
    table = page.evaluate("() => document.getElementById('answers').textContent")
    assert set(re.findall(r'"(c15-[a-z]+)"', table)) == {name for name in entries() if name.startswith("c15-")}


# --- explorers -----------------------------------------------------------------------------------------------------


def use(page, explorer):
    """Move an explorer's main control by mouse, then by keyboard: its tokens, else its last button, its choice, its
    slider."""
    tokens, buttons = explorer.locator("[role=option]"), explorer.locator("button")
    choice, slider = explorer.locator("select").first, explorer.locator("input[type=range]").first
    if tokens.count():
        tokens.nth(1).click()
        page.mouse.move(1, 1)
        yield
        page.keyboard.press("End")
    elif buttons.count():
        buttons.last.click()
        yield
        page.keyboard.press("Enter")
    elif choice.count():
        choice.select_option(index=choice.evaluate("one => (one.selectedIndex + 1) % one.options.length"))
        yield
        choice.press("ArrowUp")
    else:
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        page.mouse.click(box["x"] + 0.35 * box["width"], box["y"] + box["height"] / 2)
        yield
        slider.press("ArrowLeft")
    yield


@each_chapter
@pytest.mark.parametrize("width", [1280, 390])
def test_every_explorer_of_a_page_answers_mouse_and_keyboard(reading, chapter, width):
    page = reading(chapter, width=width)
    explorers = page.locator(".explorer").all()
    assert explorers
    for explorer in explorers:
        explorer.scroll_into_view_if_needed()
        output = explorer.locator(".explorer-output")
        said = [output.inner_text()]
        for _ in use(page, explorer):
            said.append(output.inner_text())
        assert said[0] != said[1] != said[2], explorer.get_attribute("data-explorer")


def test_every_explorer_of_the_package_is_in_the_book():
    for module in pkgutil.walk_packages(pages.__path__, "helpers.pages."):
        if module.name.endswith(".explorer"):
            importlib.import_module(module.name)
    made = {f"{kind.__module__}.{kind.__name__}" for kind in Explorer.__subclasses__()}
    text = "".join((BOOK / chapter).read_text("utf-8") for chapter in CHAPTERS)
    assert len(made) >= 5
    assert set(re.findall(r'"_anywidget_id": "([\w.]+)"', text)) == made


@each_chapter
def test_without_javascript_explorers_are_pictures(chromium, served, chapter):
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(served + chapter)
    stills = page.locator("noscript img")
    assert stills.count() >= 1
    for still in stills.all():
        still.scroll_into_view_if_needed()
        assert still.is_visible()
    context.close()


# --- search ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_positional_embedding(visitor, served, book, scheme):
    page, visit = visitor.open(
        (served if scheme == "http" else f"file://{book}/") + "search.html?q=positional+embedding"
    )
    page.wait_for_selector("ul.search li a")
    found = page.eval_on_selector_all("ul.search li a", "links => links.map((a) => a.getAttribute('href'))")
    assert any("10_vision_transformer" in link or "glossary" in link for link in found)
    assert visit.errors == []
    page.close()
