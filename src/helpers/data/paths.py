"""Paths that a reader types: `~` is expanded, and a path that leads nowhere says where it ends."""

import os
from difflib import get_close_matches
from pathlib import Path

SHOWN = 8  # names of what is there instead


def existing(path: str | os.PathLike[str], name: str, kind: str | None = None) -> Path:
    """The path, expanded, of a file or folder that is there.

    Parameters
    ----------
    path
        As it was typed.
    name
        Of the parameter, the first word of every message.
    kind
        "file" or "folder"; None takes either.

    Raises
    ------
    ValueError
        For an empty path; one that does not exist, with the part that is missing; a folder for a file or the reverse.
    """
    if not os.fspath(path):
        raise ValueError(f"{name}: expected a path, got an empty text")
    try:
        found = Path(path).expanduser()
    except (RuntimeError, ValueError) as error:  # ~nobody, and a user whose name no system can have
        raise ValueError(f"{name}: expected a path that exists, got {os.fspath(path)!r}: {error}") from error
    if not _is_there(found):
        raise ValueError(f"{name}: expected a path that exists: {_first_missing(found)}")
    if kind == "folder" and not found.is_dir():
        packed = found.suffix.lower() in (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z")
        raise ValueError(f"{name}: expected a folder, got the file {found}" + ("; unpack it first" if packed else ""))
    if kind == "file" and found.is_dir():
        raise ValueError(f"{name}: expected a file, got the folder {found}")
    return found


def listed(names: list[str], shown: int = SHOWN) -> str:
    """A few names and how many more there are: "a, b, c and 12 more"."""
    text = ", ".join(names[:shown])
    return text + (f" and {len(names) - shown} more" if len(names) > shown else "")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a part that is too long, or a folder that may not be entered
        return False


def _first_missing(path: Path) -> str:
    """Where a path that does not exist stops to exist."""
    parent = next((folder for folder in path.absolute().parents if _is_there(folder)), None)
    if parent is None:
        return f"{path} does not exist"
    missing = path.absolute().relative_to(parent).parts[0]
    if os.path.islink(parent / missing):  # unlike Path's own, also of a name that is too long for a file
        return f"{parent / missing} is a link to {os.readlink(parent / missing)}, which does not exist"
    if not parent.is_dir():
        return f"{parent} is a file, not a folder, so there is no {missing!r} in it"
    try:
        there = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        return f"{parent} cannot be read ({error.strerror})"
    near = get_close_matches(missing, there, n=3) or there
    return f"{parent} holds no {missing!r} (but {listed(near)})" if near else f"{parent} is empty: no {missing!r} in it"
