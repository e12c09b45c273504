"""`python -m helpers.records`: what each command hands on, and what a run asks of papermill. No lab runs here."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers.records import __main__ as command
from helpers.records import runs

LAB = "08_xception_vs_vit"


@pytest.fixture
def asked(course, monkeypatch):
    """What `run_lab` asked of another process, which leaves a notebook and a record at once."""
    found = []

    def run(words, **options):
        found.append(SimpleNamespace(words=words, **options))
        running = Path(words[words.index(f"labs/{LAB}.ipynb") + 1].replace("{{", "{").replace("}}", "}"))
        running.write_text(json.dumps({"cells": [], "metadata": {"a": 1}, "nbformat": 4, "nbformat_minor": 5}))
        running.with_name("record.json").write_text("{}")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(runs.subprocess, "run", run)
    return found


def test_a_run_asks_papermill_for_the_lab_with_its_edition(course, asked):
    folder = runs.run_lab(LAB, "cpu", ["-p", "seeds", "1"])
    assert folder.parent == course.root / "_build" / "runs" / "cpu" / LAB
    (one,) = asked
    assert one.words[1:3] == ["-c", runs.PAPERMILL]
    assert one.words[3:] == [
        *(f"labs/{LAB}.ipynb", str(folder / "running.ipynb"), "-k", "python3"),
        *("-f", f"labs/editions/cpu/{LAB}.yaml", "-p", "seeds", "1"),
    ]
    assert one.cwd == course.root
    assert (one.env["HELPERS_RUN"], one.env["HELPERS_BUILD"]) == (folder.name, str(course.root / "_build"))
    assert not hasattr(one, "stdout"), "what papermill says goes to the terminal"
    assert sorted(path.name for path in folder.iterdir()) == ["notebook.ipynb", "record.json"]
    notebook = json.loads((folder / "notebook.ipynb").read_text())
    assert notebook["metadata"] == {"a": 1, "helpers": {"run_id": folder.name}}


def test_several_processes_are_torchruns_of_the_same_command(course, asked):
    runs.run_lab(LAB, "cpu")
    runs.run_lab(LAB, "cpu", processes=2)
    one, two = (call.words for call in asked)
    several = ["-c", runs.TORCHRUN, "--standalone", "--nproc_per_node", "2", "--no-python"]
    assert two[: 1 + len(several)] == [one[0], *several]
    assert [word for word in two[1 + len(several) :] if "running" not in word] == [w for w in one if "running" not in w]


def test_what_papermill_says_goes_to_a_file_that_is_given(course, asked, tmp_path):
    with (tmp_path / "said.txt").open("w") as output:
        runs.run_lab(LAB, "cpu", output=output)
    assert (asked[0].stdout, asked[0].stderr) == (output, subprocess.STDOUT)


def test_braces_in_a_folders_name_are_none_of_papermills(course, asked, monkeypatch, tmp_path):
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path / "{mine}"))
    folder = runs.run_lab(LAB, "cpu")
    assert asked[0].words[4] == str(folder / "running.ipynb").replace("{mine}", "{{mine}}")
    assert (folder / "notebook.ipynb").is_file()


def test_a_lab_that_failed_names_the_notebook_up_to_the_error(course, asked, monkeypatch):
    ended = runs.subprocess.run
    monkeypatch.setattr(runs.subprocess, "run", lambda *words, **options: ended(*words, **options) and FAILED)
    with pytest.raises(runs.LabFailed, match=f"{LAB} failed; the notebook up to the error: .*failed.ipynb") as error:
        runs.run_lab(LAB, "cpu")
    assert error.value.notebook.name == "failed.ipynb"
    assert error.value.notebook.is_file()


FAILED = SimpleNamespace(returncode=1)


def test_run_hands_on_piece_commit_and_processes(course, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(command, "run_lab", lambda *given, **options: calls.append((given, options)) or Path("a"))
    rest = ["-p", "seeds", "1"]
    assert command.main(["run", LAB, "cpu", *rest]) == 0
    assert command.main(["run", LAB, "smoke", "--piece", "vit/1", "--apart", "--processes", "2", *rest]) == 0
    assert calls == [
        ((LAB, "cpu", rest, None), {"processes": 1}),
        ((LAB, "smoke", [*rest, "-r", "piece", "vit/1"], "HEAD"), {"processes": 2}),
    ]
    assert str(Path("a", "record.json")) in capsys.readouterr().out


def test_record_hands_on_the_name_and_the_run(course, monkeypatch, capsys):
    calls = []
    slot = course.root / "results" / "cpu" / "x.json"
    monkeypatch.setattr(command, "record_run", lambda *given: calls.append(given) or slot)
    assert command.main(["record", LAB, "cpu"]) == 0
    assert command.main(["record", LAB, "cpu", "--as", "mine", "--run", "7"]) == 0
    assert calls == [(LAB, "cpu", None, None), (LAB, "cpu", "mine", "7")]
    assert f"recorded {Path('results', 'cpu', 'x.json')} " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "required: command"),
        (["run", LAB, "tpu"], "invalid choice: 'tpu'"),
        (["record", LAB, "cpu", "--piece", "a"], "unknown arguments: --piece a"),
        (["stale", "now"], "unknown arguments: now"),
    ],
)
def test_a_command_that_is_none_is_refused(course, capsys, words, told):
    with pytest.raises(SystemExit):
        command.main(words)
    assert told in capsys.readouterr().err


def test_an_interrupted_run_says_that_it_goes_on(course, monkeypatch, capsys):
    def interrupted(*given, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_lab", interrupted)
    assert command.main(["run", LAB, "cpu"]) == 130
    assert "goes on from the last checkpoint" in capsys.readouterr().err
