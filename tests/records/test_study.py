"""A page's study is run and recorded by one function."""

import json
import subprocess
from pathlib import Path

import pytest

from helpers.records import Record, study
from helpers.records.study import record_study

SCRIPT = Path(study.__file__)


def test_a_study_is_run_and_written_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "result_path", lambda root, name, edition: tmp_path / f"{edition}_{name}.json")
    path = record_study("99_made", {"n": 2}, lambda n: ([{"seed": 0, "n": n}], {"findings": {}}), SCRIPT, rate=0.01)
    found = json.loads(path.read_text())
    assert found["parameters"] == {"n": 2, "command": "python -m helpers.records.study", "rate": 0.01}
    assert found["runs"] == [{"seed": 0, "n": 2}]
    assert path.name == "cpu_99_made.json"


def test_a_script_that_is_no_module_of_the_package_is_refused():
    with pytest.raises(ValueError, match="expected a module of helpers"):
        record_study("99_made", {}, lambda: ([], {}), Path("/somewhere/else.py"))


STUDY = """
import json, pathlib
STEPS, ROWS = 600, {"a": 3}

def main(kind):
    record = json.loads(pathlib.Path("record.json").read_text())
    record["summary"] = {"steps": STEPS, "rows": ROWS, "kind": kind}
    path = pathlib.Path("results/cpu/99_made.small.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
"""


@pytest.fixture
def recorded(course, made):
    """A commit with a study's script; its record."""
    record = Record(**made.record_dict(lab="99_made", script="scripts/sweep.py"))
    (course.root / "scripts").mkdir()
    (course.root / "scripts" / "sweep.py").write_text(STUDY)
    (course.root / "record.json").write_text(record.model_dump_json())
    me = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*me, "commit", "-qm", "a study"]):
        subprocess.run(["git", *command], check=True)
    return record


def test_a_study_is_run_shortened_from_a_commit(recorded, course):
    (course.root / "scripts" / "sweep.py").write_text("broken")  # here, not in the commit
    short = study.run_shortened(recorded, "99_made.small", "HEAD", ["small", "-y", "{STEPS: 2, ROWS: {a: 1}}"])
    assert short.summary == {"steps": 2, "rows": {"a": 1}, "kind": "small"}
    assert not (course.root / "results").exists(), "nothing is kept"
    assert not list((course.root / "_build" / "apart").iterdir())


def test_a_constant_that_a_study_lacks_is_named(recorded, capfd):
    with pytest.raises(RuntimeError, match=r"scripts/sweep\.py at HEAD failed"):
        study.run_shortened(recorded, "99_made.small", "HEAD", ["small", "-y", "PASSES: 2"])
    assert "scripts/sweep.py has no PASSES" in capfd.readouterr().err
    with pytest.raises(RuntimeError, match=r"wrote no 99_made\.json"):
        study.run_shortened(recorded, "99_made", "HEAD", ["small"])
