"""Records: what a lab measured, in one validated JSON file beside the executed notebook.

A record holds the numbers of every run (one row per model, tuning and seed), the parameters, the fingerprint of the
data, the versions of the libraries, the device, the wall time, the version of the code, and hashes of the lab's own
source and of the modules it used, so that a stale record can be recognised. Chapters read `results/` alone
(`read_record`, `best_record`); a reader's own runs live in `_build/runs/`.
"""

from helpers.records.pieces import choose_pieces, gathered_runs
from helpers.records.places import (
    EDITIONS,
    best_record,
    build_folder,
    checkpoint_folder,
    current_run,
    project_root,
    read_record,
    record_path,
    runs_folder,
    shown_path,
    write_atomically,
)
from helpers.records.recording import record_run
from helpers.records.runs import Run, finished_runs, read_run
from helpers.records.schema import DataInfo, Estimate, Record
from helpers.records.source import (
    NOT_HASHED,
    code_version,
    notebook_sha256,
    running_source_sha256,
    source_sha256,
    stale_reasons,
)
from helpers.records.writing import describe_data, describe_device, make_record, write_record

__all__ = [
    "EDITIONS",
    "NOT_HASHED",
    "DataInfo",
    "Estimate",
    "Record",
    "Run",
    "best_record",
    "build_folder",
    "checkpoint_folder",
    "choose_pieces",
    "code_version",
    "current_run",
    "describe_data",
    "describe_device",
    "finished_runs",
    "gathered_runs",
    "make_record",
    "notebook_sha256",
    "project_root",
    "read_record",
    "read_run",
    "record_path",
    "record_run",
    "running_source_sha256",
    "runs_folder",
    "shown_path",
    "source_sha256",
    "stale_reasons",
    "write_atomically",
    "write_record",
]
