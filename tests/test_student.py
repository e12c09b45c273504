"""The student edition: solutions and what a quiz gives away are gone, everything else is there."""

import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / "_ext"), str(ROOT / "scripts")]
import student  # noqa: E402
from plain import ANSWER, bibliography, included, paragraphs, plain, without_solutions  # noqa: E402

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.md"))
TAUGHT = [path for path in CHAPTERS if "{solution-start}" in path.read_text(encoding="utf-8")]


def lines_of_solutions(text: str) -> set[str]:
    """Every line that stands in solutions only."""
    solutions = re.findall(r"\{solution-start\}.*?\{solution-end\}", text, re.DOTALL)
    assert solutions
    outside = re.sub(r"\{solution-start\}.*?\{solution-end\}", "", text, flags=re.DOTALL)
    return {line.strip() for one in solutions for line in one.splitlines() if len(line.strip()) > 12} - {
        line.strip() for line in outside.splitlines()
    }


def explanations(text: str) -> list[str]:
    quizzes = re.findall(r"^```\{quiz\} .*?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [why for quiz in quizzes for answer in ANSWER.split(quiz)[2::2] for why in paragraphs(answer)[1:]]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    student.write_source(folder)
    return folder


def test_there_is_something_to_take_out():
    assert len(TAUGHT) >= 5
    assert sum(len(explanations(path.read_text(encoding="utf-8"))) for path in TAUGHT) >= 60


@pytest.mark.parametrize("chapter", TAUGHT, ids=lambda path: path.stem)
def test_nothing_leaks_into_a_page(written, chapter):
    text, page = chapter.read_text(encoding="utf-8"), (written / "chapters" / chapter.name).read_text(encoding="utf-8")
    assert [line for line in lines_of_solutions(text) if line in page] == []
    assert [why for why in explanations(text) if why in page] == []
    for word in ("solution-start", "solution-end", "{quiz}", "[x]", "assert check("):
        assert word not in page
    assert page.count("{exercise-start}") == text.count("{exercise-start}")
    assert page.count('check("') >= page.count("{exercise-start}")  # the reader's own field stays


@pytest.mark.parametrize("chapter", TAUGHT, ids=lambda path: path.stem)
def test_nothing_else_is_taken_out(chapter):
    text = chapter.read_text(encoding="utf-8")
    kept = without_solutions(text)
    headings = re.findall(r"^## .*$", text, re.MULTILINE)
    assert re.findall(r"^## .*$", kept, re.MULTILINE) == headings
    gated = sum(
        len(one) for one in re.findall(r"^`+\{solution-start\}.*?\{solution-end\}\n`+$", text, re.DOTALL | re.MULTILINE)
    )
    quizzes = sum(len(one) for one in re.findall(r"^```\{quiz\}.*?^```$", text, re.DOTALL | re.MULTILINE))
    assert len(kept) > len(text) - gated - quizzes


def test_the_other_pages_give_nothing_away(written):
    for path in [*written.glob("*.md"), *(written / "chapters").glob("*.md")]:
        assert "{solution-start}" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("chapter", TAUGHT, ids=lambda path: path.stem)
def test_nothing_leaks_into_a_notebook(written, chapter):
    """The page's cells as MyST-NB cuts them, made plain as the student's notebook is."""
    from myst_nb.core.read import read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    text = chapter.read_text(encoding="utf-8")
    page = (written / "chapters" / chapter.name).read_text(encoding="utf-8")
    notebook = read_myst_markdown_notebook(page, MdParserConfig(), "{code-cell}", "{raw-cell}", chapter.name)
    told = "\n".join(cell.source for cell in plain(notebook, ROOT, ROOT / "chapters", {}).cells)
    assert [line for line in lines_of_solutions(text) if line in told] == []
    assert [why for why in explanations(text) if why in told] == []
    assert "Right." not in told


def test_a_gate_inside_a_longer_fence_is_closed_where_it_ends():
    gate = "````{solution-start} ex\n:class: dropdown\n````\n"
    text = f"a\n\n{gate}```{{code-cell}} python3\nsecret\n```\n````{{solution-end}}\n````\n\nb\n"
    assert without_solutions(text).split() == ["a", "b"]


def test_plain_markdown_shows_what_directives_say(tmp_path):
    (tmp_path / "references.bib").write_text(
        "@article{key,\n author = {Ada, B. and Cy, D. and E, F.},\n year = {2017},\n}\n"
    )
    (tmp_path / "code.py").write_text("x = 1\n\n\n@cache\ndef f():\n    return 1\n")
    lines = [
        "(target)=", "# Title {cite}`key`", "```{tip} Do", "It {glue:text}`n:.1f`.", "```", "{.ticks}", "- I can",
        "```{literalinclude} code.py", ":pyobject: f", "```",
        "```{list-table} Cap", "* - a", "  - b", "* - 1", "  - 2", "```",
        "````{quiz} Why?", "- [x] Yes.", "", "  Because.", "- [ ] No.", "", "  Hm.", "````",
    ]  # fmt: skip
    cell = nbformat.v4.new_markdown_cell("\n".join(lines))
    notebook = plain(nbformat.v4.new_notebook(cells=[cell]), tmp_path, tmp_path, {"n": "3.14159"})
    told = notebook.cells[0].source
    for part in (
        "# Title (Ada et al., 2017)",
        "> It 3.1.",
        "- I can",
        "@cache\ndef f():",
        "| a | b |",
        "<summary>Yes.</summary>",
    ):
        assert part in told
    for part in ("(target)=", "{cite}", "{.ticks}", "x = 1", "{quiz}", ":pyobject:"):
        assert part not in told


def test_works_are_named_by_author_and_year():
    works = bibliography(ROOT / "references.bib")
    assert works["vaswani2017attention"] == "Vaswani et al., 2017"
    undated = [key for key, text in works.items() if not re.search(r"\d{4}$", text)]
    assert sorted(undated) == ["sklearnmooc", "tatoeba"]  # living pages


def test_included_code_is_the_code():
    assert included(ROOT / "src/helpers/models/vit.py", "ViT.forward").lstrip().startswith("def forward")
