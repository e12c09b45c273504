"""Several trainings at a time, each in a process of its own on one core: small networks gain little from a second."""

import functools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor

from helpers import progress
from helpers.memory import held_beside, own_peak
from helpers.training.distributed import process_state


def cores_for_trainings(most: int = 4) -> int:
    """How many trainings to run at a time: one a core that torch may use; one on a GPU, and under torchrun."""
    state = process_state()
    return min(most, torch.get_num_threads()) if state.device.type == "cpu" and state.num_processes == 1 else 1


def side_by_side(
    work: Callable[..., Any], todo: Sequence[Sequence[Any]], at_once: int, description: str, unit: str = "training"
) -> Iterator[Any]:
    """`work(*arguments)` for each of `todo`, in its order and with a bar.

    With `at_once` 1 all is done here, on all threads of torch; else in so many processes of one thread each, which get
    what `work` uses of a notebook by value: nothing that it changes there is seen here but what it returns.
    """
    at_once = min(at_once, len(todo))
    line = 1 if at_once > 1 else 2  # of a terminal: what is done here may have a bar of its own
    with progress.progress_bar(len(todo), description, unit=unit, position=line) as bar:
        for result in _results(work, todo, at_once):
            bar.update()
            yield result


def _results(work: Callable[..., Any], todo: Sequence[Sequence[Any]], at_once: int) -> Iterable[Any]:
    if at_once < 2:
        yield from (work(*arguments) for arguments in todo)
        return
    try:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            each = (delayed(_beside_others)(work, arguments) for arguments in todo)
            peaks: dict[int, int] = {}
            for result, process, peak in Parallel(at_once, return_as="generator")(each):
                peaks[process] = peak
                held_beside(sum(peaks.values()))
                yield result
    finally:  # a record counts the processor seconds of processes that have ended
        get_reusable_executor().shutdown(wait=True)


def _beside_others(work: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Any, int, int]:
    progress.shown = False
    _end_with_parent()
    return work(*arguments), os.getpid(), own_peak()


@functools.cache
def _end_with_parent() -> None:
    """End this process within a second of the one that started it, even one that was killed; Windows does not tell."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
