"""What a sweep leaves: one table of all its runs, one record of itself, and a summary for whoever waits."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from helpers.records.places import shown_path, write_atomically
from helpers.sweep.grid import Grid, Task
from helpers.sweep.task import TaskResult, read_record_of


class SweepRecord(BaseModel):
    """How a sweep went.

    Attributes
    ----------
    schema_version
        Of this form.
    grid
        As it was read, with what the command changed.
    code_version
        Of the course's folder.
    address
        Where it ran.
    tasks
        How each of them stands.
    gathered
        The records that finished pieces were put into, from the folder of the sweep.
    started_at
        When this call began; tasks may have been done before.
    finished_at
        When it ended.
    """

    model_config = ConfigDict(extra="forbid")
    schema_version: Literal[1] = 1
    grid: Grid
    code_version: str
    address: str
    tasks: list[TaskResult]
    gathered: list[str]
    started_at: datetime
    finished_at: datetime


def _scalars(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The entries of a record's row that fit into a cell; of an estimate its value."""
    for name, value in row.items():
        if isinstance(value, dict):
            value = value.get("value")
        if value is not None and not isinstance(value, (list, dict)):
            yield name, value


def table(tasks: Sequence[Task], results: Sequence[TaskResult]) -> list[dict[str, Any]]:
    """A row for each row of each finished task's record, which is validated: the task, what it varied, the numbers.

    Raises
    ------
    ValueError
        If a record is not valid.
    """
    rows = []
    for task, result in zip(tasks, results, strict=True):
        if result.state == "done" and result.run_id is not None:
            record = read_record_of(task, result.run_id)
            about = {"task": task.name} | task.varied
            rows += [about | dict(_scalars(row)) | {"run_id": result.run_id} for row in record.runs]
    return rows


def write_table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """As a CSV file, with every column that any row has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue())


def summary(record: SweepRecord, tasks: Sequence[Task], before: int) -> str:
    """A line for each task, what failed and why, and how many did not.

    Parameters
    ----------
    before
        How many were done before this call.
    """
    width = max(len(task.name) for task in tasks)
    lines = [f"{'task':{width}}  state   seconds  attempts  node"]
    for one in record.tasks:
        lines.append(f"{one.name:{width}}  {one.state:6}  {one.wall_s:7.1f}  {one.attempts:8}  {one.node}")
    for task, one in zip(tasks, record.tasks, strict=True):
        if one.state == "failed":
            log = f"log: {shown_path(task.file('log'))}"
            lines += ["", f"{one.name} failed for good:", one.error.rstrip(), log]
    failed = sum(one.state == "failed" for one in record.tasks)
    took = (record.finished_at - record.started_at).total_seconds()
    done = len(record.tasks) - failed
    lines += ["", f"{done} of {len(record.tasks)} tasks done ({before} of them before), {failed} failed, {took:.0f} s"]
    return "\n".join(lines)
