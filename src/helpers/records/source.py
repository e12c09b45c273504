"""The code behind a record: the lab's cells, the modules it used, the commit, and what has changed since.

The hash of a lab covers its code cells, without the cell that papermill injects and the one that installs the package
on Colab. A running kernel knows these cells from its own history, wherever the notebook lies; `notebook_sha256`
computes the same hash from a file. Modules and scripts are hashed as syntax trees without docstrings: comments, layout
and documentation may change, and the hash is the same under every version of Python.
"""

import ast
import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import helpers
from helpers.reading import FileError, read_json
from helpers.records.equal import is_shown_equal, read_changes
from helpers.records.places import project_root
from helpers.records.schema import Record

NOT_THE_LABS = ("# Parameters\n", "# On Colab: ")  # how papermill's cell and the installing cell begin
LIBRARIES = ("torch", "torchvision", "timm", "accelerate", "numpy", "scipy")
CODE = ("src", "scripts", "labs", "pyproject.toml", "constraints.txt")  # what can change a number
NOT_THE_METHOD = re.compile(  # writes numbers down, draws them, says how far; or hands on bytes that have a digest
    r"helpers\.(records|plots)(\..*)?|helpers\.(progress|memory|reading|sharing)|helpers\.pages\.\w+\.(figures|pictures)"
    r"|helpers\.data\.(archives|cache|cache_build|fetching|foreign_files|paths)"
    r"|helpers\.training\.checkpoints|helpers\.models\.pretrained\.(hub|saved)"
)
NOT_HASHED = "recorded before modules were hashed"


# --- cells -----------------------------------------------------------------------------------------------------------


def _hash_cells(cells: Iterable[str]) -> str:
    kept = []
    for cell in cells:
        text = "\n".join(line.rstrip() for line in cell.strip().splitlines())
        if text and not text.startswith(NOT_THE_LABS) and text not in kept:  # a cell may have been run twice
            kept.append(text)
    return hashlib.sha256("\n\x1e\n".join(kept).encode()).hexdigest()


def code_cells(notebook: dict[str, Any]) -> list[str]:
    """The sources of the code cells of a notebook."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook: cells with their sources, and its metadata.

    Raises
    ------
    FileError
        (A ValueError) for what is no JSON, or no notebook.
    """
    remedy = "put a whole copy in its place, or remove it"
    found = read_json(path, remedy)

    def is_text(value: Any) -> bool:
        return isinstance(value, str) or (isinstance(value, list) and all(isinstance(line, str) for line in value))

    def is_cell(cell: Any) -> bool:
        return (
            isinstance(cell, dict)
            and isinstance(cell.get("cell_type"), str)
            and is_text(cell.get("source"))
            and isinstance(cell.setdefault("metadata", {}), dict)
            and isinstance(cell.get("outputs", []), list)
            and all(isinstance(output, dict) and "output_type" in output for output in cell.get("outputs", []))
        )

    whole = isinstance(found, dict) and isinstance(found.setdefault("metadata", {}), dict)
    if not whole or not isinstance(found.get("cells"), list) or not all(map(is_cell, found["cells"])):
        raise FileError(f"{path}: expected a notebook, got JSON of another form: {remedy}")
    return found


def notebook_sha256(path: Path) -> str:
    """sha256 over the code cells of the notebook at `path`, without those that papermill or Colab needs; FileError for
    what is no notebook."""
    return _hash_cells(code_cells(read_notebook(Path(path))))


def running_source_sha256() -> str:
    """The same hash for the notebook that is running now, from the kernel's own history.

    Raises
    ------
    RuntimeError
        Outside IPython.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("the source of a lab is known only to the kernel that runs it")
    return _hash_cells(shell.history_manager.input_hist_raw)


# --- modules ---------------------------------------------------------------------------------------------------------


def code_tree(source: str) -> ast.Module:
    """The syntax tree of a module without its docstrings."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return tree


def _canonical(node: Any) -> Any:
    """A tree as lists, alike under all versions of Python: newer ones have more fields, which are empty here, and some
    put empty texts into formatted strings."""
    if isinstance(node, ast.JoinedStr):
        node.values = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if name not in ("kind", "type_comment")]
        return [type(node).__name__, [[name, _canonical(v)] for name, v in fields if v is not None and v != []]]
    return [_canonical(inner) for inner in node] if isinstance(node, list) else repr(node)


def source_sha256(path: Path) -> str:
    """sha256 of the syntax tree of the Python file at `path`, without docstrings, comments and layout."""
    tree = code_tree(Path(path).read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(_canonical(tree)).encode()).hexdigest()


def _only_gathers(path: Path) -> bool:
    """Whether the `__init__.py` at `path` only imports and names what it imports: it makes no number of its own."""
    body = code_tree(path.read_text(encoding="utf-8")).body
    imports = all(isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign)) for node in body)
    names = [ast.unparse(target) for node in body if isinstance(node, ast.Assign) for target in node.targets]
    return path.name == "__init__.py" and imports and set(names) <= {"__all__"}


def used_modules() -> dict[str, str]:
    """`source_sha256` of every module of the package that this process has imported, by name; not of those that only
    write down or draw what others measured."""
    found = {}
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        ours = name.split(".")[0] == "helpers" and not NOT_THE_METHOD.fullmatch(name)
        if ours and file and file.endswith(".py"):
            found[name] = source_sha256(Path(file))
    return found


def stale_reasons(record: Record, root: Path) -> list[str]:
    """What of the code behind a record is not what the course's folder holds now, nor was shown to give the same
    numbers; nothing where all is the same."""
    reasons, equal = [], read_changes(root)
    lab = root / (record.script or f"labs/{record.lab}.ipynb")
    if lab.is_file():
        now = notebook_sha256(lab) if lab.suffix == ".ipynb" else source_sha256(lab)
        name = lab.relative_to(root).as_posix()
        same = now == record.source_sha256 or is_shown_equal(equal, record, name, now, record.source_sha256)
        reasons += [] if same else [f"{name} has changed"]
    elif record.script:
        reasons.append(f"{record.script} is gone")
    if record.modules is None:
        return [*reasons, NOT_HASHED]
    for name, was in record.modules.items():
        if NOT_THE_METHOD.fullmatch(name) or name == "helpers":  # a new version alone makes no other number
            continue
        stem = root / "src" / Path(*name.split("."))
        file = next((file for file in (stem.with_suffix(".py"), stem / "__init__.py") if file.is_file()), None)
        if file is None:
            reasons.append(f"{name} is gone")
        elif (now := source_sha256(file)) != was and not _only_gathers(file):
            reasons += [] if is_shown_equal(equal, record, name, now, was) else [f"{name} has changed"]
    return reasons


# --- versions --------------------------------------------------------------------------------------------------------


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, None where there is no git or no repository."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    done = subprocess.run([git, "-C", str(root), *arguments], capture_output=True, encoding="utf-8", check=False)
    return done.stdout if done.returncode == 0 else None


def uncommitted_files(root: Path) -> list[str]:
    """Files of the code that differ from the commit, with new modules and scripts; a chapter changes no number."""
    there = [part for part in CODE if (root / part).exists()]
    status = _git(root, "status", "--porcelain", "--untracked-files=all", "-z", "--no-renames", "--", *there)
    entries = [(entry[:2], entry[3:]) for entry in (status or "").split("\0") if entry]
    return [name for state, name in entries if state != "??" or name.startswith(("src/", "scripts/"))]


def library_versions() -> dict[str, str]:
    """The versions of the libraries that can change a number, and of the course's package."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES} | {"helpers": helpers.__version__}


def code_version() -> str:
    """The package's version with the git commit it was run from, `-dirty` where files of the code differ from it."""
    root = project_root()
    commit = None if root is None else _git(root, "rev-parse", "--short=12", "HEAD")
    if root is None or commit is None:
        return helpers.__version__
    return f"{helpers.__version__}+{commit.strip()}{'-dirty' if uncommitted_files(root) else ''}"
