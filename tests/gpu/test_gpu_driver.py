"""`make gpu`, rehearsed on the CPU: steps go on where they stopped, nothing is done twice, what comes out is whole."""

import json
import math
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Optional

import psutil
import pytest
import yaml

from helpers.pages.l08 import design
from helpers.parameters import lab_defaults, lab_parameters
from helpers.records.source import code_cells

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "gpu.py"
LAB = ROOT / "labs" / "08_xception_vs_vit.ipynb"


@pytest.fixture(scope="module")
def gpu():
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        import gpu as module
    finally:
        sys.path.remove(str(SCRIPT.parent))
    return module


@pytest.fixture
def folder(gpu, tmp_path):
    return gpu.Folder(tmp_path / "gpu")


def step(gpu, name, code, limit_s=60, **more):
    return gpu.Step(name, ("-c", code), limit_s, **more)


def states(steps, folder):
    return [folder.report(one).state for one in steps]


def test_a_call_does_what_fits_and_the_next_one_goes_on(gpu, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "GRACE_S", 0)
    seen = tmp_path / "seen"
    note = f"open({str(seen)!r}, 'a').write('x')"
    steps = [step(gpu, "one", note), step(gpu, "two", note), step(gpu, "long", note, limit_s=10_000)]
    assert not gpu.drive(steps, folder, 1000, tmp_path, "cpu")
    assert states(steps, folder) == ["done", "done", "left"]  # the third wants more than is left
    assert "1 of 3 steps are left" in (tmp_path / "summary.md").read_text()
    assert gpu.drive(steps, folder, 20_000, tmp_path, "cpu")
    assert seen.read_text() == "xxx"  # none twice
    assert "All is done." in (tmp_path / "summary.md").read_text()


def test_a_step_that_is_too_slow_is_ended_with_all_it_started(gpu, folder, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "GRACE_S", 2)
    child = "import time; time.sleep(600)"
    code = (
        "import subprocess, sys, time\n"
        f"print(subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True).pid, flush=True)\n"
        "time.sleep(600)"
    )
    slow, after = step(gpu, "slow", code, limit_s=3), step(gpu, "after", "pass")
    start = time.monotonic()
    assert not gpu.drive([slow, after], folder, 1000, None, "cpu")
    assert time.monotonic() - start < 30
    assert states([slow, after], folder) == ["cut off", "done"]
    pid = int(folder.file(slow, ".log").read_text().split()[0])
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_failed_is_named_with_its_end_and_tried_again_last(gpu, folder, tmp_path, capsys):
    steps = [
        step(gpu, "bad", "raise SystemExit('no such weights')"),
        step(gpu, "needy", "pass", needs=("bad",)),
        step(gpu, "good", "pass"),
    ]
    gpu.drive(steps, folder, 1000, tmp_path, "cpu")
    assert states(steps, folder) == ["failed", "left", "done"]
    assert "no such weights" in capsys.readouterr().out
    assert "Failed, tried again last: bad" in (tmp_path / "summary.md").read_text()
    steps = [*steps, step(gpu, "new", "pass")]
    gpu.drive(steps, folder, 1000, None, "cpu")
    tried = [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if " after " in line]
    assert tried == ["new", "bad"]


def test_a_step_that_has_changed_is_not_taken_for_done(gpu, folder, monkeypatch):
    before, now = step(gpu, "one", "pass"), step(gpu, "one", "pass  # otherwise")
    gpu.drive([before], folder, 1000, None, "cpu")
    assert states([before, now], folder) == ["done", "left"]
    monkeypatch.setattr(gpu, "code_digest", lambda: "other code")
    assert states([before], folder) == ["left"]


def test_done_steps_are_done_again_where_one_asks(gpu, folder, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    steps = [step(gpu, "one", "pass"), step(gpu, "other", "pass")]
    monkeypatch.setattr(gpu, "all_steps", lambda rehearse: steps)
    assert gpu.main(["--rehearse"]) == 0
    assert gpu.main(["--rehearse"]) == 0
    assert gpu.main(["--rehearse", "--again", "--only", "other"]) == 0
    tried = [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if " after " in line]
    assert tried == ["one", "other", "other"]


def test_two_calls_at_once_do_not_meet(gpu, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gpu, "all_steps", lambda rehearse: [step(gpu, "one", "pass")])
    (tmp_path / "_build" / "gpu-rehearsal").mkdir(parents=True)
    with gpu.FileLock(tmp_path / "_build" / "gpu-rehearsal" / ".lock"):
        assert gpu.main(["--rehearse"]) == 1
    assert "another call is at work" in capsys.readouterr().err
    assert gpu.main(["--rehearse"]) == 0


def test_another_machine_goes_on_from_the_archive_without_photographs(gpu, folder, tmp_path):
    run = folder.path / "dogs12000" / "runs" / "gpu" / "08" / "id"
    run.mkdir(parents=True)
    (run / "record.json").write_text("{}")
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "PHOTOGRAPH"}}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
    (run / "notebook.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {"helpers": {"run_id": "id"}}}))
    cells = folder.path / "dogs12000" / "checkpoints" / "gpu" / "08"
    for name, size in (("small", 10), ("large", gpu.CHECKPOINT_BYTES + 1)):
        point = cells / name / "epoch-0001-step-00000001"
        point.mkdir(parents=True)
        (point / "state.json").write_text("{}")
        (point / "weights.safetensors").write_bytes(bytes(size))
    one = step(gpu, "one", "pass")
    gpu.drive([one], folder, 1000, tmp_path / "out", "cpu")
    there = gpu.Folder(tmp_path / "there")
    with tarfile.open(tmp_path / "out" / "gpu.tar.gz") as tar:
        tar.extractall(there.path, filter="data")
    assert there.report(one).state == "done"
    moved = json.loads((there.path / run.relative_to(folder.path) / "notebook.ipynb").read_text())
    assert moved["metadata"]["helpers"]["run_id"] == "id"
    assert "PHOTOGRAPH" not in json.dumps(moved)
    kept = [path.parents[1].name for path in there.path.rglob("weights.safetensors")]
    assert kept == ["small"]
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("rehearse", [False, True])
def test_every_step_can_be_told_from_the_others_and_fits_into_a_call(gpu, folder, rehearse):
    steps = gpu.all_steps(rehearse)
    assert len({folder.file(one, ".json") for one in steps}) == len(steps)
    assert all(one.limit_s + gpu.GRACE_S <= 560 for one in steps)
    assert all(name in {other.name for other in steps} for one in steps for name in one.needs)
    assert all((ROOT / one.command[0]).is_file() or one.command[0] == "-m" for one in steps)


def test_every_test_that_needs_a_gpu_is_in_the_first_step(gpu):
    marked = re.compile(r"^(pytestmark = |@)pytest\.mark\.cuda\b", re.MULTILINE)
    found = [path for path in (ROOT / "tests").rglob("*.py") if marked.search(path.read_text(encoding="utf-8"))]
    assert {path.relative_to(ROOT).as_posix() for path in found} == set(gpu.TESTS)
    assert set(gpu.TESTS) <= set(gpu.all_steps()[0].command)


@pytest.mark.parametrize("rehearse", [False, True])
@pytest.mark.parametrize("experiment", ["scratch96", "dogs12000"])
def test_lab_08_takes_the_parameters_and_pieces_of_an_experiment(gpu, experiment, rehearse, monkeypatch):
    cells = code_cells(json.loads(LAB.read_text(encoding="utf-8")))
    own = next(cell for cell in cells if cell.lstrip().startswith("# Parameters of this lab"))
    edition = yaml.safe_load((ROOT / "labs/editions/gpu/08_xception_vs_vit.yaml").read_text(encoding="utf-8"))
    steps = gpu.lab_steps(experiment, rehearse)
    given = [json.loads(one.command[one.command.index("-y") + 1]) for one in steps]
    assert all(parameters == given[0] for parameters in given)
    parameters = lab_parameters({"Optional": Optional} | lab_defaults([own]) | edition | given[0], [own])
    assert set(given[0]) <= set(lab_defaults([own]))
    assert set(design.check(parameters).values()) == {32 if rehearse else 96}
    controls = ["scratch"] if parameters["scratch_control"] else []
    grid = [
        f"{m}/{t}/{s}"
        for m in parameters["models"]
        for t in parameters["tunings"] + controls
        for s in range(parameters["seeds"])
    ]
    assert [one.command[-1] for one in steps] == [*grid, "gathered"]
    assert len(steps) == {("scratch96", False): 7, ("dogs12000", False): 19}.get((experiment, rehearse), len(steps))


def test_without_a_gpu_it_says_so_and_does_nothing(gpu, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert gpu.main([]) == 0
    assert "not run: no CUDA GPU here" in capsys.readouterr().out
    assert not (tmp_path / "_build").exists()


# --- the benchmark -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arms():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import training_arms
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return training_arms


def test_the_busy_share_counts_overlaps_once(arms):
    assert arms.busy_share([(5, 6), (0, 2), (1, 3), (9, 10)]) == pytest.approx(0.5)
    assert math.isnan(arms.busy_share([]))


def test_the_clock_leaves_out_warm_up_and_what_comes_after(arms, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(arms, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    clock = arms.Clock("cpu", 2, 1, 6)
    now[0] = 10.0  # until the first batch is there
    for seconds in ([7, 7, 1], [2, 3, 50]):  # two epochs: two steps warm up, three are timed, the last is profiled
        for step_s in clock.watch(seconds):
            now[0] += step_s
    now[0] += 100
    clock.finish()
    assert clock.timed == 3
    assert clock.step_s == pytest.approx((1 + 2 + 3) / 3)
    assert clock.whole_s == pytest.approx(10 + 6)


def test_a_clock_that_was_asked_for_too_few_steps_says_so(arms):
    clock = arms.Clock("cpu", 1, 0, 4)
    list(clock.watch(range(2)))
    with pytest.raises(RuntimeError, match="more than 4 steps to be asked for, got 2"):
        clock.finish()


def test_the_benchmark_rehearses_every_arm(monkeypatch, tmp_path):
    """Ours and timm's; `Trainer` too where transformers is there, else its row says why not."""
    command = [sys.executable, "benchmarks/gpu_training.py", "--rehearse", "--models", "vit"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| vit_mini")]
    speeds = {
        (len(row), row[3 if len(row) == 9 else 2].strip()): row[4 if len(row) == 9 else 3].strip() for row in rows
    }
    assert {arm for _, arm in speeds} == {"ours", "timm", "Trainer"}
    assert len(speeds) == 6
    for (_, arm), speed in speeds.items():
        assert float(speed) > 0 if speed else arm == "Trainer"
    if not all(speeds.values()):
        assert done.stdout.count("not run: transformers is not installed") == 2
    assert "rehearsal on the CPU" in done.stdout
