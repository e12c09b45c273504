"""Runs of a lab: each with an id and a folder of its own, so that two at once never share a file.

A finished run has a record and an executed notebook that carry the same id. An unfinished or failed one has no
`notebook.ipynb`.
"""

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from helpers.progress import TERMINAL
from helpers.reading import parse_yaml, read_as
from helpers.records.devices import device_warning
from helpers.records.editions import edition_file, read_edition
from helpers.records.places import (
    BUILD_VARIABLE,
    EDITIONS,
    RUN_VARIABLE,
    build_folder,
    new_run,
    project_root,
    remove_leftovers,
    runs_folder,
    write_atomically,
)
from helpers.records.schema import Record
from helpers.records.source import read_notebook

REMOVE = "remove the folder of this run, and run the lab again"
# `python -m papermill` without a module that only checks international web addresses in notebooks: reading its grammar
# takes 3 of the 4 s that papermill needs to start; and without the warning that other users of the machine could listen
# to the kernel, since "auto" has its sockets encrypted where that is possible. Linux ends it with the process that
# started it, even one that is killed; the kernel sees that within a second and ends too.
WITH_PARENT = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
"""
PAPERMILL = f"""{WITH_PARENT}
if os.environ.get("RANK", "0") != "0":  # of several processes the first one's notebook is the run's
    sys.argv[2] = os.path.join(os.path.dirname(sys.argv[2]), f"rank{{os.environ['RANK']}}.ipynb")
sys.modules["rfc3987_syntax"] = None
from jupyter_client.manager import KernelManager
KernelManager.transport_encryption.default_value = "auto"
from papermill.cli import papermill
papermill()
"""
TORCHRUN = f"{WITH_PARENT}\nfrom torch.distributed.run import main\nmain()"


class LabFailed(RuntimeError):
    """A lab that failed, or left no record.

    Attributes
    ----------
    notebook
        Up to the error; absent where papermill could not begin.
    """

    def __init__(self, message: str, notebook: Path) -> None:
        super().__init__(message)
        self.notebook = notebook


@dataclass(frozen=True)
class Run:
    """One finished run: its executed notebook, its record, and where they lie."""

    notebook_path: Path
    record_path: Path
    record: Record

    def notebook(self) -> dict[str, Any]:
        """The executed notebook."""
        return read_notebook(self.notebook_path)


def read_run(notebook: Path, record: Path) -> Run:
    """A record and its executed notebook.

    Raises
    ------
    ValueError
        If they come from two different runs; or the record is not valid.
    """
    found = Run(notebook, record, read_as(Record, record, REMOVE))
    mark = found.notebook()["metadata"].get("helpers")
    stamped = mark.get("run_id") if isinstance(mark, dict) else None
    if stamped != found.record.run_id:
        raise ValueError(
            f"{record} and {notebook.name} come from two different runs, {found.record.run_id} and {stamped}: "
            "remove both, or put the notebook of that run beside its record"
        )
    return found


def finished_runs(runs: Path) -> list[Run]:
    """The finished runs in a folder of runs, the newest first; pieces of a run are not among them.

    Raises
    ------
    ValueError
        If a record and its notebook come from two different runs.
    """
    found = [read_run(record.with_name("notebook.ipynb"), record) for record in _records(runs)]
    whole = [run for run in found if run.record.parameters.get("piece") is None]
    return sorted(whole, key=lambda run: run.record.finished_at, reverse=True)


def finished_pieces(runs: Path) -> list[Record]:
    """The records of the finished pieces in a folder of runs, the oldest first."""
    found = [read_as(Record, record, REMOVE) for record in _records(runs)]
    pieces = [record for record in found if record.parameters.get("piece") is not None]
    return sorted(pieces, key=lambda piece: piece.finished_at)


def _records(runs: Path) -> list[Path]:
    return [path for path in sorted(runs.glob("*/record.json")) if path.with_name("notebook.ipynb").is_file()]


# --- running ---------------------------------------------------------------------------------------------------------


def run_lab(
    lab: str,
    edition: str,
    arguments: Sequence[str] = (),
    commit: str | None = None,
    output: TextIO | None = None,
    processes: int = 1,
) -> Path:
    """Run a lab by papermill, in a folder of its own; returns that folder.

    Parameters
    ----------
    arguments
        Further arguments of papermill, such as `-p seeds 1`.
    commit
        Run it from a second worktree of this commit: of HEAD, the last one, so that one can write on meanwhile.
    output
        A file for what papermill says; by default the streams of this process.
    processes
        How many share each training batch, by torchrun, each a kernel with a GPU of its own where there are some; the
        first one's notebook and record are the run's. The lab must hand out shares, as lab 08 does.

    Raises
    ------
    FileNotFoundError
        If there is no such lab or edition.
    FileError
        (A ValueError) if the file of the edition, or a text of parameters, is broken.
    LabFailed
        If the lab fails, or leaves no record of this run.
    """
    root = project_root()
    if root is None or not (root / "labs" / f"{lab}.ipynb").is_file():
        there = ", ".join(sorted(path.stem for path in root.glob("labs/*.ipynb"))) if root else "none is here"
        raise FileNotFoundError(f'no lab "{lab}"; NAME is one of: {there}')
    if not edition_file(root, lab, edition).is_file():
        raise FileNotFoundError(f'no edition "{edition}" of {lab}; EDITION is one of: {", ".join(EDITIONS)}')
    read_edition(root, lab, edition)  # papermill would end in a traceback of its own
    for option, text in itertools.pairwise(arguments):
        if option in ("-y", "--parameters_yaml"):
            parse_yaml(text, f"the text after {option}", "write -y 'name: value', or -p name value")
    run = new_run()
    folder = runs_folder(lab, edition) / run
    folder.mkdir(parents=True)
    for other in folder.parent.iterdir():
        remove_leftovers(other)
    running = folder / "running.ipynb"
    environment = os.environ | {RUN_VARIABLE: run, BUILD_VARIABLE: str(build_folder())}
    if (said := device_warning()) is not None:
        print(said, file=sys.stderr)
    if sys.stderr.isatty() and hasattr(os, "ttyname"):  # a kernel has no terminal of its own; Windows names none
        environment[TERMINAL] = os.ttyname(sys.stderr.fileno())
    with worktree(root, run, commit) if commit else contextlib.nullcontext(root) as course:
        if commit:  # the modules of that worktree come before those of the installed package
            before = os.environ.get("PYTHONPATH")
            environment["PYTHONPATH"] = os.pathsep.join([str(course / "src"), *([before] if before else [])])
        output_path = str(running).replace("{", "{{").replace("}", "}}")  # papermill puts parameters between braces
        command = [sys.executable, "-c", PAPERMILL, f"labs/{lab}.ipynb", output_path, "-k", "python3"]
        command += ["-f", f"labs/editions/{edition}/{lab}.yaml", *arguments]
        if processes > 1:
            several = ["--standalone", "--nproc_per_node", str(processes), "--no-python"]
            command = [sys.executable, "-c", TORCHRUN, *several, *command]
        try:
            streams = {} if output is None else {"stdout": output, "stderr": subprocess.STDOUT}
            done = subprocess.run(command, cwd=course, env=environment, check=False, **streams)  # type: ignore[call-overload]
        finally:
            failed = folder / "failed.ipynb"
            if running.exists():
                os.replace(running, failed)
    if done.returncode:
        raise LabFailed(f"{lab} failed; the notebook up to the error: {failed}", failed)
    if not (folder / "record.json").is_file():
        raise LabFailed(f"{lab} ended without the record of run {run} in {edition}; its notebook: {failed}", failed)
    notebook = read_notebook(failed)
    notebook["metadata"]["helpers"] = {"run_id": run}
    write_atomically(folder / "notebook.ipynb", json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    failed.unlink()
    return folder


@contextlib.contextmanager
def worktree(root: Path, run: str, commit: str) -> Iterator[Path]:
    """A second worktree of a commit, removed in the end.

    Raises
    ------
    RuntimeError
        If git cannot make one.
    """
    folder = build_folder() / "apart" / run

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(root), "worktree", *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    made = git("add", "--detach", str(folder), commit)
    if made.returncode:
        raise RuntimeError(f"git could not make a second worktree of {root}: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        git("remove", "--force", str(folder))
