"""What is killed, and what two do at once; `killing.py` says what an activity is.

Each is an ordinary call of the course. What is made up is said: papermill, Ray and the network.
"""

import csv
import hashlib
import io
import json
import os
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import torch._dynamo  # AdamW imports it in its first step, for seconds, which no trial shall spend
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from helpers import records
from helpers.data import cache as cache_module
from helpers.data import fetching
from helpers.data.augment import Augmentation
from helpers.data.batches import Batches
from helpers.data.decode import decode_image
from helpers.data.registry import REGISTRY, RemoteFile, Source
from helpers.records import runs as runs_module
from helpers.records import writing
from helpers.sweep import __main__ as driver
from helpers.sweep import task as task_module
from helpers.training import TrainingConfig, checkpoints, features, fit

torch.set_num_threads(1)
Image.init()
LOOK = {"mean": (0.5, 0.4, 0.3), "std": (0.25, 0.2, 0.3)}


def hash_of(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def hashes(folder: Path, *suffixes: str) -> dict[str, str]:
    """The hash of each file with a final name."""
    return {path.name: hash_of(path.read_bytes()) for path in sorted(folder.iterdir()) if path.suffix in suffixes}


class Activity:
    """By default there is nothing to prepare, and nothing of a killed run may stay."""

    MAY_STAY: frozenset[str] = frozenset()

    @staticmethod
    def prepare(folder: Path) -> None:
        pass


class Training(Activity):
    """Eight updates of a small network on augmented pictures, with a checkpoint after each."""

    @staticmethod
    def run(folder: Path, broken: bool = False) -> Any:
        if broken:  # a restart that forgets AdamW's moments
            checkpoints._restore_optimizer = lambda *_: None
        images = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
        batches = Batches(images, np.arange(24) % 3, batch_size=6, seed=1, **LOOK)
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(144, 3)
        )
        config = TrainingConfig(epochs=2, learning_rate=3e-3, checkpoint_every_s=1e-9, progress=False)
        history = fit(model, batches, config, checkpoint_dir=folder)
        numbers = [[row.step, row.train_loss, row.train_accuracy, row.learning_rate] for row in history.epochs]
        return {"weights": hash_of(*(t.numpy().tobytes() for t in model.state_dict().values())), "epochs": numbers}

    @staticmethod
    def whole(folder: Path, answer: Any) -> None:
        for path in folder.glob("epoch-*[0-9]"):
            state = json.loads((path / "state.json").read_text())
            assert path.name.endswith(f"step-{state['state']['history']['steps']:08d}")
            for name, size in state["files"].items():
                assert (path / name).stat().st_size == size, f"half a file: {path / name}"
                load_file(path / name)


class Cache(Activity):
    """Sixty pictures, of which two are broken and left out, decoded by two threads."""

    @staticmethod
    def run(folder: Path, log: str | None = None, pause_s: float = 0.0) -> Any:
        def decode(data: bytes, size: int, box: Any) -> np.ndarray:
            if log is not None:
                with open(log, "a") as file:
                    file.write("d")
            time.sleep(pause_s)
            return decode_image(data, size, box)

        picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
        picture.save(file := io.BytesIO(), "JPEG", quality=90)
        items = [(f"{i}.jpg", file.getvalue(), (i % 8, i // 8, 40 + i % 8, 40 + i // 8)) for i in range(60)]
        items[7] = ("cut.jpg", file.getvalue()[:500], None)
        items[40] = ("empty.jpg", b"", None)
        told = {"size": 24, "key": "k", "folder": folder, "on_broken": "skip", "workers": 2, "progress": False}
        found = cache_module.build_cache(items, decode, **told)
        return {
            "pixels": hash_of(found.images.tobytes()),
            "kept": found.kept.tolist(),
            **hashes(folder, ".npy", ".json"),
        }

    @staticmethod
    def whole(folder: Path, answer: Any) -> None:
        for name, digest in hashes(folder, ".npy", ".json").items():
            assert answer[name] == digest, f"half a file: {name}"


class Features(Activity):
    """What a layer that is not trained says of two augmented views of 48 pictures."""

    @staticmethod
    def run(folder: Path, broken: str | None = None, log: str | None = None) -> Any:
        if broken:
            features._write = {"not atomic": _slowly_in_place, "litters": _under_its_own_name}[broken]
        images = np.random.default_rng(0).integers(0, 256, (48, 8, 8, 3), dtype=np.uint8)
        augment = Augmentation()
        batches = Batches(images, np.zeros(48, int), batch_size=8, shuffle=False, augment=augment, seed=1, **LOOK)
        weights = torch.randn(192, 2048, generator=torch.Generator().manual_seed(0))

        def backbone(seen: torch.Tensor) -> torch.Tensor:
            if log is not None:
                with open(log, "a") as file:
                    file.write("b")
            return seen.flatten(1) @ weights

        found = features.frozen_features(backbone, batches, weights="w", folder=folder, views=2, progress=False)
        return {"features": hash_of(found.tobytes()), **hashes(folder, ".npy")}

    @staticmethod
    def whole(folder: Path, answer: Any) -> None:
        for name, digest in hashes(folder, ".npy").items():
            assert answer[name] == digest, f"half a file: {name}"


def _slowly_in_place(path: Path, found: np.ndarray) -> None:
    np.save(file := io.BytesIO(), found)
    with path.open("wb", buffering=0) as out:
        for part in np.array_split(np.frombuffer(file.getvalue(), np.uint8), 20):
            out.write(part.tobytes())
            time.sleep(0.02)


def _under_its_own_name(path: Path, found: np.ndarray) -> None:
    beside = path.with_name(f"{os.getpid()}.part")
    with beside.open("wb") as file:
        np.save(file, found)
        time.sleep(0.4)
    beside.replace(path)


class Download(Activity):
    """A file from a server on this machine that is slow."""

    @staticmethod
    def run(folder: Path, url: str, sha256: str, size: int) -> Any:
        file = RemoteFile("toy.tar", size, sha256, (url,))
        REGISTRY["toy"] = Source("toy", (file,), "ours", "nobody", "nobody2026", "http://toy.invalid")
        os.environ["HELPERS_CACHE"] = str(folder)
        os.environ.pop("HELPERS_DATA", None)
        found = fetching.fetch("toy", "toy.tar", progress=False)
        return {"toy.tar": hash_of(found.path.read_bytes()), "sha256": sha256, "provenance": found.provenance()}

    @staticmethod
    def whole(folder: Path, answer: Any) -> None:
        for path in folder.rglob("toy.tar"):
            if path.parent.name == "toy":
                assert hash_of(path.read_bytes()) == answer["toy.tar"], f"half a file: {path}"


# --- a course of one lab, whose papermill is made up: it writes what papermill would, from this process --------------

LAB, LABS = "01_tiny", ("01_tiny", "02_tiny")
PARAMETERS = """# Parameters of this lab
seeds: int = 2
epochs: int = 2
piece = None
"""
NOTEBOOK = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5}
CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "id": "c", "execution_count": None}
CUT_OFF = {"<run>/running.ipynb", "<run>/failed.ipynb", "<run>/record.json"}  # how far a run came that was killed


def make_course(root: Path) -> None:
    for edition in ("cpu", "gpu"):
        (root / "labs" / "editions" / edition).mkdir(parents=True)
        for lab in LABS:
            (root / "labs" / "editions" / edition / f"{lab}.yaml").write_text("seeds: 2\n")
    (root / "src" / "helpers").mkdir(parents=True)
    (root / "src" / "helpers" / "__init__.py").write_text("")
    (root / "_toc.yml").write_text("root: intro\n")
    cells = [CELL | {"source": PARAMETERS}, CELL | {"source": "train()"}]
    for lab in LABS:
        (root / "labs" / f"{lab}.ipynb").write_text(json.dumps({"cells": cells, **NOTEBOOK}))
    (root / "grid.yaml").write_text(json.dumps({"lab": LAB, "edition": "cpu", "pieces": [[["a", "b", "c"]]]}))


def papermill(command: list[str], cwd: Path, env: dict[str, str], **_: Any) -> SimpleNamespace:
    """The lab's run: it trains its pieces with checkpoints, writes its record, and leaves its notebook."""
    os.environ.update(env)
    (source,) = [word for word in command if word.startswith("labs/") and word.endswith(".ipynb")]
    lab, edition, out = Path(source).stem, Path(command[command.index("-f") + 1]).parent.name, command.index(source) + 1
    started_at, out = datetime.now(UTC), Path(command[out])
    given = json.loads(command[command.index("-y") + 1]) if "-y" in command else {}
    parameters = {"seeds": 2, "epochs": 2, "piece": None} | given
    out.write_text(json.dumps({"cells": [CELL | {"source": PARAMETERS}], **NOTEBOOK}))
    rows = []
    for name in records.choose_pieces(parameters["piece"], ["a", "b", "c"]):
        answer = Training.run(records.checkpoint_folder(lab, edition) / name)
        rows.append({"seed": 0, "piece": name, "loss": answer["epochs"][-1][1], "weights": answer["weights"]})
    if parameters["piece"] == "gathered":
        rows = records.gathered_runs(lab, edition, parameters, None, ["a", "b", "c"])
    records.write_record(lab, edition, parameters=parameters, runs=rows, summary={}, started_at=started_at)
    said = {"output_type": "stream", "name": "stdout", "text": json.dumps(rows)}
    out.write_text(json.dumps({"cells": [CELL | {"source": "train()", "outputs": [said]}], **NOTEBOOK}))
    return SimpleNamespace(returncode=0)


def enter(root: Path) -> None:
    """The course as the working folder, its papermill, and no time for what a record says of code."""
    os.chdir(root)
    for name in ("HELPERS_BUILD", "HELPERS_RUN"):
        os.environ.pop(name, None)
    runs_module.subprocess = SimpleNamespace(run=papermill, STDOUT=None)
    writing.running_source_sha256 = lambda: records.notebook_sha256(root / "labs" / f"{LAB}.ipynb")
    writing.used_modules = dict
    task_module.GRACE_S = 0.0  # there is no kernel that outlives its papermill


def records_are_whole(root: Path) -> None:
    """Every record is valid, every notebook can be read, and those of a finished run belong together."""
    for path in [*root.rglob("runs/*/*/*/record.json"), *root.glob("results/*/*.json")]:
        records.Record.model_validate_json(path.read_text())
    for path in [*root.rglob("notebook.ipynb"), *root.glob("results/*/*.ipynb")]:
        json.loads(path.read_text())
    for runs in root.rglob("runs/*/0*_tiny"):
        runs_module.finished_runs(runs)
        runs_module.finished_pieces(runs)


class Recording(Activity):
    """`make lab` and `make record`: the lab's run, its record and notebook, and their copies in `results/`."""

    MAY_STAY = frozenset(f"_build/runs/cpu/{LAB}/{name}" for name in CUT_OFF)
    prepare = staticmethod(make_course)

    @staticmethod
    def run(folder: Path, lab: str = LAB, edition: str = "cpu") -> Any:
        enter(folder)
        run = runs_module.run_lab(lab, edition)
        kept = records.record_run(lab, edition, run=run.name)
        found = runs_module.read_run(kept.with_suffix(".ipynb"), kept)
        return {"rows": found.record.runs, "cells": found.notebook()["cells"]}

    @staticmethod
    def whole(folder: Path, answer: Any) -> None:
        records_are_whole(folder)


class Sweeping(Activity):
    """`make sweep` of three pieces and their gathering; Ray is made up, it runs a task when it is asked for it."""

    MAY_STAY = frozenset(f"_build/sweeps/grid/runs/cpu/{LAB}/{name}" for name in CUT_OFF)
    prepare = staticmethod(make_course)

    @staticmethod
    def run(folder: Path) -> Any:
        enter(folder)
        driver.connected = lambda *_: nullcontext()
        driver.run_all = lambda ray, tasks, root, jobs, cpus, gpus: (
            (task, driver.TaskResult.model_validate(task_module.run_task(task.model_dump(), str(root), {})))
            for task in tasks
        )
        assert driver.main([str(folder / "grid.yaml")]) == 0
        sweep = json.loads((folder / "_build" / "sweeps" / "grid" / "sweep.json").read_text())
        gathered = folder / "_build" / "sweeps" / "grid" / "runs" / "cpu" / LAB / sweep["gathered"][0]
        record = records.Record.model_validate_json((gathered / "record.json").read_text())
        table = list(csv.DictReader((folder / "_build" / "sweeps" / "grid" / "table.csv").open()))
        rows = [{name: value for name, value in row.items() if name != "run_id"} for row in table]
        return {"table": rows, "states": [one["state"] for one in sweep["tasks"]], "rows": record.runs}

    @staticmethod
    def whole(folder: Path, answer: Any) -> None:
        records_are_whole(folder)
        for path in [*folder.rglob("tasks/*.json"), *folder.rglob("sweep.json")]:
            json.loads(path.read_text())
        for path in folder.rglob("table.csv"):
            assert len(path.read_text().splitlines()) == 4, f"half a file: {path}"
