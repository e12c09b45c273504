"""What the page quotes: its own study, lab 7 (on photographs where that is recorded, else on drawn dogs), lab 8."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.measure.accuracy import Estimate
from helpers.records import Record, read_record

LAB, PHOTOGRAPHS = "07_where_they_cross", ("tiny194", "dogs")  # the names of the recordings that take hours
PICTURES = {"breeds": "drawn dogs", "tiny_imagenet": "small photographs", "stanford_dogs": "photographs of dogs"}
EARLIER = {  # what the small weights had learned from before they saw these
    "breeds": "drawings",
    "tiny_imagenet": "drawings",
    "stanford_dogs": "photographs without a dog",
}
ARMS = {"scratch": "from scratch", "strong": "strong recipe", "pretrained": "pre-trained on other pictures"}

STEEPER = {  # a verdict on "more images help the ViT more than the CNN", in a sentence
    "holds": "More images help the ViT more than the CNN.",
    "the opposite holds": "More images help the CNN more than the ViT.",
    "undecided": "Whether more images help the ViT more than the CNN is undecided.",
}


@cache
def study() -> Record:
    """The page's networks, several seeds each: `python -m helpers.pages.c12.study`."""
    return read_record("12_bias", "cpu")


def accuracies(world: str = "centred", shuffle: str = "none") -> list[dict[str, Any]]:
    """Points of the study with `arm`, `size`, `value`, `low`, `high`."""
    rows: list[dict[str, Any]] = study().summary["points"]  # type: ignore[assignment]
    return [row for row in rows if (row["world"], row["shuffle"]) == (world, shuffle)]


def accuracy(arm: str, size: int, world: str = "centred", shuffle: str = "none") -> float:
    """Share of test digits named rightly, mean of the seeds.

    Raises
    ------
    ValueError
        If the study has no such point.
    """
    found = [row for row in accuracies(world, shuffle) if (row["arm"], row["size"]) == (arm, size)]
    if len(found) != 1:
        raise ValueError(f"no {arm!r} at {size} in {world}, {shuffle}")
    return float(found[0]["value"])


def training(arm: str, size: int, world: str = "centred") -> float:
    """Share of the training digits named rightly after the last step, in order, mean of the seeds."""
    rows = [dict(row) for row in study().runs]
    own = [row for row in rows if (row["arm"], row["world"], row["shuffle"], row["size"]) == (arm, world, "none", size)]
    return float(np.mean([row["train_top1"] for row in own]))


def own_rate(network: str, world: str = "centred") -> float:
    """The rate at which a network did best on digits that no test holds."""
    return next(row["rate"] for row in chosen_rates() if (row["network"], row["world"]) == (network, world))


def chosen_rates() -> list[dict[str, Any]]:
    """`network`, `world` and `rate`: the best of each network on digits that no test holds."""
    rows: list[dict[str, Any]] = study().summary["own_rates"]  # type: ignore[assignment]
    return [row for row in rows if row["chosen"]]


def difference(name: str, size: int) -> Estimate:
    """One of the study's differences, with its interval.

    Raises
    ------
    ValueError
        If there is none of that name and size.
    """
    rows: list[dict[str, Any]] = study().summary["differences"]  # type: ignore[assignment]
    for row in rows:
        if (row["name"], row["size"]) == (name, size):
            return Estimate(**{key: row[key] for key in ("value", "low", "high", "n", "covers")})
    raise ValueError(f"no difference {name!r} at {size}")


# --------------------------------------------------------------------------------------------------------------- lab 7


@cache
def lab7() -> tuple[Record, ...]:
    """Lab 7's records on photographs; without one its own run on drawn dogs, where that is recorded."""
    found = [_read(variant) for variant in PHOTOGRAPHS]
    there = tuple(record for record in found if record is not None)
    own = _read(None)
    return there or (() if own is None else (own,))


def _read(variant: str | None) -> Record | None:
    try:
        return read_record(LAB, "cpu", variant)
    except FileNotFoundError:
        return None


def shown(records: Sequence[Record], what: str, show: Callable[[Sequence[Record]], Any]) -> Any:
    """What `show` makes of records; without one, a line that says `what` is not recorded yet."""
    return show(records) if records else Markdown(f"*Not recorded yet: {what}.*")


def gaps(record: Record) -> dict[str, list[dict[str, Any]]]:
    """Arm -> rows of `size`, `value`, `low`, `high`: accuracy of the ViT minus that of the CNN."""
    return dict(record.summary["gaps"])  # type: ignore[arg-type]


def pictures(record: Record) -> str:
    """What a record's images are, in words, and of how many classes."""
    return f"{PICTURES[str(record.parameters['dataset'])]} of {record.summary['num_classes']} classes"


def told(record: Record) -> str:
    """Lab 7 in a few sentences: who is ahead in each arm, and whose curve is steeper from scratch."""
    points: list[dict[str, Any]] = record.summary["points"]  # type: ignore[assignment]
    own = {(row["model"], row["size"]): row["test_top1"]["value"] for row in points if row["arm"] == "scratch"}
    few, many = min(size for _, size in own), max(size for _, size in own)
    cnn, vit = ([f"{100 * own[name, size]:.1f}" for size in (few, many)] for name in ("xception_mini", "vit_mini"))
    found = {arm: ahead(rows) for arm, rows in gaps(record).items()}
    least = f"{few:,} image{'s' if few > 1 else ''}"
    text = f"**On {pictures(record)}.** From scratch {found['scratch']}: of {least} a class the CNN learns to "
    text += f"name {cnn[0]}\xa0% and the ViT {vit[0]}\xa0%, of {many:,} {cnn[1]}\xa0% and {vit[1]}\xa0%."
    if "strong" in found:
        text += f" With a stronger recipe (a part of chapter 13's) {found['strong']}."
    if "pretrained" in found:
        text += f" Pre-trained on {EARLIER[str(record.parameters['dataset'])]}, {found['pretrained']}."
    steeper = verdict(record, "more images help the ViT more than the CNN")
    return f"{text} {STEEPER[steeper]}" if steeper in STEEPER else text


def ahead(rows: Sequence[dict[str, Any]]) -> str:
    """Who of the two is ahead at which sizes, from the gaps of one arm (`size`, `low`, `high`), in words."""
    cnn, vit = ([row["size"] for row in rows if row["high"] < 0], [row["size"] for row in rows if row["low"] > 0])
    if cnn and vit and max(cnn) < min(vit):
        return f"the CNN is ahead up to {max(cnn):,} images a class and the ViT from {min(vit):,} on"
    if cnn and vit:
        return "the order turns more than once"
    if not cnn and not vit:
        return "the two cannot be told apart at any size"
    who, count = ("ViT", len(vit)) if vit else ("CNN", len(cnn))
    if count == len(rows):
        return f"the {who} is ahead at " + ("the one size" if count == 1 else f"each of {count} sizes")
    rest = "the others" if len(rows) - count > 1 else "the other"
    return f"the {who} is ahead at {count} of {len(rows)} sizes, and at {rest} the two cannot be told apart"


def findings(records: Sequence[Record]) -> Markdown:
    """A paragraph for each record."""
    return Markdown("\n\n".join(map(told, records)))


def verdict(record: Record, statement: str) -> str:
    """What the record says of a statement: holds, the opposite holds, undecided; empty where it was not tested."""
    rows: list[dict[str, Any]] = record.summary["findings"]  # type: ignore[assignment]
    return next((str(row["verdict"]) for row in rows if row["statement"] == statement), "")


# --------------------------------------------------------------------------------------------------------------- lab 8


def cell(model: str, tuning: str) -> dict[str, Any]:
    """Accuracy (`value`, `low`, `high`) of a small network on 120 breeds in photographs, 90 of each."""
    rows: list[dict[str, Any]] = read_record("08_xception_vs_vit", "cpu", "dogs12000").summary["cells"]  # type: ignore[assignment]
    return dict(next(row["test_top1"] for row in rows if (row["model"], row["tuning"]) == (model, tuning)))


def worth(model: str) -> Estimate:
    """What pre-training on other photographs is worth: fine-tuned in full minus from scratch."""
    record = read_record("08_xception_vs_vit", "cpu", "dogs12000")
    rows: list[dict[str, Any]] = record.summary["differences"]  # type: ignore[assignment]
    return Estimate(**next(row["difference"] for row in rows if row["name"] == f"{model}: full – scratch"))


def pair(tuning: str) -> Estimate:
    """The small ViT minus the small CNN on the photographs of dogs, by how they were tuned."""
    rows: list[dict[str, Any]] = read_record("08_xception_vs_vit", "cpu", "dogs12000").summary["differences"]  # type: ignore[assignment]
    return Estimate(**next(row["difference"] for row in rows if row["name"] == f"{tuning}: vit_mini – xception_mini"))


def head_alone() -> dict[int, float]:
    """Photographs a breed -> accuracy of a released network of which the head alone was trained, on 120 breeds."""
    record = read_record("08_xception_vs_vit", "cpu", "dogs2400.released")
    curve: dict[str, list[dict[str, Any]]] = record.summary["curve"]  # type: ignore[assignment]
    return {int(row["images_a_class"]): row["test_top1"]["value"] for row in curve["efficientnet_lite0"]}


def photograph_rates() -> list[dict[str, Any]]:
    """Rows of the sweep of chapter 15: `model`, `learning_rate`, `val_top1`."""
    return [dict(row) for row in read_record("15_rates", "cpu").runs]
