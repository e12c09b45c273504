"""The exercises of the chapters as assignments for nbgrader: `_build/assignments/source/<chapter>/<chapter>.ipynb`.

    make assignments

An assignment holds its chapter's exercises alone: what is asked, a cell for the answer, a locked cell that checks it by
`helpers.checks` and fails with the hint. No answer is in it, only the name of a fingerprint, so that nothing has to be
taken out before it is given out. The points of an exercise are its difficulty, 1 to 3.

Why nbgrader: its format is a notebook with a few words of metadata, which runs without nbgrader as well.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "_ext"))
from plain import plain, read_glue  # noqa: E402

ASSIGNMENTS = ROOT / "_build" / "assignments"
START = re.compile(r"^(`{3,})\{exercise-start\} *(.*)\n:label: \S+\n\1$", re.MULTILINE)
END = re.compile(r"^(`{3,})\{exercise-end\}\n\1$", re.MULTILINE)
ANSWER = re.compile(r'^answer = \.\.\.(.*)\ncheck\("([a-z0-9-]+)", answer\)$')
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CONFIG = '''"""For nbgrader, in this folder: nbgrader generate_assignment 05_convolutional_networks."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "from_convolution_to_attention"
c.ClearSolutions.code_stub = {"python": "# your working, if it takes some"}  # the usual stub would raise
'''


def exercises(notebook: NotebookNode) -> list[tuple[str, list[NotebookNode]]]:
    """The exercises of a chapter, each with its title and its cells, solutions left out.

    Raises
    ------
    ValueError
        For an exercise that does not end.
    """
    found: list[tuple[str, list[NotebookNode]]] = []
    inside = False
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            if inside:
                found[-1][1].append(cell)
            continue
        text = cell.source
        while match := (END if inside else START).search(text):
            if inside:
                found[-1][1].append(new_markdown_cell(text[: match.start()].strip()))
            else:
                found.append((match[2].strip(), []))
            inside, text = not inside, text[match.end() :]
        if inside:
            found[-1][1].append(new_markdown_cell(text.strip()))
    if inside:
        raise ValueError(f"the exercise {found[-1][0]!r} does not end")
    return found


def assignment(notebook: NotebookNode, title: str, glued: dict[str, str]) -> NotebookNode:
    """A notebook of the exercises of a chapter as the book executed it.

    Raises
    ------
    ValueError
        Where a number or a table is missing that only the built book knows.
    """
    intro = (
        f"# {title}: exercises\n\nFigures are those of the chapter. Write each answer in place of the dots: a number, "
        "a text, or several in a tuple, `(1, 2)`. The cell below it says right, or gives a hint; it knows no answer."
    )
    cells = [_marked(new_markdown_cell(intro), "intro")]
    for name, (heading, parts) in enumerate(exercises(notebook), start=1):
        told = [f"## {name}. {heading}"]
        points = 1
        for part in parts:
            if part.cell_type == "markdown":
                told.append(part.source)
                if found := re.search(r"difficulty (\d) of 3", part.source):
                    points = int(found[1])
            elif "exercise" in part.metadata.get("tags", []):
                cells += [_marked(new_markdown_cell("\n\n".join(filter(None, told))), f"asked-{name}")]
                cells += _answer(part.source, points)
                told = []
            else:
                told.append(_shown(part))
    made = plain(new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), ROOT, ROOT / "chapters", glued)
    if missing := sorted({key for cell in made.cells for key in re.findall("‹(.*?)›", cell.source)}):
        raise ValueError(f"{title}: expected the built book to know {missing}: run `make html` first")
    return made


def _marked(cell: NotebookNode, name: str, **nbgrader: object) -> NotebookNode:
    """A cell with nbgrader's metadata; locked and not graded where nothing else is said."""
    usual = {"grade": False, "grade_id": name, "locked": True, "schema_version": 3, "solution": False, "task": False}
    cell.metadata["nbgrader"] = usual | nbgrader
    cell.id = name  # the same notebook each time
    return cell


def _answer(source: str, points: int) -> list[NotebookNode]:
    """The cell for an answer, and the one that checks it. Each answer has a variable of its own: an error in one cell
    must not leave the answer of another in its place."""
    found = ANSWER.match(source.strip())
    if found is None:
        raise ValueError(f"expected an exercise's cell to be an answer and its check, got {source!r}")
    comment, exercise = found[1], found[2]
    variable = f"answer_{exercise.replace('-', '_')}"
    asked = f"{variable} = ...{comment}\n### BEGIN SOLUTION\n### END SOLUTION"
    check = f'from helpers.checks import check\n\nverdict = check("{exercise}", {variable})\nassert verdict, verdict'
    return [
        _marked(new_code_cell(asked), exercise, solution=True, locked=False),
        _marked(new_code_cell(check), f"check-{exercise}", grade=True, points=points),
    ]


def _shown(cell: NotebookNode) -> str:
    """What a cell inside an exercise shows: the table that it is about."""
    for output in cell.get("outputs", []):
        if text := output.get("data", {}).get("text/markdown"):
            return str(text)
    raise ValueError(f"an exercise shows what no built book has computed yet: run `make html` first. {cell.source!r}")


def fill_outputs(notebook: NotebookNode, executions: list[Path]) -> None:
    """Give a notebook's cells the outputs of the same cells as they were executed: a page that the build took from its
    cache is written without them."""
    done = [cell for path in executions for cell in nbformat.read(path, as_version=4).cells]
    outputs = {cell.source: cell.outputs for cell in done if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.outputs:
            cell.outputs = outputs.get(cell.source, [])


def write_assignments(build: Path, target: Path) -> list[Path]:
    """Write an assignment for each executed chapter with exercises, and nbgrader's configuration.

    `build` is where the book was built: it holds `jupyter_execute` and `execution_cache`."""
    written = []
    for page in sorted((build / "jupyter_execute" / "chapters").glob("[0-9][0-9]_*.ipynb")):
        notebook = nbformat.read(page, as_version=4)
        fill_outputs(notebook, sorted((build / "execution_cache").glob(f"{page.stem}-*/executed/*/base.ipynb")))
        title = next(re.findall(r"^# (.*)$", cell.source, re.MULTILINE)[0] for cell in notebook.cells
                     if re.search(r"^# ", cell.source, re.MULTILINE) and cell.cell_type == "markdown")  # fmt: skip
        if not exercises(notebook):
            continue
        path = target / "source" / page.stem / page.name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(assignment(notebook, title, read_glue(page.with_suffix(".glue.json"))), path)
        written.append(path)
    if written:
        (target / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return written


def main() -> None:
    """Write them all from the built book, and say where they are."""
    written = write_assignments(ROOT / "_build", ASSIGNMENTS)
    if not written:
        sys.exit(f"make assignments: there is no built book in {ROOT / '_build'}: run `make html` first")
    print(
        f"{len(written)} assignments in {ASSIGNMENTS / 'source'}; {ASSIGNMENTS / 'nbgrader_config.py'} is beside them"
    )


if __name__ == "__main__":
    main()
