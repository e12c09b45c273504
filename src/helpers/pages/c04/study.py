"""What limits over-fitting on one small problem: each measure alone at a strength that validation chose, and together.

`python -m helpers.pages.c04.study` records what the page quotes. Hands are dealt anew for every seed, so each seed has
a training, a validation and a test set of its own; a strength is chosen by its validation accuracy, then the test is
looked at once. Activations are compared at equal fit: each training stops when its loss has come down to `FIT`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from helpers.measure.accuracy import over_seeds
from helpers.pages.c04 import small
from helpers.pages.c04.small import Looks, Measures
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

STUDY = "04_overfitting"  # the record
COUNT, WORLDS, FIT = 150, (0.0, 0.2), 0.01
GRID: dict[str, tuple[float, ...]] = {  # strengths to choose from
    "weight decay": (0.3, 1.0, 3.0, 10.0),
    "dropout": (0.2, 0.4, 0.6),
    "augmentation": (0.5, 1.0, 1.5),
    "label smoothing": (0.1, 0.2, 0.4),
    "narrower layers": (8, 16, 32),
    "twice the data": (2,),
    "four times the data": (4,),
}
FIELDS = {"weight decay": "decay", "dropout": "dropout", "augmentation": "augment", "label smoothing": "smoothing"}
VARIANTS: dict[str, tuple[str, float | None]] = {  # activation, gain of the start where it is not its own
    **{name: (name, None) for name in small.ACTIVATIONS},
    "tanh, ReLU's start": ("tanh", 2.0),
    "none, ReLU's start": ("none", 2.0),
    "ReLU, tanh's start": ("ReLU", 1.0),
}
Row = dict[str, Any]


def run(measure: str, strength: float, wrong: float, seed: int, steps: int) -> tuple[Looks, Measures]:
    """Train with one measure at one strength; the plain run has strength 0."""
    how = replace(Measures(), **{FIELDS[measure]: strength}) if measure in FIELDS else Measures()
    count = COUNT * int(strength) if "data" in measure else COUNT
    width = int(strength) if measure == "narrower layers" else small.WIDTH
    model = small.network(seed, width=width, dropout=how.dropout)
    return small.train(model, small.draw(seed, count, wrong), how, seed, steps=steps), how


def row_of(measure: str, strength: Any, wrong: float, seed: int, looks: Looks, stopped: bool = False) -> Row:
    """A row for the record, at the end or, where stopped, at the look of lowest validation loss."""
    at = looks.best if stopped else -1
    right, loss = (
        (looks.right_at_best, looks.test_loss_at_best) if stopped else (looks.right_at_end, looks.test_loss_at_end)
    )
    return {
        "measure": measure,
        "strength": strength,
        "wrong": wrong,
        "seed": seed,
        "step": looks.steps[at],
        "train_top1": looks.train_top1[at],
        "val_top1": looks.val_top1[at],
        "test_top1": float(right.mean()),
        "test_loss": loss,
    }


def together(chosen: Measures, wrong: float, seed: int, steps: int) -> list[Row]:
    """Everything at once, in full and at half its strength, each stopped early."""
    rows = []
    for share in (1.0, 0.5):
        how = Measures(**{name: share * getattr(chosen, name) for name in FIELDS.values()})
        model = small.network(seed, dropout=how.dropout)
        looks = small.train(model, small.draw(seed, COUNT, wrong), how, seed, steps=steps)
        rows.append(row_of("all together", share, wrong, seed, looks, stopped=True))
    return rows


def one_seed(wrong: float, seed: int, steps: int) -> list[Row]:
    """All runs of a seed in a world, chosen ones marked."""
    plain, chosen = run("plain", 0, wrong, seed, steps)
    kept = [row_of("plain", 0, wrong, seed, plain), row_of("early stopping", "", wrong, seed, plain, stopped=True)]
    for row in kept:
        row["chosen"] = True
    for measure, strengths in GRID.items():
        tried = [(run(measure, strength, wrong, seed, steps), strength) for strength in strengths]
        rows = [row_of(measure, strength, wrong, seed, looks) for (looks, _), strength in tried]
        best = mark(rows)
        if measure in FIELDS:
            chosen = replace(chosen, **{FIELDS[measure]: strengths[best]})
        kept += rows
    rows = together(chosen, wrong, seed, steps)
    mark(rows)
    return kept + rows


def mark(rows: list[Row]) -> int:
    """Mark the row of the best validation accuracy as chosen, the first of equals; its place."""
    best = int(np.argmax([row["val_top1"] for row in rows]))
    for place, row in enumerate(rows):
        row["chosen"] = place == best
    return best


def activation_rows(wrong: float, seeds: Sequence[int], most: int) -> list[Row]:
    """The same network with each activation, trained down to the same loss: training and test accuracy there."""
    rows = []
    for name, (activation, gain) in VARIANTS.items():
        for seed in seeds:
            data = small.draw(seed, COUNT, wrong)
            model = small.network(seed, activation, gain=gain)
            looks = small.train(model, data, Measures(), seed, steps=most, every=5, until=FIT)
            with torch.no_grad():
                says = model.eval()(data.images).argmax(1)
            learned = float((says == data.given)[data.wrong].float().mean()) if wrong else None
            row = row_of(name, "", wrong, seed, looks) | {"train_loss": looks.train_loss[-1], "learned": learned}
            rows.append(row)
    return rows


def differences(rows: Sequence[Row], value: str, against: str) -> list[Row]:
    """Each measure minus `against` within a seed, mean and Student's interval over seeds, by world."""
    found = []
    for wrong in sorted({row["wrong"] for row in rows}):
        own = [row for row in rows if row["wrong"] == wrong and row.get("chosen", True)]
        by = {(row["measure"], row["seed"]): row[value] for row in own}
        for measure in dict.fromkeys(row["measure"] for row in own):
            seeds = sorted(seed for name, seed in by if name == measure)
            gaps = [by[measure, seed] - by[against, seed] for seed in seeds]
            mean = {"mean": float(np.mean([by[measure, seed] for seed in seeds]))}
            at = {"measure": measure, "wrong": wrong, "value_of": value}
            rest = over_seeds(gaps).as_dict() if measure != against else {}
            found.append(at | mean | rest)
    return found


def study(steps: int, seeds: Sequence[int], most: int) -> tuple[list[Row], dict[str, Any]]:
    """All of it: rows of the runs, and the summary."""
    rows, activations = [], []
    for wrong in WORLDS:
        for seed in seeds:
            rows += one_seed(wrong, seed, steps)
            print(wrong, seed, [(r["measure"], r["strength"], round(r["test_top1"], 3)) for r in rows[-4:]], flush=True)
        activations += activation_rows(wrong, seeds, most)
    for row in activations:
        row["gap"] = row["train_top1"] - row["test_top1"]
    summary = {
        "measures": differences(rows, "test_top1", "plain"),
        "losses": differences(rows, "test_loss", "plain"),
        "activations": differences(activations, "test_top1", "ReLU") + differences(activations, "gap", "ReLU"),
        "tanh_by_start": differences(activations, "gap", "tanh"),
    }
    return rows + [row | {"study": "activations"} for row in activations], summary


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"steps": small.STEPS, "seeds": tuple(range(12)), "most": 3000}
    runs, summary = study(**how)
    record = make_record(
        STUDY,
        "cpu",
        parameters=how | {"command": "python -m helpers.pages.c04.study"},
        runs=runs,
        summary=summary,
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")
