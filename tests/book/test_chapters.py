"""Every chapter has its parts, its solutions ran, and its numbers come from cells and records."""

import ast
import os
import re
import warnings
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
BOOK = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
CHAPTERS = sorted(path for path in (ROOT / "chapters").glob("[0-9][0-9]_*.md") if not path.name.startswith("00_"))
PARTS = [
    "The question",
    "A picture",
    "A worked example",
    "The mathematics",
    "The code",
    "Check",
    "Measured",
    "Limits",
    "Exercises",
    "Quiz",
    "What you can do now",
    "Sources",
]
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


@cache
def page(chapter: Path) -> BeautifulSoup:
    return BeautifulSoup((BOOK / "chapters" / f"{chapter.stem}.html").read_text(encoding="utf-8"), "html.parser")


def source(chapter: Path) -> str:
    return chapter.read_text(encoding="utf-8")


FENCE = re.compile(r"^(`{3,}|:{3,})(?:\{([\w-]+)\})?(.*)$")
TALK = {
    "admonition",
    "tip",
    "note",
    "important",
    "warning",
    "quiz",
    "dropdown",
    "epigraph",
    "exercise-start",
    "solution-start",
}


def prose(text: str) -> str:
    """What a reader reads as sentences: no front matter, no code, no displayed mathematics, no tables of directives."""
    kept: list[str] = []
    open_fences: list[tuple[str, bool]] = []  # its marks, and whether its content is talk
    for line in re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL).splitlines():
        fence = FENCE.match(line)
        if fence and open_fences and line.strip() == open_fences[-1][0]:
            open_fences.pop()
        elif fence and all(talk for _, talk in open_fences):
            open_fences.append((fence[1], fence[2] in TALK))
            kept.append(fence[3] if fence[2] in TALK else "")
        elif all(talk for _, talk in open_fences) and not re.match(r":[a-z-]+:|\([\w-]+\)=$", line):
            kept.append(line)
    text = re.sub(r"\$\$.*?\$\$", "", "\n".join(kept), flags=re.DOTALL)
    return re.sub(r"\$[^$\n]+(?:\n[^$\n]+)?\$", " x ", text)


FINE_PRINT = re.compile(r"^(`{3,}|:{3,})\{fine-print\}.*?^\1\{fine-print-end\}\n\1$", re.DOTALL | re.MULTILINE)


def main_line(text: str) -> str:
    """The text without what stands in closed boxes."""
    text = FINE_PRINT.sub("", text)
    return re.sub(r"^(`{3,}|:{3,})\{dropdown\}.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """Each h2 section's prose by its heading; code is gone before, so that its comments are no headings."""
    parts = re.split(r"^## (.*)$", prose(text), flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[::2], strict=True))


def test_there_are_five_chapters_and_an_opening():
    assert {path.name[:2] for path in CHAPTERS} >= {"03", "08", "09", "10", "15"}
    assert (ROOT / "chapters" / "00_how_to_read.md").is_file()


@each_chapter
def test_a_chapter_has_its_parts(chapter):
    headings = [heading.get_text().removesuffix("#") for heading in page(chapter).select("article h2")]
    assert [part for part in PARTS if not any(heading.startswith(part) for heading in headings)] == []
    assert page(chapter).find(class_="admonition-title", string=re.compile("What you will be able to do"))
    assert len(page(chapter).select("ul.ticks > li")) >= 3
    if not page(chapter).find(string=re.compile("Predict, then read on")):
        warnings.warn(f"{chapter.name}: the reader is not asked to predict before reading on", stacklevel=1)


MOST_WORDS = 3_200  # an hour of reading


@each_chapter
def test_the_main_line_of_a_chapter_is_read_in_an_hour(chapter):
    """Sentences outside of closed boxes; code, formulas, tables, captions and exercises do not count."""
    aside = ("Exercises", "Quiz", "What you can do now", "Sources")
    told = sections(main_line(source(chapter)))
    words = {heading: len(text.split()) for heading, text in told.items() if heading not in aside}
    assert 1_000 < sum(words.values()) <= MOST_WORDS, words


def test_what_stands_in_closed_boxes_does_not_count():
    boxes = "```{fine-print} How sure?\n```\ntwo words\n\n```{code-cell}\nx\n```\n\n```{fine-print-end}\n```\n"
    boxes += "````{dropdown} More\n```python\ny\n```\nthree more words\n````\n"
    assert main_line(f"before\n\n{boxes}\nafter").split() == ["before", "after"]


@each_chapter
def test_a_chapter_shows_code_figures_and_works(chapter):
    text = source(chapter)
    assert "```{literalinclude} ../src/helpers/" in text
    assert len(page(chapter).select("article figure img, article .cell_output img")) >= 2
    assert len(set(re.findall(r"\{cite[a-z:]*\}`([^`]+)`", text))) >= 3
    assert re.search(r"^\s*assert ", text, re.MULTILINE)


@each_chapter
def test_a_chapter_has_an_explorer_with_a_picture_for_readers_without_scripts(chapter):
    views = page(chapter).find_all("script", type="application/vnd.jupyter.widget-view+json")
    assert views
    for view in views:
        still = view.find_next_sibling("noscript")
        assert still is not None
        picture = BeautifulSoup(still.decode_contents(), "html.parser").img
        assert len(picture["alt"]) > 20
        assert (BOOK / "chapters" / picture["src"]).is_file()


MOST_HIDDEN = 25  # lines of one hidden cell: what is longer is a function of the page's folder, with a test
CELL = re.compile(r"^(`{3,})\{code-cell\}[^\n]*\n(?:---\n(.*?)^---\n)?(.*?)^\1$", re.DOTALL | re.MULTILINE)


def hidden_cells(text: str) -> list[tuple[int, str]]:
    """Cells that a reader does not see, or only when asking: how many lines each has besides imports, and its first."""
    found = []
    for _, settings, code in CELL.findall(text):
        if not re.search(r"tags:.*\b(?:hide|remove)-(?:input|cell)\b", settings):
            continue
        imports = [node for node in ast.parse(code).body if isinstance(node, ast.Import | ast.ImportFrom)]
        imported = {line for node in imports for line in range(node.lineno, (node.end_lineno or 0) + 1)}
        lines = [line for k, line in enumerate(code.splitlines(), 1) if line.strip() and k not in imported]
        found.append((len(lines), lines[0] if lines else ""))
    return found


@pytest.mark.parametrize("path", [ROOT / "intro.md", *sorted((ROOT / "chapters").glob("*.md"))], ids=lambda p: p.stem)
def test_no_hidden_cell_is_long(path):
    assert [cell for cell in hidden_cells(source(path)) if cell[0] > MOST_HIDDEN] == []


def test_a_long_hidden_cell_is_found():
    code = "import os\n\nfrom math import (\n    pi,\n    e,\n)\n" + "pi\n" * 25
    for head in ("---\ntags: [remove-input]\n---\n", "---\ntags: [x, hide-cell]\nmystnb:\n  a: b\n---\n"):
        assert hidden_cells(f"words\n\n```{{code-cell}} python3\n{head}{code}```\n") == [(25, "pi")]
        assert hidden_cells(f"````{{code-cell}} python3\n{head}{code}pi\n````\n") == [(26, "pi")]
    assert hidden_cells(f"```{{code-cell}} python3\n{code}{code}```\n") == []


# --- exercises and quizzes -------------------------------------------------------------------------------------------


def exercises(text: str) -> dict[str, str]:
    gated = re.findall(r"\{exercise-start\}[^\n]*\n:label: (\S+)\n(.*?)\{exercise-end\}", text, re.DOTALL)
    return {label: body for label, body in gated}


def solutions(text: str) -> dict[str, str]:
    return dict(re.findall(r"\{solution-start\} (\S+)\n(.*?)\{solution-end\}", text, re.DOTALL))


@each_chapter
def test_every_exercise_is_predicted_checked_and_solved(chapter):
    asked, solved = exercises(source(chapter)), solutions(source(chapter))
    assert 3 <= len(asked) <= 5
    assert set(asked) == set(solved)
    for label, body in asked.items():
        if not re.search(r"\*\*(Predict, then measure|Decide, then look)\.\*\*", body):  # a count, or a judgement
            warnings.warn(f"{chapter.name}: {label} does not ask to predict", stacklevel=1)
        names = re.findall(r'check\("([a-z0-9-]+)", answer\)', body)
        assert len(names) == 1, f"{label}: expected one check of the reader's answer"
        assert f'assert check("{names[0]}",' in solved[label], f"{label}: the solution does not check itself"


@each_chapter
def test_every_solution_ran_and_is_right(chapter):
    boxes = page(chapter).select("div.solution")
    assert len(boxes) == len(solutions(source(chapter)))
    for box in boxes:
        assert "✓ Right." in box.select_one(".cell_output").parent.parent.get_text(), box.get_text()[:80]


@each_chapter
def test_an_unanswered_exercise_gives_nothing_away(chapter):
    for box in page(chapter).select("div.exercise .tag_exercise"):
        assert box.select_one(".cell_output").get_text().strip() == "✎ Put your answer in place of the dots."


@each_chapter
def test_every_answer_of_a_quiz_is_explained(chapter):
    quizzes = page(chapter).select("div.quiz")
    assert 4 <= len(quizzes) <= 6
    for quiz in quizzes:
        answers = quiz.select("details.quiz-answer")
        assert len(answers) >= 2
        assert any("quiz-right" in answer["class"] for answer in answers)
        assert any("quiz-wrong" in answer["class"] for answer in answers)
        for answer in answers:
            explanation = answer.get_text(" ").removeprefix(answer.summary.get_text(" "))
            assert explanation.strip(), answer.summary.get_text()
            if len(explanation.split()) < 6:
                warnings.warn(f"{chapter.name}: hardly explained: {answer.summary.get_text()}", stacklevel=1)


def test_no_quiz_can_be_answered_by_its_form():
    """Over the book the right answer is neither mostly the longest or the shortest, nor mostly in one place."""
    places, longest, shortest, n = Counter(), 0, 0, 0
    for chapter in [ROOT / "chapters" / "00_how_to_read.md", *CHAPTERS]:
        for quiz in page(chapter).select("div.quiz"):
            answers = quiz.select("details.quiz-answer")
            right = [i for i, answer in enumerate(answers) if "quiz-right" in answer["class"]]
            lengths = [len(answer.summary.get_text()) for answer in answers]
            if len(right) == 1:
                n += 1
                places[right[0]] += 1
                longest += lengths[right[0]] == max(lengths)
                shortest += lengths[right[0]] == min(lengths)
    assert n > 20
    assert max(longest, shortest) < n / 2, (longest, shortest, n)
    assert all(n / 6 < places[place] < n / 2 for place in range(3)), places


# --- numbers ---------------------------------------------------------------------------------------------------------

MEASURED = re.compile(r"(?<![\w.,/^-])\d+(?:\.\d+)?\s?(?:%|points?\b|per cent)|(?<![\w.,/])\d+\.\d+(?!\.\d)")
BY_HAND = ("A worked example", "The mathematics", "Exercises", "Quiz", "Sources", "What you can do now")


@each_chapter
def test_measured_numbers_are_glued_or_cited(chapter):
    """A percentage or a decimal in a sentence is glued from a cell, or its paragraph cites or names who reports it."""
    typed = []
    for heading, text in sections(source(chapter)).items():
        if heading.startswith(BY_HAND):
            continue
        for paragraph in re.split(r"\n\s*\n", text):
            if "{cite" in paragraph or re.search(r"\b(slides?|reports?|reported)\b", paragraph):
                continue
            plain = re.sub(
                r"\{[a-z:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|\b1\.96\b", " ", paragraph
            )  # 1.96: the normal quantile
            typed += [f"{heading}: …{plain[max(0, m.start() - 40) : m.end() + 20]!r}" for m in MEASURED.finditer(plain)]
    if typed:  # a pattern cannot know what a number is: a warning, for a person to judge
        warnings.warn(f"{chapter.name}: typed, it seems, not glued: {typed}", stacklevel=1)


@each_chapter
def test_figures_and_exercises_are_numbered_within_the_chapter(chapter):
    number = int(chapter.name[:2])
    figures = [span.get_text().strip() for span in page(chapter).select("figure .caption-number")]
    assert figures == [f"Fig. {number}.{place}" for place in range(1, len(figures) + 1)]
    titles = [title.get_text() for title in page(chapter).select("div.exercise > p.admonition-title")]
    assert titles
    for place, title in enumerate(titles, start=1):
        assert title.startswith(f"Exercise {number}.{place} "), title


def names_of_figures(texts: dict[str, str]) -> dict[str, list[str]]:
    """Name of a figure -> the pages that define it; a link to one goes astray where two do."""
    found: dict[str, list[str]] = {}
    for page, text in texts.items():
        for name in re.findall(r"""\bname\\?["']?: *\\?["']?(fig-[\w-]+)""", text):
            found.setdefault(name, []).append(page)
    return found


def test_a_figures_name_is_used_once_in_the_book():
    pages = [*CHAPTERS, *(ROOT / "chapters").glob("*.md"), ROOT / "intro.md", *(ROOT / "labs").glob("*.ipynb")]
    names = names_of_figures({path.name: source(path) for path in set(pages)})
    assert len(names) > 100
    assert {name: where for name, where in names.items() if len(where) > 1} == {}


def test_a_name_used_twice_is_found():
    texts = {"a": "    name: fig-one\n", "b": "    name: fig-two\n", "c": '"figure": {"name": "fig-one"}'}
    assert names_of_figures(texts) == {"fig-one": ["a", "c"], "fig-two": ["b"]}


@each_chapter
def test_a_chapter_says_how_long_it_takes_what_one_must_know_and_five_aims_at_most(chapter):
    opening = source(chapter).split("## The question")[0]
    assert re.search(r"^\*(An hour|.* minutes)[^*]*You need:", opening, re.MULTILINE)
    aims = re.search(r"What you will be able to do\n:class: tip\n(.*?)```", opening, re.DOTALL)[1]
    assert 3 <= len(re.findall(r"^- ", aims, re.MULTILINE)) <= 5


@each_chapter
def test_an_exercise_says_how_long_it_takes_and_how_hard_it_is(chapter):
    texts = re.findall(r"\{exercise-start\}.*\n:label:.*\n```\n(.*)", source(chapter))
    assert len(texts) >= 5
    for text in texts:
        assert re.match(r"\*\d+ minutes, difficulty [123] of 3\.\* ", text), text
