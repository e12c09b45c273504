"""Where things lie: the course's folder, the build folder, a folder a run, recorded results."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import records
from helpers.records import places

LAB = "08_xception_vs_vit"


def test_the_course_is_found_from_a_folder_below_it(course, monkeypatch):
    monkeypatch.chdir(course.root / "labs" / "editions")
    assert records.project_root() == course.root
    assert records.build_folder() == course.root / "_build"


def test_from_an_empty_folder_the_installed_course_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert records.project_root() == Path(records.__file__).resolve().parents[3]


def read_only(monkeypatch, *folders: Path) -> None:
    """Root may write everywhere, so the permission is asked of a made-up disk."""
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in folders and allowed(path, mode))


def test_a_course_that_cannot_be_written_to_builds_in_the_working_directory_and_says_where(
    course, tmp_path_factory, monkeypatch, capsys
):
    mine = tmp_path_factory.mktemp("mine")
    read_only(monkeypatch, course.root)
    monkeypatch.setattr(places, "project_root", lambda: course.root)
    monkeypatch.chdir(mine)
    places._say_once.cache_clear()
    assert records.build_folder() == mine / "_build"
    assert records.record_path(LAB, "cpu").is_relative_to(mine)
    assert records.checkpoint_folder(LAB, "cpu").is_relative_to(mine)
    told = capsys.readouterr().err
    assert told.count(str(mine / "_build")) == 1, "said once"
    assert "HELPERS_BUILD" in told


def test_a_named_build_folder_is_used_and_one_that_cannot_be_written_to_is_refused(course, monkeypatch, tmp_path):
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path / "named" / "deep"))
    assert records.build_folder() == tmp_path / "named" / "deep"
    read_only(monkeypatch, tmp_path)
    with pytest.raises(ValueError, match="HELPERS_BUILD to a folder of yours"):
        records.build_folder()


def test_a_file_or_a_folder_that_cannot_be_entered_is_no_build_folder(course, monkeypatch, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "notes.txt").chmod(0o755)
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path / "notes.txt"))
    with pytest.raises(ValueError, match="HELPERS_BUILD to a folder of yours"):
        records.build_folder()
    shut, allowed = tmp_path / "shut", os.access
    shut.mkdir()
    monkeypatch.setattr(
        os, "access", lambda path, mode: allowed(path, mode) and not (Path(path) == shut and mode & os.X_OK)
    )
    monkeypatch.setenv("HELPERS_BUILD", str(shut / "built"))
    with pytest.raises(ValueError, match="HELPERS_BUILD to a folder of yours"):
        records.build_folder()


def test_where_nothing_can_be_written_to_the_message_names_the_variable(course, monkeypatch):
    read_only(monkeypatch, course.root)
    with pytest.raises(ValueError, match="set the environment variable HELPERS_BUILD"):
        records.build_folder()


def test_a_home_sign_in_the_named_build_folder_is_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HELPERS_BUILD", "~/built")
    assert records.build_folder() == tmp_path / "built"


def test_a_path_is_shown_as_one_finds_it_from_the_working_directory(course, monkeypatch, tmp_path):
    path = records.record_path(LAB, "cpu", "20260101T000000-abcdef")
    name = f"runs/cpu/{LAB}/20260101T000000-abcdef/record.json"
    monkeypatch.chdir(course.root)
    assert records.shown_path(path) == f"_build/{name}"
    monkeypatch.chdir(course.root / "labs")
    assert records.shown_path(path) == f"{course.root}/_build/{name}"
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path / "named"))
    elsewhere = records.record_path(LAB, "cpu", "20260101T000000-abcdef")
    assert records.shown_path(elsewhere) == f"{tmp_path}/named/{name}"


def test_each_run_has_a_record_of_its_own(course, monkeypatch):
    first, second = places.new_run(), places.new_run()
    assert first != second
    monkeypatch.setenv("HELPERS_RUN", first)
    assert records.record_path(LAB, "cpu") == course.root / "_build" / "runs" / "cpu" / LAB / first / "record.json"
    monkeypatch.setenv("HELPERS_RUN", second)
    assert records.record_path(LAB, "cpu").parent.name == second
    monkeypatch.setenv("HELPERS_RUN", "../../x")
    with pytest.raises(ValueError, match="HELPERS_RUN"):
        records.record_path(LAB, "cpu")


def test_checkpoints_are_kept_by_lab_and_by_run_where_wished(course):
    folders = {records.checkpoint_folder(lab, "cpu") for lab in (LAB, "11_claims")}
    assert len(folders) == 2
    assert records.checkpoint_folder(LAB, "cpu", "20261121T020300-00000a").parent in folders


def test_an_unknown_edition_or_lab_is_refused():
    with pytest.raises(ValueError, match="smoke, cpu, gpu; got 'big'"):
        records.record_path(LAB, "big")
    with pytest.raises(ValueError, match="expected a name such as"):
        records.record_path("../x", "cpu")


def test_a_missing_record_names_the_command_that_makes_it(course):
    with pytest.raises(FileNotFoundError, match=f"make lab NAME={LAB} EDITION=gpu"):
        records.read_record(LAB, "gpu")
    with pytest.raises(FileNotFoundError, match="EDITION=cpu AS=dogs"):
        records.best_record(LAB, "dogs")


def test_the_best_record_is_that_of_the_gpu_edition_where_there_is_one(course, made):
    for edition, value in (("cpu", 0.5), ("gpu", 0.9)):
        path = course.root / "results" / edition / f"{LAB}.json"
        record = records.Record(**made.record_dict(edition=edition, runs=[{"seed": 0, "test_top1": value}]))
        records.write_atomically(path, record.model_dump_json())
        best = records.best_record(LAB)
        assert (best.edition, best.runs[0]["test_top1"]) == (edition, value)


def test_writing_leaves_nothing_half_made(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        records.write_atomically(tmp_path / "record.json", "{}")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = socket.gethostname()
    for process in (dead.pid, os.getpid()):
        for name in ("record.json", "notebook.ipynb"):
            (tmp_path / f".{name}~{host}~{process}~abc.part").touch()
    (tmp_path / f".record.json~another-{host}~{dead.pid}~abc.part").touch()
    records.write_atomically(tmp_path / "record.json", "{}")
    left = {path.name for path in tmp_path.iterdir()}
    assert f".record.json~{host}~{dead.pid}~abc.part" not in left
    assert len(left) == 5, "of another file, of a living process, of another machine"
    places.remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == left - {f".notebook.ipynb~{host}~{dead.pid}~abc.part"}
