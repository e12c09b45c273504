"""A page's study is run and recorded by one function."""

import json
from pathlib import Path

import pytest

from helpers.records import study
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
