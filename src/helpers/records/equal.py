"""Changes that were shown to change no number: a lab's run before and its run after, equal to the last bit.

Code changes for many reasons, a clearer error or a safer write, and a record that took hours would be stale by each of
them. `make equal SINCE=<commit> NAME=<lab>` runs the lab's short edition from that commit and from the last one, and
compares every number that both records hold but times, memory and dates. Where none differs, `results/equal.json` keeps
for each file that changed what it was and what it became, and a record of that lab on those pictures stays fresh under
this change. It is not said of another lab, nor of other pictures: they may use another part of the file. It is said of
what the short edition runs; a branch that only the long one takes is not tried. What the later run tells in addition is
no difference: the record lacks it, and all that it says stands.

Where the report of a lab was changed, which judges the rows of its runs, `ROWS=1` compares the rows alone. A record is
stale all the same, since its report is the old one; but pieces of a long run may be gathered again, by the new report.
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from helpers.reading import read_as
from helpers.records.places import write_atomically
from helpers.records.schema import Record

FILE = Path("results") / "equal.json"
REMEDY = "mend it, or remove it and run `make equal` again"
NOT_COMPARED = re.compile(  # what differs from run to run of the same code
    r"(^|_)(s|ms|minutes|mb|mib)($|_)|seconds|memory|per_second|peak|wall"
)


class Change(BaseModel):
    """One change of code and the run that showed it equal.

    Attributes
    ----------
    lab
        Whose run it was.
    pictures
        The data set of the run; None where the lab has no choice of one.
    edition
        Of the run.
    since
        The commit before.
    to
        The commit after.
    files
        Module, or path of the lab -> [hash before, hash after].
    numbers
        How many were compared.
    rows
        Whether these are those of the runs' rows alone.
    """

    model_config = ConfigDict(extra="forbid")
    lab: str
    pictures: str | None
    edition: str
    since: str
    to: str
    files: dict[str, tuple[str, str]]
    numbers: int
    rows: bool = False


class Changes(BaseModel):
    """All of them."""

    model_config = ConfigDict(extra="forbid")
    changes: list[Change] = []


def read_changes(root: Path) -> Changes:
    """What `results/equal.json` holds; nothing without one.

    Raises
    ------
    FileError
        (A ValueError) for a broken file.
    """
    path = root / FILE
    return read_as(Changes, path, REMEDY) if path.is_file() else Changes()


def pictures_of(record: Record) -> str | None:
    """The data set that a record's run was told to use."""
    found = record.parameters.get("dataset")
    return found if isinstance(found, str) else None


def is_shown_equal(changes: Changes, record: Record, file: str, now: str, was: str, rows: bool = False) -> bool:
    """Whether runs of the record's lab on its pictures lead from one hash of a file to the other, change by change;
    with `rows` also by those of which the rows alone were compared."""
    own = [one for one in changes.changes if (one.lab, one.pictures) == (record.lab, pictures_of(record))]
    own = [one for one in own if rows or not one.rows]
    steps = [one.files[file] for one in own if file in one.files]
    reached = {was}
    while more := {end for step in steps for end in step if reached & set(step)} - reached:
        reached |= more
    return now in reached


# --- comparing -------------------------------------------------------------------------------------------------------


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and truth value, by the path that leads to it; texts count where they hold no digit."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not NOT_COMPARED.search(str(key)):
                yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{number}]")
    elif isinstance(value, (bool, int, float)) or (isinstance(value, str) and not re.search(r"\d", value)):
        yield path, value


def compared(before: Record, after: Record, rows: bool = False) -> tuple[int, list[str]]:
    """How many numbers the earlier record holds, or its rows alone, and in which the later one differs, by path."""
    one, two = (
        dict(_leaves({"runs": r.runs} if rows else {"summary": r.summary, "runs": r.runs})) for r in (before, after)
    )
    differ = [f"{path}: no longer told" for path in one.keys() - two.keys()]
    for path in one.keys() & two.keys():
        a, b = one[path], two[path]
        nan = isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)
        if a != b and not nan:
            differ.append(f"{path}: {a!r} before, {b!r} after")
    data = [record.data and record.data.fingerprint for record in (before, after)]
    if data[0] != data[1]:
        differ.append("data.fingerprint: other pictures, or other splits")
    return len(one), sorted(differ)


def change_of(before: Record, after: Record, rows: bool = False) -> Change:
    """What two equal runs show; with `rows` of their rows alone.

    Raises
    ------
    ValueError
        If they are not runs of one lab, with the same value of each parameter that both have, hold nothing to compare,
        or differ in a number.
    """
    both = before.parameters.keys() & after.parameters.keys()
    other = sorted(name for name in both if before.parameters[name] != after.parameters[name])
    other += [name for name in ("lab", "edition") if getattr(before, name) != getattr(after, name)]
    if other:
        raise ValueError(f"expected two runs of one lab, edition and parameters; they differ in {', '.join(other)}")
    count, differ = compared(before, after, rows)
    if differ:
        more = f"\n  and {len(differ) - 8} more" if len(differ) > 8 else ""
        raise ValueError(f"{before.lab}: not equal:\n  " + "\n  ".join(differ[:8]) + more)
    if not count or before.modules is None or after.modules is None:
        raise ValueError(f"{before.lab}: the two runs hold nothing to compare")
    lab = f"labs/{before.lab}.ipynb"
    one, two = before.modules | {lab: before.source_sha256}, after.modules | {lab: after.source_sha256}
    files = {name: (one[name], two[name]) for name in sorted(one.keys() & two.keys()) if one[name] != two[name]}
    versions = [record.code_version.split("+")[-1] for record in (before, after)]
    return Change(
        lab=before.lab, pictures=pictures_of(before), edition=before.edition, since=versions[0], to=versions[1],
        files=files, numbers=count, rows=rows,
    )  # fmt: skip


def keep(root: Path, change: Change) -> Path:
    """Add a change to `results/equal.json`; one that changed no file is not kept."""
    found = read_changes(root)
    if change.files and change not in found.changes:
        found.changes.append(change)
    write_atomically(root / FILE, json.dumps(found.model_dump(), indent=1) + "\n")
    return root / FILE
