"""What a sweep costs: seconds that Ray adds to a task, and how much of two cores two tasks at a time use.

    python benchmarks/sweep.py [--tasks 4] [--seconds 60] [--short 6]
    python benchmarks/sweep.py --record         # the same, and writes 18_sweep of results/cpu, which chapter 18 reads

A made-up lab imports what labs import and multiplies matrices in one thread, the same work for each task. Short tasks,
one at a time, by plain papermill and by a sweep: the difference is what Ray adds (wanted: at most 2 s a task). Then
long tasks, in turn and two at a time: efficiency is the time in turn over twice the time of the sweep (wanted: at least
0.85). Ray's own start is not counted. Of these seconds of the clock only those of a quiet machine mean anything; the
processor seconds that a short task needs in plain papermill, and the bytes of a checkpoint, stand on any.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from helpers.measure.cost import count_parameters
from helpers.models.pretrained import build_model
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path
from helpers.records.runs import run_lab
from helpers.sweep.cluster import connected, run_all
from helpers.sweep.grid import Grid, Task
from helpers.training import TrainingConfig, fit

STUDY, LAB = "18_sweep", "01_work"
SMALL = ("xception_mini", "vit_mini")
PARAMETERS = """# Parameters of this lab
edition: str = "cpu"
rounds: int = 1  # of multiplication
task: int = 1  # its number
"""
WORK = """
from datetime import UTC, datetime

import numpy as np

import helpers.training
from helpers.data import load_dataset
from helpers.models.pretrained import build_model
from helpers.records import write_record

started_at, matrix = datetime.now(UTC), np.random.default_rng(0).normal(size=(256, 256)) / 16
product = np.eye(256)
for _ in range(rounds):
    product = matrix @ product
    product /= np.abs(product).max()
told = {"edition": edition, "rounds": rounds, "task": task}
rows = [{"seed": task, "trace": float(product.trace())}]
write_record("01_work", edition, parameters=told, runs=rows, summary={}, started_at=started_at)
"""


def make_course(root: Path) -> None:
    """A course's folder with the one lab."""
    (root / "labs" / "editions" / "cpu").mkdir(parents=True)
    (root / "labs" / "editions" / "cpu" / f"{LAB}.yaml").write_text("edition: cpu\n")
    (root / "_toc.yml").write_text("root: intro\n")
    cells = []
    for number, source in enumerate((PARAMETERS, WORK)):
        metadata = {"tags": ["parameters"]} if source is PARAMETERS else {}
        cell = {"cell_type": "code", "id": f"c{number}", "metadata": metadata, "source": source}
        cells.append(cell | {"outputs": [], "execution_count": None})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (root / "labs" / f"{LAB}.ipynb").write_text(json.dumps(notebook))


def rounds_per_second() -> float:
    """Of the lab's work, in this process, by one thread; processor seconds."""
    matrix = np.random.default_rng(0).normal(size=(256, 256)) / 16
    product, count, start = np.eye(256), 0, time.process_time()
    while (took := time.process_time() - start) < 2:
        product = matrix @ product
        product /= np.abs(product).max()
        count += 1
    return count / took


def in_turn(tasks: list[Task], log: Path) -> list[dict[str, float]]:
    """Of each task by plain papermill, one after the other: seconds, and processor seconds of all its processes."""
    rows = []
    with log.open("a") as output:
        for task in tasks:
            start, before = time.perf_counter(), _processor_s()
            run_lab(task.lab, task.edition, ["-y", json.dumps(task.parameters)], output=output)
            rows.append({"wall_s": time.perf_counter() - start, "processor_s": _processor_s() - before})
    return rows


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by_sweep(ray: object, tasks: list[Task], root: Path, jobs: int) -> tuple[float, list[dict[str, float]]]:
    """Seconds of all tasks on a Ray that runs already, and of each."""
    start, rows = time.perf_counter(), []
    for task, result in run_all(ray, tasks, root, jobs, cpus=1, gpus=0):
        if result.state != "done":
            raise RuntimeError(f"{task.name}: {result.error}")
        rows.append({"wall_s": result.wall_s})
    return time.perf_counter() - start, rows


def checkpoints(folder: Path) -> dict[str, dict[str, int]]:
    """Model -> its parameters and the bytes of a checkpoint: weights, the optimiser's state and the rest."""

    class Noise:
        images, labels, fingerprint = torch.zeros(2, 3, 64, 64), torch.arange(2), "noise"

        def __len__(self) -> int:
            return 1

        def epoch(self, epoch: int, start: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
            return [(self.images, self.labels)][start:]

    found = {}
    for name in SMALL:
        model = build_model(name, 120, weights="none", image_size=64).model
        fit(model, Noise(), TrainingConfig(epochs=1, seed=0, progress=False), checkpoint_dir=folder / name)
        size = sum(path.stat().st_size for path in (folder / name).glob("epoch-*/*"))
        found[name] = {"parameters": count_parameters(model)["total"], "bytes": size}
    return found


def measured(options: argparse.Namespace, root: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of all tasks and what follows from them; the working folder is the made-up course."""
    rate, log = rounds_per_second(), root / "log"

    def tasks_of(count: int, rounds: int, name: str) -> list[Task]:
        vary = {"rounds": [rounds], "task": list(range(1, count + 1))}
        return Grid(lab=LAB, edition="cpu", vary=vary).tasks(root, root / "_build" / name)

    long = round(rate * options.seconds)
    arms = {"papermill, short": in_turn(tasks_of(options.short, 1, "plain"), log)}
    arms["papermill, long"] = in_turn(tasks_of(options.tasks, long, "turn"), log)
    start = time.perf_counter()
    with connected("local", 2, 0) as ray:
        started = time.perf_counter() - start
        swept, arms["sweep, short"] = by_sweep(ray, tasks_of(options.short, 1, "short"), root, 1)
        two, arms["sweep, long, two at a time"] = by_sweep(ray, tasks_of(options.tasks, long, "long"), root, 2)
    one, turn = (sum(row["wall_s"] for row in arms[f"papermill, {which}"]) for which in ("short", "long"))
    rows = [{"arm": arm, "seed": k} | row for arm, found in arms.items() for k, row in enumerate(found, 1)]
    return rows, {
        "ray_start_s": started,
        "added_s": (swept - one) / options.short,
        "of_two_cores": turn / two / 2,
        "long_s": turn / options.tasks,
        "start_processor_s": median(row["processor_s"] for row in arms["papermill, short"]),
        "load": os.getloadavg()[0],
        "checkpoints": checkpoints(root / "checkpoints"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=4, help="long ones, an even number")
    parser.add_argument("--seconds", type=float, default=60, help="of work of a long one")
    parser.add_argument("--short", type=int, default=6, help="short ones")
    parser.add_argument("--record", action="store_true", help="write the record of chapter 18")
    options = parser.parse_args()
    os.environ |= {
        "OMP_NUM_THREADS": "1",
        "RAY_worker_niceness": "0",
    }  # by itself Ray lets its tasks give way to others
    began, here, course = datetime.now(UTC), Path.cwd(), project_root()
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        root = Path(folder).resolve()
        make_course(root)
        os.chdir(root)
        try:
            rows, found = measured(options, root)
        finally:
            os.chdir(here)
    print(f"Ray's start: {found['ray_start_s']:.1f} s, not counted below; load {found['load']:.1f}")
    print(f"{options.short} short tasks: {found['start_processor_s']:.1f} processor s each by papermill; ", end="")
    print(f"the sweep adds {found['added_s']:+.2f} s a task (wanted: at most 2)")
    print(f"{options.tasks} tasks of {found['long_s']:.0f} s, two at a time: ", end="")
    print(f"{found['of_two_cores']:.2f} of two cores (wanted: at least 0.85)")
    print("; ".join(f"{name}: a checkpoint of {one['bytes']:,} bytes" for name, one in found["checkpoints"].items()))
    if options.record and course is not None:
        told = {"tasks": options.tasks, "seconds": options.seconds, "short": options.short}
        told["command"] = "python benchmarks/sweep.py"
        record = make_record(
            STUDY, "cpu", parameters=told, runs=rows, summary=found, started_at=began, script=Path(__file__)
        )
        write_atomically(result_path(course, STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")


if __name__ == "__main__":
    main()
