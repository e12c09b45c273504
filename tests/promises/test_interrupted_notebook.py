"""An interrupted notebook leaves a run that the same cell, or the same command, continues to the same numbers.

The kernel's interrupt button, its Restart, and Ctrl-C on `make lab` (here on the command behind it, with papermill and
a kernel of its own), each while a network is training.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from helpers.records import Record

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")]
SOURCE = Path(__file__).parents[2] / "src"
LAB = "01_tiny"
STEPS = 40  # of both passes together
IMPORTS = """
import json, time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from helpers.data.batches import Batches
from helpers.parameters import lab_parameters
from helpers.records import checkpoint_folder, write_record
from helpers.training import TrainingConfig, fit
"""
PARAMETERS = """# Parameters of this lab
edition: str = "cpu"
pause_s: float = 0.2
"""
TRAIN = """
class Slow(Batches):
    "Gives whoever wants to interrupt the time to do so."

    def epoch(self, epoch, start=0):
        for batch in super().epoch(epoch, start):
            time.sleep(pause_s)
            yield batch


images = np.random.default_rng(0).integers(0, 256, (120, 8, 8, 3), dtype=np.uint8)
batches = Slow(images, np.arange(120) % 3, batch_size=6, seed=1, mean=(0.5,) * 3, std=(0.25,) * 3)
torch.manual_seed(0)
layers = [torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten()]
model = torch.nn.Sequential(*layers, torch.nn.Dropout(0.2), torch.nn.Linear(144, 3))
config = TrainingConfig(epochs=2, learning_rate=0.003, checkpoint_every_s=1e-9)
history = fit(model, batches, config, checkpoint_dir=folder)
losses = [row.train_loss for row in history.epochs]
row = {"seed": 0, "losses": losses, "weights": float(model[5].weight.detach().double().sum())}
print(json.dumps(row | {"resumed": history.resumed_from_step, "steps": history.steps}))
"""
FOLDER, STARTED = f'folder = checkpoint_folder("{LAB}", edition)', "started_at = datetime.now(UTC)"
RECORD = f"""
parameters = lab_parameters(globals())
told = dict(parameters=parameters, runs=[row], summary={{}}, started_at=started_at)
path = write_record("{LAB}", edition, **told)
"""


def steps_done(folder: Path) -> int:
    """Updates in the newest checkpoint of a folder."""
    return max((int(path.name[-8:]) for path in folder.glob("epoch-*[0-9]")), default=0)


def wait_until(condition: Callable[[], object], limit_s: float = 300) -> None:
    since = time.monotonic()
    while not condition():
        assert time.monotonic() - since < limit_s, "waited in vain"
        time.sleep(0.01)


class Notebook:
    """A kernel in which cells are run, and interrupted in the middle of training."""

    def __init__(self, checkpoints: Path, pause_s: float) -> None:
        self.checkpoints = checkpoints
        environment = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
        self.manager, self.client = start_new_kernel(kernel_name="python3", env=environment, startup_timeout=300)
        self.setting = f"{IMPORTS}\npause_s, folder = {pause_s}, Path({str(checkpoints)!r})"
        self.run(self.setting)

    def _finish(self, asked: str) -> tuple[str, str]:
        """Whether a cell ended "ok" or in which error, and what it printed."""
        printed = ""
        while True:
            message = self.client.get_iopub_msg(timeout=300)
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed += message["content"]["text"]
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        reply = self.client.get_shell_msg(timeout=300)
        while reply["parent_header"].get("msg_id") != asked:
            reply = self.client.get_shell_msg(timeout=300)
        return reply["content"].get("ename", "ok"), printed

    def run(self, source: str) -> tuple[str, str]:
        return self._finish(self.client.execute(source))

    def row(self) -> dict:
        """What the cell that trains prints, once it is through."""
        ended, printed = self.run(TRAIN)
        assert ended == "ok", ended
        return json.loads(printed.splitlines()[-1])

    def begin(self, until: int) -> str:
        """Begin the cell that trains; return when so many updates are in a checkpoint."""
        asked = self.client.execute(TRAIN)
        wait_until(lambda: steps_done(self.checkpoints) >= until)
        return asked

    def restart(self) -> None:
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=300)
        self.run(self.setting)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict:
    """The numbers of the run in one piece, trained in this process."""
    now: dict = {}
    exec(IMPORTS + f"\npause_s, folder = 0.0, Path({str(tmp_path_factory.mktemp('whole'))!r})\n" + TRAIN, now)
    return now["row"]


@pytest.fixture
def notebook(tmp_path):
    opened = Notebook(tmp_path / "checkpoints", pause_s=0.02)
    yield opened
    opened.close()


def same_numbers(row: dict, whole: dict) -> bool:
    return all(row[name] == whole[name] for name in whole)


def test_an_interrupted_cell_and_a_restarted_kernel_go_on_where_they_were(notebook, whole, amount, count):
    """Interrupted once, or several times, then the kernel is restarted in the middle, then the cell is left alone."""
    draw = random.Random(2026)
    for _ in range(amount(1, 5)):
        for step in sorted(draw.sample(range(2, STEPS // 2), k=amount(1, 3))):
            asked = notebook.begin(until=step)
            notebook.manager.interrupt_kernel()
            assert notebook._finish(asked)[0] == "KeyboardInterrupt"
            count("interrupts of a cell", 1)
        before = steps_done(notebook.checkpoints)
        notebook.begin(until=before + 5)
        notebook.restart()
        count("restarts of a kernel", 1)
        before = steps_done(notebook.checkpoints)
        row = notebook.row()
        assert same_numbers(row, whole)
        assert row["resumed"] >= before >= 5
        assert [path.name for path in sorted(notebook.checkpoints.iterdir())] == [
            ".lock",
            f"epoch-0002-step-{STEPS:08d}",
        ]
        for path in notebook.checkpoints.glob("*"):
            notebook.run(f"import shutil; shutil.rmtree({str(path)!r}, ignore_errors=True)")


@pytest.fixture
def course(tmp_path) -> Path:
    """A course of one lab, the cells above."""
    (tmp_path / "labs" / "editions" / "cpu").mkdir(parents=True)
    (tmp_path / "labs" / "editions" / "cpu" / f"{LAB}.yaml").write_text("edition: cpu\n")
    (tmp_path / "_toc.yml").write_text("root: intro\n")
    (tmp_path / "src").symlink_to(SOURCE)
    cells = []
    for number, source in enumerate((IMPORTS, PARAMETERS, f"{STARTED}\n{FOLDER}\n{TRAIN}", RECORD)):
        cell = {"cell_type": "code", "id": f"c{number}", "source": source, "outputs": [], "execution_count": None}
        cells.append(cell | {"metadata": {"tags": ["parameters"]} if source == PARAMETERS else {}})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    text = json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    (tmp_path / "labs" / f"{LAB}.ipynb").write_text(text)
    return tmp_path


def make_lab(course: Path) -> subprocess.Popen:
    """What `make lab` runs, in a process group of its own, as a terminal has one."""
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    for name in ("HELPERS_BUILD", "HELPERS_RUN"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "helpers.records", "run", LAB, "cpu"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # which `pytest &` would not hear
    return subprocess.Popen(command, cwd=course, env=environment, start_new_session=True, **streams, **heard)


def test_control_c_on_make_lab_leaves_a_run_that_the_same_command_continues(course, whole, amount, count):
    checkpoints, runs = course / "_build" / "checkpoints" / "cpu" / LAB, course / "_build" / "runs" / "cpu" / LAB
    for _ in range(amount(1, 3)):
        until, lab = steps_done(checkpoints) + 3, make_lab(course)
        wait_until(lambda until=until: steps_done(checkpoints) >= until)
        os.killpg(lab.pid, signal.SIGINT)  # a terminal sends it to make, to the command and to papermill
        output, _ = lab.communicate(timeout=300)
        assert lab.returncode == 130, output
        assert "the same command goes on from the last checkpoint" in output
        count("interrupts of papermill", 1)
    cut = {path.name for path in runs.iterdir()}
    before = steps_done(checkpoints)
    lab = make_lab(course)
    output, _ = lab.communicate(timeout=300)
    assert lab.returncode == 0, output
    (finished,) = [path for path in runs.iterdir() if path.name not in cut]
    record = Record.model_validate_json((finished / "record.json").read_text())
    assert record.runs == [whole]
    cells = json.loads((finished / "notebook.ipynb").read_text())["cells"]
    lines = "".join("".join(out.get("text", "")) for cell in cells for out in cell.get("outputs", ())).splitlines()
    (printed,) = [json.loads(line) for line in lines if line.startswith('{"seed"')]
    assert STEPS >= printed["resumed"] >= before
    assert not any((runs / name / "notebook.ipynb").exists() for name in cut), "an interrupted run is not finished"
