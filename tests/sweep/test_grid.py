"""Grids: what they stand for, and what is wrong with one, in words that help."""

import sys
from pathlib import Path

import pytest

from helpers.pages.l07 import study as crossover
from helpers.pages.l14 import study as depth
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


@pytest.mark.parametrize("path", sorted(GRIDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_grids_of_the_course_are_the_grids_of_their_labs(path):
    """All pieces of the lab, no other: only then can they be gathered."""
    grid = read_grid(path, ROOT)
    given = edition_parameters(ROOT, grid.lab, grid.edition) | grid.parameters
    if grid.lab == "08_xception_vs_vit":
        tunings = given["tunings"] + (["scratch"] if given["scratch_control"] else [])
        wanted = [f"{m}/{t}/{s}" for m in given["models"] for t in tunings for s in range(given["seeds"])]
    else:
        wanted = list({"07_where_they_cross": crossover, "14_depth": depth}[grid.lab].grid(given))
    assert sorted(grid.piece_names()) == sorted(wanted)


def test_the_four_grids_of_the_course_are_there():
    assert {path.stem for path in GRIDS.glob("*.yaml")} == {"smoke", "crossover", "depth", "dogs"}
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
