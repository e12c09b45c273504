"""What the page quotes from its recordings: depth with and without sums, and lab 2's table at equal budget."""

from functools import cache
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, over_seeds
from helpers.pages.c06.depth import DEPTHS, STUDY
from helpers.records import Record, read_record

# Lab 2's methods that this page tells of, as figures name them, and the family whose colour they take.
NETWORKS = {
    "lenet": ("LeNet-5", "cnn"),
    "alexnet_like": ("AlexNet-like", "cnn"),
    "vgg_like": ("VGG-like", "cnn"),
    "resnet_like": ("ResNet-like", "cnn"),
    "xception_mini": ("Xception-mini", "cnn"),
    "convnext_mini": ("ConvNeXt-mini", "cnn"),
}


@cache
def depth_runs() -> list[dict[str, Any]]:
    """The recorded rows of `helpers.pages.c06.depth`."""
    rows: list[dict[str, Any]] = read_record(STUDY, "cpu").model_dump()["runs"]
    return rows


def by_depth(kind: str, what: str = "new") -> dict[int, Estimate]:
    """Depth -> the mean over seeds of one column of the study, with Student's interval."""
    found = {}
    for depth in DEPTHS:
        values = [run[what] for run in depth_runs() if (run["kind"], run["depth"]) == (kind, depth)]
        found[depth] = over_seeds(np.array(values))
    return found


def table_rows(record: Record) -> list[dict[str, Any]]:
    """The convolutional networks of lab 2's table: `name`, `year`, `family`, `value`, `low`, `high`, `n`, `parameters`,
    `macs`, `training_macs`, `ms` (milliseconds a training image)."""
    rows = []
    for row in record.model_dump()["summary"]["methods"]:
        if row["model"] in NETWORKS:
            name, family = NETWORKS[row["model"]]
            top1 = row["test_top1"]
            line = {"model": row["model"], "name": name, "year": row["year"], "family": family, "n": top1["n"]}
            line |= {key: top1[key] for key in ("value", "low", "high")}
            line |= {"parameters": row["numbers"], "macs": row["macs"], "training_macs": row["training_macs"]}
            rows.append(line | {"ms": 1000 * row["fit_s"] / row["images_seen"]})
    return rows


def verdict(record: Record, statement: str) -> tuple[str, Estimate]:
    """What lab 2 says of one of its statements, and the difference behind it.

    Raises
    ------
    ValueError
        If the record has no such statement.
    """
    for row in record.model_dump()["summary"]["verdicts"]:
        if row["statement"] == statement:
            return row["verdict"], Estimate(**row["difference"])
    raise ValueError(f"statement: {statement!r} is not in the record of lab 2")
