"""Stanford Dogs: 120 breeds, 12,000 photographs to learn from and 8,580 to be judged on.

Khosla, Jayadevaprakash, Yao & Fei-Fei, Workshop on Fine-Grained Visual Categorization, CVPR 2011. Read from the three
original archives as they are: images.tar (Images/<class>/<name>.jpg), annotation.tar (Annotation/<class>/<name>, XML
with one box or more), lists.tar (train_list.mat and test_list.mat, the official split). A set with fewer photographs
in the same layout loads as well. The test photographs are ImageNet training photographs: see `measure.leakage`.
"""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from helpers.data.archives import ArchiveError, check_archive, read_archive
from helpers.data.base import Dataset
from helpers.data.cache import build_cache
from helpers.data.decode import Box
from helpers.data.fetching import Found, fetch
from helpers.data.matlab_lists import read_lists
from helpers.data.photographs import Listing, assemble
from helpers.data.registry import REGISTRY

NAME = "stanford_dogs"
CROPS = ("box", None)
SUFFIXES = (".jpg", ".jpeg", ".png")


def load_stanford_dogs(
    *,
    image_size: int,
    val_fraction: float = 0.1,
    train_fraction: float = 1.0,
    seed: int = 0,
    crop: str | None = "box",
    on_broken: str = "raise",
    progress: bool = True,
) -> Dataset:
    """Load the official split, with a validation split carved from train.

    Every photograph of the archive is decoded, those in no list too: a rotten member is found now or never.

    Parameters
    ----------
    image_size
        S in pixels; crop, then squash to (S, S).
    val_fraction, train_fraction, seed
        As in `helpers.data.load_dataset`.
    crop
        "box", to the first annotated box, or None, the whole frame (annotation.tar is not needed then).
    on_broken
        "raise", or "skip" to leave images that cannot be decoded out and count them.

    Raises
    ------
    FetchError
        When an archive is nowhere.
    ArchiveError
        (A ValueError) for members that are evil, broken, absent or unlisted classes, each by name.
    BrokenImagesError
        With all images that cannot be decoded.
    """
    if crop not in CROPS:
        raise ValueError(f"crop: expected 'box' or None, got {crop!r}")
    needed = ("lists.tar", "images.tar", "annotation.tar") if crop == "box" else ("lists.tar", "images.tar")
    files = {name: fetch(NAME, name, progress=progress) for name in needed}
    images = files["images.tar"].path
    photographs = _photographs(images)
    lists = _read_lists(files["lists.tar"].path, images, photographs)
    boxes = _read_boxes(files["annotation.tar"].path, lists) if crop == "box" else {}
    rows = _rows(lists, photographs)
    hashes = {name: found.sha256 for name, found in files.items()}
    key = json.dumps({"set": NAME, "files": hashes, "crop": crop}, sort_keys=True)
    cache = build_cache(
        _items(images, rows, boxes),
        size=image_size,
        key=key,
        count=len(rows),
        on_broken=on_broken,
        progress=progress,
        description=f"decoding {NAME}",
    )
    return assemble(
        NAME,
        tuple(breed_name(folder) for folder in lists.folders),
        cache,
        lists.listing("train", rows),
        lists.listing("test", rows),
        key=key,
        provenance=_provenance(list(files.values()), crop),
        val_fraction=val_fraction,
        train_fraction=train_fraction,
        seed=seed,
    )


def breed_name(folder: str) -> str:
    """The name of a breed, fit to print: "n02097474-Tibetan_terrier" -> "Tibetan terrier".

    Hyphens inside a name stay, and so do its own capitals (EntleBucher); only the first letter is raised.
    """
    name = re.sub(r"^n\d+-", "", folder).replace("_", " ").strip()
    return name[:1].upper() + name[1:]


def _provenance(files: list[Found], crop: str | None) -> dict[str, Any]:
    source = REGISTRY[NAME]
    return {
        "source": source.homepage,
        "licence": source.licence,
        "citation": source.citation,
        "citation_key": source.citation_key,
        "files": [found.provenance() for found in files],
        "local_variant": any(found.local_variant for found in files),
        "terms": "restricted",
        "crop": crop,
    }


def _photographs(path: Path) -> list[str]:
    """The names of all image files in the archive; ArchiveError for a class folder that holds none."""
    members = check_archive(path)
    names = [name for name, is_folder in members if not is_folder and name.lower().endswith(SUFFIXES)]
    filled = {str(PurePosixPath(name).parent) for name in names}
    classes = [name for name, is_folder in members if is_folder and name.startswith("Images/")]
    empty = [(name, "a class with no image") for name in classes if name not in filled]
    if empty:
        raise ArchiveError(path, members=empty)
    return names


@dataclass(frozen=True)
class Lists:
    """The official split: class folders in the order of their labels, and for each list (name, class) in its order."""

    folders: tuple[str, ...]
    entries: dict[str, list[tuple[str, int]]]

    def listing(self, part: str, rows: dict[str, int]) -> Listing:
        names = tuple(name for name, _ in self.entries[part])
        return Listing(
            names=names,
            rows=np.array([rows[f"Images/{name}"] for name in names]),
            labels=np.array([label for _, label in self.entries[part]], dtype=np.int64),
        )


def _read_lists(path: Path, images: Path, photographs: list[str]) -> Lists:
    """Read train_list.mat and test_list.mat, and check them against each other and against the photographs."""
    check_archive(path)
    tables = {name: _read_mat(path, name, data) for name, data in read_archive(path) if name.endswith(".mat")}
    absent = [(f"{part}_list.mat", "absent") for part in ("train", "test") if f"{part}_list.mat" not in tables]
    present = set(photographs)
    for table, entries in tables.items():
        absent += [
            (name, f"named by {table}, absent from {images.name}")
            for name, _ in entries
            if f"Images/{name}" not in present
        ]
    if absent:
        raise ArchiveError(path, members=absent)
    both = tables["train_list.mat"] + tables["test_list.mat"]
    seen: set[str] = set()
    twice = [(name, "listed twice") for name, _ in both if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
    if twice:
        raise ArchiveError(path, members=twice)
    pairs = sorted({(label, str(PurePosixPath(name).parent)) for name, label in both})
    if [label for label, _ in pairs] != list(range(1, len(pairs) + 1)):
        shown = ", ".join(f"{label} {folder}" for label, folder in pairs)
        raise ArchiveError(path, f"expected labels 1..K, one folder each and none without an image, got {shown}")
    return Lists(
        folders=tuple(folder for _, folder in pairs),
        entries={part: [(n, k - 1) for n, k in tables[f"{part}_list.mat"]] for part in ("train", "test")},
    )


def _read_mat(path: Path, name: str, data: bytes) -> list[tuple[str, int]]:
    """The (file name, label) pairs of one list: cells file_list (N, 1) and numbers labels (N, 1)."""
    try:
        table = read_lists(data, ("file_list", "labels"))
    except ValueError as error:
        raise ArchiveError(path, members=[(name, f"cannot be read ({error})")]) from error
    names, numbers = table["file_list"], table["labels"]
    whole = all(isinstance(number, int | float) and float(number).is_integer() for number in numbers)
    texts = [one for one in names if isinstance(one, str)]
    if not whole or len(texts) < len(names):
        raise ArchiveError(path, members=[(name, "cannot be read (expected texts in file_list, numbers in labels)")])
    labels = [int(number) for number in numbers]
    if len(names) != len(labels):
        raise ArchiveError(path, members=[(name, f"{len(names)} file names but {len(labels)} labels")])
    return list(zip(texts, labels, strict=True))


def _read_boxes(path: Path, lists: Lists) -> dict[str, Box]:
    """The first box of every photograph, by member name of images.tar; ArchiveError lists all that cannot be read."""
    check_archive(path)
    boxes: dict[str, Box] = {}
    refused: list[tuple[str, str]] = []
    for member, data in read_archive(path):
        if not member.startswith("Annotation/"):
            continue
        try:
            boxes[_image(member)] = first_box(data)
        except (ElementTree.ParseError, ValueError, LookupError) as error:  # the last for an encoding nobody knows
            refused.append((member, str(error)))
    read = {member for member, _ in refused}
    for entries in lists.entries.values():
        wanted = (f"Annotation/{PurePosixPath(name).with_suffix('')}" for name, _ in entries)
        refused += [(member, "absent") for member in wanted if member not in read and _image(member) not in boxes]
    if refused:
        raise ArchiveError(path, members=refused)
    return boxes


def _image(annotation: str) -> str:
    """The member of images.tar that a member of annotation.tar is about."""
    return f"Images/{annotation.removeprefix('Annotation/')}.jpg"


class _NoDoctype(ElementTree.TreeBuilder):
    """Refuses a document type, and with it entities that grow without end or name files."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("a document type declaration; annotations have none")


def first_box(xml: bytes) -> Box:
    """The first annotated box, (left, top, right, bottom) in pixels of the frame.

    Raises
    ------
    ValueError
        Where there is no box, or one without width and height.
    xml.etree.ElementTree.ParseError
        For what is no XML.
    LookupError
        For an encoding that nobody knows.
    """
    root = ElementTree.fromstring(xml, parser=ElementTree.XMLParser(target=_NoDoctype()))
    box = root.find("object/bndbox")
    if box is None:
        raise ValueError("no box")
    left, top, right, bottom = (float(box.findtext(side, "")) for side in ("xmin", "ymin", "xmax", "ymax"))
    if not (left < right and top < bottom):
        raise ValueError(f"expected a box with left < right and top < bottom, got {(left, top, right, bottom)}")
    return left, top, right, bottom


def _rows(lists: Lists, photographs: list[str]) -> dict[str, int]:
    """The row of every photograph in the cache: test, train, then what no list names."""
    listed = [f"Images/{name}" for part in ("test", "train") for name, _ in lists.entries[part]]
    return {name: row for row, name in enumerate(dict.fromkeys(listed + photographs))}


def _items(path: Path, rows: dict[str, int], boxes: dict[str, Box]) -> Iterator[tuple[int, str, bytes, Box | None]]:
    """The photographs in the order of the archive, which can only be read from front to back."""
    for name, data in read_archive(path):
        if name in rows:
            yield rows[name], f"{path.name}: {name}", data, boxes.get(name)
