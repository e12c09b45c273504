"""Running and recording the study of a page: what a chapter measures once, and then reads."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.reading import parse_yaml, read_as
from helpers.records.places import BUILD_VARIABLE, new_run, project_root, result_path, write_atomically
from helpers.records.runs import worktree
from helpers.records.schema import Record
from helpers.records.writing import make_record

SHORTENED = """
import json, sys
from importlib.util import module_from_spec, spec_from_file_location
path, constants, *arguments = sys.argv[1:]
spec = spec_from_file_location("study", path)
study = sys.modules["study"] = module_from_spec(spec)
spec.loader.exec_module(study)
constants = json.loads(constants)
if missing := sorted(name for name in ["main", *constants] if not hasattr(study, name)):
    sys.exit(f"{path} has no {', '.join(missing)}")
vars(study).update(constants)
study.main(*arguments)
"""


def record_study(
    name: str,
    how: Mapping[str, Any],
    run: Callable[..., tuple[list[dict[str, Any]], dict[str, Any]]],
    script: Path,
    **told: Any,
) -> Path:
    """Run the study of a page on one thread, `run(**how)` -> rows and summary, and record it in `results/cpu/`.

    Parameters
    ----------
    name, script
        Of the record; the file of the study, `Path(__file__)`, a module of the package.
    told
        More parameters of the record.

    Raises
    ------
    ValueError
        As `make_record`, and for a script that is no module of the package; nothing is written then.
    """
    import torch

    parts = script.resolve().with_suffix("").parts
    if "helpers" not in parts:
        raise ValueError(f"script: expected a module of helpers, got {script}")
    module = ".".join(parts[len(parts) - 1 - parts[::-1].index("helpers") :])
    torch.set_num_threads(1)
    started_at = datetime.now(UTC)
    runs, summary = run(**how)
    parameters = dict(how) | {"command": f"python -m {module}"} | told
    record = make_record(
        name, "cpu", parameters=parameters, runs=runs, summary=summary, started_at=started_at, script=script
    )
    path = result_path(project_root() or Path(), name, "cpu")
    write_atomically(path, record.model_dump_json(indent=None) + "\n")
    return path


def run_shortened(record: Record, variant: str, commit: str, arguments: Sequence[str] = ()) -> Record:
    """Run the script of a recorded study again, from a second worktree of a commit, and shortened: constants of its
    module get other values. Nothing is kept but the record that is returned.

    Parameters
    ----------
    variant
        The name of the record's file, such as `15_orders.small`.
    arguments
        `-y "SEEDS: [0]"` for a constant, and what the script's `main` takes.

    Raises
    ------
    ValueError
        For constants that are no YAML.
    RuntimeError
        If the script fails there, has no such constant, or writes no record of this name.
    """
    root = project_root()
    if root is None or record.script is None:
        raise RuntimeError(f"{variant} has no script, or there is no repository of the course here")
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-y", dest="constants", action="append", default=[])
    given, rest = parser.parse_known_args(arguments)
    constants: dict[str, Any] = {}
    for text in given.constants:
        constants |= parse_yaml(text, "the text after -y", "write -y 'NAME: value'")
    with worktree(root, new_run(), commit) as course:
        environment = os.environ | {"PYTHONPATH": str(course / "src"), BUILD_VARIABLE: str(course / "_build")}
        command = [sys.executable, "-c", SHORTENED, record.script, json.dumps(constants), *rest]
        path = course / "results" / record.edition / f"{variant}.json"
        path.unlink(missing_ok=True)
        status = subprocess.run(command, cwd=course, env=environment, check=False).returncode
        if status or not path.is_file():
            raise RuntimeError(f"{record.script} at {commit} failed, or wrote no {variant}.json")
        return read_as(Record, path, "run the study again")
