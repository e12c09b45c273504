"""The exercises as assignments: a right notebook passes, a wrong one fails with the hint, none holds an answer.

nbgrader is not needed: the checks are cells that raise, and run here as it would run them.
"""

import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.checks import entries

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / "_ext"), str(ROOT / "scripts")]
import assignments  # noqa: E402

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.md"))
RIGHT = {
    "c05-sizes": "(112, 56)",
    "c05-weights": "73_856",
    "c05-three": "27 / 49",
    "c05-shift": "(0, 3, 7, 0)",
    "c05-backward": "(6, -1, 3, -2)",
}
WRONG = RIGHT | {"c05-three": "9 / 49", "c05-shift": "...", "c05-weights": "1 / 0"}


def read(chapter: Path) -> nbformat.NotebookNode:
    """A chapter's cells as the build reads them, not executed."""
    from myst_nb.core.read import read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    text = chapter.read_text(encoding="utf-8")
    return read_myst_markdown_notebook(text, MdParserConfig(), "{code-cell}", "{raw-cell}", chapter.name)


def made(chapter: Path) -> nbformat.NotebookNode:
    """Its assignment, with something in place of what only the built book knows."""
    notebook = read(chapter)
    for _, parts in assignments.exercises(notebook):
        for cell in parts:
            if cell.cell_type == "code":
                data = {"text/markdown": "| a table |"}
                cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    glued = {key: "1.0" for cell in notebook.cells for key in re.findall(r"\{glue:text\}`(\w+)", cell.source)}
    return assignments.assignment(notebook, chapter.stem, glued)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_has_its_check_and_no_answer(chapter):
    text, notebook = chapter.read_text(encoding="utf-8"), made(chapter)
    nbformat.validate(notebook)
    marks = [cell.metadata["nbgrader"] for cell in notebook.cells]
    assert len({mark["grade_id"] for mark in marks}) == len(marks)
    checks = [cell for cell in notebook.cells if cell.metadata["nbgrader"]["grade"]]
    answers = [cell for cell in notebook.cells if cell.metadata["nbgrader"]["solution"]]
    assert len(checks) == len(answers) == text.count("{exercise-start}") > 0
    named = [re.search(r'check\("([a-z0-9-]+)"', cell.source)[1] for cell in checks]
    assert set(named) <= set(entries())
    assert all(
        cell.metadata["nbgrader"]["locked"] and cell.metadata["nbgrader"]["points"] in (1, 2, 3) for cell in checks
    )
    assert all(re.match(r"answer_\w+ = \.\.\.", cell.source) for cell in answers)
    told = "\n".join(cell.source for cell in notebook.cells)
    solutions = re.findall(r"\{solution-start\}.*?\{solution-end\}", text, re.DOTALL)
    outside = re.sub(r"\{solution-start\}.*?\{solution-end\}", "", text, flags=re.DOTALL)
    lines = {line.strip() for one in solutions for line in one.splitlines() if len(line.strip()) > 12}
    assert [line for line in lines - {line.strip() for line in outside.splitlines()} if line in told] == []
    assert "{exercise" not in told
    assert "solution-" not in told


def graded(answers: dict[str, str]) -> dict[str, str | None]:
    """Chapter 5's assignment, answered and run from top to bottom: what each check raised, None where it passed."""
    notebook = made(next(path for path in CHAPTERS if path.name.startswith("05_")))
    for cell in notebook.cells:
        name = cell.metadata["nbgrader"]["grade_id"]
        if cell.metadata["nbgrader"]["solution"]:
            cell.source = cell.source.replace("...", answers[name], 1)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    client = NotebookClient(notebook, allow_errors=True, timeout=240, kernel_name="python3")
    client.execute(env=environment)
    raised = {}
    for cell in notebook.cells:
        if cell.metadata["nbgrader"]["grade"]:
            errors = [output for output in cell.outputs if output.output_type == "error"]
            name = cell.metadata["nbgrader"]["grade_id"].removeprefix("check-")
            raised[name] = errors[0]["evalue"] if errors else None
    return raised


@pytest.mark.slow
def test_a_right_notebook_passes_every_check():
    assert graded(RIGHT) == dict.fromkeys(RIGHT)


@pytest.mark.slow
def test_a_wrong_notebook_fails_where_it_is_wrong_and_says_the_hint():
    raised = graded(WRONG)
    assert {name for name, error in raised.items() if error is None} == {"c05-sizes", "c05-backward"}
    assert raised["c05-three"].startswith("✗ Not yet: ")
    assert raised["c05-shift"] == "✎ Put your answer in place of the dots."
    assert "answer_c05_weights" in raised["c05-weights"]  # its own cell failed, and no other answer stands in for it


def test_points_are_the_difficulty():
    chapter = next(path for path in CHAPTERS if path.name.startswith("05_"))
    found = [int(one) for one in re.findall(r"difficulty (\d) of 3", chapter.read_text(encoding="utf-8"))]
    marks = [cell.metadata["nbgrader"] for cell in made(chapter).cells]
    assert [mark["points"] for mark in marks if mark["grade"]] == found == [1, 1, 2, 2, 3]


def exercise(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    start = nbformat.v4.new_markdown_cell("# T\n\n```{exercise-start} E\n:label: ex\n```\nIt is {glue:text}`lost`.")
    end = nbformat.v4.new_markdown_cell("```{exercise-end}\n```\nafter")
    return nbformat.v4.new_notebook(cells=[start, *cells, end])


def test_what_only_the_built_book_knows_is_missed_loudly():
    asked = nbformat.v4.new_code_cell('answer = ...\ncheck("c05-three", answer)', metadata={"tags": ["exercise"]})
    with pytest.raises(ValueError, match=r"lost.*make html"):
        assignments.assignment(exercise(asked), "T", {})
    table = nbformat.v4.new_code_cell("table()")
    with pytest.raises(ValueError, match="make html"):
        assignments.assignment(exercise(table, asked), "T", {"lost": "1"})


def test_a_page_that_came_from_the_cache_finds_its_table_there(tmp_path):
    """As MyST-NB leaves them: the page without outputs, its executed cells in the cache."""
    asked = nbformat.v4.new_code_cell('answer = ...\ncheck("c05-three", answer)', metadata={"tags": ["exercise"]})
    notebook = exercise(nbformat.v4.new_code_cell("table()"), asked)
    done = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("table()")])
    done.cells[0].outputs = [nbformat.v4.new_output("display_data", data={"text/markdown": "| 7 |"})]
    page = tmp_path / "jupyter_execute" / "chapters" / "05_t.ipynb"
    kept = tmp_path / "execution_cache" / "05_t-0123" / "executed" / "9" / "base.ipynb"
    glued = {"lost": {"data": {"text/plain": "1"}}}
    for path, content in ((page, notebook), (kept, done)):
        path.parent.mkdir(parents=True)
        nbformat.write(content, path)
    page.with_suffix(".glue.json").write_text(json.dumps(glued))
    (written,) = assignments.write_assignments(tmp_path, tmp_path / "out")
    assert "| 7 |" in nbformat.read(written, as_version=4).cells[1].source
    assert (tmp_path / "out" / "nbgrader_config.py").is_file()


def test_a_cell_of_another_form_is_refused():
    odd = nbformat.v4.new_code_cell("answer = 3", metadata={"tags": ["exercise"]})
    with pytest.raises(ValueError, match="answer and its check"):
        assignments.assignment(exercise(odd), "T", {"lost": "1"})


def test_an_exercise_that_does_not_end_is_refused():
    with pytest.raises(ValueError, match="does not end"):
        assignments.exercises(nbformat.v4.new_notebook(cells=exercise().cells[:1]))


def test_without_a_built_book_nothing_is_written(tmp_path):
    assert assignments.write_assignments(tmp_path, tmp_path / "out") == []
    assert not (tmp_path / "out").exists()
