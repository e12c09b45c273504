"""From the runs of lab 08 to its comparison and its record: rows of one model, tuning and seed each.

A row holds `model`, `tuning`, `seed`, `weights`, `history`, `trained_tensors`, `train_top1` and `predictions`, the
first guess for every test image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from helpers.measure.accuracy import mean_per_class
from helpers.pages.l08.comparison import CellAccuracy, Comparison
from helpers.pages.l08.runs import mean_costs
from helpers.plots.tables import markdown_table
from helpers.training import EpochRow, History

Row = dict[str, Any]
NOTHING_TO_COMPARE = (
    "Nothing to compare here. With one model it takes two tunings, or `full` and the scratch control, to change one"
    " thing at a time."
)


def from_pieces(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Rows as they were before they were written into the records of pieces."""
    return [dict(row) | {"history": _history(row["history"])} for row in rows]


def _history(saved: Mapping[str, Any]) -> History:
    return History(**{**saved, "epochs": [EpochRow(**epoch) for epoch in saved["epochs"]]})


def validation_score(row: Mapping[str, Any]) -> float:
    """Accuracy by which the model to look at is chosen: on the validation part, else on the training images."""
    return row["history"].epochs[-1].evaluation.get("val_top1", row["train_top1"])


def compare(rows: Sequence[Mapping[str, Any]], labels: np.ndarray, num_classes: int) -> Comparison:
    """The comparison of all rows on one test list; int (n,), the truth, and K."""
    one_hot = np.eye(num_classes, dtype=bool)
    answers = {(r["model"], r["tuning"], r["seed"]): one_hot[np.asarray(r["predictions"])] for r in rows}  # (n, K)
    return Comparison(labels, num_classes, answers)


def fitted(table: Sequence[CellAccuracy], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """For each cell of the table `train_top1`, mean over seeds, and `train_test_gap`."""
    found = []
    for cell in table:
        train = np.mean([r["train_top1"] for r in rows if (r["model"], r["tuning"]) == (cell.model, cell.tuning)])
        found.append({"train_top1": float(train), "train_test_gap": float(train - cell.top1.value)})
    return found


def cost_rows(plan: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Mean costs of each cell, in the order of the plan (rows of `model`, `tuning`, `macs`, ...)."""
    found = []
    for planned in plan:
        cell = {key: planned[key] for key in ("model", "tuning")}
        mine = [r["history"] for r in rows if cell.items() <= r.items()]
        found.append(cell | mean_costs(mine) | {"macs_per_image": planned["macs"]})
    return found


def weights_rows(plan: Sequence[Mapping[str, Any]]) -> list[Row]:
    """For each model and each kind of weights of the plan: the file, its sha256, what is known of its terms."""
    kinds = {(row["model"], row["weights"]["kind"]): row["weights"] for row in plan}
    return [
        {
            "model": model,
            "weights": "fresh" if kind == "none" else kind,
            "file": source.get("file"),
            "sha256": (source.get("sha256") or "–")[:12],
            "terms": source.get("licence"),
        }
        for (model, kind), source in kinds.items()
    ]


def table_or(words: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """A Markdown table, or in words why there is none."""
    from IPython.display import Markdown

    return markdown_table(rows) if rows else Markdown(words)


def record_rows(
    rows: Sequence[Mapping[str, Any]],
    table: Sequence[CellAccuracy],
    labels: np.ndarray,
    num_classes: int,
    keep_predictions: bool,
) -> list[Row]:
    """Rows as the record holds them, each with its test accuracies.

    Parameters
    ----------
    keep_predictions
        For the record of a piece, from which the whole is put together later.
    """
    found = []
    accuracies = {(cell.model, cell.tuning): cell for cell in table}
    seeds = sorted({row["seed"] for row in rows})
    for row in rows:
        top1 = accuracies[row["model"], row["tuning"]].by_seed[seeds.index(row["seed"])]
        per_class = mean_per_class(np.asarray(row["predictions"]), labels, num_classes)
        kept = {key: value for key, value in row.items() if keep_predictions or key != "predictions"}
        scores = {"test_top1": top1.as_dict(), "test_per_class": per_class.as_dict(), "n_test": len(labels)}
        resumed = row["history"].resumed_from_step
        found.append(kept | scores | {"history": asdict(row["history"]), "resumed_from_step": resumed})
    return found


def cell_summaries(
    table: Sequence[CellAccuracy],
    fits: Sequence[Mapping[str, float]],
    plan: Sequence[Mapping[str, Any]],
    costs: Sequence[Mapping[str, Any]],
) -> list[Row]:
    """One row a cell for the record's summary: accuracies, gap, what was trained, costs."""
    return [
        {"test_top1": cell.top1.as_dict(), "test_per_class": cell.per_class.as_dict(), "n_seeds": len(cell.by_seed)}
        | dict(fit)
        | {"trained_share": planned["share"], "trained_parameters": planned["trained"]}
        | dict(cost)
        for cell, fit, planned, cost in zip(table, fits, plan, costs, strict=True)
    ]
