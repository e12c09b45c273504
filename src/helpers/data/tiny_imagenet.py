"""Tiny ImageNet: 200 of ImageNet's classes at 64 px, for pre-training on photographs without a dog.

Le & Yang, "Tiny ImageNet Visual Recognition Challenge", CS231N, Stanford 2015. Read from three shards in WebDataset's
naming, `<name>.jpg` beside `<name>.cls` (the class index as text), and `classes.tsv` (index, wnid, is_dog, name). The
classes that are dogs are left out by default: what is pre-trained here is judged on dogs later, whose photographs come
from the same ImageNet classes. Validation is the official one and stands in the data set's `test`.
"""

import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from helpers.data.archives import ArchiveError, check_archive, read_archive
from helpers.data.base import Dataset
from helpers.data.cache import build_cache
from helpers.data.fetching import fetch
from helpers.data.photographs import Listing, assemble
from helpers.data.registry import REGISTRY

NAME = "tiny_imagenet"
CLASSES = "classes.tsv"
TRAIN = ("tiny-imagenet-train-000000.tar.gz", "tiny-imagenet-train-000001.tar.gz")
TEST = ("tiny-imagenet-val-000000.tar.gz",)


@dataclass(frozen=True)
class _Photograph:
    name: str
    wnid: str
    data: bytes
    digest: str


def load_tiny_imagenet(
    *,
    image_size: int = 64,
    dogs: bool = False,
    num_classes: int | None = None,
    class_seed: int | None = None,
    val_fraction: float = 0.0,
    train_fraction: float = 1.0,
    seed: int = 0,
    on_broken: str = "raise",
    progress: bool = True,
) -> Dataset:
    """Load the training photographs and, as `test`, the official validation photographs.

    A training photograph that is byte for byte a test photograph is left out of training and counted in the
    provenance (`left_out_across_splits`).

    Parameters
    ----------
    image_size
        S in pixels (the files have 64).
    dogs
        Keep the six classes of dogs.
    num_classes
        So many of the classes that are left, in the order of their wnid; None takes all.
    class_seed
        Which ones: drawn by this seed; None takes the first.
    val_fraction, train_fraction, seed, on_broken
        As in `helpers.data.load_dataset`.

    Raises
    ------
    FetchError
        Where a file is nowhere.
    ArchiveError
        (A ValueError) for a shard that is broken or has a photograph without a class.
    ValueError
        For more classes than there are.
    """
    files = {name: fetch(NAME, name, progress=progress) for name in (CLASSES, *TRAIN, *TEST)}
    classes = _read_classes(files[CLASSES].path, dogs)
    if num_classes is not None:
        if not 2 <= num_classes <= len(classes):
            raise ValueError(f"num_classes: expected 2 to {len(classes)}, got {num_classes}")
        classes = _choose(classes, num_classes, class_seed)
    index = {wnid: label for label, wnid in enumerate(classes)}
    wnids = _wnids(files[CLASSES].path)
    test = [p for name in TEST for p in _read_shard(files[name].path, wnids) if p.wnid in index]
    everything = [p for name in TRAIN for p in _read_shard(files[name].path, wnids) if p.wnid in index]
    seen = {p.digest for p in test}
    train = [p for p in everything if p.digest not in seen]
    key = json.dumps(
        {"set": NAME, "files": {name: found.sha256 for name, found in files.items()}, "classes": list(classes)}
    )
    photographs = test + train
    cache = build_cache(
        [(p.name, p.data, None) for p in photographs],
        size=image_size,
        key=key,
        on_broken=on_broken,
        progress=progress,
        description=f"decoding {NAME}",
    )
    source = REGISTRY[NAME]
    return assemble(
        NAME,
        tuple(classes.values()),
        cache,
        _listing(train, index, first_row=len(test)),
        _listing(test, index, first_row=0),
        key=key,
        provenance={
            "source": source.homepage,
            "licence": source.licence,
            "citation": source.citation,
            "citation_key": source.citation_key,
            "files": [found.provenance() for found in files.values()],
            "local_variant": any(found.local_variant for found in files.values()),
            "terms": "restricted",
            "left_out_across_splits": len(everything) - len(train),
        },
        val_fraction=val_fraction,
        train_fraction=train_fraction,
        seed=seed,
    )


def _read_table(path: Path) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")), delimiter="\t"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name}: expected a table as text ({error}); get the file again") from error
    columns = {"index", "wnid", "is_dog", "name"}
    if not rows or columns - set(rows[0]):
        raise ValueError(f"{path.name}: expected the columns index, wnid, is_dog, name")
    for number, row in enumerate(rows, start=2):
        if not all(row[column] for column in columns) or not re.fullmatch("[0-9]{1,9}", row["index"]):
            raise ValueError(f"{path.name}: line {number}: expected a class index, wnid, is_dog, name, got {row}")
    return rows


def _wnids(path: Path) -> dict[int, str]:
    """wnid of every class index that the shards use."""
    return {int(row["index"]): row["wnid"] for row in _read_table(path)}


def _read_classes(path: Path, dogs: bool) -> dict[str, str]:
    """wnid -> name, of the classes that are kept, in the order of their wnid."""
    rows = [row for row in _read_table(path) if dogs or row["is_dog"] == "0"]
    return {row["wnid"]: row["name"] for row in sorted(rows, key=lambda row: row["wnid"])}


def _choose(classes: dict[str, str], count: int, seed: int | None) -> dict[str, str]:
    """The first `count` classes, or as many drawn by a seed, in their order."""
    drawn = range(count) if seed is None else np.random.default_rng(seed).permutation(len(classes))[:count]
    rows = list(classes.items())
    return dict(rows[index] for index in sorted(drawn))


def _read_shard(path: Path, wnids: dict[int, str]) -> list[_Photograph]:
    """The photographs of one shard, in its order."""
    check_archive(path)
    pictures: dict[str, bytes] = {}
    labels: dict[str, str] = {}
    refused: list[tuple[str, str]] = []
    for member, data in read_archive(path):
        stem, suffix = str(PurePosixPath(member).with_suffix("")), PurePosixPath(member).suffix
        if suffix == ".jpg":
            pictures[stem] = data
        elif suffix == ".cls":
            text = data.decode("ascii", "replace").strip()
            if not text.isdigit() or int(text) not in wnids:
                refused.append((member, f"expected a class index, got {text[:20]!r}"))
            else:
                labels[stem] = wnids[int(text)]
    refused += [(f"{stem}.jpg", "a photograph without a class") for stem in pictures if stem not in labels]
    if refused:
        raise ArchiveError(path, members=refused[:20])
    return [
        _Photograph(f"{stem}.jpg", labels[stem], data, hashlib.sha256(data).hexdigest())
        for stem, data in pictures.items()
    ]


def _listing(photographs: list[_Photograph], index: dict[str, int], first_row: int) -> Listing:
    return Listing(
        names=tuple(p.name for p in photographs),
        rows=np.arange(first_row, first_row + len(photographs)),
        labels=np.array([index[p.wnid] for p in photographs], dtype=np.int64),
    )
