"""A reader's own photographs: ``train/<class>/*`` and ``test/<class>/*`` in one folder, one subfolder per class."""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from helpers.data.base import Dataset
from helpers.data.cache import build_cache
from helpers.data.fetching import sha256_of
from helpers.data.photographs import Listing, assemble

PARTS = ("train", "test")


def load_folders(
    data_dir: str | Path | None,
    *,
    image_size: int,
    val_fraction: float = 0.1,
    train_fraction: float = 1.0,
    seed: int = 0,
    on_broken: str = "raise",
    progress: bool = True,
) -> Dataset:
    """Load photographs from folders, with a validation split carved from train.

    Classes are the folder names in alphabetical order, labels their ranks. Hidden files are left alone; every other
    file in a class folder is expected to be an image.

    Arguments
    ---------
    data_dir : the folder that holds train/ and test/.
    image_size : S in pixels; each frame is squashed to (S, S).
    val_fraction, train_fraction, seed, on_broken : as in `helpers.data.load_dataset`.

    Raises ValueError for folders that are absent, empty or not the same in train and test, for links that leave
    `data_dir`; BrokenImagesError (a ValueError) with all images that cannot be decoded.
    """
    if data_dir is None or not str(data_dir):
        raise ValueError("data_dir: expected the folder that holds train/ and test/, got none")
    root = Path(data_dir).expanduser()
    classes = _classes(root)
    files = [
        (part, k, path)
        for part in reversed(PARTS)
        for k, name in enumerate(classes)
        for path in _files(root, part, name)
    ]
    _refuse_links(root, [path for _, _, path in files])
    names = [path.relative_to(root).as_posix() for _, _, path in files]
    bar = tqdm(files, desc="checking your photographs", unit="file", disable=not progress)
    hashes = [sha256_of(path, progress=False) for _, _, path in bar]
    content = hashlib.sha256(json.dumps([names, hashes]).encode()).hexdigest()
    cache = build_cache(
        [(name, _reader(path), None) for name, (_, _, path) in zip(names, files, strict=True)],
        size=image_size,
        key=f"folders {content}",
        on_broken=on_broken,
        progress=progress,
        description="decoding your photographs",
    )
    total = sum(path.stat().st_size for _, _, path in files)
    return assemble(
        "folders",
        tuple(classes),
        cache,
        *(_listing(part, files, names) for part in PARTS),
        key=f"folders {content}",
        provenance=_provenance(len(files), content, total),
        val_fraction=val_fraction,
        train_fraction=train_fraction,
        seed=seed,
    )


def _provenance(count: int, content: str, total: int) -> dict[str, Any]:
    return {
        "source": "a folder of the user's own photographs",
        "licence": "the user's",
        "citation": "",
        "files": [{"name": f"{count} photographs", "sha256": content, "bytes": total, "local_variant": False}],
        "local_variant": False,
        "terms": "user",
    }


def _listing(part: str, files: list[tuple[str, int, Path]], names: list[str]) -> Listing:
    rows = np.array([row for row, (of, _, _) in enumerate(files) if of == part], dtype=np.int64)
    labels = np.array([files[row][1] for row in rows], dtype=np.int64)
    return Listing(tuple(names[row] for row in rows), rows, labels)


def _reader(path: Path) -> Callable[[], bytes]:
    return partial(path.read_bytes)


def _classes(root: Path) -> list[str]:
    """The class names, alphabetical; ValueError unless train/ and test/ have the same, two at least."""
    if not root.is_dir():
        raise ValueError(f"data_dir: expected a folder that holds train/ and test/, got {root}")
    found = {}
    for part in PARTS:
        folder = root / part
        if not folder.is_dir():
            raise ValueError(f"data_dir: expected a folder {part}/ in {root}, there is none")
        found[part] = {path.name for path in _visible(folder) if path.is_dir()}
        loose = sorted(path.name for path in _visible(folder) if not path.is_dir())
        if loose:
            raise ValueError(f"{folder}: expected one folder per class and nothing else, got {', '.join(loose)}")
        if len(found[part]) < 2:
            raise ValueError(f"{folder}: expected at least 2 class folders, got {sorted(found[part])}")
    if found["train"] != found["test"]:
        only = {part: sorted(found[part] - found[other]) for part, other in (PARTS, PARTS[::-1])}
        raise ValueError(
            f"{root}: expected the same classes in train/ and test/, got only in train/: {only['train']}, "
            f"only in test/: {only['test']}"
        )
    return sorted(found["train"])


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "Thumbs.db")))


def _files(root: Path, part: str, name: str) -> list[Path]:
    folder = root / part / name
    paths = _visible(folder)
    nested = [path.name for path in paths if path.is_dir()]
    if nested:
        raise ValueError(f"{folder}: expected photographs, got folders: {', '.join(nested)}")
    if not paths:
        raise ValueError(f"{folder}: expected at least one photograph, got an empty folder")
    return paths


def _refuse_links(root: Path, paths: list[Path]) -> None:
    """ValueError with all files that are links to somewhere outside of `root`, or no plain files."""
    inside = root.resolve()
    refused = [path for path in paths if not path.is_file() or not path.resolve().is_relative_to(inside)]
    if refused:
        listed = "\n".join(f"  {path.relative_to(root)}" for path in refused)
        raise ValueError(f"{root}: expected plain files inside of this folder, got links or other things:\n{listed}")
