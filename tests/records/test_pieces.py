"""Pieces of a long run: which part of the grid a run does, and when pieces may be gathered."""

import json
from datetime import UTC, datetime

import pytest

from helpers import records
from helpers.records import writing
from helpers.records.__main__ import main
from helpers.records.pieces import agreeing_pieces, choose_pieces

LAB = "08_xception_vs_vit"
GRID = ["vit/0", "vit/1"]


def test_a_run_does_all_of_the_grid_one_part_of_it_or_none():
    assert choose_pieces(None, GRID) == GRID
    assert choose_pieces("vit/1", GRID) == ["vit/1"]
    assert choose_pieces("gathered", GRID) == []
    with pytest.raises(ValueError, match="expected gathered, or one of vit/0, vit/1; got 'vit/2'"):
        choose_pieces("vit/2", GRID)


@pytest.fixture
def piece(course):
    def make(name: str, number: int, **changes):
        run = f"20261121T020300-{number:06x}"
        given = {"runs": [{"seed": int(name[-1])}], "modules": {"helpers.x": "1"}} | changes
        given["parameters"] = {"piece": name} | given.get("parameters", {})
        return course.finish_run(run=run, **given)

    return make


def test_pieces_that_agree_are_read_in_the_order_of_the_grid(piece, made):
    piece("vit/1", 1)
    piece("vit/0", 2)
    parameters = made.OWN | {"piece": "gathered"}
    assert records.gathered_runs(LAB, "cpu", parameters, made.DATA, GRID) == [{"seed": 0}, {"seed": 1}]


def test_pieces_without_data_agree(piece, made):
    for number, name in enumerate(GRID):
        piece(name, number, data=None)
    assert [one.runs[0]["seed"] for one in agreeing_pieces(LAB, "cpu", GRID)] == [0, 1]


def test_of_a_piece_that_was_run_twice_the_newer_one_counts(piece, made):
    piece("vit/0", 1, runs=[{"seed": 0, "loss": 1.0}], finished_at="2026-11-21T02:03:00Z")
    piece("vit/0", 2, runs=[{"seed": 0, "loss": 2.0}], finished_at="2026-11-21T02:04:00Z")
    assert agreeing_pieces(LAB, "cpu")[0].runs[0]["loss"] == 2.0


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"parameters": {"epochs": 9}}, "parameter epochs"),
        ({"source_sha256": "b" * 64}, "the lab's own source"),
        ({"modules": {"helpers.x": "2"}}, "module helpers.x"),
        ({"modules": None}, "module"),
        ({"code_version": "0.1.0+other"}, "commit"),
        ({"libraries": {"torch": "1"}}, "library torch"),
        ({"device": {"type": "cuda", "gpu": "H100"}}, "device gpu, device type"),
        ({"data": None}, "data"),
    ],
    ids=str,
)
def test_pieces_that_disagree_are_refused_and_the_difference_is_named(piece, changes, named, capsys):
    piece("vit/0", 1)
    piece("vit/1", 2, **changes)
    assert main(["gather", LAB, "cpu"]) == 1, "before anything runs"
    assert named in capsys.readouterr().err
    with pytest.raises(ValueError, match=f"the pieces vit/0 and vit/1 differ in {named}"):
        agreeing_pieces(LAB, "cpu", GRID)


def test_pieces_of_other_data_are_refused(piece, made):
    piece("vit/0", 1)
    piece("vit/1", 2, data=made.DATA | {"fingerprint": "c" * 64})
    with pytest.raises(ValueError, match="data fingerprint"):
        agreeing_pieces(LAB, "cpu", GRID)


def test_pieces_of_another_run_than_the_gathering_one_are_refused(piece, made):
    for number, name in enumerate(GRID):
        piece(name, number)
    with pytest.raises(ValueError, match="differ from this run in parameter seeds"):
        records.gathered_runs(LAB, "cpu", made.OWN | {"seeds": 5}, made.DATA, GRID)
    with pytest.raises(ValueError, match="differ from this run in data"):
        records.gathered_runs(LAB, "cpu", made.OWN, made.DATA | {"fingerprint": "c" * 64}, GRID)


def test_a_missing_piece_is_named_with_its_command(piece):
    piece("vit/0", 1)
    with pytest.raises(ValueError, match=f"pieces vit/1: make lab NAME={LAB} EDITION=cpu PIECE=vit/1"):
        agreeing_pieces(LAB, "cpu", GRID)


def test_a_piece_is_never_recorded_as_the_run(piece):
    piece("vit/0", 1)
    with pytest.raises(FileNotFoundError, match="no finished run"):
        records.record_run(LAB, "cpu", "part")


# --- the record of them all ------------------------------------------------------------------------------------------


@pytest.fixture
def gather(course, made, monkeypatch):
    """Write the record of a gathering run whose lab and modules are those of the pieces, or as given."""

    def write(source=None, modules=None, uncommitted=()):
        changed = source or records.notebook_sha256(course.lab)
        monkeypatch.setattr(writing, "running_source_sha256", lambda: changed)
        monkeypatch.setattr(writing, "used_modules", lambda: modules or {"helpers.x": "1"})
        monkeypatch.setattr(writing, "uncommitted_files", lambda root: list(uncommitted))
        told = {"parameters": made.OWN | {"piece": "gathered"}, "data": made.DATA, "summary": {}, "runs": [{"seed": 0}]}
        path = records.write_record(LAB, "cpu", **told, started_at=datetime.now(UTC))
        return records.Record.model_validate_json(path.read_text())

    return write


def test_a_gathered_record_tells_of_its_pieces(piece, gather):
    gpu = {"type": "cuda", "gpu": "H100"}
    piece(
        "vit/1",
        1,
        device=gpu,
        started_at="2026-11-20T01:00:00Z",
        wall_s=40.0,
        uncommitted=["src/b.py"],
        peak_memory_gib=1.5,
    )
    both = ["src/a.py", "src/b.py"]
    piece("vit/0", 2, device=gpu, started_at="2026-11-20T03:00:00Z", wall_s=2.0, uncommitted=both, peak_memory_gib=2.5)
    piece("vit/0", 3, parameters={"epochs": 9}, device=gpu)  # of another run: no part of this one
    record = gather(uncommitted=["labs/x.ipynb"])
    assert record.device == gpu, "that trained, not that gathered"
    assert record.started_at == datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert 42 <= record.wall_s < 100
    assert record.uncommitted == ["labs/x.ipynb", "src/a.py", "src/b.py"]
    assert [one.piece for one in record.pieces] == GRID
    assert record.peak_memory_gib == 2.5


def test_pieces_from_before_memory_was_asked_for_leave_it_open(piece, gather):
    piece("vit/0", 1)
    piece("vit/1", 2)
    assert gather().peak_memory_gib is None


@pytest.mark.parametrize(
    ("now", "named"),
    [
        ({"source": "b" * 64}, "the lab's own source"),
        ({"modules": {"helpers.x": "2"}}, "helpers.x"),
        ({"modules": {"helpers.x": "1", "helpers.y": "1"}}, "helpers.y"),
    ],
    ids=str,
)
def test_pieces_of_other_code_than_the_gathering_one_are_refused(piece, gather, now, named):
    piece("vit/0", 1)
    with pytest.raises(ValueError, match=f"the pieces were run with other code, {named}: run them again"):
        gather(**now)


def test_pieces_are_gathered_by_another_report_once_their_rows_were_shown_equal(piece, gather, course, made):
    piece("vit/0", 1)
    piece("vit/1", 2)
    told = {"lab": LAB, "pictures": "breeds", "edition": "smoke", "since": "a", "to": "b", "numbers": 3}
    now = {"helpers.x": "2", "helpers.imported_by_it": "1"}
    changes = {"changes": [told | {"files": {"helpers.x": ("1", "2")}, "rows": True}]}
    path = course.root / "results" / "equal.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(changes))
    record = gather(modules=now)
    assert record.modules == now
    assert {one.code_version for one in record.pieces} == {made.record_dict()["code_version"]}
    path.write_text(json.dumps({"changes": [told | {"files": {"helpers.z": ("1", "2")}, "rows": True}]}))
    with pytest.raises(ValueError, match=r"helpers\.imported_by_it, helpers\.x: run them again"):
        gather(modules=now)
