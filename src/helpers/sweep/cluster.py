"""Ray for a sweep: started on this machine alone, or a cluster that runs already; tasks in, results out.

Whoever reaches a Ray server may run any code there, so it asks for a token, always. A local sweep makes one of its own,
and listens on the loopback alone; on a cluster it is that of the head node.
"""

import logging
import os
import re
import secrets
import shutil
import socket
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.sweep.grid import Task
from helpers.sweep.task import TaskResult, run_task

LOCAL = "local"
RETRIES = 3  # of a task whose node or process died; a lab that fails is not tried again
GREETINGS = 3  # to a client server: it gives the process that it starts for each client half a minute to come up
LOOPBACK = re.compile(r"localhost|127(\.\d+){3}")
LOOPBACK_VARIABLE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # "0": Ray takes 127.0.0.1 as such, for no other address of it
NODE = {  # nothing that a sweep has no use for, such as a dashboard; its results are small
    "node_ip_address": "127.0.0.1", "include_dashboard": False, "no_monitor": True, "include_log_monitor": False,
    "object_store_memory": 100 << 20,
}  # fmt: skip
# Every process of Ray reads the grammar of international web addresses, to check some: more than half of the processor
# time that it needs to start. It goes without where these modules cannot be imported.
HEAVY = ("rfc3987_syntax", "rfc3986_validator")
ANSWERS_S = 10
PASSED_ON = ("HELPERS_CACHE", "HELPERS_DATA", "PYTHONPATH")
ADDRESS = re.compile(r"(?:ray://)?(?P<host>[\w.-]+):(?P<port>\d{1,5})")
TOKEN = "copy ~/.ray/auth_token of the head node to this machine, or set RAY_AUTH_TOKEN_PATH to a file that holds it"
INSTALL = (
    "make sweep installs it; by hand: .venv/bin/uv pip install --constraints constraints.txt --editable '.[cluster]'"
)


class SweepError(RuntimeError):
    """A sweep that cannot start: no Ray, no cluster, no room."""


def import_ray() -> Any:
    """Ray with its token asked for and its usage statistics off, which is read when it is imported.

    Raises
    ------
    SweepError
        If it is not installed.
    """
    os.environ.update(RAY_AUTH_MODE="token", RAY_USAGE_STATS_ENABLED="0")
    for module in HEAVY:
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]
    try:
        import ray
    except ModuleNotFoundError as error:
        raise SweepError(f"Ray is missing ({error}): {INSTALL}") from None
    return ray


def loopback_cluster(folder: Path, **resources: int) -> Any:
    """A `ray.cluster_utils.Cluster` of one node that listens on this machine's loopback alone, with a token.

    Parameters
    ----------
    folder
        For its sockets and logs; a short path.
    resources
        num_cpus, num_gpus.

    Raises
    ------
    SweepError
        If it does not come up in the time that Ray gives itself.
    """
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ |= {LOOPBACK_VARIABLE: "0", "RAY_TMPDIR": str(folder), "RAY_raylet_start_wait_time_s": "60"}
    for module in HEAVY:
        (folder / f"{module}.py").write_text("raise ImportError(__name__)\n", encoding="utf-8")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([before] if before else [])])
    import_ray()
    from ray.cluster_utils import Cluster

    try:
        return Cluster(initialize_head=True, head_node_args=NODE | resources)
    except Exception as error:  # Ray's own, of no other kind
        raise SweepError(f"Ray did not start ({error}): is this machine very busy? Then try again later") from error


@contextmanager
def connected(address: str, cores: int, gpus: int) -> Iterator[Any]:
    """Ray, connected; what was started for it is gone in the end.

    Parameters
    ----------
    address
        "local"; `host:6379` on a node of the cluster; or `ray://host:10001`, its client server, from a machine that is
        no node. Tasks and results lie in files, so that machine too must see the course's folder at the same path.
    cores
        The least that a local Ray offers to tasks; there may be fewer.
    gpus
        Of a task: without any, a local Ray offers none.

    Raises
    ------
    SweepError
        If nothing answers there, or no longer; it refuses the token; or a local Ray does not start.
    """
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address != LOCAL:
        _answers(address)
        ray = import_ray()
        _connect(ray, address, quiet)
        try:
            yield ray
        except ConnectionError as error:
            raise SweepError(
                f"{address} no longer answers ({error}): what is done is kept, the same command goes on from there"
            ) from None
        finally:
            ray.shutdown()
        return
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # its owner alone can read it; a longer path would not suit sockets
    try:
        cluster = loopback_cluster(folder, num_cpus=max(os.cpu_count() or 1, cores), num_gpus=_gpus() if gpus else 0)
        ray = import_ray()
        try:
            ray.init(address=cluster.address, **quiet)
            yield ray
        finally:
            ray.shutdown()
            cluster.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _answers(address: str) -> None:
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise SweepError(f"ADDRESS: expected {LOCAL}, ray://host:10001 or host:6379, got {address!r}")
    try:
        socket.create_connection((found["host"], int(found["port"])), timeout=ANSWERS_S).close()
    except (OSError, OverflowError) as error:
        raise SweepError(
            f"nothing answers at {address} ({error}): on the head node run RAY_AUTH_MODE=token .venv/bin/ray start "
            "--head, and take the address that it prints; CONTRIBUTING.md, Many machines"
        ) from None
    if LOOPBACK.fullmatch(found["host"]):
        os.environ[LOOPBACK_VARIABLE] = "0"


def _connect(ray: Any, address: str, quiet: dict[str, Any]) -> None:
    try:
        if "://" not in address:
            ray._raylet.GcsClient(address=address)  # it says of a token that is refused what `init` keeps to itself
        _greet(ray, address, quiet)
    except ImportError as error:
        raise SweepError(f"ray:// needs more of Ray ({error}): {INSTALL}") from None
    except ConnectionAbortedError as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]  # of a traceback
        raise SweepError(
            f"the client server at {address} started no process for this sweep, asked {GREETINGS} times ({reason}): "
            "is its machine very busy? Then try again later"
        ) from None
    except (ConnectionError, RuntimeError, TimeoutError, ray.exceptions.RayError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if isinstance(error, ray.exceptions.AuthenticationError) or "nauthenticated" in str(error):
            raise SweepError(f"{address} asks for its token ({reason}): {TOKEN}") from None
        if "://" in address and isinstance(error, ConnectionError):  # it waits in vain, and keeps to itself for what
            raise SweepError(f"no Ray cluster at {address}: {reason}. If that is for another token: {TOKEN}") from None
        raise SweepError(f"no Ray cluster at {address}: {reason}") from None


def _greet(ray: Any, address: str, quiet: dict[str, Any]) -> None:
    for _ in range(GREETINGS - 1):
        try:
            ray.init(address=address, **quiet)
        except ConnectionAbortedError:
            continue
        return
    ray.init(address=address, **quiet)


def _check_room(ray: Any, cpus: int, gpus: int) -> None:
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(node.get("CPU", 0) >= cpus and node.get("GPU", 0) >= gpus for node in nodes):
        there = "; ".join(f"{node.get('CPU', 0):g} cores, {node.get('GPU', 0):g} GPUs" for node in nodes)
        hint = ". GPUS=0 runs on CPUs" if gpus else ""
        raise SweepError(
            f"no node has room for a task of {cpus} cores and {gpus} GPUs; the nodes have: {there or 'none'}{hint}"
        )


def _on_a_node(task: dict[str, Any], root: str, settings: dict[str, str]) -> dict[str, Any]:
    import ray

    return run_task(task, root, settings, ray.get_runtime_context().get_node_id())


def settings_of(cpus: int, gpus: int) -> dict[str, str]:
    """Environment variables of a task's run: its threads, its GPUs, and where data and code lie."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    hidden = {} if gpus else {"CUDA_VISIBLE_DEVICES": ""}  # Ray itself says which GPUs a task has
    return passed | hidden | {"OMP_NUM_THREADS": str(cpus)}


def run_all(
    ray: Any, tasks: Sequence[Task], root: Path, jobs: int | None, cpus: int, gpus: int
) -> Iterator[tuple[Task, TaskResult]]:
    """Run tasks on Ray, `jobs` at once; each with its result as it comes.

    A task whose node dies is begun again on another one, and goes on from its last checkpoint. One that fails for
    good does not stop the others.

    Parameters
    ----------
    ray
        As `connected` gives it.
    root
        The course's folder.
    jobs
        None: as many as there is room for.
    cpus, gpus
        Of a task.

    Raises
    ------
    SweepError
        If no node is large enough for a task.
    """
    _check_room(ray, cpus, gpus)
    settings = settings_of(cpus, gpus)
    options = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": RETRIES, "scheduling_strategy": "SPREAD"}
    remote = ray.remote(_on_a_node).options(**options)
    waiting, running = deque(tasks), dict[Any, Any]()
    while waiting or running:
        while waiting and (jobs is None or len(running) < jobs):
            task = waiting.popleft()
            running[remote.remote(task.model_dump(), str(root), settings)] = task
        (first, *_), _ = ray.wait(list(running), num_returns=1)
        task = running.pop(first)
        try:
            yield task, TaskResult.model_validate(ray.get(first))
        except ray.exceptions.RayError as error:
            yield task, TaskResult(name=task.name, state="failed", error=str(error))
