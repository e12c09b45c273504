"""The same photograph twice: in train and in test it is a leak, in two classes one of its labels is wrong."""

from collections import defaultdict
from collections.abc import Sequence

from helpers.data.layout import Photograph
from helpers.data.paths import listed

SHOWN = 3  # examples of each kind
MEANING = {
    "train/test": "in train and in test: the test accuracy counts what was learned by heart",
    "train/val": "in train and in val: the validation accuracy counts what was learned by heart",
    "val/test": "in val and in test: what was chosen by validation has seen the test",
    "two classes": "in two classes: one of the labels is wrong",
    "within train": "more than once in a class of train: it weighs more than others",
}


def find_duplicates(photographs: Sequence[Photograph], hashes: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """What stands more than once, byte for byte.

    Parameters
    ----------
    photographs
        All files of a set.
    hashes
        The checksum of each.

    Returns
    -------
    dict[str, list[tuple[str, str]]]
        The kinds of `MEANING`, each with one pair of names for every different photograph that it holds.
    """
    same = defaultdict(list)
    for photograph, digest in zip(photographs, hashes, strict=True):
        same[digest].append(photograph)
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in MEANING}
    for group in same.values():
        for kind, pairs in found.items():
            pair = next(((a, b) for i, a in enumerate(group) for b in group[i + 1 :] if is_of_kind(kind, a, b)), None)
            if pair is not None:
                pairs.append((pair[0].name, pair[1].name))
    return found


def is_of_kind(kind: str, a: Photograph, b: Photograph) -> bool:
    """Whether two equal photographs are of a kind of `MEANING`."""
    if kind == "two classes":
        return a.label != b.label
    if kind == "within train":
        return a.part == b.part == "train" and a.label == b.label
    return {a.part, b.part} == set(kind.split("/"))


def warning(duplicates: dict[str, list[tuple[str, str]]]) -> str:
    """One line for each kind that occurs, with a few names; an empty text where no photograph stands twice."""
    lines = [
        f"{len(pairs)} photograph{'s' if len(pairs) > 1 else ''} {MEANING[kind]} "
        f"({listed([f'{a} = {b}' for a, b in pairs], SHOWN)})"
        for kind, pairs in duplicates.items()
        if pairs
    ]
    return "\n".join(f"warning: {line}" for line in lines)
