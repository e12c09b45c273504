"""Broken records and folders of runs work or are refused by name, with a way out."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from helpers.records import Record, best_record, finished_runs, notebook_sha256, read_record, record_run
from helpers.records.__main__ import stale
from helpers.records.compare import beside_the_recorded
from helpers.records.pieces import agreeing_pieces
from helpers.sweep.grid import Task
from helpers.sweep.task import TaskResult, done_before, read_result

spec = spec_from_file_location("broken", Path(__file__).with_name("broken.py"))
broken = sys.modules["broken"] = module_from_spec(spec)
spec.loader.exec_module(broken)
tries = broken.tries

LAB, RUN = "01_tiny", "20261121T020300-00000a"
OWN = "# Parameters of this lab\nseeds: int = 2\npiece: Optional[str] = None\n"


def record(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "breeds", "fingerprint": "a" * 64, "n_train": 10, "n_val": 2, "n_test": 5, "num_classes": 2,
        "image_size": {"m": 64}, "terms": "drawn", "local_variant": False, "skipped": 0, "provenance": {"files": []},
    }  # fmt: skip
    return {
        "lab": LAB, "edition": "cpu", "run_id": RUN, "parameters": {"seeds": 2, "piece": None}, "data": data,
        "runs": [{"seed": 0, "model": "vit", "test_top1": 0.5, "steps": 100}],
        "summary": {"vit": {"top1": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 5, "covers": "seeds"}}, "chance": 0.1},
        "skipped": {}, "source_sha256": "a" * 64, "modules": {"helpers.nothing": "b" * 64}, "code_version": "0.1.0",
        "libraries": {"torch": "2"}, "device": {"type": "cpu"}, "started_at": "2026-11-30T10:00:00Z",
        "finished_at": "2026-11-30T11:00:00Z", "wall_s": 1.0, **changes,
    }  # fmt: skip


@pytest.fixture
def course(tries, monkeypatch) -> Path:
    """A course of one lab with a recorded run and a finished one."""
    root = tries.room / "here"
    (root / "labs" / "editions" / "cpu").mkdir(parents=True)
    (root / "src" / "helpers").mkdir(parents=True)
    (root / "results" / "cpu").mkdir(parents=True)
    (root / "_toc.yml").write_text("root: intro\n")
    (root / "labs" / "editions" / "cpu" / f"{LAB}.yaml").write_text("seeds: 2\n")
    (root / "labs" / f"{LAB}.ipynb").write_text(json.dumps(notebook()))
    monkeypatch.chdir(root)
    return root


def notebook() -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {}, "source": OWN, "outputs": [], "id": "a", "execution_count": None}
    output = {"output_type": "display_data", "data": {"text/plain": ["x"]}, "metadata": {}}
    other = {**cell, "source": ["a = 1\n", "a"], "outputs": [output], "id": "b"}
    title = {"cell_type": "markdown", "metadata": {}, "source": "# A lab", "id": "c"}
    metadata = {"helpers": {"run_id": RUN}, "papermill": {"parameters": {}}}
    return {"cells": [title, cell, other], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def test_a_broken_record(course, tries, amount, count):
    file = course / "results" / "cpu" / f"{LAB}.json"
    readers = [
        lambda: read_record(LAB, "cpu"),
        lambda: best_record(LAB),
        lambda: stale(course),
        lambda: beside_the_recorded(Record(**record())),
    ]
    for number, (how, data) in enumerate(broken.jsons(record(), amount(40, 800), 1)):
        file.write_bytes(data)
        reader = readers[number % len(readers)]
        tries(f"{number % len(readers)} {how}", reader, (file.name,), lambda found: found is not None)
    count("records", tries.done())


@pytest.mark.parametrize("name", ["record.json", "notebook.ipynb"])
def test_a_broken_folder_of_a_run(course, name, tries, amount, count):
    folder = tries.room / "build" / "runs" / "cpu" / LAB / RUN
    folder.mkdir(parents=True)
    own = notebook_sha256(course / "labs" / f"{LAB}.ipynb")
    whole = {"record.json": record(source_sha256=own), "notebook.ipynb": notebook()}
    for other, tree in whole.items():
        (folder / other).write_text(json.dumps(tree))
    readers = [
        lambda: finished_runs(folder.parent),
        lambda: record_run(LAB, "cpu"),
        lambda: record_run(LAB, "cpu", variant="x"),
        lambda: agreeing_pieces(LAB, "cpu"),
    ]
    assert readers[1]().is_file()
    for number, (how, data) in enumerate(broken.jsons(whole[name], amount(40, 500), 2)):
        (folder / name).write_bytes(data)
        for slot in (course / "results" / "cpu").iterdir():
            slot.unlink()
        names = (name, LAB, "record.json", "this run")
        tries(f"{number % 4} {how}", readers[number % 4], names, lambda found: found is not None)
    count("folders of runs", tries.done())


def test_a_broken_slot_is_not_overwritten(course, tries, amount, count):
    """Recording looks at what lies in the place that it is to take."""
    folder, slot = tries.room / "build" / "runs" / "cpu" / LAB / RUN, course / "results" / "cpu" / f"{LAB}.x.json"
    folder.mkdir(parents=True)
    own = notebook_sha256(course / "labs" / f"{LAB}.ipynb")
    (folder / "record.json").write_text(json.dumps(record(source_sha256=own)))
    (folder / "notebook.ipynb").write_text(json.dumps(notebook()))
    for how, data in broken.jsons(record(source_sha256=own), amount(10, 100), 5):
        slot.write_bytes(data)
        tries(how, lambda: record_run(LAB, "cpu", variant="x"), (slot.name,), lambda found: found == slot)
    count("places of recorded runs", tries.done())


def test_how_a_task_of_a_sweep_stands(course, tries, amount, count):
    """What is broken counts as never begun: the task is run again."""
    build = tries.room / "build"
    told = {
        "name": "a",
        "lab": LAB,
        "edition": "cpu",
        "parameters": {},
        "varied": {},
        "build": str(build),
        "key": "k" * 64,
    }
    task = Task.model_validate(told)
    folder = build / "runs" / "cpu" / LAB / RUN
    folder.mkdir(parents=True)
    task.file("json").parent.mkdir(parents=True)
    result = TaskResult(name="a", state="done", run_id=RUN).model_dump()
    whole = {task.file("json"): result, folder / "record.json": record(), folder / "notebook.ipynb": notebook()}
    for file, tree in whole.items():
        file.write_text(json.dumps(tree))
    assert done_before(task, course, "0.1.0") is None, "its module is gone"
    tried = 0
    for file, tree in whole.items():
        for how, data in broken.jsons(tree, amount(10, 100), 3):
            file.write_bytes(data)
            tries(how, lambda: (read_result(task), done_before(task, course, "0.1.0")), (), lambda found: True)
            tried += 1
        file.write_text(json.dumps(tree))
    assert not tries.findings, tries.findings[:10]
    count("tasks of sweeps", tried)
