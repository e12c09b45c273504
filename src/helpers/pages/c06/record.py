"""What the chapter reads from lab 2's records: one row a method, a verdict a statement, MACs a second.

Only the `summary` of a record is read, so that a change of the lab's code does not touch this page.
"""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from helpers.measure.accuracy import Estimate, over_seeds
from helpers.pages.c06.depth import DEPTHS, STUDY
from helpers.records import Record, read_record

LAB = "02_twenty_years"
PHOTOGRAPHS = "tiny20"  # 20 classes of Tiny ImageNet
LABELS = {
    "knn": "nearest neighbours",
    "mlp": "perceptron (MLP)",
    "lenet": "LeNet-5",
    "bow_svm": "visual words + SVM",
    "alexnet_like": "AlexNet-like",
    "vgg_like": "VGG-like",
    "resnet_like": "ResNet-like",
    "xception_mini": "Xception-mini",
    "vit_mini": "ViT-mini",
    "deit_mini": "DeiT-mini, taught",
    "convnext_mini": "ConvNeXt-mini",
}


def equal_budget() -> tuple[Record, bool]:
    """The record on photographs if there is one, else that of the lab's cpu edition ; and whether it is the first."""
    try:
        return read_record(LAB, "cpu", PHOTOGRAPHS), True
    except FileNotFoundError:
        return read_record(LAB, "cpu"), False


def by_depth(kind: str) -> dict[int, Estimate]:
    """Depth -> share of new digits named rightly after the recorded training, mean over seeds, Student's interval."""
    runs = read_record(STUDY, "cpu").model_dump()["runs"]
    of_kind = [run for run in runs if run["kind"] == kind]
    return {depth: over_seeds([run["new"] for run in of_kind if run["depth"] == depth]) for depth in DEPTHS}


def depth_steps() -> int:
    """Steps of each training of the study of depth."""
    return int(read_record(STUDY, "cpu").model_dump()["runs"][0]["steps"])


def rows_of(record: Record) -> list[SimpleNamespace]:
    """One row a method, oldest first: `model`, `label`, `year`, `top1` (value, low, high, n), and what it costs."""
    summary: dict[str, Any] = record.summary
    return [
        SimpleNamespace(**row, label=LABELS[row["model"]], top1=SimpleNamespace(**row["test_top1"]))
        for row in sorted(summary["methods"], key=lambda row: row["year"])
    ]


def said_of(record: Record, a: str, b: str) -> str:
    """What the paired difference of two methods says, as a half sentence: by how many points `a` is ahead or behind, or
    that the run cannot tell.

    Raises
    ------
    ValueError
        For a pair that the lab's statements do not hold.
    """
    summary: dict[str, Any] = record.summary
    for row in summary["verdicts"]:
        if (row["a"], row["b"]) == (a, b):
            difference = row["difference"]
            if row["verdict"] == "undecided":
                return f"cannot be told from {LABELS[b]}"
            word = "ahead of" if difference["value"] > 0 else "behind"
            return f"is {abs(100 * difference['value']):.0f} points {word} {LABELS[b]}"
    raise ValueError(f"expected a pair of the lab's statements, got {a} and {b}")


def table_of(record: Record) -> list[dict[str, Any]]:
    """Rows for the page's table: accuracy with its interval, parameters, MACs."""
    found = []
    for row in rows_of(record):
        top1 = row.top1
        interval = f"{100 * top1.value:.1f} [{100 * top1.low:.1f}, {100 * top1.high:.1f}]"
        line = {"method": row.label, "year": str(row.year), "right (%)": interval}
        line["parameters"] = row.numbers if row.training_macs else None
        found.append(line | {"M MACs": f"{row.macs / 1e6:.1f}" if row.training_macs else None})
    return found


def words(record: Record, photographs: bool) -> dict[str, str]:
    """What the page's sentences say, computed from the record: the data, whether years help, the pairs, the budget."""
    rows = rows_of(record)
    test, seeds = rows[0].top1.n, rows[0].n_seeds
    kind = "photographs of Tiny ImageNet, 64 px" if photographs else "dogs drawn by our own code, 32 px"
    train = record.data.n_train if record.data else 0
    data = f"{kind}, {record.summary['num_classes']} classes, {train:,} images to learn from"
    order = sorted(rows, key=lambda row: -row.top1.value)
    first, last = order[0], order[-1]
    rises = sum(b.top1.value > a.top1.value for a, b in pairwise(rows))
    ladder = (
        f"Of the ten steps from one year to the next, {rises} go up. First is {first.label} ({first.year}), last is "
    )
    ladder += f"{last.label} ({last.year})."
    budget = (
        f"{test:,} test images, {'one seed' if seeds == 1 else f'{seeds} seeds'}, {record.summary['epochs']} passes "
    )
    budget += f"of each network over {train:,} images."
    found = {"data_words": data, "ladder_words": ladder, "budget_words": budget}
    pairs = {"vgg": "alexnet_like", "resnet": "vgg_like", "xception": "resnet_like", "convnext": "resnet_like"}
    ours = {"vgg": "vgg_like", "resnet": "resnet_like", "xception": "xception_mini", "convnext": "convnext_mini"}
    return found | {f"{key}_said": said_of(record, ours[key], other) for key, other in pairs.items()}
