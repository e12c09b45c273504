"""The editions of a lab: the defaults of its parameters cell, and the file of an edition over them."""

import ast
import json
from pathlib import Path
from typing import Any

from helpers.reading import FileError, read_yaml
from helpers.records.source import code_cells, read_notebook

FIRST_LINE = "# Parameters of this lab"
RESTORE = "git restore brings the course's own back"


def edition_file(root: Path, lab: str, edition: str) -> Path:
    """Where the parameters of an edition stand."""
    return root / "labs" / "editions" / edition / f"{lab}.yaml"


def read_edition(root: Path, lab: str, edition: str) -> dict[str, Any]:
    """The parameters in the file of an edition.

    Raises
    ------
    FileError
        (A ValueError) for what is no YAML, or holds a value that is no number, text, list or mapping.
    """
    path = edition_file(root, lab, edition)
    found = read_yaml(path, f"mend it, {RESTORE}")
    try:
        return json.loads(json.dumps(found))
    except (TypeError, ValueError) as error:  # a date, a set, bytes
        raise FileError(f"{path}: expected numbers, texts, lists and mappings, got {error}: mend it") from error


def edition_parameters(root: Path, lab: str, edition: str) -> dict[str, Any]:
    """All parameters of an edition: the defaults of the lab's parameters cell, and the edition's file over them.

    Raises
    ------
    FileNotFoundError
        If there is no such lab or edition.
    FileError
        (A ValueError) if one of the two files is broken.
    """
    path = root / "labs" / f"{lab}.ipynb"
    for needed in (path, edition_file(root, lab, edition)):
        if not needed.is_file():
            raise FileNotFoundError(f"{needed.relative_to(root)} is missing: no lab {lab!r} in the edition {edition}")
    own = [cell for cell in code_cells(read_notebook(path)) if cell.lstrip().startswith(FIRST_LINE)]
    if len(own) != 1:
        raise FileError(f"{path}: expected one cell that begins with {FIRST_LINE!r}, got {len(own)}: {RESTORE}")
    defaults = {}
    try:
        for node in ast.parse(own[0]).body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                defaults[ast.unparse(target)] = ast.literal_eval(node.value)
        defaults = json.loads(json.dumps(defaults))
    except (SyntaxError, ValueError, TypeError, RecursionError) as error:
        told = f"expected plain values in the cell {FIRST_LINE!r}, got {error}: {RESTORE}"
        raise FileError(f"{path}: {told}") from error
    return defaults | read_edition(root, lab, edition)
