"""The table on a lab's page: the reader's own numbers beside the recorded ones, each with its tolerance."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.records import Record, write_atomically

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "_ext"))
import comparison  # noqa: E402

LAB = "10_augmentation"


def record(run: int, *values: float) -> Record:
    now = datetime.now(UTC).isoformat()
    points = [
        {"arm": f"a|{k}", "top1": {"value": v, "low": v - 0.05, "high": v + 0.05, "n": 9, "covers": "test sampling"}}
        for k, v in enumerate(values)
    ]
    return Record(
        lab=LAB, edition="cpu", run_id=f"20261130T08000{run}-00000a", parameters={}, data=None, runs=[],
        summary={"points": points}, skipped={}, source_sha256="0" * 64, code_version="1", libraries={}, device={},
        started_at=now, finished_at=now, wall_s=1.0,
    )  # fmt: skip


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    (tmp_path / "labs").mkdir()
    (tmp_path / "_toc.yml").write_text("root: intro\n")
    monkeypatch.chdir(tmp_path)

    def write(*values: float) -> Record:
        found = record(0, *values)
        write_atomically(tmp_path / "results" / "cpu" / f"{LAB}.json", found.model_dump_json())
        return found

    return write


def test_each_number_stands_beside_the_recorded_one_with_its_tolerance(recorded):
    recorded(0.5, 0.6)
    (box,) = comparison.beside_the_recorded(record(1, 0.5, 0.8))
    assert box.startswith(":::{dropdown} Your numbers beside the recorded ones: 1 outside\nCompared with")
    rows = [line for line in box.splitlines() if line.startswith("| `")]
    assert rows == [
        "| `points · a/1 · top1` | 0.8 | 0.6 | 0.55 to 0.65 | apart |",
        "| `points · a/0 · top1` | 0.5 | 0.5 | 0.45 to 0.55 | within |",
    ]


def test_a_long_table_is_cut_and_says_so(recorded):
    values = [0.5] * (comparison.ROWS + 3)
    recorded(*values)
    (box,) = comparison.beside_the_recorded(record(1, *values))
    assert "3 more lie within." in box
    assert ": 0 outside" not in box


def test_the_recorded_run_itself_and_runs_without_a_twin_have_no_table(recorded):
    own = recorded(0.5)
    assert comparison.beside_the_recorded(own) == []
    other = record(1, 0.5).model_copy(update={"parameters": json.loads('{"seeds": 3}')})
    assert comparison.beside_the_recorded(other) == []
