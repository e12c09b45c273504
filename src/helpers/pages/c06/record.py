"""What the chapter reads from lab 2's records: one row a method, a verdict a statement, and whether two runs agree.

Only the `summary` of a record is read, so that a change of the lab's code does not touch this page.
"""

from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from helpers.measure.accuracy import Estimate, over_seeds
from helpers.pages.c06.depth import DEPTHS, STUDY
from helpers.plots.tables import NBSP, points
from helpers.records import Record, read_record

LAB = "02_twenty_years"
FIRST, OTHER = "tiny20", "tiny20.other"  # 20 classes of Tiny ImageNet, and 20 others
ALL = "tiny194"  # four of the networks on all classes, one training each
CHAPTER_14 = ("cait_mini", "swin_mini", "mixer_mini")  # what the second run holds besides
VERDICTS = {"holds": "ahead", "the opposite holds": "behind", "undecided": "open"}
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


def equal_budget(variant: str = FIRST) -> Record:
    """The record of one run of lab 2 on photographs."""
    return read_record(LAB, "cpu", variant)


def by_depth(kind: str) -> dict[int, Estimate]:
    """Depth -> share of new digits named rightly after the recorded training, mean over seeds, Student's interval."""
    runs = read_record(STUDY, "cpu").model_dump()["runs"]
    of_kind = [run for run in runs if run["kind"] == kind]
    return {depth: over_seeds([run["new"] for run in of_kind if run["depth"] == depth]) for depth in DEPTHS}


def depth_steps() -> int:
    """Steps of each training of the study of depth."""
    return int(read_record(STUDY, "cpu").model_dump()["runs"][0]["steps"])


def rows_of(record: Record) -> list[SimpleNamespace]:
    """One row a method of this chapter, oldest first: `model`, `label`, `year`, `top1` (value, low, high, n), costs."""
    summary: dict[str, Any] = record.summary
    return [
        SimpleNamespace(**row, label=LABELS[row["model"]], top1=SimpleNamespace(**row["test_top1"]))
        for row in sorted(summary["methods"], key=lambda row: row["year"])
        if row["model"] not in CHAPTER_14
    ]


def statements_of(record: Record) -> dict[str, SimpleNamespace]:
    """Statement -> `a`, `b`, `verdict` and `difference` (value, low, high) of the lab's paired comparison."""
    summary: dict[str, Any] = record.summary
    return {
        row["statement"]: SimpleNamespace(**row | {"difference": SimpleNamespace(**row["difference"])})
        for row in summary["verdicts"]
        if not {row["a"], row["b"]} & set(CHAPTER_14)
    }


PAIRS = (
    ("vgg_like", "alexnet_like", "small kernels, depth"),
    ("resnet_like", "vgg_like", "the sum, batch norm"),
    ("xception_mini", "resnet_like", "separable for whole"),
    ("convnext_mini", "resnet_like", "seven years of habits"),
)  # and what each was built to differ in


def pairs_table(runs: Sequence[Record]) -> list[dict[str, str]]:
    """One row a pair of networks: the difference in two runs, in points with its interval, and what both say.

    Raises
    ------
    ValueError
        For a pair that the lab's statements do not hold.
    """
    rows = []
    for a, b, idea in PAIRS:
        both = [row for run in runs for row in statements_of(run).values() if (row.a, row.b) == (a, b)]
        if len(both) != len(runs):
            raise ValueError(f"expected a pair of the lab's statements, got {a} and {b}")
        line = {"pair": f"{LABELS[a]} − {LABELS[b]}", "built to differ in": idea}
        differences = [points(row.difference).replace(f"{NBSP}points", "") for row in both]
        line |= dict(zip(("20 classes", "20 others"), differences, strict=True))
        said = [VERDICTS[row.verdict] for row in both]
        rows.append(line | {"verdict": f"{said[0]}, both times" if len(set(said)) == 1 else ", then ".join(said)})
    return rows


def twice_words(runs: Sequence[Record]) -> dict[str, str]:
    """How many statements of the first run got the same verdict in the second, and which hold in both."""
    first, second = (statements_of(run) for run in runs)
    pairs = [{first[name].verdict, second[name].verdict} for name in first]
    same, against = (
        sum(len(pair) == 1 for pair in pairs),
        sum(len(pair) == 2 and "undecided" not in pair for pair in pairs),
    )
    settled = [name for name, pair in zip(first, pairs, strict=True) if pair in ({"holds"}, {"the opposite holds"})]
    turned = [(first[name].a, first[name].b)[:: 1 if first[name].verdict == "holds" else -1] for name in settled]
    named = "; ".join(f"{LABELS[winner]} is ahead of {LABELS[loser]}" for winner, loser in turned)
    return {
        "asked": str(len(pairs)),
        "same": str(same),
        "against": str(against),
        "half_open": str(len(pairs) - same - against),
        "settled": str(len(settled)),
        "settled_words": named,
        "open_twice": str(same - len(settled)),
    }


def all_words(whole: Record, runs: Sequence[Record]) -> dict[str, str]:
    """The order of the networks on all classes, the data, and how many verdicts of `runs` are met again or turned."""
    order = sorted(rows_of(whole), key=lambda row: -row.top1.value)
    found, before = statements_of(whole), [statements_of(run) for run in runs]
    decided = [{rows[name].verdict for rows in before} - {"undecided"} for name in found]
    verdicts = [row.verdict for row in found.values()]
    return {
        "all_order": ", ".join(f"{row.label} {100 * row.top1.value:.1f} %" for row in order),
        "all_train": f"{whole.data.n_train if whole.data else 0:,}",
        "all_test": f"{order[0].top1.n:,}",
        "all_passes": str(whole.summary["epochs"]),
        "all_asked": str(len(found)),
        "all_met": str(sum({one} == told for one, told in zip(verdicts, decided, strict=True))),
        "all_turned": str(sum(bool(told - {one}) for one, told in zip(verdicts, decided, strict=True))),
    }


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


def words(runs: Sequence[Record]) -> dict[str, str]:
    """What the page's sentences say, computed from two runs: the data, whether years help, the budget."""
    run, rows = runs[0], rows_of(runs[0])
    test, seeds = rows[0].top1.n, rows[0].n_seeds
    train = run.data.n_train if run.data else 0
    data = f"photographs of Tiny ImageNet, 64 px, {run.summary['num_classes']} classes, {train:,} images to learn from"
    order = sorted(rows, key=lambda row: -row.top1.value)
    first, last = order[0], order[-1]
    rises = sum(b.top1.value > a.top1.value for a, b in pairwise(rows))
    clear = sum(b.top1.low > a.top1.high for a, b in pairwise(rows))
    ladder = f"Of the ten steps from one row to the next, {rises} go up, {clear} of them so far that the two intervals "
    ladder += f"do not meet. First is {first.label} ({first.year}), last is {last.label} ({last.year})."
    budget = f"{test:,} test images, {seeds} seeds, {run.summary['epochs']} passes "
    budget += f"of each network over {train:,} images."
    return {"data_words": data, "ladder_words": ladder, "budget_words": budget}
