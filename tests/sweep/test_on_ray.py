"""Sweeps on Ray: a driver killed, a node killed, a task that always fails, and a token without which nothing answers.

One story on a cluster of two nodes, both on this machine; what it left behind is then looked at. Six tasks, of which
each waits in its second pass until its gate is opened.
"""

import csv
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from helpers.records import Record
from helpers.sweep import cluster as on_ray
from helpers.sweep.grid import read_grid
from helpers.sweep.report import SweepRecord
from helpers.sweep.task import read_record_of, read_result

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # on a busy machine; on a quiet one it takes a minute
TOKEN = secrets.token_hex(32)
NUMBERS = ("seed", "loss", "norm")


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each on loopback, with a token; the driver's node first."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "RAY_AUTH_MODE",
            "RAY_USAGE_STATS_ENABLED",
            "RAY_TMPDIR",
            "RAY_raylet_start_wait_time_s",
            on_ray.LOOPBACK_VARIABLE,
        ):
            patch.setenv(name, "")  # set in there, and put back in the end
        patch.setenv("RAY_AUTH_TOKEN", TOKEN)
        patch.setenv("RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S", "300")  # 30: too few beside other tests
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "src"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        found = on_ray.loopback_cluster(folder, num_cpus=1, ray_client_server_port=port)
        found.client_address = f"ray://127.0.0.1:{port}"
        found.add_node(**on_ray.NODE, num_cpus=1)
        yield found
        found.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


class Story:
    """The sweep's tasks and how they stood when something happened to them."""

    def __init__(self, course: Path, grid: Path) -> None:
        self.gates = course / "gates"
        self.gates.mkdir()
        self.tasks = read_grid(grid, course).tasks(course, course / "_build" / "sweeps" / grid.stem)
        self.folder = Path(self.tasks[0].build)

    def results(self):
        return [read_result(task) for task in self.tasks]

    def states(self) -> list[str]:
        return ["new" if one is None else one.state for one in self.results()]

    def at_its_gate(self, number: int, attempt: int, node_id: str = "") -> bool:
        """Whether a task is running, for the so-manieth time, on that node, and its first pass is in a checkpoint."""
        result = read_result(self.tasks[number])
        there = result is not None and (result.state, result.attempts) == ("running", attempt)
        return (
            there
            and node_id in ("", result.node_id)
            and any((self.folder / "checkpoints" / "cpu" / "01_tiny" / str(number)).glob("epoch-0001-*[0-9]"))
        )

    def open(self, *numbers: int) -> None:
        for number in numbers:
            (self.gates / str(number)).touch()


def kernels(of: Path) -> list[psutil.Process]:
    """The running papermills whose labs write below the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(of) in " ".join(process.cmdline()) and "papermill" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def story(cluster, course, write_grid, start, wait_until):
    """Two tasks finish, then the driver is killed; it is started again, and a node is killed; then all may go on."""
    grid = write_grid("story", parameters={"gates": str(course / "gates")}, pieces=[[[0, 1, 2, 3, 4, 5]]])
    told = Story(course, grid)
    command = ("sweep", grid, "--address", cluster.address)
    told.open(0, 1)
    driver = start(*command)
    wait_until(
        lambda: told.states()[:2] == ["done", "done"] and told.at_its_gate(2, 1) and told.at_its_gate(3, 1), "2 done"
    )
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    told.after_driver = told.results()
    wait_until(lambda: not kernels(told.folder), "the killed driver's labs to end")

    driver = start(*command)
    (doomed,) = cluster.worker_nodes
    its_id = doomed.node_id
    wait_until(lambda: any(told.at_its_gate(number, 2, its_id) for number in (2, 3)), "a task on the node")
    told.lost = next(number for number in (2, 3) if told.at_its_gate(number, 2, its_id))
    wait_until(lambda: len(kernels(told.folder)) == 2, "its lab")
    cluster.remove_node(doomed, allow_graceful=False)  # by SIGKILL
    told.doomed = its_id
    told.open(2, 3, 4, 5)
    told.output, _ = driver.communicate(timeout=1000)
    told.status = driver.returncode
    return told


def test_what_was_done_before_the_driver_was_killed_is_not_run_again(story):
    first = [one.run_id for one in story.after_driver[:2]]
    assert None not in first
    assert [one.run_id for one in story.results()[:2]] == first
    assert "6 of 6 tasks done (2 of them before), 0 failed" in story.output


def test_the_task_of_the_killed_node_went_on_from_its_checkpoint_on_the_other(story):
    result = story.results()[story.lost]
    assert result.state == "done"
    assert result.node_id != story.doomed
    assert result.attempts == 3, "killed with its driver, killed with its node, done"
    (row,) = read_record_of(story.tasks[story.lost], result.run_id).runs
    assert row["resumed_from_step"] == 4, "one pass of four steps was not taken again"


def test_all_six_have_the_numbers_of_a_run_in_turn(story, start):
    """One process, one lab, no Ray, nothing killed."""
    assert story.status == 0, story.output
    alone = start("records", "run", "01_tiny", "cpu")
    output, _ = alone.communicate(timeout=600)
    assert alone.returncode == 0, output
    path = next(line.split()[-1] for line in output.splitlines() if line.startswith("record:"))
    wanted = {row["seed"]: [row[name] for name in NUMBERS] for row in Record.model_validate_json(_read(path)).runs}
    rows = [read_record_of(t, r.run_id).runs for t, r in zip(story.tasks, story.results(), strict=True)]
    assert {row["seed"]: [row[name] for name in NUMBERS] for (row,) in rows} == wanted
    assert len(wanted) == 6


def _read(path) -> str:
    return Path(path).read_text(encoding="utf-8")


def test_the_sweep_leaves_one_record_of_all_pieces_one_of_itself_and_a_table(story):
    sweep = SweepRecord.model_validate_json(_read(story.folder / "sweep.json"))
    assert [one.state for one in sweep.tasks] == ["done"] * 6
    (run,) = sweep.gathered
    record = Record.model_validate_json(_read(story.folder / "runs" / "cpu" / "01_tiny" / run / "record.json"))
    assert [row["seed"] for row in record.runs] == list(range(6))
    assert [piece.run_id for piece in record.pieces] == [one.run_id for one in sweep.tasks]
    with open(story.folder / "table.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["task"], float(row["norm"])) for row in rows] == [(str(r["seed"]), r["norm"]) for r in record.runs]


def test_a_finished_sweep_starts_nothing_and_runs_nothing_again(story, start, course):
    again = start("sweep", "labs/grids/story.yaml", "--address", "127.0.0.1:1")
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0, "it does not even look for the cluster"
    assert "6 of 6 tasks done (6 of them before)" in output


# --- the token -------------------------------------------------------------------------------------------------------

KNOCK = """
import sys
from ray._raylet import GcsClient
try:
    print("answered:", GcsClient(address=sys.argv[1]).internal_kv_keys(b"", None, timeout=20))
except Exception as error:
    print("refused:", type(error).__name__, error)
"""


def knock(address: str, **environment: str) -> str:
    told = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | environment
    done = subprocess.run([sys.executable, "-c", KNOCK, address], env=told, capture_output=True, text=True, timeout=200)
    return done.stdout + done.stderr


def test_nothing_answers_without_the_token(cluster):
    assert "answered:" in knock(cluster.address, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=TOKEN), "with it"
    without = knock(cluster.address, RAY_AUTH_MODE="disabled")
    assert "answered:" not in without
    assert "nauthenticated" in without


def test_every_server_listens_on_the_loopback_alone(cluster):
    """Where Ray lets one choose: on one machine."""
    ours = psutil.Process().children(recursive=True)
    listening = [c.laddr.ip for process in ours for c in _connections(process) if c.status == psutil.CONN_LISTEN]
    assert len(listening) >= 3
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def _connections(process: psutil.Process) -> list:
    try:
        return process.net_connections(kind="tcp")
    except psutil.Error:  # it has ended
        return []


def test_nothing_is_reported_to_rays_makers_and_no_dashboard_is_there(cluster):
    session = Path(cluster.head_node.get_session_dir_path())
    assert not list(session.glob("usage*"))
    assert not cluster.webui_url


def test_a_sweep_reaches_the_cluster_through_its_client_server(cluster, write_grid, start):
    grid = write_grid("client", parameters={"seeds": 1}, vary={"fails": [True, False]})
    driver = start("sweep", grid, "--address", cluster.client_address)
    output, _ = driver.communicate(timeout=1000)
    assert "1 of 2 tasks done (0 of them before), 1 failed" in output, output
    assert "ArithmeticError: the lab fails for seed 0" in output
    assert driver.returncode == 1


@pytest.mark.parametrize("client", [False, True])
def test_a_sweep_with_another_token_is_refused_and_says_where_the_right_one_lies(cluster, write_grid, start, client):
    grid = write_grid("stranger", parameters={"seeds": 1})
    address = cluster.client_address if client else cluster.address
    driver = start("sweep", grid, "--address", address, RAY_AUTH_TOKEN="0" * 64)
    output, _ = driver.communicate(timeout=400)
    assert driver.returncode == 1
    assert ("If that is for another token" if client else "asks for its token") in output
    assert "copy ~/.ray/auth_token of the head node" in output


# --- the embedded default --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def local(course, write_grid, start):
    """A sweep on a Ray of its own: one of two tasks always fails."""
    grid = write_grid("mixed", parameters={"seeds": 1}, vary={"fails": [True, False]}, jobs=2)
    driver = start("sweep", grid)
    output, _ = driver.communicate(timeout=1000)
    return driver.returncode, output, course / "_build" / "sweeps" / "mixed"


def test_a_task_that_always_fails_is_told_with_its_traceback_and_the_other_finishes(local):
    status, output, folder = local
    assert status == 1
    assert "1 of 2 tasks done (0 of them before), 1 failed" in output
    assert "fails=true failed for good" in output
    assert "ArithmeticError: the lab fails for seed 0" in output
    assert 'raise ArithmeticError(f"the lab fails for seed {seed}")' in output, "the line of the lab"
    states = {one["name"]: one["state"] for one in json.loads(_read(folder / "sweep.json"))["tasks"]}
    assert states == {"fails=true": "failed", "fails=false": "done"}
    assert {row["fails"] for row in csv.DictReader((folder / "table.csv").open())} == {"False"}
