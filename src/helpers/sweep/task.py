"""One task of a sweep, on the node that runs it: the lab by papermill, once for all who ask for it.

Beside its log, a task keeps one small file that says how it stands. Its lock is held while it runs, so a second
driver, or a node that was given up too early, never runs the same task at the same time; whoever comes later finds the
result, or goes on from the last checkpoint of the run before.
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.reading import FileError
from helpers.records.places import BUILD_VARIABLE, record_path, write_atomically
from helpers.records.runs import LabFailed, read_run, run_lab
from helpers.records.schema import Record
from helpers.records.source import code_version, read_notebook, stale_reasons
from helpers.sweep.grid import Task

GRACE_S = 3.0  # a kernel looks once a second whether the process that started it is still there
LOG_LINES = 20  # of a failed task whose notebook holds no error
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class TaskResult(BaseModel):
    """How a task stands.

    Attributes
    ----------
    name
        Of the task.
    state
        Running, done, or failed for good.
    run_id
        Of its record, once it is done.
    node
        The host that ran it last.
    node_id
        Ray's own name of that node; empty without Ray.
    attempts
        How often it was begun.
    wall_s
        Seconds of the last attempt.
    error
        The traceback of a failed one.
    """

    model_config = ConfigDict(extra="forbid")
    name: str
    state: Literal["running", "done", "failed"]
    run_id: str | None = None
    node: str = ""
    node_id: str = ""
    attempts: int = Field(default=1, ge=0)
    wall_s: float = Field(default=0.0, ge=0)
    error: str = ""


def read_result(task: Task) -> TaskResult | None:
    """How a task stands, None where it was never begun, or the file that says so is broken."""
    try:
        return TaskResult.model_validate_json(task.file("json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def read_record_of(task: Task, run_id: str) -> Record:
    """The validated record of a finished run of the task.

    Raises
    ------
    FileNotFoundError
        If it is gone.
    ValueError
        If record and notebook do not belong together, or the record is not valid.
    """
    path = _record_path(task, run_id)
    return read_run(path.with_name("notebook.ipynb"), path).record


def _record_path(task: Task, run_id: str) -> Path:
    with _settings({BUILD_VARIABLE: task.build}):
        return record_path(task.lab, task.edition, run_id)


def seen_here(task: Task, result: TaskResult) -> TaskResult:
    """The result, as a failed one where the task is done but this machine does not see its record: no shared disk."""
    if result.state != "done" or result.run_id is None or _record_path(task, result.run_id).is_file():
        return result
    told = (
        f"done on {result.node}, but its record is not here, in {task.build}: also the machine that starts a sweep "
        "must see the course's folder, with _build, at the same path as the nodes. Start it on a node of the cluster"
    )
    return result.model_copy(update={"state": "failed", "error": told})


def done_before(task: Task, root: Path, version: str) -> TaskResult | None:
    """The result of a task that is done, by the code that is here now: only such pieces can be gathered.

    Parameters
    ----------
    root
        The course's folder.
    version
        `helpers.records.code_version()` of it.
    """
    result = read_result(task)
    if result is None or result.state != "done" or result.run_id is None:
        return None
    try:
        record = read_record_of(task, result.run_id)
    except (FileNotFoundError, ValueError):
        return None
    committed = "+" in version and not version.endswith("-dirty")
    same = record.code_version == version and (committed or not stale_reasons(record, root))
    return result if same else None


@contextmanager
def _settings(settings: Mapping[str, str], folder: Path | None = None) -> Iterator[None]:
    """Environment variables, and a working folder, for a while."""
    before, here = {name: os.environ.get(name) for name in settings}, Path.cwd()
    os.environ.update(settings)
    try:
        if folder is not None:
            os.chdir(folder)
        yield
    finally:
        os.chdir(here)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def run_task(task: dict[str, Any], root: str, settings: dict[str, str], node_id: str = "") -> dict[str, Any]:
    """Run a task here, unless it is done; returns its `TaskResult`, of plain values as Ray carries them.

    Parameters
    ----------
    task
        A `Task`, as plain values.
    root
        The course's folder, at the same path on every node.
    settings
        Environment variables of the run: threads, and where the data lie.

    Raises
    ------
    FileNotFoundError
        If this node does not see the course's folder.
    """
    todo, course = Task.model_validate(task), Path(root)
    if not (lab := course / "labs" / f"{todo.lab}.ipynb").is_file():
        raise FileNotFoundError(
            f"the node {socket.gethostname()} has no {lab}: all nodes must see the course's folder at the same path"
        )
    todo.file("lock").parent.mkdir(parents=True, exist_ok=True)
    with FileLock(todo.file("lock")), _settings(settings | {BUILD_VARIABLE: todo.build}, course):
        found = done_before(todo, course, code_version()) or _run(todo, node_id)
    return found.model_dump()


def _run(task: Task, node_id: str) -> TaskResult:
    before = read_result(task)
    attempts = 1 + (before.attempts if before is not None else 0)
    if before is not None and before.state == "running":  # it was cut off, perhaps a moment ago
        time.sleep(GRACE_S)
    started = time.perf_counter()
    told: dict[str, Any] = {"name": task.name, "node": socket.gethostname(), "node_id": node_id, "attempts": attempts}
    write_atomically(task.file("json"), TaskResult(state="running", **told).model_dump_json(indent=1))
    try:
        with task.file("log").open("a", encoding="utf-8") as log:
            folder = run_lab(
                task.lab, task.edition, ["-y", json.dumps(task.parameters)], output=log, processes=task.processes
            )
        told |= {"state": "done", "run_id": folder.name}
    except LabFailed as error:
        told |= {"state": "failed", "error": f"{error}\n{_traceback(task, error.notebook)}"}
    result = TaskResult(wall_s=round(time.perf_counter() - started, 2), **told)
    write_atomically(task.file("json"), result.model_dump_json(indent=1))
    return result


def _traceback(task: Task, notebook: Path) -> str:
    """What the notebook says of the error; the end of the log where it says nothing."""
    try:
        cells = read_notebook(notebook)["cells"] if notebook.is_file() else []
    except FileError:  # then the log has to do
        cells = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                return ANSI.sub("", "\n".join(output["traceback"]))
    lines = task.file("log").read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:])
