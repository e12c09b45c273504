"""A task on its node: run once, counted, its error kept; and what Ray is asked for. No lab and no Ray is started."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers.records.runs import LabFailed
from helpers.sweep import Task, TaskResult
from helpers.sweep import cluster as on_ray
from helpers.sweep import task as tasks
from helpers.sweep.grid import Grid
from helpers.sweep.report import SweepRecord, summary, write_table
from helpers.sweep.task import read_result, run_task, seen_here


@pytest.fixture
def node(course, monkeypatch, tmp_path):
    """A node whose labs are made up: `told.does` is what the next run does, `told.runs` what was run and with what."""
    told = SimpleNamespace(runs=[], does=lambda: None, version="1+abc", reasons=[], folder=tmp_path)
    told.task = Grid(lab="01_tiny", edition="cpu").tasks(course, tmp_path)[0]

    def run_lab(lab, edition, arguments, output, processes):
        told.runs.append((json.loads(arguments[1]), os.environ["HELPERS_BUILD"], os.environ["OMP_NUM_THREADS"]))
        output.write("what papermill said\n")
        told.does()
        return Path("runs") / f"20261130T000000-{len(told.runs):06d}"

    record = SimpleNamespace(code_version="1+abc")
    monkeypatch.setattr(tasks, "run_lab", run_lab)
    monkeypatch.setattr(tasks, "code_version", lambda: told.version)
    monkeypatch.setattr(tasks, "read_record_of", lambda task, run: record)
    monkeypatch.setattr(tasks, "stale_reasons", lambda record, root: told.reasons)
    monkeypatch.setattr(tasks, "GRACE_S", 0.0)
    told.run = lambda: TaskResult.model_validate(
        run_task(told.task.model_dump(), str(course), {"OMP_NUM_THREADS": "3"}, "n1")
    )
    return told


def test_a_task_runs_in_its_own_build_folder_and_leaves_the_process_as_it_was(node):
    before, here = dict(os.environ), Path.cwd()
    result = node.run()
    assert (result.state, result.run_id, result.attempts) == ("done", "20261130T000000-000001", 1)
    assert node.runs == [({}, str(node.folder), "3")]
    assert (dict(os.environ), Path.cwd()) == (before, here)
    assert "what papermill said" in node.task.file("log").read_text()


def test_a_finished_task_is_not_run_again(node):
    assert node.run() == node.run()
    assert len(node.runs) == 1


def test_by_other_code_it_is_run_again(node):
    node.run()
    node.version = "1+other"
    node.run()
    assert len(node.runs) == 2, "pieces of two commits are not gathered"


def test_of_uncommitted_code_the_modules_are_compared(node, monkeypatch):
    node.version = "1+abc-dirty"
    monkeypatch.setattr(tasks, "read_record_of", lambda task, run: SimpleNamespace(code_version="1+abc-dirty"))
    node.run()
    node.run()
    assert len(node.runs) == 1
    node.reasons = ["helpers.models.vit has changed"]
    node.run()
    assert len(node.runs) == 2


def test_one_whose_record_is_gone_is_run_again(node, monkeypatch):
    node.run()

    def gone(task, run):
        raise FileNotFoundError(run)

    monkeypatch.setattr(tasks, "read_record_of", gone)
    node.run()
    assert len(node.runs) == 2


def test_one_that_was_cut_off_is_begun_again_and_counted(node, monkeypatch):
    waited = []
    monkeypatch.setattr(tasks.time, "sleep", waited.append)

    def cut():
        raise KeyboardInterrupt

    node.does = cut
    with pytest.raises(KeyboardInterrupt):
        node.run()
    assert read_result(node.task).state == "running"
    node.does = lambda: None
    assert (node.run().attempts, waited) == (2, [0.0]), "the kernel of the first has a moment to see that it is alone"


@pytest.mark.parametrize("died", ["", "the kernel", "papermill"])
def test_a_failure_is_kept_with_its_traceback_and_tried_again_when_asked(node, died):
    notebook = node.folder / "failed.ipynb"
    error = {"output_type": "error", "traceback": ["\x1b[0;31mValueError\x1b[0m", "line 3"]}
    text = json.dumps({"cells": [{"cell_type": "code", "source": "", "outputs": [] if died else [error]}]})
    notebook.write_text(text[:9] if died == "papermill" else text)

    def fail():
        raise LabFailed("01_tiny failed", notebook)

    node.does = fail
    result = node.run()
    assert result.state == "failed"
    assert result.error == "01_tiny failed\n" + ("what papermill said" if died else "ValueError\nline 3")
    node.does = lambda: None
    assert node.run().state == "done"


def test_one_whose_record_does_not_reach_this_machine_is_no_success(node):
    result = node.run()
    told = seen_here(node.task, result.model_copy(update={"node": "far"}))
    assert told.state == "failed"
    assert "done on far, but its record is not here" in told.error
    record = node.folder / "runs" / "cpu" / "01_tiny" / result.run_id / "record.json"
    record.parent.mkdir(parents=True)
    record.touch()
    assert seen_here(node.task, result) == result


def test_a_node_that_does_not_see_the_course_says_so(node, tmp_path):
    with pytest.raises(FileNotFoundError, match="all nodes must see the course's folder at the same path"):
        run_task(node.task.model_dump(), str(tmp_path / "nowhere"), {})


# --- what Ray is asked for -------------------------------------------------------------------------------------------


class FakeRay:
    """A Ray that runs a task when it is asked for its result; the last of its nodes is dead."""

    class exceptions:
        class RayError(Exception):
            pass

    def __init__(self, outcomes, **resources):
        self.outcomes, self.resources, self.most, self.open, self.asked = outcomes, resources, 0, 0, {}

    def nodes(self):
        return [{"Alive": True, "Resources": self.resources}, {"Alive": False, "Resources": {"CPU": 99, "GPU": 99}}]

    def remote(self, function):
        def begin(task, root, settings):
            self.open += 1
            self.most = max(self.most, self.open)
            return task["name"], settings

        def options(**asked):
            self.asked = asked
            return SimpleNamespace(remote=begin)

        return SimpleNamespace(options=options)

    def wait(self, running, num_returns):
        return running[:num_returns], running[num_returns:]

    def get(self, reference):
        self.open -= 1
        outcome = self.outcomes[reference[0]]
        if isinstance(outcome, Exception):
            raise outcome
        return {"name": reference[0], "state": "done", "run_id": outcome}


class Unhashed(dict):
    """Settings, which a reference of the made-up Ray carries."""

    def __hash__(self):
        return 0


@pytest.fixture
def three(course, tmp_path, monkeypatch) -> list[Task]:
    monkeypatch.setattr(on_ray, "settings_of", lambda cpus, gpus: Unhashed())
    return Grid(lab="01_tiny", edition="cpu", vary={"epochs": [1, 2, 3]}).tasks(course, tmp_path)


def test_so_many_at_once_and_a_lost_one_does_not_stop_the_others(three):
    lost = FakeRay.exceptions.RayError("its node died four times")
    ray = FakeRay({"epochs=1": "a", "epochs=2": lost, "epochs=3": "c"}, CPU=8)
    found = {result.name: result for _, result in on_ray.run_all(ray, three, Path("/"), 2, 1, 0)}
    assert [found[task.name].state for task in three] == ["done", "failed", "done"]
    assert "its node died four times" in found["epochs=2"].error
    assert ray.most == 2
    assert ray.asked == {"num_cpus": 1, "num_gpus": 0, "max_retries": 3, "scheduling_strategy": "SPREAD"}


def test_without_a_node_that_is_large_enough_nothing_begins(three):
    ray = FakeRay({}, CPU=8, GPU=1)
    with pytest.raises(on_ray.SweepError, match=r"of 1 cores and 2 GPUs; the nodes have: 8 cores, 1 GPUs\. GPUS=0"):
        next(on_ray.run_all(ray, three, Path("/"), None, 1, 2))


def test_a_task_without_a_gpu_sees_none_and_has_its_threads(monkeypatch):
    monkeypatch.setenv("HELPERS_CACHE", "/shared/cache")
    monkeypatch.delenv("HELPERS_DATA", raising=False)
    told = on_ray.settings_of(2, 0)
    assert told | {"PYTHONPATH": ""} == {
        "OMP_NUM_THREADS": "2", "CUDA_VISIBLE_DEVICES": "", "HELPERS_CACHE": "/shared/cache", "PYTHONPATH": ""
    }  # fmt: skip
    assert "CUDA_VISIBLE_DEVICES" not in on_ray.settings_of(2, 1), "Ray says which"


# --- what a sweep leaves ---------------------------------------------------------------------------------------------


def test_a_table_has_every_column_that_any_row_has(tmp_path):
    write_table(tmp_path / "t.csv", [{"task": "a,b", "seed": 0}, {"task": "c", "top1": 0.5}])
    assert (tmp_path / "t.csv").read_text() == 'task,seed,top1\n"a,b",0,\nc,,0.5\n'


def test_the_summary_tells_who_failed_and_why(three, tmp_path):
    results = [TaskResult(name=task.name, state="done", run_id="r", node="here", wall_s=1.5) for task in three]
    results[1] = TaskResult(name=three[1].name, state="failed", attempts=4, error="ValueError: no")
    record = SweepRecord(
        grid=Grid(lab="01_tiny", edition="cpu"), code_version="1", address="local", tasks=results, gathered=[],
        started_at="2026-11-30T00:00:00Z", finished_at="2026-11-30T00:00:09Z",
    )  # fmt: skip
    told = summary(record, three, before=1)
    assert "epochs=2  failed      0.0         4" in told
    assert "epochs=2 failed for good:\nValueError: no\nlog: " in told
    assert told.endswith("2 of 3 tasks done (1 of them before), 1 failed, 9 s")
