"""Recording a finished run: what `make record` copies from `_build` into `results/`, and what it refuses."""

import json
from pathlib import Path

from helpers.reading import read_as
from helpers.records.editions import edition_parameters
from helpers.records.personal import publishable
from helpers.records.places import project_root, result_path, runs_folder, write_atomically
from helpers.records.runs import Run, finished_runs
from helpers.records.schema import Record
from helpers.records.source import notebook_sha256


def _differences(record: Record, root: Path) -> list[str]:
    """In what a run is not the edition's own: parameters, files, the lab itself."""
    own = edition_parameters(root, record.lab, record.edition)
    names = sorted({*own, *record.parameters})
    missing = "nothing"
    pairs = [(name, record.parameters.get(name, missing), own.get(name, missing)) for name in names]
    found = [f"{name} ({got!r} for {expected!r})" for name, got, expected in pairs if got != expected]
    if record.data is not None and record.data.local_variant:
        found.append("files (a local variant of the data set)")
    if record.data is not None and record.data.terms == "user":
        found.append("data (a user's own photographs)")
    if notebook_sha256(root / "labs" / f"{record.lab}.ipynb") != record.source_sha256:
        found.append("the lab (changed since this run)")
    return found


def _find(lab: str, edition: str, run: str | None) -> Run:
    folder = runs_folder(lab, edition)
    found = [one for one in finished_runs(folder) if run in (None, one.record.run_id)]
    if not found:
        which = f"run {run}" if run else "finished run"
        raise FileNotFoundError(f"no {which} of {lab} in {folder}: make lab NAME={lab} EDITION={edition}")
    return found[0]


def record_run(lab: str, edition: str, variant: str | None = None, run: str | None = None) -> Path:
    """Copy a finished run from `_build` into `results/<edition>/<lab>[.variant]` (record and executed notebook).

    The slot without a name is for the edition's own run; any other needs the name of a variant, and never takes
    another's slot. Photographs under terms, and whatever is a user's own, are left out.

    Parameters
    ----------
    run
        The id of the run; None takes the newest finished one.

    Raises
    ------
    FileNotFoundError
        If there is no finished run.
    ValueError
        If the slot is not this run's, the run is a test (smoke), or was made from uncommitted files.
    """
    root = project_root()
    if root is None:
        raise FileNotFoundError("recording needs the course's repository around the working directory")
    if edition == "smoke":
        raise ValueError("a smoke run is a test and is never recorded: EDITION is cpu or gpu")
    slot = result_path(root, lab, edition, variant)
    found = _find(lab, edition, run)
    record, notebook = found.record, found.notebook()
    _refuse_uncommitted(record)
    differing = _differences(record, root)
    if differing and variant is None:
        raise ValueError(
            f"this run differs from the {edition} edition in {', '.join(differing)}: give it a name, AS=<variant>"
        )
    record, notebook = publishable(record, notebook, root / "src" / "helpers")
    if slot.is_file() and variant is not None:
        _refuse_taken(slot, record, root)
    write_atomically(slot.with_suffix(".ipynb"), json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    write_atomically(slot, record.model_dump_json(indent=1) + "\n")
    return slot


def _refuse_uncommitted(record: Record) -> None:
    if record.uncommitted or record.code_version.endswith("-dirty"):
        raise ValueError(
            f"this run was made from uncommitted changes of {', '.join(record.uncommitted) or 'the code'}: commit "
            "them and run again (APART=1 runs the last commit while you write on)"
        )


def _refuse_taken(slot: Path, record: Record, root: Path) -> None:
    before = read_as(Record, slot, "remove it, or choose another AS=<variant>")
    names = sorted({*before.parameters, *record.parameters})
    other = [name for name in names if before.parameters.get(name) != record.parameters.get(name)]
    if before.data is not None and (record.data is None or before.data.fingerprint != record.data.fingerprint):
        other.append("data")
    if other:
        raise ValueError(
            f"{slot.relative_to(root)} holds a run that differs in {', '.join(other)}: choose another AS=<variant>, "
            "or remove it first"
        )
