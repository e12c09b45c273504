"""`python -m helpers.sweep`: run a grid of lab runs, on this machine or on a Ray cluster, and gather what they find."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from helpers.progress import progress_bar
from helpers.records.places import build_folder, project_root, shown_path, write_atomically
from helpers.records.source import code_version
from helpers.sweep.cluster import LOCAL, SweepError, connected, run_all, settings_of
from helpers.sweep.grid import Grid, Task, read_grid
from helpers.sweep.report import SweepRecord, summary, table, write_table
from helpers.sweep.task import TaskResult, done_before, read_record_of, run_task, seen_here


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m helpers.sweep", description=__doc__)
    parser.add_argument("grid", metavar="GRID", type=Path, help="a YAML file, such as labs/grids/smoke.yaml")
    parser.add_argument(
        "--address", default=LOCAL, help="local; host:6379 on a node of the cluster; ray://host:10001 elsewhere"
    )
    parser.add_argument("--jobs", type=int, help="tasks at once, in place of the grid's")
    parser.add_argument("--gpus", type=int, help="GPUs of a task, in place of the grid's")
    return parser


def _grid(options: argparse.Namespace, root: Path) -> Grid:
    grid = read_grid(options.grid, root)
    given = {name: getattr(options, name) for name in ("jobs", "gpus") if getattr(options, name) is not None}
    return Grid.model_validate(grid.model_dump() | given)


def _run(tasks: list[Task], grid: Grid, root: Path, address: str) -> tuple[list[TaskResult], int]:
    """Every task's result, in their order, and how many were there before."""
    version = code_version()
    found = {task.name: result for task in tasks if (result := done_before(task, root, version)) is not None}
    before, todo = len(found), [task for task in tasks if task.name not in found]
    with progress_bar(len(tasks), grid.lab, unit="task", initial=before) as bar:
        if todo:
            with connected(address, (grid.jobs or 1) * grid.cpus, grid.gpus) as ray:
                for task, result in run_all(ray, todo, root, grid.jobs, grid.cpus, grid.gpus):
                    found[task.name] = result = seen_here(task, result)
                    bar.update()
                    bar.set_postfix_str(f"{task.name} {result.state}")
    return [found[task.name] for task in tasks], before


def _gather(grid: Grid, root: Path, folder: Path, tasks: list[Task], results: list[TaskResult]) -> list[TaskResult]:
    """One record of the pieces of each combination that has them all: the lab's own gathering run, here."""
    gathered = []
    for varied in grid.combinations() if grid.pieces else []:
        own = [result for task, result in zip(tasks, results, strict=True) if task.varied == varied]
        if all(result.state == "done" for result in own):
            task = grid.gathering(root, folder, varied, [str(result.run_id) for result in own])
            result = TaskResult.model_validate(run_task(task.model_dump(), str(root), settings_of(grid.cpus, 0)))
            gathered.append(result)
            print(_told(task, result))
    return gathered


def _told(task: Task, result: TaskResult) -> str:
    if result.run_id is None:
        return f"{task.name} failed:\n{result.error}"
    record = read_record_of(task, result.run_id)
    build = shown_path(Path(task.build))
    lines = [f"gathered: {build}/runs/{task.edition}/{task.lab}/{result.run_id}/record.json, {len(record.runs)} runs"]
    if task.edition != "smoke":
        command = f"make record NAME={task.lab} EDITION={task.edition} RUN={result.run_id}"
        lines.append(f"keep it:  HELPERS_BUILD={build} {command}")
    return "\n".join(lines)


def sweep(options: argparse.Namespace) -> int:
    """Run a sweep; 1 where a task failed for good."""
    root, started_at = project_root(), datetime.now(UTC)
    if root is None:
        raise FileNotFoundError("a sweep needs the course's repository around the working directory")
    grid = _grid(options, root)
    folder = build_folder() / "sweeps" / options.grid.stem
    tasks = grid.tasks(root, folder)
    print(f"{len(tasks)} tasks of {grid.lab}, {grid.edition} edition, {options.address}; results: {shown_path(folder)}")
    results, before = _run(tasks, grid, root, options.address)
    gathered = _gather(grid, root, folder, tasks, results)
    record = SweepRecord(
        grid=grid,
        code_version=code_version(),
        address=options.address,
        tasks=results,
        gathered=[str(one.run_id) for one in gathered if one.run_id is not None],
        started_at=started_at,
        finished_at=datetime.now(UTC),
    )
    write_table(folder / "table.csv", table(tasks, results))
    write_atomically(folder / "sweep.json", record.model_dump_json(indent=1) + "\n")
    print(summary(record, tasks, before))
    print(f"table:  {shown_path(folder / 'table.csv')}\nrecord: {shown_path(folder / 'sweep.json')}")
    return 1 if any(one.state == "failed" for one in [*results, *gathered]) else 0


def main(arguments: list[str] | None = None) -> int:
    """Run a sweep; 1 where a task failed for good, or it is refused, with the reason on the error stream."""
    options = _parser().parse_args(arguments)
    try:
        return sweep(options)
    except (SweepError, FileNotFoundError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
