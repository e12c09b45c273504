"""The student edition, made from the tagged source: `_build/student/html` is the book without solutions,
`_build/student/notebooks` holds its chapters and labs as notebooks without solutions and outputs.

    make student

What counts as a solution: everything between `solution-start` and `solution-end`, and of a quiz what is right and why.
The field in an exercise still says right or gives a hint: it compares fingerprints and knows no answer.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "_ext"))
from plain import plain, read_glue, without_solutions  # noqa: E402

STUDENT = ROOT / "_build" / "student"
LEFT_OUT = shutil.ignore_patterns(".*", "_build", "executed", "tests", "benchmarks", "__pycache__")


def write_source(target: Path) -> None:
    """Copy the book's sources to `target`, with the solutions taken out of every page."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT, target, ignore=LEFT_OUT)
    for page in [*target.glob("*.md"), *(target / "chapters").glob("*.md")]:
        page.write_text(without_solutions(page.read_text(encoding="utf-8")), encoding="utf-8")


def write_notebooks(source: Path, target: Path) -> list[Path]:
    """Write the chapters, as the book executed them, and the labs, as plain notebooks without outputs."""
    executed = source / "_build" / "jupyter_execute"
    shutil.rmtree(target, ignore_errors=True)
    written = []
    for path in [*sorted((executed / "chapters").glob("*.ipynb")), *sorted((source / "labs").glob("*.ipynb"))]:
        notebook = nbformat.read(path, as_version=4)
        glued = read_glue(path.with_suffix(".glue.json"))
        notebook = plain(notebook, source, source / path.parent.name, glued)
        notebook.metadata.pop("widgets", None)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        out = target / path.parent.name / path.name
        out.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, out)
        written.append(out)
    return written


def main() -> None:
    """Write the sources without solutions, build the book from them, keep its pages and notebooks."""
    source = STUDENT / "source"
    write_source(source)
    build = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(source),
        "-W",
        "-n",
        "--keep-going",
        "--quiet",
    ]
    if subprocess.run(build, check=False).returncode:
        sys.exit("make student: the book without solutions could not be built; see the messages above")
    shutil.rmtree(STUDENT / "html", ignore_errors=True)
    shutil.copytree(source / "_build" / "html", STUDENT / "html")
    notebooks = write_notebooks(source, STUDENT / "notebooks")
    shutil.rmtree(source)
    print(
        f"student edition: {STUDENT / 'html' / 'index.html'} and {len(notebooks)} notebooks in {STUDENT / 'notebooks'}"
    )


if __name__ == "__main__":
    main()
