"""A reader's own photographs: ``train/<class>/*`` and ``test/<class>/*`` in one folder, one subfolder per class."""

import hashlib
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from helpers.data.base import Dataset
from helpers.data.cache import build_cache
from helpers.data.duplicates import find_duplicates, warning
from helpers.data.fetching import sha256_of
from helpers.data.layout import Layout, read_layout
from helpers.data.photographs import Listing, assemble
from helpers.progress import progress_bar

DECODING = 2  # raise it when `decode_image` gives other pixels for a format that only readers' folders hold


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
    """Load photographs from folders.

    Validation is the folder val/ (also valid/, validation/) where there is one, else carved from train. Classes are
    the folder names in alphabetical order, labels their ranks. Hidden files and what operating systems leave behind
    are left aside and counted; every other file in a class folder is expected to be an image. The same photograph in
    train and test, in two classes, or twice in train is reported and counted.

    Parameters
    ----------
    data_dir
        The folder that holds train/ and test/; `~` is expanded.
    image_size
        S in pixels; each frame is squashed to (S, S).
    val_fraction
        As in `helpers.data.load_dataset`; without effect where there is a folder val/.
    train_fraction, seed, on_broken
        As in `helpers.data.load_dataset`.

    Raises
    ------
    ValueError
        For folders that are absent, empty or not the same in train and test, for links that leave `data_dir`.
    BrokenImagesError
        (A ValueError) with all images that cannot be decoded.
    """
    if data_dir is None or not str(data_dir):
        raise ValueError("data_dir: expected the folder that holds train/ and test/, got none")
    layout = read_layout(data_dir)
    photographs = layout.photographs
    names = [photograph.name for photograph in photographs]
    hashes = []
    with progress_bar(len(names), "checking your photographs", unit="file", show=progress) as bar:
        for photograph in photographs:
            hashes.append(sha256_of(photograph.path, progress=False))
            bar.update(1)
    content = hashlib.sha256(json.dumps([names, hashes]).encode()).hexdigest()
    key = f"folders {DECODING} {content}"
    duplicates = find_duplicates(photographs, hashes)
    carved = all(photograph.part != "val" for photograph in photographs)
    _tell(layout, warning(duplicates))
    cache = build_cache(
        [(photograph.name, partial(photograph.path.read_bytes), None) for photograph in photographs],
        size=image_size,
        key=key,
        on_broken=on_broken,
        progress=progress,
        description="decoding your photographs",
    )
    total = sum(photograph.path.stat().st_size for photograph in photographs)
    files = {"name": f"{len(names)} photographs", "sha256": content, "bytes": total, "local_variant": False}
    return assemble(
        "folders",
        layout.class_names,
        cache,
        _listing("train", layout),
        _listing("test", layout),
        val=None if carved else _listing("val", layout),
        key=key,
        provenance={
            **PROVENANCE,
            "files": [files],
            "validation": "carved from train" if carved else "a folder",
            "system_files": layout.left_aside.total(),
            "duplicates": {kind: len(pairs) for kind, pairs in duplicates.items()},
        },
        val_fraction=val_fraction,
        train_fraction=train_fraction,
        seed=seed,
    )


PROVENANCE: dict[str, Any] = {  # no name and no place of the reader's: a record may be shown around
    "source": "a folder of the user's own photographs",
    "licence": "the user's",
    "citation": "",
    "local_variant": False,
    "terms": "user",
}


def _tell(layout: Layout, doubled: str) -> None:
    """Say what was left aside, which validation is used, and what stands twice."""
    lines = []
    if layout.left_aside:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(layout.left_aside.items()))
        lines.append(f"left aside, as no photographs: {kinds}")
    apart = sum(photograph.part == "val" for photograph in layout.photographs)
    if apart:
        lines.append(f"validation: the {apart} photographs of the folder val/, so val_fraction has no effect")
    lines += [doubled] if doubled else []
    if lines:
        print("\n".join(lines), file=sys.stderr)


def _listing(part: str, layout: Layout) -> Listing:
    rows = [row for row, photograph in enumerate(layout.photographs) if photograph.part == part]
    chosen = [layout.photographs[row] for row in rows]
    labels = np.array([photograph.label for photograph in chosen], dtype=np.int64)
    return Listing(tuple(photograph.name for photograph in chosen), np.array(rows, dtype=np.int64), labels)
