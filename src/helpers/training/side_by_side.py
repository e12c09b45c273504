"""Several trainings at a time, each in a process of its own on one core: small networks gain little from a second."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import torch
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor

from helpers import progress
from helpers.training.distributed import process_state

T = TypeVar("T")


def cores_for_trainings(most: int = 4) -> int:
    """How many trainings to run at a time: one a core that torch may use; one on a GPU, and under torchrun."""
    state = process_state()
    return min(most, torch.get_num_threads()) if state.device.type == "cpu" and state.num_processes == 1 else 1


def side_by_side(
    work: Callable[..., T], todo: Sequence[Sequence[Any]], at_once: int, description: str, unit: str = "training"
) -> Iterator[T]:
    """`work(*arguments)` for each of `todo`, in its order and with a bar.

    With `at_once` 1 all is done here, on all threads of torch; else in so many processes of one thread each, which get
    what `work` uses of a notebook by value: nothing that it changes there is seen here but what it returns.
    """
    with progress.progress_bar(len(todo), description, unit=unit) as bar:
        for result in _results(work, todo, at_once):
            bar.update()
            yield result


def _results(work: Callable[..., T], todo: Sequence[Sequence[Any]], at_once: int) -> Iterable[T]:
    at_once = min(at_once, len(todo))
    if at_once < 2:
        yield from (work(*arguments) for arguments in todo)
        return
    try:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            each = (delayed(_without_bars)(work, arguments) for arguments in todo)
            yield from Parallel(at_once, return_as="generator")(each)
    finally:  # a record counts the processor seconds of processes that have ended
        get_reusable_executor().shutdown(wait=True)


def _without_bars(work: Callable[..., T], arguments: Sequence[Any]) -> T:
    progress.shown = False
    return work(*arguments)
