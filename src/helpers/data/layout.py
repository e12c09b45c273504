"""What stands in a reader's folder of photographs: which part, which class, which file.

A folder holds parts, `train/`, `val/`, `test/`, each with one folder per class; or the class folders alone, and then
`helpers.data.folders` splits them. What operating systems leave behind is left aside and counted. Names are data: what
is no UTF-8 or no printable character is written as an escape, and so is the backslash, so that two names never become
one.
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
CLASS_FOLDERS = "class folders alone"
BESIDE = "what stands beside the folders of photographs"
EXPECTED = (
    "Expected a folder that holds train/<class>/ and test/<class>/ (or val/<class>/, or all three), or at least two "
    "folders <class>/ alone"
)
WAY_OUT = (
    "Say where they may lead, link_root=FOLDER, or pass the folder that they point to as data_dir, or copy all that is "
    "linked: cp -rL FOLDER COPY"
)


@dataclass(frozen=True)
class Photograph:
    """One file: its part, the rank of its class, where it lies, and its readable name below the reader's folder.

    The part is "train", "val" or "test"; "all" in a folder that holds class folders alone.
    """

    part: str
    label: int
    path: Path
    name: str


@dataclass
class Layout:
    """All photographs of a folder, its class names, how many files of which kind were left aside, and its form.

    `form` is `CLASS_FOLDERS`, or the parts that are there: "train + test", "train + val", "train + val + test". Where
    there is no test/, the folder val/ is the part "test".
    """

    class_names: tuple[str, ...]
    photographs: list[Photograph]
    left_aside: Counter[str] = field(default_factory=Counter)
    form: str = "train + test"


def read_layout(data_dir: str | os.PathLike[str], link_root: str | os.PathLike[str] | None = None) -> Layout:
    """Look through a folder; nothing is opened.

    Parameters
    ----------
    data_dir
        The folder that holds train/ and test/, train/ and val/, all three, or class folders; `~` is expanded.
    link_root
        Links are followed where they stay below this folder; None is `data_dir` itself.

    Raises
    ------
    ValueError
        For folders that are absent (it lists what is there), empty or not the same in all parts, and for links that
        leave `link_root`.
    """
    root = existing(data_dir, "data_dir", kind="folder")
    allowed = [root] if link_root is None else [root, existing(link_root, "link_root", kind="folder")]
    left_aside: Counter[str] = Counter()
    parts = _parts(root, left_aside)
    form = " + ".join(part for part in PARTS if part in parts) or CLASS_FOLDERS
    if not parts:
        parts = {"all": root}
    elif "test" not in parts:
        parts["test"] = parts.pop("val")
    folders = {part: _class_folders(folder, left_aside, part == "all") for part, folder in parts.items()}
    names = _common_names(root, parts, folders)
    photographs = [
        Photograph(part, label, path, readable(path.relative_to(root).as_posix()))
        for part in ("all", "test", "val", "train")
        if part in parts
        for label, name in enumerate(names)
        for path in _files(folders[part][name], left_aside)
    ]
    _refuse_links(root, allowed, photographs)
    return Layout(tuple(names), photographs, left_aside, form)


def readable(name: str) -> str:
    """A file or folder name that can be printed and written anywhere, and that no other name becomes."""
    name = name.replace("\\", "\\\\")
    name = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Zl", "Zp") else c.encode("unicode_escape").decode() for c in name
    )


def _parts(root: Path, left_aside: Counter[str]) -> dict[str, Path]:
    """The folders of parts, none where there are class folders alone; ValueError for anything else."""
    visible = _visible(root, left_aside)
    folders = [path for path in visible if path.is_dir()]
    parts: dict[str, Path] = {}
    for part, names in PARTS.items():
        found = [path for path in folders if path.name.lower() in names]
        if len(found) > 1:
            both = ", ".join(f"{path.name}/" for path in found)
            raise ValueError(f"data_dir: expected one folder for {part}, got {both} in {root}")
        if found:
            parts[part] = found[0]
    others = [path for path in folders if path not in parts.values()]
    # A class may be called "train": then it holds photographs, and stands beside at least two other classes.
    if len(others) > 1 and any(_files_in(path) for path in others) and all(_files_in(p) for p in parts.values()):
        _count(left_aside, BESIDE, len(visible) - len(folders))
        return {}
    if "train" not in parts or len(parts) < 2:
        missing = "train" if "train" not in parts else "test"
        alone = f". To have train/ split, pass {parts['train']}" if "train" in parts else ""
        raise ValueError(
            f"data_dir: expected a folder {missing}/ in {root}, there is none. It holds {_what_is_there(root)}. "
            f"{EXPECTED}{alone}"
        )
    _count(left_aside, BESIDE, len(visible) - len(parts))
    return parts


def _count(left_aside: Counter[str], kind: str, number: int) -> None:
    if number:
        left_aside[kind] += number


def _files_in(path: Path) -> bool:
    """Whether a folder holds files alone, and any."""
    inside = [inner for inner in path.iterdir() if left_behind(inner.name) is None]
    return bool(inside) and not any(inner.is_dir() for inner in inside)


def _what_is_there(root: Path) -> str:
    """The visible content of a folder, in words, and the way out where the photographs lie one folder deeper."""
    visible = [path for path in sorted(root.iterdir()) if left_behind(path.name) is None]
    folders = [path for path in visible if path.is_dir()]
    files = len(visible) - len(folders)
    told = [f"the folders {listed([readable(path.name) + '/' for path in folders])}"] if folders else []
    told += [f"{files} file{'s' if files > 1 else ''}"] if files else []
    inside = {path: {p.name.lower() for p in path.iterdir() if p.is_dir()} for path in folders}
    deeper = [path for path in folders if inside[path] & set(PARTS["train"])]
    hint = f"; {readable(deeper[0].name)}/ holds such parts: pass {deeper[0]}" if deeper else ""
    if len(folders) == 1 and not hint and len(inside[folders[0]]) > 1:
        hint = f"; {readable(folders[0].name)}/ holds class folders: pass {folders[0]}"
    return (" and ".join(told) or "nothing") + hint


def _class_folders(part: Path, left_aside: Counter[str], alone: bool) -> dict[str, Path]:
    """Readable class name -> folder; ValueError for loose files, a single class, or two names that look the same.

    Where class folders stand `alone`, `_parts` has looked at what is beside them.
    """
    visible = _visible(part, Counter() if alone else left_aside)
    loose = [readable(path.name) for path in visible if not path.is_dir()]
    if loose and not alone:
        raise ValueError(
            f"{part}: expected one folder per class and nothing else, got {listed(loose)}. Photographs without a class "
            "neither train nor test: move them out, and `make classify PICTURE=FOLDER` names them later"
        )
    folders: dict[str, Path] = {}
    for path in filter(Path.is_dir, visible):
        name = unicodedata.normalize("NFC", readable(path.name))  # macOS writes é as two characters
        if name in folders:
            raise ValueError(f"{part}: two class folders have the same name {name!r}, written in two ways")
        folders[name] = path
    if len(folders) < 2:
        raise ValueError(f"{part}: expected at least 2 class folders, got {sorted(folders)}")
    return folders


def _common_names(root: Path, parts: dict[str, Path], folders: dict[str, dict[str, Path]]) -> list[str]:
    """The class names as train/ writes them; other parts may write them with other capitals, and get train's keys."""
    first = next(iter(parts))
    names = folders[first]
    as_first = {name.casefold(): name for name in names}
    for part in parts:
        own = folders[part]
        if set(own) != set(names) and len(as_first) == len(names) and len({n.casefold() for n in own}) == len(own):
            own = folders[part] = {as_first.get(name.casefold(), name): path for name, path in own.items()}
        if set(own) != set(names):
            raise ValueError(
                f"{root}: expected the same classes in {first}/ and {part}/, got only in {first}/: "
                f"{sorted(set(names) - set(own))}, only in {part}/: {sorted(set(own) - set(names))}"
            )
    return sorted(names)


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


def _refuse_links(root: Path, allowed: list[Path], photographs: list[Photograph]) -> None:
    """ValueError with all files that are links to somewhere outside of the allowed folders, or no plain files."""
    inside = [folder.resolve() for folder in allowed]

    def refuses(path: Path) -> bool:
        return not path.is_file() or not any(path.resolve().is_relative_to(folder) for folder in inside)

    refused = [p.name for p in photographs if refuses(p.path)]
    if refused:
        shown = "\n".join(f"  {name}" for name in refused)
        where = " or ".join(str(folder) for folder in allowed)
        raise ValueError(
            f"{root}: expected plain files inside of {where}, got links or other things:\n{shown}\n{WAY_OUT}"
        )
