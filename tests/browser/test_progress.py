"""What a reader ticks and answers is added up on the map, survives a reload, and can be saved and loaded as a file."""

import json

import pytest

from .conftest import WIDTHS, Visitor

pytestmark = pytest.mark.browser
CHAPTER = "chapters/15_fine_tuning.html"
EMPTY = "Your ticks and answers will be added up here. They stay in this browser."


@pytest.fixture(params=["http", "file"])
def reader(request, chromium, served, book):
    """A browser of its own, which has kept nothing yet, and where it finds the book."""
    visitor = Visitor(chromium)
    yield visitor, served if request.param == "http" else f"file://{book}/"
    visitor.context.close()


def card(page):
    return page.locator(".map-card", has=page.locator(f"a[href$='{CHAPTER}']"))


def work_through(page):
    """A tick by keyboard, a question right at once, another one at the second try, an exercise at the second."""
    page.locator("ul.ticks input").first.focus()
    page.keyboard.press("Space")
    for index, kinds in enumerate(((".quiz-right",), (".quiz-wrong", ".quiz-right"))):
        quiz = page.locator("div.quiz").nth(index)
        quiz.evaluate("part => part.closest('.deck-step').dispatchEvent(new Event('reveal'))")
        for kind in kinds:
            quiz.locator(f"{kind} summary").first.click()
    form = page.locator("#ex-15-interval form.answer")
    form.evaluate("part => part.closest('.deck-step').dispatchEvent(new Event('reveal'))")
    for answer in ("1.9", "3.7"):
        form.get_by_label("Your answer").fill(answer)
        form.get_by_label("Your answer").press("Enter")
    assert form.get_by_role("status").inner_text().startswith("✓ Right.")


def test_progress_is_kept_added_up_saved_forgotten_and_loaded(reader, tmp_path):
    visitor, where = reader
    page, visit = visitor.open(where + CHAPTER)
    goals, questions = page.locator("ul.ticks input").count(), page.locator("div.quiz").count()
    exercises = page.locator("div.exercise").count()
    work_through(page)
    page.reload()
    assert page.locator("ul.ticks input").first.is_checked()
    assert not page.locator("ul.ticks input").nth(1).is_checked()

    page.goto(where + "intro.html")
    told = f"1 of {goals} ticked · quiz 1 of {questions} · exercises 1 of {exercises}"
    assert card(page).locator(".map-progress").inner_text() == told
    assert page.locator(".map-progress").count() == 1
    total = page.locator(".map-card.map-open").count()
    summed = (
        f"Yours so far: 1 of {total} chapters begun. In these: 1 of {goals} goals ticked, "
        f"1 of {questions} questions right at the first try, 1 of {exercises} exercises solved."
    )
    assert page.locator(".progress-sum").inner_text() == summed

    with page.expect_download() as download:
        page.get_by_role("button", name="Save to a file").focus()
        page.keyboard.press("Enter")
    saved = tmp_path / "course-progress.json"
    download.value.save_as(saved)
    assert list(json.loads(saved.read_text())["pages"]) == ["15_fine_tuning"]

    forget, said = page.get_by_role("button", name="Forget all"), page.locator(".progress-said")
    forget.focus()
    page.keyboard.press("Enter")
    assert said.inner_text() == "Press once more to forget every tick and answer."
    assert page.locator(".progress-sum").inner_text() == summed
    page.keyboard.press("Enter")
    assert page.locator(".progress-sum").inner_text() == EMPTY
    assert page.locator(".map-progress").count() == 0

    page.locator(".course-map input[type=file]").set_input_files(saved)
    card(page).locator(".map-progress").wait_for()
    assert card(page).locator(".map-progress").inner_text() == told
    assert said.inner_text() == "Loaded course-progress.json: 1 page, added to what was here."
    assert visit.errors == visit.failed == []


@pytest.mark.parametrize("reader", ["http"], indirect=True)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "is not a file of this course's progress; nothing was changed."),
        ('{"form": "another"}', "is not a file of this course's progress; nothing was changed."),
        ('{"15_fine_tuning": {"ticks": {"of": 2, "done": {"5": true}}}}', "is damaged; nothing was changed."),
        ('{"15_fine_tuning": {"ticks": {"of": 2, "done": {"1": "<b>"}}}}', "is damaged; nothing was changed."),
        ('{"<b>": {}}', "is damaged; nothing was changed."),
    ],
)
def test_a_file_that_is_not_ours_changes_nothing(reader, content, said, tmp_path):
    visitor, where = reader
    page, visit = visitor.open(where + "intro.html")
    if said.startswith("is damaged"):
        content = json.dumps({"form": "from-convolution-to-attention/progress/1", "pages": json.loads(content)})
    (tmp_path / "other.json").write_text(content)
    page.locator(".course-map input[type=file]").set_input_files(tmp_path / "other.json")
    page.wait_for_function("() => document.querySelector('.progress-said').textContent !== ''")
    assert page.locator(".progress-said").inner_text() == f"other.json {said}"
    assert page.evaluate("() => localStorage.length") == page.evaluate(
        "() => Object.keys(localStorage).filter((key) => !key.startsWith('course:')).length"
    )
    assert visit.errors == []


@pytest.mark.parametrize("reader", ["http"], indirect=True)
def test_a_loaded_file_takes_nothing_away(reader, tmp_path):
    visitor, where = reader
    page, _ = visitor.open(where + "intro.html")

    def load(done):
        pages = {"15_fine_tuning": {"ticks": {"of": 6, "done": done}}}
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        file.write_text(json.dumps({"form": "from-convolution-to-attention/progress/1", "pages": pages}))
        page.locator(".course-map input[type=file]").set_input_files(file)
        page.wait_for_function(
            "name => document.querySelector('.progress-said').textContent.includes(name)", arg=file.name
        )

    load({"0": True, "1": False})
    load({"0": False, "2": True})
    assert card(page).locator(".map-progress").inner_text() == "2 of 6 ticked"


@pytest.mark.parametrize("reader", ["file"], indirect=True)
def test_progress_can_be_read_in_both_themes_and_on_a_phone(reader):
    visitor, where = reader
    page, _ = visitor.open(where + CHAPTER)
    work_through(page)
    page.close()
    visit = visitor(where + "intro.html")
    assert {width for width, _ in visit.views} == set(WIDTHS)
    for view in visit.views.values():
        assert view.axe == []
        assert view.seen["overflow"] <= 0


def test_only_pages_with_a_map_carry_the_script(book):
    with_map = {"intro.html", "chapters/00_how_to_read.html"}
    pages = [*book.glob("*.html"), *book.glob("chapters/*.html")]
    carry = {page.relative_to(book).as_posix() for page in pages if "progress.js" in page.read_text(encoding="utf-8")}
    assert carry == with_map
