"""Writing the record of the lab or script that is running."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from helpers.memory import peak_memory
from helpers.records.compare import beside_the_recorded
from helpers.records.devices import device_type, device_warning
from helpers.records.equal import is_shown_equal, read_changes
from helpers.records.pieces import GATHERED, agreeing_pieces
from helpers.records.places import current_run, project_root, record_path, write_atomically
from helpers.records.schema import DataInfo, Piece, Record
from helpers.records.source import (
    NOT_THE_METHOD,
    code_version,
    library_versions,
    running_source_sha256,
    source_sha256,
    uncommitted_files,
    used_modules,
)

# --- what a record tells ---------------------------------------------------------------------------------------------


def describe_device() -> dict[str, JsonValue]:
    """Name of the processor that trained (and of the GPU where there is one), cores, memory, Python and platform."""
    import psutil
    import torch

    info: dict[str, JsonValue] = {
        "type": device_type(),
        "cores": psutil.cpu_count(logical=True) or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    if torch.cuda.is_available():
        info["gpu"] = torch.cuda.get_device_name(0)
        info["gpu_count"] = torch.cuda.device_count()
    return info


def describe_data(dataset: Any, image_size: Mapping[str, int]) -> dict[str, Any]:
    """A `helpers.data.Dataset` as the record tells it; `image_size` in pixels for each model."""
    terms = dataset.provenance["terms"]
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "n_train": len(dataset.train),
        "n_val": len(dataset.val),
        "n_test": len(dataset.test),
        "num_classes": dataset.num_classes,
        "image_size": dict(image_size),
        "terms": terms,
        "local_variant": dataset.provenance["local_variant"],
        "skipped": dataset.provenance["skipped"],
        "provenance": dataset.provenance,
        "class_names": list(dataset.class_names) if terms == "user" else None,
    }


def _plain(value: Any) -> Any:
    """Tuples as lists, numpy numbers as Python's own."""
    return json.loads(json.dumps(value, default=lambda number: number.item()))


def make_record(
    lab: str,
    edition: str,
    *,
    parameters: Mapping[str, Any],
    runs: list[dict[str, Any]],
    summary: Mapping[str, Any],
    started_at: datetime,
    data: Mapping[str, Any] | None = None,
    skipped: Mapping[str, str] | None = None,
    script: Path | None = None,
) -> Record:
    """The validated record of what is running now: a lab in its kernel, or a script.

    Parameters
    ----------
    script
        The file of the script, `Path(__file__)`; None in a lab.

    Raises
    ------
    ValueError
        If a number is missing or not finite, an accuracy is not a fraction, or an interval does not hold its value.
    """
    finished_at, root = datetime.now(UTC), project_root()
    inside = script is not None and root is not None and script.resolve().is_relative_to(root.resolve())
    return Record(
        lab=lab,
        edition=edition,  # type: ignore[arg-type]
        run_id=current_run(),
        parameters=_plain(dict(parameters)),
        data=None if data is None else DataInfo(**_plain(dict(data))),
        runs=_plain(runs),
        summary=_plain(dict(summary)),
        skipped=dict(skipped or {}),
        source_sha256=running_source_sha256() if script is None else source_sha256(script),
        modules=used_modules(),
        script=script.resolve().relative_to(root.resolve()).as_posix() if inside else None,  # type: ignore[union-attr]
        code_version=code_version(),
        uncommitted=[] if root is None else uncommitted_files(root),
        peak_memory_gib=round(peak_memory() / 2**30, 2),
        processor_s=round(sum(os.times()[:4]), 1),
        libraries=library_versions(),
        device=describe_device(),
        started_at=started_at,
        finished_at=finished_at,
        wall_s=max(0.0, round((finished_at - started_at).total_seconds(), 3)),  # a clock may be set back meanwhile
    )


def write_record(lab: str, edition: str, **told: Any) -> Path:
    """Validate and write the record of the lab that is running; the last cell of every lab calls this.

    Says how the numbers compare with the recorded run of the same edition, and what to know of the device.

    Parameters
    ----------
    told
        As of `make_record`: parameters, runs, summary, started_at, and where there are any, data and skipped.

    Returns
    -------
    Path
        `_build/runs/<edition>/<lab>/<run>/record.json`.

    Raises
    ------
    ValueError
        If a number is missing or not finite, an accuracy is not a fraction, or an interval does not hold its value;
        nothing is written then.
    """
    record = make_record(lab, edition, **told)
    if record.parameters.get("piece") == GATHERED:
        record = _of_pieces(record)
    path = record_path(lab, edition)
    write_atomically(path, record.model_dump_json(indent=1) + "\n")
    for line in (beside_the_recorded(record), device_warning()):
        if line:
            print(line)
    return path


def _sum(parts: list[float | None]) -> float | None:
    """The sum; None where a part is not known."""
    return None if None in parts else round(sum(part for part in parts if part is not None), 1)


def _other_code(piece: Record, record: Record) -> list[str]:
    """Which code of a piece is not that of the gathering run, nor was shown to make the same rows."""
    lab = f"labs/{record.lab}.ipynb"
    method = {name: one for name, one in (piece.modules or {}).items() if not NOT_THE_METHOD.fullmatch(name)}
    was = {lab: piece.source_sha256} | method
    now = {lab: record.source_sha256} | (record.modules or {})
    changed = {name for name in {*was, *now} if was.get(name) != now.get(name)}
    changes = read_changes(project_root() or Path.cwd())
    shown = {
        n for n in changed & was.keys() & now.keys() if is_shown_equal(changes, piece, n, now[n], was[n], rows=True)
    }
    if shown:  # whatever a changed module now imports was part of that comparison
        shown |= now.keys() - was.keys()
    return ["the lab's own source" if name == lab else name for name in sorted(changed - shown)]


def _of_pieces(record: Record) -> Record:
    """The record of a gathered run: the device that trained, the seconds of all pieces, and which runs they were.

    Raises
    ------
    ValueError
        If the lab or its modules are not those of the pieces, nor were shown to make the same rows (`make equal`).
    """
    pieces = agreeing_pieces(record.lab, record.edition, parameters=record.parameters)
    if changed := _other_code(pieces[0], record):
        remedy = "run them again, or show by `make equal ... ROWS=1` that they would have the same rows"
        raise ValueError(f"the pieces were run with other code, {', '.join(changed)}: {remedy}")
    told = [
        Piece(
            piece=str(p.parameters["piece"]), run_id=str(p.run_id), started_at=p.started_at, wall_s=p.wall_s,
            code_version=p.code_version,
        )
        for p in pieces
    ]  # fmt: skip
    return record.model_copy(
        update={
            "parameters": record.parameters | {"piece": None},
            "device": pieces[0].device,
            "pieces": told,
            "peak_memory_gib": max((piece.peak_memory_gib or 0.0 for piece in pieces), default=0.0) or None,
            "processor_s": _sum([record.processor_s, *(piece.processor_s for piece in pieces)]),
            "uncommitted": sorted({name for one in (record, *pieces) for name in one.uncommitted}),
            "started_at": min(p.started_at for p in pieces),
            "wall_s": round(record.wall_s + sum(p.wall_s for p in pieces), 3),
        }
    )
