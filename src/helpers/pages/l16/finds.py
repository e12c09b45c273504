"""What a look through a folder found, in rows for tables: files, classes, what is twice and what that would do."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from helpers.data.base import stratified_split
from helpers.data.duplicates import MEANING, find_duplicates
from helpers.data.layout import CLASS_FOLDERS
from helpers.data.look import Look
from helpers.plots.names import in_markdown

ORIENTATION = 274  # the EXIF tag
UPRIGHT = (None, 0, 1)


def files(look: Look) -> list[dict[str, str]]:
    """Rows of (what, found): layout, formats, sizes, what EXIF turns, what was left aside and what is broken."""
    formats: Counter[str] = Counter()
    pixels, turned = [], 0
    for row in look.kept:
        with contextlib.suppress(OSError, ValueError), Image.open(look.layout.photographs[row].path) as image:
            formats[image.format or "?"] += 1
            pixels.append(image.width * image.height / 1e6)
            turned += image.getexif().get(ORIENTATION) not in UPRIGHT
    found = [("layout", look.layout.form), ("classes", f"{len(look.layout.class_names)}")]
    found += [("photographs that can be read", f"{len(look.kept):,}")]
    found += [("formats", ", ".join(f"{kind} ({count:,})" for kind, count in formats.most_common()))]
    found += [("megapixels, median and largest", f"{np.median(pixels):.2g}, {max(pixels):.2g}")] if pixels else []
    found += [("stored on their side, turned upright by their EXIF tag", f"{turned:,}")]
    aside = [f"{kind} ({count})" for kind, count in sorted(look.layout.left_aside.items())]
    found += [("left aside, as no photographs", ", ".join(aside) or "nothing")]
    found += [("cannot be read, left out", f"{len(look.broken):,}")]
    return [{"what": what, "found": value} for what, value in found]


def class_sizes(look: Look) -> np.ndarray:
    """Readable photographs of each class, int (K,)."""
    return np.bincount(look.labels[look.kept], minlength=len(look.layout.class_names))


def class_rows(look: Look, most: int = 12) -> list[dict[str, Any]]:
    """Rows of class and readable photographs; of more than `most` classes the smallest and the largest ones."""
    sizes, names = class_sizes(look), look.layout.class_names
    rows: list[dict[str, Any]] = [
        {"class": in_markdown(names[k]), "photographs": int(sizes[k])} for k in np.argsort(sizes, kind="stable")
    ]
    if len(rows) > most:
        between = f"and {len(rows) - most} classes between them"
        rows = [*rows[: most // 2], {"class": between, "photographs": None}, *rows[-(most // 2) :]]
    return rows


def one_each(look: Look, most: int = 18) -> list[int]:
    """The row of the first readable photograph of up to `most` classes."""
    labels = look.labels[look.kept]
    present = np.unique(labels)
    spread = present[np.unique(np.linspace(0, len(present) - 1, min(most, len(present))).astype(int))]
    return [int(look.kept[np.flatnonzero(labels == k)[0]]) for k in spread]


def size_advice(look: Look) -> list[str]:
    """What the class sizes ask for, in sentences: classes of one by name, great differences."""
    sizes, names = class_sizes(look), look.layout.class_names
    told = [
        f"{names[k]} has {sizes[k]} readable photograph: add some, or move its folder out."
        for k in np.flatnonzero(sizes < 2)
    ]
    few = [names[k] for k in np.flatnonzero((sizes >= 2) & (sizes < 10))]
    told += [f"Fewer than 10 photographs: {', '.join(few)}. What is said of such a class is a guess."] if few else []
    if sizes.min() > 0 and sizes.max() > 5 * sizes.min():
        told.append(
            f"The largest class has {sizes.max() / sizes.min():.0f} times as many photographs as the smallest: read "
            "the accuracy per class beside the plain one."
        )
    return told or ["Nothing to do: every class has at least 10 photographs, and none is five times another."]


def doubles(look: Look) -> list[dict[str, int | str]]:
    """Rows for each kind of doubles that occurs: photographs equal byte for byte, which are certain, and pairs that
    look alike, which are not.

    The look has its parts (`helpers.data.look.with_test_part`)."""
    equal = find_duplicates(look.layout.photographs, look.sha256)
    near = look.near_by_kind()
    told = [(kind, *MEANING[kind].split(": ")) for kind in MEANING]
    rows = [("equal files", where, len(equal[kind]), so) for kind, where, so in told]
    rows += [("look alike", where, len(near[kind]), "perhaps the same: look") for kind, where, _ in told]
    return [
        {"what": what, "where": where, "times": times, "which means": so} for what, where, times, so in rows if times
    ]


def pairs_to_show(look: Look, most: int = 6) -> list[tuple[int, int]]:
    """Rows of up to `most` pairs to see side by side: across parts and classes first, then the others."""
    rows = look.layout.photographs
    first_of: dict[str, int] = {}
    equal = []
    for row, digest in enumerate(look.sha256):
        if digest in first_of:
            equal.append((first_of[digest], row))
        first_of.setdefault(digest, row)
    pairs = equal + [(pair.first, pair.second) for pair in look.near]
    readable = set(look.kept.tolist())
    pairs = [pair for pair in pairs if set(pair) <= readable]

    def harmless(pair: tuple[int, int]) -> bool:
        a, b = (rows[row] for row in pair)
        return a.part == b.part and a.label == b.label

    return sorted(pairs, key=harmless)[:most]


def pair_titles(look: Look, pairs: Sequence[tuple[int, int]]) -> list[str]:
    """Two titles a pair: what its photographs have in common, and part and class of each."""
    titles = []
    for number, pair in enumerate(pairs, start=1):
        kind = "equal" if len({look.sha256[row] for row in pair}) == 1 else "alike"
        for row in pair:
            photograph = look.layout.photographs[row]
            titles.append(f"{number}: {kind}, {photograph.part}\n{look.layout.class_names[photograph.label]}")
    return titles


def twins_in_test(look: Look) -> np.ndarray:
    """Which photographs of the test list have an equal or a look-alike outside of it, bool (n_test,), in its order."""
    parts = np.array([photograph.part for photograph in look.layout.photographs])[look.kept]
    groups = look.groups[look.kept]
    return np.isin(groups[parts == "test"], groups[parts != "test"])


def in_two_classes(look: Look) -> np.ndarray:
    """Which photographs of the test list have an equal file in another class, bool (n_test,), in its order: one of the
    two labels is wrong."""
    rows = look.layout.photographs
    classes: defaultdict[str, set[int]] = defaultdict(set)
    for photograph, digest in zip(rows, look.sha256, strict=True):
        classes[digest].add(photograph.label)
    return np.array([len(classes[look.sha256[row]]) > 1 for row in look.kept if rows[row].part == "test"], dtype=bool)


def twins_by_chance(look: Look, fraction: float, seed: int) -> tuple[int, int] | None:
    """What a plain split by chance would have done to class folders alone: test photographs with a twin in train,
    and how many there are; None for other layouts."""
    if look.layout.form != CLASS_FOLDERS:
        return None
    labels, groups = look.labels[look.kept], look.groups[look.kept]
    train, test = stratified_split(labels, fraction, seed)
    return int(np.isin(groups[test], groups[train]).sum()), len(test)


def small_images(look: Look, rows: Sequence[int]) -> np.ndarray:
    """The small pictures of readable rows, uint8 (n, 64, 64, 3)."""
    return look.images[np.searchsorted(look.kept, rows)]
