"""Fine-tune two small networks at six learning rates each, and write the record that chapter 15 reads.

Xception-mini and ViT-mini, pre-trained alike on photographs without a dog, get a new head for 120 breeds and are tuned
in full: all layers at one rate, one pass over 60 photographs a breed of Stanford Dogs' training list at 64 px, in the
way of lab 08 (AdamW, batches of 32, warm-up, cosine). They are judged on 20 other photographs a breed of that same
list; the test list is not looked at. Rates, steps and seed were fixed before the first run.

    HELPERS_DATA=/folder/that/holds/stanford_dogs python scripts/sweep_rates.py

About 20 processor minutes on one core. A finished run is kept in the build folder, and not made again when the script
is started anew. Writes `results/cpu/15_rates.json`.
"""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from helpers.data import Dataset, load_dataset
from helpers.data.batches import Batches
from helpers.measure.accuracy import top1
from helpers.models import pretrained as pre
from helpers.records import build_folder, describe_data, make_record, project_root, write_atomically
from helpers.training import TrainingConfig, TrainingDiverged, fit, predict

MODELS = ("xception_mini", "vit_mini")
RATES = tuple(1e-4 * 4**k for k in range(6))  # 0.0001 to 0.1024: three decades
SEED, BATCH, PIXELS = 0, 32, 64
VALIDATION, KEPT = 0.2, 0.75  # of the training list; of the rest


def settings(model: str, rate: float) -> TrainingConfig:
    """As lab 08 trains, but for the rate and the length."""
    return TrainingConfig(
        epochs=1,
        learning_rate=rate,
        warmup_fraction=0.1,
        channels_last=pre.MODELS[model].family == "cnn",
        seed=SEED,
        progress=False,
    )


def one_run(ready: pre.Pretrained, rate: float, data: Dataset) -> dict[str, Any]:
    """Train once and judge on the validation photographs; a run that diverges counts as guessing one class always."""
    form = {"mean": ready.mean, "std": ready.std}
    train = Batches(data.train.images, data.train.labels, batch_size=BATCH, seed=SEED, **form)
    held = Batches(data.val.images, data.val.labels, batch_size=4 * BATCH, shuffle=False, augment=False, **form)
    begun, row = (
        time.process_time(),
        {"model": ready.name, "seed": SEED, "learning_rate": rate, "weights": ready.weights},
    )
    try:
        history = fit(ready.model, train, settings(ready.name, rate))
        answers = predict(ready.model, held).argmax(1)
        row |= {"diverged": False, "train_loss": history.epochs[-1].train_loss, "steps": history.steps}
    except TrainingDiverged as error:
        print(error)
        answers = np.zeros(len(data.val), dtype=int)
        row |= {"diverged": True}
    row |= {"val_top1": top1(answers, data.val.labels).as_dict()}
    return row | {"processor_s": round(time.process_time() - begun, 1)}


def resumed(model: str, rate: float, data: Dataset) -> dict[str, Any]:
    """The run as it was kept under these settings, data and weights, else a new one."""
    ready = pre.build_model(model, data.num_classes, weights="photographs", image_size=PIXELS, seed=SEED)
    known = {
        "config": asdict(settings(model, rate)),
        "data": data.fingerprint,
        "weights": ready.weights,
        "batch": BATCH,
    }
    path = build_folder() / "rates" / f"{model}-{rate:.4f}.json"
    if path.is_file() and (kept := json.loads(path.read_text(encoding="utf-8")))["known"] == known:
        return kept["run"]
    run = one_run(ready, rate, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"known": known, "run": run}))
    return run


def best(runs: list[dict[str, Any]], model: str) -> float:
    """The rate with the highest validation accuracy; of equals the lower."""
    own = [run for run in runs if run["model"] == model]
    return max(own, key=lambda run: (run["val_top1"]["value"], -run["learning_rate"]))["learning_rate"]


def main() -> None:
    torch.set_num_threads(1)
    started = datetime.now(UTC)
    data = load_dataset("stanford_dogs", image_size=PIXELS, val_fraction=VALIDATION, train_fraction=KEPT)
    runs = []
    for rate in RATES:
        for model in MODELS:
            runs.append(resumed(model, rate, data))
            print({key: runs[-1][key] for key in ("model", "learning_rate", "val_top1", "processor_s")}, flush=True)
    record = make_record(
        "15_rates",
        "cpu",
        parameters={
            "models": MODELS, "learning_rates": RATES, "batch_size": BATCH, "seed": SEED, "val_fraction": VALIDATION,
            "train_fraction": KEPT, "weights": "photographs", "image_size": PIXELS, "tuning": "full", "epochs": 1,
            "command": "python scripts/sweep_rates.py",
        },
        data=describe_data(data, dict.fromkeys(MODELS, PIXELS)),
        runs=runs,
        summary={
            "best_rate": {model: best(runs, model) for model in MODELS},
            "processor_s": sum(run["processor_s"] for run in runs),
        },
        started_at=started,
        script=Path(__file__),
    )  # fmt: skip
    root = project_root()
    assert root is not None
    path = root / "results" / "cpu" / "15_rates.json"
    write_atomically(path, record.model_dump_json(indent=None) + "\n")
    print(f"wrote {path.relative_to(root)}")


if __name__ == "__main__":
    main()
