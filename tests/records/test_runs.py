"""Runs of a tiny lab by papermill: two at once, in pieces, from a second worktree, and failing ones."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers import records
from helpers.records import runs, source
from helpers.records.__main__ import main

LAB = "01_tiny"
GRID = ["cnn/0", "vit/1"]
PARAMETERS = """# Parameters of this lab
edition: str = "cpu"
factor: float = 1.0
piece: str | None = None
"""
BODY = """
from datetime import UTC, datetime
from helpers.parameters import lab_parameters
from helpers.records import choose_pieces, gathered_runs, write_record

started_at = datetime.now(UTC)
parameters = lab_parameters(globals())
GRID = ["cnn/0", "vit/1"]
rows = [
    {"seed": int(name[-1]), "model": name[:-2], "score": factor * (1 + GRID.index(name))}
    for name in choose_pieces(piece, GRID)
]
if piece == "gathered":
    rows = gathered_runs("01_tiny", edition, parameters, None, GRID)
try:
    import method
    constant = method.CONSTANT
except ModuleNotFoundError:
    constant = None
"""
LAST = """
summary = {"mean": sum(row["score"] for row in rows) / len(rows), "constant": constant}
path = write_record("01_tiny", edition, parameters=parameters, runs=rows, summary=summary, started_at=started_at)
print("run", path.parent.name)
"""


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A course of one lab, which takes no time, in a git repository."""
    cells = [new_markdown_cell("# Lab 01"), new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(BODY), new_code_cell(LAST)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for edition in ("cpu", "smoke"):
        (tmp_path / "labs" / "editions" / edition).mkdir(parents=True)
        (tmp_path / "labs" / "editions" / edition / f"{LAB}.yaml").write_text(f"edition: {edition}\n")
    nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / "labs" / f"{LAB}.ipynb")
    (tmp_path / "_toc.yml").write_text("root: intro\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "method.py").write_text("CONSTANT = 1\n")
    (tmp_path / ".gitignore").write_text("_build/\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(records.__file__).parents[2]))
    for name in ("HELPERS_BUILD", "HELPERS_RUN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def finished(folder: Path, edition: str = "cpu") -> list[runs.Run]:
    return runs.finished_runs(folder / "_build" / "runs" / edition / LAB)


@pytest.mark.slow
def test_two_runs_at_once_keep_both_and_the_newest_shows(tiny):
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(runs.run_lab, LAB, "cpu", ["-p", "factor", "2"])
        second = pool.submit(runs.run_lab, LAB, "cpu", ["-p", "factor", "3"])
        folders = [first.result(), second.result()]
    assert folders[0] != folders[1]
    assert {run.record.summary["mean"] for run in finished(tiny)} == {3.0, 4.5}, "both are kept"
    newer, older = finished(tiny)
    assert newer.record.finished_at > older.record.finished_at
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == ["notebook.ipynb", "record.json"]
    for run in finished(tiny):
        assert run.notebook()["metadata"]["helpers"]["run_id"] == run.record.run_id == run.record_path.parent.name
        assert run.record.source_sha256 == records.notebook_sha256(tiny / "labs" / f"{LAB}.ipynb")
        assert "helpers.parameters" in run.record.modules
        assert run.record.uncommitted == []


@pytest.mark.slow
def test_a_run_that_fails_or_leaves_no_record_is_not_finished(tiny, capsys):
    assert main(["run", LAB, "cpu", "-p", "factor", "nonsense"]) == 1
    assert "failed.ipynb" in capsys.readouterr().err
    assert main(["run", LAB, "cpu", "-p", "edition", "smoke"]) == 1
    assert "without the record" in capsys.readouterr().err
    assert finished(tiny) == finished(tiny, "smoke") == []


@pytest.mark.slow
def test_plain_papermill_leaves_a_record_that_never_joins_another_notebook(tiny):
    runs.run_lab(LAB, "cpu", ["-p", "factor", "2"])
    command = [sys.executable, "-m", "papermill", f"labs/{LAB}.ipynb", "_build/out.ipynb", "-k", "python3"]
    subprocess.run([*command, "-p", "factor", "9"], check=True, capture_output=True)
    assert len(list((tiny / "_build" / "runs" / "cpu" / LAB).iterdir())) == 2
    assert [run.record.parameters["factor"] for run in finished(tiny)] == [2]


@pytest.mark.slow
def test_pieces_are_gathered_into_one_record_with_its_notebook(tiny):
    assert main(["run", LAB, "cpu", "--piece", "cnn/0"]) == 0
    assert finished(tiny) == [], "a piece is no run of its own"
    assert main(["run", LAB, "cpu", "--piece", "vit/1"]) == 0
    assert main(["gather", LAB, "cpu"]) == 0
    (whole,) = finished(tiny)
    assert [row["score"] for row in whole.record.runs] == [1.0, 2.0]
    assert whole.record.summary["mean"] == 1.5
    assert whole.record.parameters["piece"] is None
    assert [piece.piece for piece in whole.record.pieces] == GRID
    assert whole.record.wall_s >= sum(piece.wall_s for piece in whole.record.pieces)
    slot = records.record_run(LAB, "cpu")
    assert slot.name == f"{LAB}.json", "it is the edition's own run"


@pytest.mark.slow
def test_a_run_apart_comes_from_the_last_commit_while_one_writes_on(tiny):
    (tiny / "src" / "method.py").write_text("CONSTANT = 2\n")
    lab = tiny / "labs" / f"{LAB}.ipynb"
    committed = records.notebook_sha256(lab)
    lab.write_text(lab.read_text().replace("constant = None", "raise RuntimeError"))
    assert source.uncommitted_files(tiny) == [f"labs/{LAB}.ipynb", "src/method.py"]
    folder = runs.run_lab(LAB, "cpu", commit="HEAD")
    (run,) = finished(tiny)
    assert run.record_path.parent == folder
    assert run.record.summary["constant"] == 1
    assert run.record.source_sha256 == committed
    assert run.record.uncommitted == []
    assert not run.record.code_version.endswith("-dirty")
    assert git(tiny, "worktree", "list").count("\n") == 1, "the second worktree is gone"


def test_a_lab_or_edition_that_does_not_exist_is_named(tiny, capsys):
    assert main(["run", "02_other", "cpu"]) == 1
    assert f'no lab "02_other"; NAME is one of: {LAB}' in capsys.readouterr().err
    assert main(["run", LAB, "gpu"]) == 1
    assert "EDITION is one of: smoke, cpu" in capsys.readouterr().err


def test_without_a_repository_a_run_apart_says_so(tiny):
    for path in sorted((tiny / ".git").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(RuntimeError, match="git could not make a second worktree"):
        runs.run_lab(LAB, "cpu", commit="HEAD")


def test_a_notebook_without_the_records_id_is_refused(tiny, made):
    folder = tiny / "_build" / "runs" / "cpu" / LAB / made.RUN
    record = records.Record(**made.record_dict(lab=LAB))
    records.write_atomically(folder / "record.json", record.model_dump_json())
    (folder / "notebook.ipynb").write_text(json.dumps({"metadata": {}, "cells": []}))
    with pytest.raises(ValueError, match=f"two different runs, {made.RUN} and None"):
        finished(tiny)
