"""A reader's own photographs: parts with one folder per class, or class folders alone, in one folder."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from helpers.data.base import Dataset
from helpers.data.cache import build_cache
from helpers.data.duplicates import find_duplicates, warning
from helpers.data.layout import CLASS_FOLDERS
from helpers.data.look import Look, alike_classes, items, look_through, with_test_part
from helpers.data.near_duplicates import LIMIT
from helpers.data.paths import listed
from helpers.data.photographs import Listing, assemble


def load_folders(
    data_dir: str | Path | None,
    *,
    image_size: int,
    val_fraction: float = 0.1,
    train_fraction: float = 1.0,
    test_fraction: float = 0.2,
    link_root: str | Path | None = None,
    near_bits: int = LIMIT,
    seed: int = 0,
    on_broken: str = "raise",
    progress: bool = True,
) -> Dataset:
    """Load photographs from folders: `train/` and `test/`; `train/` and `val/`, which then is the test list; all three;
    or class folders alone, from which a test list is drawn.

    Validation is the folder val/ (also valid/, validation/) where there is a test/ too, else carved from train. Where
    lists are drawn, photographs that look nearly the same stay together. Classes are the folder names in alphabetical
    order, labels their ranks. Hidden files and what operating systems leave behind are left aside and counted; every
    other file in a class folder is expected to be an image. The same photograph, or nearly the same, in train and
    test, in two classes, or twice in train is reported and counted.

    Parameters
    ----------
    data_dir
        The folder; `~` is expanded.
    image_size
        S in pixels; each frame is squashed to (S, S).
    val_fraction
        As in `helpers.data.load_dataset`; without effect where validation is a folder.
    test_fraction
        Share of every class drawn for the test list, 0 < test_fraction < 1; without effect where there is a folder.
    link_root
        Links are followed where they stay below this folder; None is `data_dir` itself.
    near_bits
        Bits of 64 in which the hashes of two photographs may differ that count as nearly the same.
    train_fraction, seed, on_broken
        As in `helpers.data.load_dataset`.

    Raises
    ------
    ValueError
        For folders that are absent, empty or not the same in all parts, for links that leave `link_root`.
    BrokenImagesError
        (A ValueError) with all images that cannot be decoded.
    """
    if data_dir is None or not str(data_dir):
        raise ValueError("data_dir: expected the folder that holds train/ and test/ or class folders, got none")
    found = look_through(data_dir, link_root=link_root, near_bits=near_bits, on_broken=on_broken, progress=progress)
    look = with_test_part(found, test_fraction, seed)
    tell(look, val_fraction)
    options: dict[str, Any] = {"val_fraction": val_fraction, "train_fraction": train_fraction, "seed": seed}
    return from_look(look, image_size=image_size, on_broken=on_broken, progress=progress, **options)


def from_look(
    look: Look,
    *,
    image_size: int,
    val_fraction: float = 0.1,
    train_fraction: float = 1.0,
    seed: int = 0,
    on_broken: str = "raise",
    progress: bool = True,
) -> Dataset:
    """The data set of a folder that was looked through and has its test part; the arguments are those of
    `load_folders`."""
    photographs = look.layout.photographs
    duplicates, near = find_duplicates(photographs, look.sha256), look.near_by_kind()
    carved = all(photograph.part != "val" for photograph in photographs)
    cache = build_cache(
        items(photographs),
        size=image_size,
        key=look.key,
        on_broken=on_broken,
        progress=progress,
        description="decoding your photographs",
    )
    total = sum(photograph.path.stat().st_size for photograph in photographs)
    files = {"name": f"{len(photographs)} photographs", "sha256": look.content, "bytes": total, "local_variant": False}
    return assemble(
        "folders",
        look.layout.class_names,
        cache,
        _listing("train", look),
        _listing("test", look),
        val=None if carved else _listing("val", look),
        groups=look.groups,
        key=f"{look.key} {look.choices}",
        provenance={
            **PROVENANCE,
            "files": [files],
            "layout": look.layout.form,
            "validation": "carved from train" if carved else "a folder",
            "system_files": look.layout.left_aside.total(),
            "duplicates": {kind: len(pairs) for kind, pairs in duplicates.items()},
            "near_duplicates": {kind: len(pairs) for kind, pairs in near.items()},
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


def tell(look: Look, val_fraction: float) -> None:
    """Say on the error stream what was left aside, which list is which, and what stands twice."""
    layout, lines = look.layout, []
    doubled = warning(find_duplicates(layout.photographs, look.sha256))
    carved = val_fraction > 0 and all(photograph.part != "val" for photograph in layout.photographs)
    if layout.left_aside:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(layout.left_aside.items()))
        lines.append(f"left aside, as no photographs: {kinds}")
    parts = [photograph.part for photograph in layout.photographs]
    if layout.form == CLASS_FOLDERS:
        lines.append(f"test: {parts.count('test')} photographs drawn from the class folders; the others train")
    if layout.form == "train + val":
        lines.append(f"test: the {parts.count('test')} photographs of the folder val/, since there is no test/")
    if parts.count("val"):
        lines.append(
            f"validation: the {parts.count('val')} photographs of the folder val/, so val_fraction has no effect"
        )
    lines += [doubled] if doubled else []
    lines += [
        f"warning: {len(pairs)} pair{'s' if len(pairs) > 1 else ''} of nearly equal photographs: {kind}"
        for kind, pairs in look.near_by_kind().items()
        if pairs
    ]
    if (alike := alike_classes(look)) and (carved or layout.form == CLASS_FOLDERS):
        lines.append(
            f"warning: all photographs of {listed(alike)} look nearly the same, so a split cannot keep them together"
        )
    if lines:
        print("\n".join(lines), file=sys.stderr)


def _listing(part: str, look: Look) -> Listing:
    rows = [row for row, photograph in enumerate(look.layout.photographs) if photograph.part == part]
    names = tuple(look.layout.photographs[row].name for row in rows)
    return Listing(names, np.array(rows, dtype=np.int64), look.labels[rows])
