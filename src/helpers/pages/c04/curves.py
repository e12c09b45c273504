"""Sick loss curves, each given on purpose in three doses, and what warm-up and cosine are worth at four rates.

`python -m helpers.pages.c04.curves` records what the page shows. A patient is the small network of the page on the
digits of five hands; exactly one thing is wrong with it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.measure.accuracy import over_seeds
from helpers.pages.c04 import small
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path
from helpers.training.schedules import cosine_with_warmup

STUDY = "04_curves"  # the record
STEPS, EVERY, COUNT = 300, 12, 600
RATES = (0.001, 0.004, 0.016, 0.064)
SCHEDULES = {"constant": (False, False), "warm-up": (True, False), "cosine": (False, True), "both": (True, True)}
WARMUP = 30  # steps


@dataclass(frozen=True)
class Patient:
    """What may be wrong: the defaults are a healthy training."""

    count: int = COUNT
    wrong: float = 0.0
    rate: float = small.RATE
    scale: tuple[float, float] = (0.0, 1.0)  # added to the inputs, then times
    init: float = 1.0  # times the weights of the start
    bias: float = 0.0  # of the hidden units at the start
    eval_batch: int = 0  # evaluated in train mode, in batches of so many; 0: in evaluation mode
    layers: dict[str, Any] = field(default_factory=dict)


TRAINED = {"norm": True, "dropout": 0.5}
DISEASES: dict[str, list[tuple[str, Patient]]] = {  # in three doses
    "healthy": [(f"rate {rate}", Patient(rate=rate)) for rate in (0.001, 0.002, 0.004)],
    "rate too high": [(f"rate {rate}", Patient(rate=rate)) for rate in (0.1, 0.3, 1.0)],
    "rate too low": [(f"rate {rate:f}".rstrip("0"), Patient(rate=rate)) for rate in (0.0001, 0.00003, 0.00001)],
    "bad start": [(f"weights × {times}", Patient(init=times)) for times in (2, 4, 8)],
    "dead units": [(f"biases at {bias}", Patient(bias=bias)) for bias in (-1, -1.5, -4)],
    "over-fitting": [(f"{count} digits", Patient(count=count)) for count in (100, 50, 25)],
    "labels shuffled": [(f"{share:.0%} wrong", Patient(wrong=share)) for share in (0.3, 0.6, 0.9)],
    "normalisation forgotten": [
        (f"pixels 0 to {top}", Patient(scale=(1.0, top / 2))) for top in (16, 255, 65535)
    ],
    "evaluated in train mode": [
        (f"batches of {size}", Patient(eval_batch=size, layers=TRAINED)) for size in (50, 10, 3)
    ],
}  # fmt: skip


def spoiled(patient: Patient, seed: int) -> nn.Sequential:
    """The network of a patient before its first step."""
    model = small.network(seed, **patient.layers)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer in layers:
            layer.weight.mul_(patient.init)
        for layer in layers[:-1]:
            layer.bias.add_(patient.bias)
    return model


@torch.no_grad()
def looked_at(model: nn.Module, images: Tensor, labels: Tensor, batch: int = 0) -> tuple[float, float]:
    """Loss and share right; with a batch size, as one sees them who forgot `eval()`, an incomplete batch left out."""
    model.train(bool(batch))
    parts = [part for part in images.split(batch or len(images)) if len(part) >= batch]
    logits = torch.cat([model(part) for part in parts])
    labels = labels[: len(logits)]
    return float(F.cross_entropy(logits, labels)), float((logits.argmax(1) == labels).float().mean())


@torch.no_grad()
def silent_units(model: nn.Sequential, images: Tensor) -> float:
    """Share of hidden units that no image wakes."""
    woken, x = [], images
    for layer in model.eval():
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            woken.append((x > 0).any(0))
    return 1 - float(torch.cat(woken).float().mean())


def observe(patient: Patient, seed: int = 0, steps: int = STEPS) -> dict[str, Any]:
    """Train a patient: `steps`, `train` and `val` losses as powers of ten, and what else one would measure.

    Losses are kept between 1e-4 and 1e6; one that is no number any more counts as 1e6.
    """
    data, model = small.draw(seed, patient.count, patient.wrong), spoiled(patient, seed)
    added, times = patient.scale
    images, val = ((part + added) * times for part in (data.images, data.val_images))
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=patient.rate, weight_decay=0.0)
    seen: list[tuple[int, tuple[float, float], tuple[float, float]]] = []
    for step in range(steps + 1):
        if step % EVERY == 0:
            sides = ((images, data.given), (val, data.val_labels))
            now = [looked_at(model, *side, batch=patient.eval_batch) for side in sides]
            seen.append((step, now[0], now[1]))
        if step == steps:
            break
        model.train()
        rows = torch.randint(0, len(data.given), (small.BATCH,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(model(images[rows]), data.given[rows]).backward()
        optimizer.step()
    again = looked_at(model, val, data.val_labels, batch=patient.eval_batch)[0]
    logs = [[_log10(losses[side][0]) for losses in seen] for side in (1, 2)]  # type: ignore[index]
    last = seen[-1]
    return {
        "steps": [one[0] for one in seen],
        "train": logs[0],
        "val": logs[1],
        "train_top1": last[1][1],
        "val_top1": last[2][1],
        "inputs": [float(images.min()), float(images.max())],
        "ends": [last[1][0], last[2][0], again],
        "silent": silent_units(model, images),
    }


def _log10(loss: float) -> float:
    return round(math.log10(min(max(loss, 1e-4), 1e6)) if math.isfinite(loss) else 6.0, 2)


def scheduled(rate: float, schedule: str, seed: int, steps: int = STEPS) -> float:
    """Test accuracy of a network of eight hidden layers after a training with a schedule."""
    data, model = small.draw(seed, 300), small.network(seed, width=64, depth=8)
    warm, cool = SCHEDULES[schedule]
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0, fused=True)
    for step in range(steps):
        factor = cosine_with_warmup(step, steps, WARMUP if warm else 0)
        if step < WARMUP and warm:
            factor = (step + 1) / WARMUP
        elif not cool:
            factor = 1.0
        optimizer.param_groups[0]["lr"] = rate * factor
        rows = torch.randint(0, len(data.given), (small.BATCH,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(model(data.images[rows]), data.given[rows]).backward()
        optimizer.step()
    return float(small.asked(model, data.test_images, data.test_labels)[1].float().mean())


def study(seeds: Sequence[int], rates: Sequence[float], steps: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All of it: rows of the scheduled runs, and the summary with the patients."""
    patients = [
        {"disease": disease, "dose": dose} | observe(patient, steps=steps)
        for disease, doses in DISEASES.items()
        for dose, patient in doses
    ]
    rows: list[dict[str, Any]] = [
        {"rate": rate, "schedule": schedule, "seed": seed, "test_top1": scheduled(rate, schedule, seed, steps)}
        for rate, schedule, seed in product(rates, SCHEDULES, seeds)
    ]
    at = {(row["rate"], row["schedule"], row["seed"]): row["test_top1"] for row in rows}
    points = [
        {"rate": rate, "schedule": schedule} | over_seeds([at[rate, schedule, seed] for seed in seeds]).as_dict()
        for rate, schedule in product(rates, SCHEDULES)
    ]
    gaps = [
        {"rate": rate, "schedule": schedule}
        | over_seeds([at[rate, schedule, seed] - at[rate, "constant", seed] for seed in seeds]).as_dict()
        for rate, schedule in product(rates, SCHEDULES)
        if schedule != "constant"
    ]
    return rows, {"patients": patients, "schedules": points, "against_constant": gaps}


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"seeds": tuple(range(8)), "rates": RATES, "steps": STEPS}
    runs, summary = study(**how)
    record = make_record(
        STUDY,
        "cpu",
        parameters=how | {"command": "python -m helpers.pages.c04.curves"},
        runs=runs,
        summary=summary,
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")
