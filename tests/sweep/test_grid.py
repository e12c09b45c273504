"""Grids: what they stand for, and what is wrong with one, in words that help."""

import json
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers.parameters import lab_parameters
from helpers.records.recording import edition_parameters
from helpers.sweep import Grid, GridError, read_grid
from helpers.sweep import cluster as on_ray

ROOT = Path(__file__).parents[2]
GRIDS = ROOT / "labs" / "grids"


def read(name: str, course: Path) -> Grid:
    return read_grid(course / "labs" / "grids" / f"{name}.yaml", course)


def test_every_block_is_the_product_of_its_axes(write_grid, course):
    write_grid("two", pieces=[[["a", "b"], [1, 2]], [["c"]]])
    assert read("two", course).piece_names() == ["a/1", "a/2", "b/1", "b/2", "c"]


def test_tasks_are_combinations_times_pieces(write_grid, course, tmp_path):
    write_grid("both", parameters={"seeds": 2}, vary={"epochs": [1, 2]}, pieces=[[[0, 1]]])
    tasks = read("both", course).tasks(course, tmp_path)
    assert [task.name for task in tasks] == ["epochs=1/0", "epochs=1/1", "epochs=2/0", "epochs=2/1"]
    assert tasks[3].parameters == {"seeds": 2, "epochs": 2, "piece": "1"}
    assert len({task.key for task in tasks}) == 4
    assert tasks[0].build == tasks[1].build != tasks[2].build, "a combination has its own checkpoints"


def test_without_pieces_a_combination_is_one_whole_run(write_grid, course, tmp_path):
    write_grid("whole", vary={"epochs": [1]})
    (task,) = read("whole", course).tasks(course, tmp_path)
    assert task.parameters == {"epochs": 1}


def test_a_task_of_another_edition_is_another_task(write_grid, course, tmp_path):
    path = course / "labs" / "editions" / "cpu" / "01_tiny.yaml"
    write_grid("plain")
    (before,) = read("plain", course).tasks(course, tmp_path)
    path.write_text("edition: cpu\nepochs: 9\n")
    (after,) = read("plain", course).tasks(course, tmp_path)
    path.write_text("edition: cpu\n")
    assert before.key != after.key
    assert before.file("json") != after.file("json")


def test_a_gathering_run_of_other_pieces_is_another_one(write_grid, course, tmp_path):
    write_grid("pieces", pieces=[[[0, 1]]])
    one, other = (read("pieces", course).gathering(course, tmp_path, {}, runs) for runs in (["a", "b"], ["a", "c"]))
    assert one.parameters == {"piece": "gathered"}
    assert one.key != other.key


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"parameters": {"epoch": 3}},
            r"01_tiny has no parameter epoch; did you mean epochs\? Its parameters: edition, s",
        ),
        ({"vary": {"zzz": [3]}}, r"01_tiny has no parameter zzz\. Its parameters: edition, seeds, epochs, gates"),
        ({"vary": {"piece": ["a"]}}, "piece is no parameter here, write pieces: of the grid"),
        ({"piece": []}, "piece: Extra inputs are not permitted. A grid has: lab, edition, parameters, vary, pieces"),
        ({"edition": "tiny"}, "edition: Input should be 'smoke', 'cpu' or 'gpu'"),
        ({"edition": "gpu"}, "labs/editions/gpu/01_tiny.yaml is missing.*the labs: 01_tiny"),
        ({"lab": "02_other"}, "labs/02_other.ipynb is missing.*the labs: 01_tiny"),
        ({"jobs": 0}, "jobs: Input should be greater than or equal to 1"),
        ({"pieces": [[[0], []]]}, "no value is given for pieces"),
        ({"vary": {"epochs": []}}, "no value is given for epochs"),
        ({"vary": {"epochs": [1, 1]}}, 'given twice: {"epochs": 1}'),
        ({"pieces": [[[0]], [[0]]]}, "given twice: 0"),
        ({"vary": {"epochs": [1]}, "parameters": {"epochs": 2}}, "given twice: epochs"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_grid_is_said(write_grid, course, fields, told):
    write_grid("wrong", **fields)
    with pytest.raises(GridError, match=told):
        read("wrong", course)


def test_a_grid_that_is_not_there_names_those_that_are(write_grid, course):
    write_grid("there")
    with pytest.raises(GridError, match=r"there is no grid .*absent.yaml; the course's own: .*labs/grids/there.yaml"):
        read("absent", course)


def test_a_file_that_is_no_yaml_is_said_to_be_none(course):
    (course / "labs" / "grids" / "broken.yaml").write_text("lab: [")
    with pytest.raises(GridError, match="is no YAML file"):
        read("broken", course)
    (course / "labs" / "grids" / "broken.yaml").write_text("- 1\n")
    with pytest.raises(GridError, match="expected lines such as `name: value`, got list: a grid has: lab"):
        read("broken", course)


# --- those of the course ---------------------------------------------------------------------------------------------


def opened(lab: str, parameters: dict) -> dict:
    """What the lab's own cells leave when it is run with these parameters, up to its choice of pieces."""
    now: dict = {}
    for cell in json.loads((ROOT / "labs" / f"{lab}.ipynb").read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or cell["id"] == "install":
            continue
        exec(compile(source, cell["id"], "exec"), now)
        if "parameters" in cell["metadata"].get("tags", []):
            now |= parameters
            history = [source, "# Parameters\n" + "".join(f"{k} = {v!r}\n" for k, v in parameters.items())]
            now["lab_parameters"] = partial(lab_parameters, history=history)
        if "choose_pieces(piece" in source:
            return now
    raise AssertionError(f"{lab} has no pieces")


@pytest.mark.parametrize("path", sorted(GRIDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_task_of_the_courses_grids_is_a_piece_of_its_lab_and_none_is_missing(path, monkeypatch, tmp_path):
    """By the lab's own cells, with what it accepts and refuses; only of all pieces one record can be gathered."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path))
    grid = read_grid(path, ROOT)
    tasks = grid.tasks(ROOT, tmp_path)
    for task in tasks:
        given = edition_parameters(ROOT, grid.lab, grid.edition) | task.parameters
        now = opened(grid.lab, given)
        assert len(now["todo"]) == 1, task.name
        assert {name: now[name] for name in task.parameters} == task.parameters
    assert sorted(task.parameters["piece"] for task in tasks) == sorted(now["grid"])


def test_the_plans_of_the_courses_grids():
    def counted(name: str) -> tuple[int, str, str]:
        found = read_grid(GRIDS / f"{name}.yaml", ROOT)
        names = found.piece_names()
        return len(names), names[0], names[-1]

    assert counted("crossover") == (2 * 5 * 3 + 2 * 2 * 3 * 3, "scratch/xception_mini/180/0", "pretrained/vit_mini/5/2")
    assert counted("depth") == (6 * 3 * 3 + 3 * 2 * 3, "post/48/usual/0", "late/12/high/2")
    assert counted("dogs") == (2 * 2 * 3, "legacy_xception/top10/0", "vit_base_patch16_224.orig_in21k/full/2")
    assert counted("search") == (2 * 2, "xception_mini/0", "vit_mini/1")


def test_the_five_grids_of_the_course_are_there():
    assert {path.stem for path in GRIDS.glob("*.yaml")} == {"smoke", "crossover", "depth", "dogs", "search"}
    assert len(read_grid(GRIDS / "smoke.yaml", ROOT).piece_names()) == 6


# --- Ray, before it starts -------------------------------------------------------------------------------------------


def test_without_ray_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(on_ray.os, "environ", {})
    with pytest.raises(on_ray.SweepError, match=r"Ray is missing .*: make sweep installs it"):
        on_ray.import_ray()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", "nothing answers at 127.0.0.1:1 .*refused.*ray start --head"),
        ("ray://127.0.0.1:1", "nothing answers at ray://127.0.0.1:1"),
        ("http://127.0.0.1:1", "ADDRESS: expected local, ray://host:10001 or host:6379, got 'http://127.0.0.1:1'"),
        ("here", "ADDRESS: expected local"),
        ("127.0.0.1:99999", "nothing answers"),
    ],
)
def test_an_address_that_cannot_be_reached_is_said_at_once(address, told):
    with pytest.raises(on_ray.SweepError, match=told), on_ray.connected(address, 1, 0):
        pass


def test_a_cluster_that_goes_away_is_told_in_one_line(monkeypatch):
    gone = SimpleNamespace(shutdown=lambda: None)
    monkeypatch.setattr(on_ray, "_answers", lambda address: None)
    monkeypatch.setattr(on_ray, "import_ray", lambda: gone)
    monkeypatch.setattr(on_ray, "_connect", lambda *told: None)
    told = r"ray://head:10001 no longer answers \(cut\): what is done is kept"
    with pytest.raises(on_ray.SweepError, match=told), on_ray.connected("ray://head:10001", 1, 0):
        raise ConnectionError("cut")


class Refused(Exception):
    """What Ray raises where it knows that it was the token."""


@pytest.mark.parametrize(
    ("address", "error", "told"),
    [
        (
            "ray://head:10001",
            ConnectionError("timeout"),
            "at ray://head:10001: timeout. If that is for another token: c",
        ),
        ("ray://head:10001", Refused("bad\nmore"), r"ray://head:10001 asks for its token \(bad\): copy"),
        ("ray://head:10001", RuntimeError("version mismatch"), "no Ray cluster at ray://head:10001: version mismatch$"),
        ("ray://head:10001", RuntimeError(""), "no Ray cluster at ray://head:10001: RuntimeError$"),
        (
            "ray://head:10001",
            ConnectionAbortedError("Initialization failure from server:\nTraceback\nRuntimeError: it did not start"),
            r"started no process for this sweep, asked 3 times \(RuntimeError: it did not start\): is its machine very",
        ),
        ("ray://head:10001", ImportError("no grpc"), r"ray:// needs more of Ray \(no grpc\): make sweep installs it"),
    ],
)
def test_why_a_cluster_is_not_reached_is_said(address, error, told):
    def init(**asked):
        raise error

    ray = SimpleNamespace(init=init, exceptions=SimpleNamespace(AuthenticationError=Refused, RayError=Refused))
    with pytest.raises(on_ray.SweepError, match=told):
        on_ray._connect(ray, address, {})


def test_a_client_server_that_is_slow_to_start_is_asked_again():
    asked = []

    def init(**how):
        asked.append(how)
        if len(asked) < on_ray.GREETINGS:
            raise ConnectionAbortedError("Initialization failure from server")

    errors = SimpleNamespace(AuthenticationError=Refused, RayError=Refused)
    on_ray._connect(SimpleNamespace(init=init, exceptions=errors), "ray://head:10001", {"quiet": True})
    assert asked == [{"address": "ray://head:10001", "quiet": True}] * on_ray.GREETINGS
