"""The honest grid on paper, from what was recorded: what a task needs, and what more GPUs can and cannot shorten.

Times are those of lab 8's recording on photographs (`dogs12000`, two cores); the start of a task and the size of a
checkpoint come from `benchmarks/sweep.py`. What no record holds is an assumption, in one place, for readers to change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import mean
from typing import Any

from helpers.pages.c18.scaling import Plan, plan
from helpers.records import Record, read_record

PARTS = ("computing", "loading", "start", "checkpoints")


@dataclass(frozen=True)
class Assumed:
    """What nobody measured here.

    Attributes
    ----------
    speed
        How many times as fast as the recorded machine's two cores a GPU computes.
    link
        Bytes a second from one GPU to another.
    disk
        Bytes a second that all tasks together can write.
    price
        Euros for an hour of one GPU, busy or not.
    """

    speed: float = 50.0
    link: float = 10e9
    disk: float = 1e9
    price: float = 2.0


@dataclass(frozen=True)
class Task:
    """One training as it was recorded; seconds on two cores.

    Attributes
    ----------
    name
        Network and tuning.
    computing_s
        Steps, a validation after each pass, and judging the end on test and training images.
    loading_s
        Waiting for batches: cutting, mirroring, scaling.
    start_s
        Papermill, a kernel and imports, in processor seconds; then opening the data, and all else of a lab's run.
    images
        Seen in training, each pass anew.
    steps
        Of the optimiser.
    passes
        Over the training images, with a checkpoint after each.
    parameters
        Of the network.
    checkpoint_bytes
        Of one checkpoint.
    """

    name: str
    computing_s: float
    loading_s: float
    start_s: float
    images: int
    steps: int
    passes: int
    parameters: int
    checkpoint_bytes: int


@cache
def costs() -> dict[str, Any]:
    """What `benchmarks/sweep.py --record` found."""
    return dict(read_record("18_sweep", "cpu").summary)


@cache
def recorded_tasks() -> tuple[Task, ...]:
    """The twelve recorded trainings: two networks × three tunings × two seeds."""
    return tasks_of(read_record("08_xception_vs_vit", "cpu", "dogs12000"))


def tasks_of(lab: Record) -> tuple[Task, ...]:
    """A task for each run of lab 8's record in pieces.

    The record has no seconds of judging. As many images at the speed of the validations make them; what then is left
    of a piece's time differs from run to run by more than itself, so all get its mean.
    """
    walls = {piece.piece: piece.wall_s for piece in lab.pieces or []}
    found, left = [], []
    for row in lab.runs:
        history: Any = row["history"]
        spent, name = history["seconds"], f"{row['model']}/{row['tuning']}"
        judged = spent["evaluation"] * _judged_over_validated(lab, len(history["epochs"]))
        left.append(walls[f"{name}/{row['seed']}"] - sum(spent.values()) - judged)
        kept = costs()["checkpoints"][row["model"]]
        found.append(
            Task(
                name=name,
                computing_s=spent["training"] + spent["evaluation"] + judged,
                loading_s=spent["data"],
                start_s=costs()["start_processor_s"],
                images=history["seen"],
                steps=history["steps"],
                passes=len(history["epochs"]),
                parameters=kept["parameters"],
                checkpoint_bytes=kept["bytes"],
            )
        )
    return tuple(replace(task, start_s=task.start_s + mean(left)) for task in found)


def _judged_over_validated(lab: Record, passes: int) -> float:
    data = lab.data
    if data is None:
        raise ValueError(f"{lab.lab}: its record does not say how many images there were")
    return (data.n_test + data.n_train) / (data.n_val * passes)


def honest_grid(tasks: Sequence[Task], copies: int = 15) -> list[Task]:
    """Each network and tuning so many times (five rates, three seeds), as long as its recorded seeds, in turn."""
    cells: dict[str, list[Task]] = {}
    for task in tasks:
        cells.setdefault(task.name, []).append(task)
    return [same[k % len(same)] for same in cells.values() for k in range(copies)]


def parts(task: Task, assumed: Assumed, at_once: int = 1) -> dict[str, float]:
    """Seconds of a task on one GPU, part by part, with so many tasks that share the disk."""
    written = task.passes * task.checkpoint_bytes * at_once / assumed.disk
    return dict(zip(PARTS, (task.computing_s / assumed.speed, task.loading_s, task.start_s, written), strict=True))


def split(task: Task, gpus: int, assumed: Assumed) -> dict[str, float]:
    """Seconds of one training whose batches GPUs share, part by part; "talking": adding the gradients up each step.

    A ring sends 2 (G - 1) / G times the gradient's 4 bytes a parameter over each link. Batches are loaded by all GPUs'
    own cores; the start is nobody's share.
    """
    alone = parts(task, assumed)
    shared = {name: seconds / (gpus if name in PARTS[:2] else 1) for name, seconds in alone.items()}
    return shared | {"talking": task.steps * 2 * (gpus - 1) / gpus * 4 * task.parameters / assumed.link}


@dataclass(frozen=True)
class Priced:
    """A grid on some GPUs.

    Attributes
    ----------
    plan
        Who waits for whom: the longest task first, each to the GPU that is free first.
    shares
        Part -> its share of the GPU time that is paid, "waiting" among them.
    euros
        For all of it.
    """

    plan: Plan
    shares: dict[str, float]
    euros: float


def priced(tasks: Sequence[Task], gpus: int, assumed: Assumed) -> Priced:
    """A grid of independent tasks, a GPU each."""
    each = [parts(task, assumed, min(gpus, len(tasks))) for task in tasks]
    found = plan([sum(one.values()) for one in each], gpus)
    paid = 3600 * found.paid_gpu_hours
    shares = {name: sum(one[name] for one in each) / paid for name in PARTS}
    return Priced(found, shares | {"waiting": 1 - found.busy}, found.paid_gpu_hours * assumed.price)


def longest(tasks: Sequence[Task], assumed: Assumed) -> Task:
    """The task that takes longest on one GPU."""
    return max(tasks, key=lambda task: sum(parts(task, assumed).values()))


def loaded_per_s(tasks: Sequence[Task]) -> float:
    """Images a second that two cores cut, mirror and scale, over all recorded trainings."""
    return mean(task.images / task.loading_s for task in tasks)
