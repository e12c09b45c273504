"""The parameters of a lab: what was passed, whether it exists, and lists written as text."""

import ast
import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

PASSED_BY_PAPERMILL = {"PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH"}  # with its option --inject-paths


def _assigned(cell: str) -> list[str]:
    return [
        target.id
        for node in ast.parse(cell).body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]


def lab_parameters(namespace: Mapping[str, Any], history: Sequence[str] | None = None) -> dict[str, Any]:
    """The values of the lab's `parameters` cell as they are now, after papermill's own cell, if any.

    Papermill itself only warns of a parameter that the lab does not have; here it is an error.

    Arguments
    ---------
    namespace : `globals()` of the notebook.
    history : source of the cells run so far; the kernel's own by default. The parameters cell is the one whose first
        line is `# Parameters of this lab`; papermill's begins with `# Parameters`.

    Raises ValueError for an injected name that the parameters cell does not define, naming the nearest ones."""
    if history is None:
        from IPython import get_ipython

        shell = get_ipython()
        history = [] if shell is None else shell.history_manager.input_hist_raw
    own = [cell for cell in history if cell.lstrip().startswith("# Parameters of this lab")]
    if not own:
        raise ValueError("no parameters cell was run: its first line is '# Parameters of this lab'")
    known = _assigned(own[-1])
    injected = [cell for cell in history if cell.lstrip().startswith("# Parameters\n")]
    passed = _assigned(injected[-1]) if injected else []
    unknown = [name for name in passed if name not in known and name not in PASSED_BY_PAPERMILL]
    if unknown:
        close = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"this lab has no parameter {', '.join(unknown)}{hint} Its parameters: {', '.join(known)}")
    return {name: namespace[name] for name in known}


def as_list(value: str | Iterable[str]) -> list[str]:
    """`"a, b"` or `["a", "b"]` -> `["a", "b"]`, without repeats, in order.

    Raises ValueError for an empty list."""
    parts = value.split(",") if isinstance(value, str) else list(value)
    items = list(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))
    if not items:
        raise ValueError(f"expected at least one name, got {value!r}")
    return items
