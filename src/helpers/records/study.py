"""Running and recording the study of a page: what a chapter measures once, and then reads."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.records.places import project_root, result_path, write_atomically
from helpers.records.writing import make_record


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
