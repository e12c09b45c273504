"""What a sweep costs: seconds that Ray adds to a task, and how much of two cores two tasks at a time use.

    python benchmarks/sweep.py [--tasks 4] [--seconds 60] [--short 6]

A made-up lab multiplies matrices in one thread, the same work for each task. Short tasks, one at a time, by plain
papermill and by a sweep: the difference is what Ray adds (wanted: at most 2 s a task). Then long tasks, in turn and two
at a time: efficiency is the time in turn over twice the time of the sweep (wanted: at least 0.85). Ray's own start is
not counted. Only on a quiet machine do the numbers mean anything.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from helpers.records.runs import run_lab
from helpers.sweep.cluster import connected, run_all
from helpers.sweep.grid import Grid, Task

LAB = "01_work"
PARAMETERS = """# Parameters of this lab
edition: str = "cpu"
rounds: int = 1  # of multiplication
task: int = 1  # its number
"""
WORK = """
from datetime import UTC, datetime

import numpy as np

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
    """Of the lab's work, in this process, by one thread."""
    matrix = np.random.default_rng(0).normal(size=(256, 256)) / 16
    product, count, start = np.eye(256), 0, time.perf_counter()
    while (took := time.perf_counter() - start) < 2:
        product = matrix @ product
        product /= np.abs(product).max()
        count += 1
    return count / took


def in_turn(tasks: list[Task], log: Path) -> float:
    """Seconds of the tasks by plain papermill, one after the other."""
    start = time.perf_counter()
    with log.open("a") as output:
        for task in tasks:
            run_lab(task.lab, task.edition, ["-y", json.dumps(task.parameters)], output=output)
    return time.perf_counter() - start


def by_sweep(ray: object, tasks: list[Task], root: Path, jobs: int) -> float:
    """Seconds of the tasks on a Ray that runs already."""
    start = time.perf_counter()
    for task, result in run_all(ray, tasks, root, jobs, cpus=1, gpus=0):
        if result.state != "done":
            raise RuntimeError(f"{task.name}: {result.error}")
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=4, help="long ones, an even number")
    parser.add_argument("--seconds", type=float, default=60, help="of work of a long one")
    parser.add_argument("--short", type=int, default=6, help="short ones")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # of the kernels; this process calibrates with whatever it has
    rate = rounds_per_second()
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        root, log = Path(folder).resolve(), Path(folder) / "log"
        make_course(root)
        os.chdir(root)

        def tasks_of(count: int, rounds: int, name: str) -> list[Task]:
            vary = {"rounds": [rounds], "task": list(range(1, count + 1))}
            return Grid(lab=LAB, edition="cpu", vary=vary).tasks(root, root / "_build" / name)

        long = round(rate * options.seconds)
        one = in_turn(tasks_of(options.short, 1, "plain"), log)
        turn = in_turn(tasks_of(options.tasks, long, "turn"), log)
        start = time.perf_counter()
        with connected("local", 2, 0) as ray:
            started = time.perf_counter() - start
            swept = by_sweep(ray, tasks_of(options.short, 1, "short"), root, 1)
            two = by_sweep(ray, tasks_of(options.tasks, long, "long"), root, 2)
        os.chdir("/")
    print(f"Ray's start: {started:.1f} s, not counted below; load {os.getloadavg()[0]:.1f}")
    print(f"{options.short} short tasks, one at a time: papermill {one:.1f} s, sweep {swept:.1f} s: ", end="")
    print(f"{(swept - one) / options.short:+.2f} s a task (wanted: at most 2)")
    print(
        f"{options.tasks} tasks of {turn / options.tasks:.0f} s: in turn {turn:.1f} s, two at a time {two:.1f} s: ",
        end="",
    )
    print(f"{turn / two / 2:.2f} of two cores (wanted: at least 0.85)")


if __name__ == "__main__":
    main()
