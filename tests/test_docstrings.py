"""One dialect of docstrings in all files, numpy's: what napoleon reads without help."""

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for folder in ("src", "_ext", "scripts", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
SECTIONS = {"Parameters", "Returns", "Raises", "Attributes", "Yields"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DASHES = re.compile(r"\s*-{3,}\s*")
NAME = r"\*{0,2}[A-Za-z_]\w*"
TYPE = r"[A-Za-z_][\w.]*(\[.*\])?( \| [A-Za-z_][\w.]*(\[.*\])?)*"
ENTRY = {  # what may stand alone on an entry's line; its explanation is indented below
    "Parameters": re.compile(rf"{NAME}(, {NAME})*( : {TYPE})?"),
    "Attributes": re.compile(rf"{NAME}( : {TYPE})?"),  # of several names napoleon would make one
    "Returns": re.compile(rf"({NAME} : )?{TYPE}"),
    "Yields": re.compile(rf"({NAME} : )?{TYPE}"),
    "Raises": re.compile(r"[A-Za-z_][\w.]*"),
}
OTHER_DIALECT = re.compile(
    r"\bRaises\s+(an?\s+)?`*[A-Z]\w*"  # a sentence where a section belongs
    r"|^\s*(Args|Arguments|Params|Parameters|Returns|Raises|Yields|Attributes):\s*$"  # Google's
    r"|^\s*:(param|type|returns?|raises|rtype)\b",  # Sphinx's
    re.MULTILINE,
)


def faults(docstring: str) -> Iterator[str]:
    """What in a cleaned docstring is not numpy's dialect."""
    lines = docstring.split("\n")
    heads = [index - 1 for index, line in enumerate(lines) if index and DASHES.fullmatch(line)]
    prose = "\n".join(lines[: heads[0]] if heads else lines)
    yield from (f"{found[0].strip()!r} outside of a section" for found in OTHER_DIALECT.finditer(prose))
    for head, end in pairwise([*heads, len(lines)]):
        title = lines[head]
        if title not in SECTIONS:
            yield f"a section called {title!r}, not one of {', '.join(sorted(SECTIONS))}"
        elif len(lines[head + 1]) != len(title):
            yield f"{title}: {len(lines[head + 1])} dashes below {len(title)} letters"
        elif head and lines[head - 1]:
            yield f"{title}: no empty line above"
        else:
            yield from _faults_of_section(title, lines[head + 2 : end])


def _faults_of_section(title: str, lines: list[str]) -> Iterator[str]:
    rows = [line for line in lines if line.strip()]
    if not rows:
        yield f"{title}: empty"
    for row, below in zip(rows, [*rows[1:], ""], strict=True):
        if row[0].isspace():
            continue
        if not ENTRY[title].fullmatch(row):
            yield f"{title}: {row!r} is no entry"
        elif title in ("Returns", "Yields") and row.isidentifier() and row.islower() and row not in dir(builtins):
            yield f"{title}: {row!r} is a name where the type belongs"
        elif not below[:1].isspace():
            yield f"{title}: {row!r} has no explanation indented below it"


def docstrings(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            yield getattr(node, "name", "the module"), text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_docstrings_are_written_in_the_dialect_of_numpy(file):
    found = [f"{name}: {fault}" for name, text in docstrings(file) for fault in faults(text)]
    assert not found, "\n".join(found)


NUMPY = """
    Cut a box out.

    Parameters
    ----------
    box
        left, top, right, bottom in pixels.
    size : int
        Pixels a side.

    Raises
    ------
    ValueError
        If the box leaves the frame.
    """


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("Parameters\n    ----------", "Arguments\n    ---------"),
        ("Parameters\n    ----------", "Parameters\n    ---------"),
        ("box\n        left", "box : left"),
        ("size : int\n        Pixels", "size : int"),
        ("size : int", "size : pixels a side,"),
        ("Raises\n    ------\n    ValueError", "Returns\n    -------\n    history"),
        ("Cut a box out.", "Cut a box out. Raises ValueError for a box that leaves the frame."),
        ("Cut a box out.", "Cut a box out.\n\n    Returns:\n        The box."),
        ("        If the box leaves the frame.\n", ""),
        ("ValueError\n    ", "For a box that leaves the frame\n    "),
    ],
)
def test_other_dialects_are_found(written, instead):
    clean = textwrap.dedent(NUMPY).strip()
    assert not list(faults(clean))
    assert written in NUMPY
    assert list(faults(textwrap.dedent(NUMPY.replace(written, instead)).strip()))
