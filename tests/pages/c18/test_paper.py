"""Chapter 18's grid on paper: what GPUs shorten, what they do not, and that every input comes from a record."""

from dataclasses import replace

import pytest

from helpers.pages.c18 import figures, paper
from helpers.records import read_record

ASSUMED = paper.Assumed(speed=10, link=1e9, disk=1e8, price=3.0)
TASK = paper.Task(
    name="vit/full", computing_s=1000, loading_s=20, start_s=30, images=1000, steps=100, passes=8,
    parameters=10**6, checkpoint_bytes=10**7,
)  # fmt: skip


def test_a_faster_gpu_shortens_the_computing_alone():
    assert paper.parts(TASK, ASSUMED) == {"computing": 100, "loading": 20, "start": 30, "checkpoints": 0.8}
    assert paper.parts(TASK, ASSUMED, at_once=64)["checkpoints"] == pytest.approx(64 * 0.8), "they share one disk"
    assert paper.parts(TASK, replace(ASSUMED, speed=1e9))["loading"] == 20


def test_what_a_split_training_shares_and_what_it_does_not():
    alone, eight = (paper.split(TASK, gpus, ASSUMED) for gpus in (1, 8))
    assert alone == paper.parts(TASK, ASSUMED) | {"talking": 0}
    assert (eight["computing"], eight["loading"], eight["start"]) == (12.5, 2.5, 30)
    assert eight["talking"] == pytest.approx(100 * 2 * 7 / 8 * 4e6 / 1e9), "a ring: 2 (G - 1) / G gradients a step"


def test_a_grid_is_never_faster_than_its_longest_task_and_all_shares_are_paid():
    grid = [TASK, replace(TASK, name="vit/top10", computing_s=200)] * 3
    floor = sum(paper.parts(TASK, ASSUMED, 6).values())
    for gpus in (1, 2, 6, 64):
        found = paper.priced(grid, gpus, ASSUMED)
        assert sum(found.shares.values()) == pytest.approx(1)
        assert 3600 * found.plan.hours >= floor - 1e-9
        assert found.euros == pytest.approx(3.0 * gpus * found.plan.hours)
    assert 3600 * found.plan.hours == pytest.approx(floor)
    assert found.shares["waiting"] > 0.9
    assert paper.longest(grid, ASSUMED) == TASK


def test_the_inputs_are_those_of_the_records():
    tasks, lab = paper.recorded_tasks(), read_record("08_xception_vs_vit", "cpu", "dogs12000")
    assert len(tasks) == 12
    both = sum(task.computing_s + task.loading_s + task.start_s for task in tasks)
    kept = sum(row["history"]["seconds"]["checkpoints"] for row in lab.runs)
    wall = sum(piece.wall_s for piece in lab.pieces)
    assert both == pytest.approx(wall - kept + 12 * paper.costs()["start_processor_s"]), (
        "nothing is lost, nothing is invented"
    )
    for task in tasks:
        assert task.checkpoint_bytes > 3 * 4 * task.parameters, "weights and two moments of Adam, and a little more"
        assert task.checkpoint_bytes < 3.2 * 4 * task.parameters
    grid = paper.honest_grid(tasks)
    assert len(grid) == 90
    assert len({task.name for task in grid}) == 6
    assert 3000 < paper.loaded_per_s(tasks) < 5000


def test_the_figure_says_where_the_lines_end():
    rows = [(n, 100 / n if n < 8 else 12.5) for n in (1, 2, 4, 8, 16)]
    shares = {n: {"computing": 0.5, "loading": 0.2, "start": 0.1, "checkpoints": 0.05, "waiting": 0.15} for n in (1, 8)}
    figure = figures.where_gpus_stop({"fast": rows}, shares)
    assert "fast:\n12 min, one task" in {text.get_text() for text in figure.axes[0].texts}
    assert {"computing", "waiting", "50"} <= {text.get_text() for text in figure.axes[1].texts}
    for lines, bars in (({}, shares), ({"fast": rows}, {})):
        with pytest.raises(ValueError, match="at least one"):
            figures.where_gpus_stop(lines, bars)
