"""What stands in a reader's folder of photographs: which part, which class, which file.

Parts are `train/`, `test/` and, where there is one, `val/`; each holds one folder per class. What operating systems
leave behind is left aside and counted. Names are data: what is no UTF-8 or no printable character is written as an
escape, and so is the backslash, so that two names never become one.
"""

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from helpers.data.foreign_files import left_behind
from helpers.data.paths import existing, listed

PARTS = {  # part -> the folder names that stand for it, in any mixture of capitals
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
EXPECTED = "expected a folder that holds train/<class>/ and test/<class>/ (and, if you like, val/<class>/)"
WAY_OUT = "Pass the folder that they point to as data_dir, or copy all that is linked: cp -rL FOLDER COPY"


@dataclass(frozen=True)
class Photograph:
    """One file: its part, the rank of its class, where it lies, and its readable name below the reader's folder."""

    part: str
    label: int
    path: Path
    name: str


@dataclass
class Layout:
    """All photographs of a folder, its class names, and how many files of which kind were left aside."""

    class_names: tuple[str, ...]
    photographs: list[Photograph]
    left_aside: Counter[str] = field(default_factory=Counter)


def read_layout(data_dir: str | os.PathLike[str]) -> Layout:
    """Look through a folder; nothing is opened.

    Parameters
    ----------
    data_dir
        The folder that holds train/ and test/; `~` is expanded.

    Raises
    ------
    ValueError
        For folders that are absent (it lists what is there), empty or not the same in all parts, and for links that
        leave `data_dir`.
    """
    root = existing(data_dir, "data_dir", kind="folder")
    left_aside: Counter[str] = Counter()
    parts = _parts(root, left_aside)
    folders = {part: _class_folders(folder, left_aside) for part, folder in parts.items()}
    names = _common_names(root, parts, folders)
    photographs = [
        Photograph(part, label, path, readable(path.relative_to(root).as_posix()))
        for part in ("test", "val", "train")
        if part in parts
        for label, name in enumerate(names)
        for path in _files(folders[part][name], left_aside)
    ]
    _refuse_links(root, photographs)
    return Layout(tuple(names), photographs, left_aside)


def readable(name: str) -> str:
    """A file or folder name that can be printed and written anywhere, and that no other name becomes."""
    name = name.replace("\\", "\\\\")
    name = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Zl", "Zp") else c.encode("unicode_escape").decode() for c in name
    )


def _parts(root: Path, left_aside: Counter[str]) -> dict[str, Path]:
    folders = [path for path in _visible(root, left_aside) if path.is_dir()]
    parts = {}
    for part, names in PARTS.items():
        found = [path for path in folders if path.name.lower() in names]
        if len(found) > 1:
            both = ", ".join(f"{path.name}/" for path in found)
            raise ValueError(f"data_dir: expected one folder for {part}, got {both} in {root}")
        if found:
            parts[part] = found[0]
    missing = [f"{part}/" for part in ("train", "test") if part not in parts]
    if missing:
        raise ValueError(
            f"data_dir: expected a folder {missing[0]} in {root}, there is none. It holds {_what_is_there(root)}. "
            f"{EXPECTED[0].upper()}{EXPECTED[1:]}"
        )
    return parts


def _what_is_there(root: Path) -> str:
    """The visible content of a folder, in words, and the way out where the parts lie one folder deeper."""
    visible = [path for path in sorted(root.iterdir()) if left_behind(path.name) is None]
    folders = [path for path in visible if path.is_dir()]
    files = len(visible) - len(folders)
    told = [f"the folders {listed([readable(path.name) + '/' for path in folders])}"] if folders else []
    told += [f"{files} file{'s' if files > 1 else ''}"] if files else []
    deeper = [path for path in folders if any(path.joinpath(name).is_dir() for name in PARTS["train"])]
    hint = f"; {readable(deeper[0].name)}/ holds such parts: pass {deeper[0]}" if deeper else ""
    return (" and ".join(told) or "nothing") + hint


def _class_folders(part: Path, left_aside: Counter[str]) -> dict[str, Path]:
    """Readable class name -> folder; ValueError for loose files, a single class, or two names that look the same."""
    visible = _visible(part, left_aside)
    loose = [readable(path.name) for path in visible if not path.is_dir()]
    if loose:
        raise ValueError(f"{part}: expected one folder per class and nothing else, got {listed(loose)}")
    folders: dict[str, Path] = {}
    for path in visible:
        name = unicodedata.normalize("NFC", readable(path.name))  # macOS writes é as two characters
        if name in folders:
            raise ValueError(f"{part}: two class folders have the same name {name!r}, written in two ways")
        folders[name] = path
    if len(folders) < 2:
        raise ValueError(f"{part}: expected at least 2 class folders, got {sorted(folders)}")
    return folders


def _common_names(root: Path, parts: dict[str, Path], folders: dict[str, dict[str, Path]]) -> list[str]:
    train = set(folders["train"])
    for part in parts:
        other = set(folders[part])
        if other != train:
            raise ValueError(
                f"{root}: expected the same classes in train/ and {part}/, got only in train/: "
                f"{sorted(train - other)}, only in {part}/: {sorted(other - train)}"
            )
    return sorted(train)


def _visible(folder: Path, left_aside: Counter[str]) -> list[Path]:
    kinds = {path: left_behind(path.name) for path in sorted(folder.iterdir())}
    left_aside.update(kind for kind in kinds.values() if kind is not None)
    return [path for path, kind in kinds.items() if kind is None]


def _files(folder: Path, left_aside: Counter[str]) -> list[Path]:
    paths = _visible(folder, left_aside)
    nested = [readable(path.name) for path in paths if path.is_dir()]
    if nested:
        raise ValueError(f"{folder}: expected photographs, got folders: {listed(nested)}")
    if not paths:
        raise ValueError(f"{folder}: expected at least one photograph, got an empty folder")
    return paths


def _refuse_links(root: Path, photographs: list[Photograph]) -> None:
    """ValueError with all files that are links to somewhere outside of `root`, or no plain files."""
    inside = root.resolve()
    refused = [p.name for p in photographs if not p.path.is_file() or not p.path.resolve().is_relative_to(inside)]
    if refused:
        shown = "\n".join(f"  {name}" for name in refused)
        raise ValueError(
            f"{root}: expected plain files inside of this folder, got links or other things:\n{shown}\n{WAY_OUT}"
        )
