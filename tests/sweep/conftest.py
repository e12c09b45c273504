"""A made-up course with one lab that takes seconds: it trains a layer on noise, in six pieces, and writes a record."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAB = "01_tiny"
IMPORTS = """
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Optional

import numpy as np
import torch

from helpers.parameters import lab_parameters
from helpers.records import checkpoint_folder, choose_pieces, gathered_runs, write_record
from helpers.training import TrainingConfig, fit, process_state
"""
PARAMETERS = """# Parameters of this lab
edition: str = "cpu"
seeds: int = 6
epochs: int = 3
gates: Optional[str] = None  # a folder: the second pass ends when the file of its seed lies there
fails: bool = False
piece: Optional[str] = None
"""
RUN = """
LAB, started_at = "01_tiny", datetime.now(UTC)
parameters = lab_parameters(globals())
globals().update(parameters)
grid = {str(seed): seed for seed in range(seeds)}
todo = [grid[name] for name in choose_pieces(piece, list(grid))]


class Noise:
    "Four batches of noise, in another order in every pass."

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.images, self.labels = torch.tensor(rng.normal(size=(32, 8)).astype("float32")), torch.arange(32) % 2
        self.fingerprint = f"noise {seed}"
        self.rank, self.world_size = process_state().process_index, process_state().num_processes

    def __len__(self):
        return 4

    def epoch(self, epoch, start=0):
        order = np.random.default_rng(epoch).permutation(32).reshape(4, 8)[:, self.rank :: self.world_size]
        return ((self.images[rows], self.labels[rows]) for rows in order[start:])


runs = []
for seed in todo:
    folder = checkpoint_folder(LAB, edition) / str(seed)

    def wait(model):
        since = time.monotonic()
        while gates and list(folder.glob("epoch-0001-*")) and not (Path(gates) / str(seed)).exists():
            if time.monotonic() - since > 300:
                raise TimeoutError(f"nobody opened the gate {seed}")
            time.sleep(0.05)
        return {}

    wait.fingerprint = "it only waits"
    if fails:
        raise ArithmeticError(f"the lab fails for seed {seed}")
    torch.manual_seed(seed)
    model = torch.nn.Linear(8, 2)
    config = TrainingConfig(epochs=epochs, learning_rate=0.01, seed=seed, progress=False)
    history = fit(model, Noise(seed), config, evaluate=wait, checkpoint_dir=folder)
    runs.append({"seed": seed, "loss": [row.train_loss for row in history.epochs], "norm": model.weight.norm().item()})
    runs[-1]["resumed_from_step"] = history.resumed_from_step
if not todo:
    runs = gathered_runs(LAB, edition, parameters, None, list(grid))
"""
RECORD = """
if process_state().process_index == 0:
    path = write_record(LAB, edition, parameters=parameters, runs=runs, summary={}, started_at=started_at)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """The made-up course's folder; it has the package of this one."""
    root = tmp_path_factory.mktemp("course")
    (root / "labs" / "editions" / "cpu").mkdir(parents=True)
    (root / "labs" / "grids").mkdir()
    (root / "src").symlink_to(ROOT / "src")
    (root / "_toc.yml").write_text("root: intro\n")
    (root / "labs" / "editions" / "cpu" / f"{LAB}.yaml").write_text("edition: cpu\n")
    cells = []
    for number, source in enumerate((IMPORTS, PARAMETERS, RUN, RECORD)):
        metadata = {"tags": ["parameters"]} if source is PARAMETERS else {}
        cells.append({"cell_type": "code", "id": f"c{number}", "metadata": metadata, "source": source, "outputs": []})
        cells[-1]["execution_count"] = None
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (root / "labs" / f"{LAB}.ipynb").write_text(
        json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    )
    return root


@pytest.fixture(scope="module")
def write_grid(course) -> Callable[..., Path]:
    """Writes a grid of the lab into the course; returns its file."""

    def write(name: str, **fields) -> Path:
        path = course / "labs" / "grids" / f"{name}.yaml"
        path.write_text(json.dumps({"lab": LAB, "edition": "cpu"} | fields))  # JSON is YAML
        return path

    return write


@pytest.fixture(scope="module")
def start(course) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts `python -m helpers.<module>` in the course, its output in one stream; none outlives the tests."""
    begun = []

    def begin(module: str, *arguments, **environment) -> subprocess.Popen:
        told = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")} | environment
        command = [sys.executable, "-m", f"helpers.{module}", *map(str, arguments)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        begun.append(subprocess.Popen(command, cwd=course, env=told, **streams))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Waits for a condition; with what it waits for in words, should it not come."""

    def wait(condition: Callable[[], object], what: str, limit_s: float = 600) -> None:
        since = time.monotonic()
        while not condition():
            assert time.monotonic() - since < limit_s, f"waited {limit_s} s for: {what}"
            time.sleep(0.1)

    return wait
