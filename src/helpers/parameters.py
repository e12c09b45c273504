"""The parameters of a lab: what was passed, whether it exists, and whether it is what the lab's own cell says.

The parameters cell writes a type beside each default, `seeds: int = 2`. Papermill passes numbers, True, False and None
as such and everything else as text, so `-p compile_model false` arrives as a text, which Python takes for true. Here
every value becomes what its annotation says, or one line says what was expected, what came, and how to write it.
"""

import ast
import difflib
import os
from collections.abc import Collection, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Field, FiniteFloat, StringConstraints, TypeAdapter, ValidationError

PASSED_BY_PAPERMILL = {"PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH"}  # with its option --inject-paths
SCALARS: dict[Any, tuple[Any, str]] = {  # annotation -> what is accepted, and that in words
    int: (Annotated[int, Field(ge=1)], "whole number of at least 1"),  # every whole number of a lab counts something
    float: (FiniteFloat, "finite number"),
    bool: (bool, "true or false"),
    str: (Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], "text"),
}
EXAMPLES = {int: 64, float: 0.5, str: "text"}  # of a parameter whose default is None


def lab_parameters(
    namespace: Mapping[str, Any], history: Sequence[str] | None = None, **choices: Collection[str]
) -> dict[str, Any]:
    """The values of the lab's `parameters` cell as they are now, each converted to the type that the cell gives it.

    Lists may be text, `a, b`, and lose their repeats; `~` becomes the home folder. Papermill itself only warns of a
    parameter that the lab does not have; here it is an error.

    Parameters
    ----------
    namespace
        `globals()` of the notebook.
    history
        Source of the cells run so far; the kernel's own by default. The parameters cell is the one whose first line is
        `# Parameters of this lab`; papermill's begins with `# Parameters`.
    choices
        For a parameter of this name, the texts that it may be, or that its list may hold.

    Raises
    ------
    ValueError
        If a value is not what its annotation or its choices say, or if papermill passed a name that the parameters
        cell does not define.
    """
    own, injected = _cells(history)
    known = {target: node for node in ast.parse(own).body for target in _targets(node)}
    passed = [target for node in ast.parse(injected).body for target in _targets(node)]
    unknown = [name for name in passed if name not in known and name not in PASSED_BY_PAPERMILL]
    if unknown:
        close = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise ValueError(f"this lab has no parameter {', '.join(unknown)}{hint} Its parameters: {', '.join(known)}")
    if strange := set(choices) - set(known):
        raise ValueError(f"choices are given for {', '.join(sorted(strange))}, which is no parameter of this lab")
    return {name: _checked(name, node, namespace, choices.get(name)) for name, node in known.items()}


def lab_defaults(history: Sequence[str] | None = None) -> dict[str, Any]:
    """The values that the parameters cell itself gives, whatever was passed: those of the cpu edition."""
    own, _ = _cells(history)
    return {target: ast.literal_eval(node.value) for node in ast.parse(own).body for target in _targets(node)}  # type: ignore[attr-defined]


def _cells(history: Sequence[str] | None) -> tuple[str, str]:
    """The source of the parameters cell and of papermill's, which may be empty."""
    if history is None:
        from IPython import get_ipython

        shell = get_ipython()
        history = [] if shell is None else shell.history_manager.input_hist_raw
    own = [cell for cell in history if cell.lstrip().startswith("# Parameters of this lab")]
    if not own:
        raise ValueError("no parameters cell was run: its first line is '# Parameters of this lab'")
    return own[-1], next((cell for cell in reversed(history) if cell.lstrip().startswith("# Parameters\n")), "")


def _targets(node: ast.stmt) -> list[str]:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _checked(name: str, node: ast.stmt, namespace: Mapping[str, Any], choices: Collection[str] | None) -> Any:
    if not isinstance(node, ast.AnnAssign) or node.value is None:
        raise ValueError(f"{name}: the parameters cell gives it no type; write {name}: int = 2")
    kind = eval(compile(ast.Expression(node.annotation), "parameters", "eval"), dict(namespace))
    example = _example(name, kind, ast.literal_eval(node.value))

    def refused(value: Any) -> ValueError:
        return ValueError(f"{name}: expected {_in_words(kind, choices)}, got {_shown(value)}; for example: {example}")

    try:
        found = _converted(kind, namespace[name])
    except ValueError:  # pydantic's is one
        raise refused(namespace[name]) from None
    for item in found if isinstance(found, list) else [found]:
        if choices and item not in choices:
            raise refused(item)
    if isinstance(found, str) and found.startswith("~"):  # `expanduser` leaves it where it knows no such user
        raise ValueError(f"{name}: expected a path, got {found!r}: there is no such home folder")
    return found


def _converted(kind: Any, value: Any) -> Any:
    """The value as the annotation says; ValueError where it is something else."""
    inner = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return None if value is None else _converted(_not_none(kind), value)
    if get_origin(kind) is list:
        parts = [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        parts = parts if isinstance(parts, list | tuple) else [parts]  # -p depths 8
        items = list(dict.fromkeys(_converted(inner[0], part) for part in parts))
        if not items:
            raise ValueError("an empty list")
        return items
    if dict in (kind, get_origin(kind)):
        if not isinstance(value, Mapping) or not value:
            raise ValueError("no names")
        return {str(key): _converted(inner[1], item) if inner else item for key, item in value.items()}
    adapter = TypeAdapter(SCALARS[kind][0])
    try:
        found = adapter.validate_python(value, strict=True)
    except ValidationError:
        if value is None or isinstance(value, bool | float):  # 32.0 is no count, True no number
            raise
        found = adapter.validate_strings(str(value))
    return os.path.expanduser(found) if kind is str else found


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Python prints no number of more than 4300 digits
        return "what is too large to print"
    return text if len(text) < 200 else f"{text[:200]}..."


def _not_none(kind: Any) -> Any:
    return next(part for part in get_args(kind) if part is not NoneType)


def _in_words(kind: Any, choices: Collection[str] | None) -> str:
    inner = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return f"{_in_words(_not_none(kind), choices)} or None"
    if get_origin(kind) is list:
        return f"a list of {', '.join(choices) if choices else SCALARS[inner[0]][1].replace('number', 'numbers')}"
    if dict in (kind, get_origin(kind)):
        return f"a {SCALARS[inner[1]][1]} for each name" if inner else "a value for each name"
    if choices:
        return f"one of {', '.join(choices)}"
    return SCALARS[kind][1] if kind in (bool, str) else f"a {SCALARS[kind][1]}"


def _example(name: str, kind: Any, default: Any) -> str:
    """How to pass the default, or where it is None something of the right type."""
    if default is None:
        wanted = _not_none(kind)
        default = [EXAMPLES[get_args(wanted)[0]]] if get_origin(wanted) is list else EXAMPLES[wanted]
        kind = wanted
    if isinstance(default, dict):
        return f"-y '{name}: {{{', '.join(f'{key}: {value}' for key, value in default.items())}}}'"
    if isinstance(default, list):
        return f"-p {name} '{', '.join(map(str, default))}'"
    return f"-p {name} {str(default).lower() if kind is bool else default}"
