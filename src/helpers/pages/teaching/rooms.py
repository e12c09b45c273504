"""What a lab needs in a room: minutes and memory from its recorded run, what comes from outside from its parameters."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from helpers.records import project_root, read_record

DATA = {
    "tiny_imagenet": "Tiny ImageNet",
    "stanford_dogs": "Stanford Dogs",
    "fra_eng": "the sentences of Tatoeba",
    "orl": "the ORL faces",
}
MADE_HERE = {None, "breeds", "drawn", "phrases"}  # drawn, or written by a grammar: nothing is fetched
WEIGHTS = {"hub": "released weights", "download": "released weights"}
KEPT_HERE = {None, "none", "random", "shipped", "cached"}


def wants(parameters: Mapping[str, Any]) -> list[str]:
    """What a run with these parameters reads that does not come with the course: data sets, released weights.

    Raises
    ------
    ValueError
        For a data set or weights that this table does not know, so that nothing is called offline by oversight.
    """
    dataset = parameters.get("dataset")
    if dataset not in MADE_HERE and dataset not in DATA:
        raise ValueError(f"expected a data set of {sorted(DATA)} or one that is drawn, got {dataset!r}")
    found = [DATA[dataset]] if dataset in DATA else []
    for key in ("weights", "hub"):
        value = parameters.get(key)
        if value not in KEPT_HERE and value not in WEIGHTS:
            known = sorted({*WEIGHTS, *filter(None, KEPT_HERE)})
            raise ValueError(f"expected {key} to be one of {known}, got {value!r}")
        found += [WEIGHTS[value]] if value in WEIGHTS else []
    return list(dict.fromkeys(found))


def course_folder() -> Path:
    """Where the labs and their editions lie.

    Raises
    ------
    FileNotFoundError
        Away from the repository.
    """
    root = project_root()
    if root is None:
        raise FileNotFoundError("the labs and their editions are in the course's repository alone")
    return root


def rooms(root: Path | None = None) -> list[dict[str, Any]]:
    """One row a lab: its number, minutes and GiB of its recorded cpu edition, what that and the gpu edition want."""
    folder = (root or course_folder()) / "labs"
    rows = []
    for name in sorted(path.stem for path in folder.glob("*.ipynb")):
        record = read_record(name, "cpu")
        larger = yaml.safe_load((folder / "editions" / "gpu" / f"{name}.yaml").read_text(encoding="utf-8"))
        rows.append(
            {
                "number": int(name[:2]),
                "minutes": record.wall_s / 60,
                "processor_minutes": None if record.processor_s is None else record.processor_s / 60,
                "gib": record.peak_memory_gib,
                "cores": record.device["cores"],
                "wants": wants(record.parameters),
                "larger": wants(record.parameters | larger),
            }
        )
    return rows


def as_table(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The rows as the page shows them; what the cpu edition wants only where one of the labs wants something."""
    outside = any(row["wants"] for row in rows)
    counted = any(row["processor_minutes"] is not None for row in rows)  # records count them since November 2026
    return [
        {
            "lab": f"{{lab}}`{row['number']}`",
            "minutes": _minutes(row["minutes"]),
            **({"of one processor": _minutes(row["processor_minutes"])} if counted else {}),
            "memory, GiB": "–" if row["gib"] is None else f"{row['gib']:.1f}",
            **({"from outside": ", ".join(row["wants"]) or "nothing"} if outside else {}),
            "the gpu edition reads": ", ".join(row["larger"]) or "nothing",
        }
        for row in rows
    ]


def _minutes(found: float | None) -> str:
    """Minutes as the table shows them; a dash where they were not counted."""
    if found is None:
        return "–"
    return f"{found:.0f}" if found >= 1 else "under 1"
