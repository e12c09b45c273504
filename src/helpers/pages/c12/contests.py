"""The small pair, ViT-mini and Xception-mini, in all its contests of this course: what differed, and who was ahead."""

import json
from collections.abc import Iterator
from typing import Any

from helpers.measure.accuracy import Estimate
from helpers.models.pretrained import OURS
from helpers.pages.c12 import recorded
from helpers.plots.tables import points
from helpers.records import Record, read_record
from helpers.records.schema import DataInfo

Row = dict[str, Any]


def row(where: str, of: str, classes: int, each: int, side: int, passes: int, before: str, ahead: Estimate) -> Row:
    """A row of the table; `ahead` is the accuracy of the CNN minus that of the ViT."""
    about = {"where": where, "pictures": of, "classes": classes, "of each": each, "pixels": side}
    return about | {"passes": passes, "pre-trained on": before, "CNN minus ViT": points(ahead)}


def turned(gap: Estimate) -> Estimate:
    """CNN minus ViT, from ViT minus CNN."""
    low, high = (None if end is None else -end for end in (gap.high, gap.low))
    return Estimate(-gap.value, low, high, gap.n, gap.covers)


def crossings(record: Record) -> Iterator[Row]:
    """Lab 7's arms, each at its largest size."""
    dataset, side = str(record.parameters["dataset"]), max(_data(record).image_size.values())
    summary: Row = record.model_dump()["summary"]
    passes = {one["images a class"]: one["passes"] for one in summary["plan"]}
    before = {"scratch": "–", "strong": "–, stronger recipe", "pretrained": recorded.EARLIER[dataset]}
    for arm, gaps in recorded.gaps(record).items():
        last = max(gaps, key=lambda gap: gap["size"])
        what = recorded.PICTURES[dataset]
        ends = {key: last[key] for key in ("value", "low", "high", "n", "covers")}
        classes = summary["num_classes"]
        yield row(
            "lab 7", what, classes, last["size"], side, passes[last["size"]], before[arm], turned(Estimate(**ends))
        )


def dogs() -> Iterator[Row]:
    """Lab 8's pair on 10,800 photographs of dogs: fresh, and tuned whole after other photographs."""
    record = read_record("08_xception_vs_vit", "cpu", "dogs12000")
    data = _data(record)
    classes, side = data.num_classes, data.image_size["vit_mini"]
    each, passes = data.n_train // classes, int(record.parameters["epochs"])  # type: ignore[arg-type]
    for tuning, before in (("scratch", "–"), ("full", recorded.EARLIER["stanford_dogs"])):
        gap = turned(recorded.pair(tuning))
        yield row("lab 8, chapter 11", "photographs of dogs", classes, each, side, passes, before, gap)


def shipped() -> Row:
    """The networks of chapter 13, one training each; the interval takes their errors as independent."""
    told = {
        name: json.loads((OURS["photographs"] / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("xception_mini", "vit_mini")
    }
    ends = [account["epochs"][-1]["test_top1"] for account in told.values()]
    data, recipe = told["vit_mini"]["data"], told["vit_mini"]["recipe"]
    half = sum(((end["high"] - end["low"]) / 2) ** 2 for end in ends) ** 0.5
    value = ends[0]["value"] - ends[1]["value"]
    gap = Estimate(value, value - half, value + half, data["n_test"], "test sampling")
    each = round(data["n_train"] / data["num_classes"])
    side, passes = recipe["image_size"], recipe["epochs"]
    return row("chapter 13", "small photographs", data["num_classes"], each, side, passes, "–", gap)


def family() -> Row:
    """Lab 2's run of the family, chapter 14."""
    record = read_record("02_twenty_years", "cpu", "tiny20.other")
    summary: Row = record.model_dump()["summary"]
    (gap,) = (one["difference"] for one in summary["verdicts"] if (one["a"], one["b"]) == ("xception_mini", "vit_mini"))
    data = _data(record)
    classes, side = data.num_classes, max(data.image_size.values())
    each, passes = data.n_train // classes, summary["epochs"]
    return row("lab 2, chapter 14", "small photographs", classes, each, side, passes, "–", Estimate(**gap))


def table() -> list[Row]:
    """All of them: from lab 7's largest sizes to the family's twenty classes."""
    return [*(one for record in recorded.lab7() for one in crossings(record)), *dogs(), shipped(), family()]


def _data(record: Record) -> DataInfo:
    if record.data is None:
        raise ValueError(f"the record of {record.lab} does not say what its images were")
    return record.data
