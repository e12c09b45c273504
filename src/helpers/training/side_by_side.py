"""Several trainings at a time, each in a process of its own on one core: small networks gain little from a second."""

import ctypes
import gc
import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import cloudpickle
import torch
from threadpoolctl import threadpool_limits

from helpers import progress
from helpers.memory import held_beside, unshared_peak
from helpers.training.distributed import process_state

# A forked process shares what its notebook has imported and loaded, as those of a `DataLoader` do; macOS and Windows
# have no sound fork next to threads.
METHOD = "fork" if sys.platform == "linux" else "spawn"


def cores_for_trainings(most: int = 4) -> int:
    """How many trainings to run at a time: one a core that torch may use; one on a GPU, and under torchrun."""
    state = process_state()
    return min(most, torch.get_num_threads()) if state.device.type == "cpu" and state.num_processes == 1 else 1


def side_by_side(
    work: Callable[..., Any], todo: Sequence[Sequence[Any]], at_once: int, description: str, unit: str = "training"
) -> Iterator[Any]:
    """`work(*arguments)` for each of `todo`, in its order and with a bar.

    With `at_once` 1 all is done here, on all threads of torch; else in so many processes of one thread each: nothing
    that `work` changes there is seen here but what it returns.
    """
    at_once = min(at_once, len(todo))
    line = 1 if at_once > 1 else 2  # of a terminal: what is done here may have a bar of its own
    with progress.progress_bar(len(todo), description, unit=unit, position=line) as bar:
        for result in _results(work, todo, at_once):
            bar.update()
            yield result


class _Job:
    """What is to be done: shared with a forked process; for another kind by value, functions of a notebook too."""

    def __init__(self, work: Callable[..., Any], todo: Sequence[Sequence[Any]]) -> None:
        self.work, self.todo = work, todo

    def __reduce__(self) -> tuple[Any, ...]:
        return _job_of, (cloudpickle.dumps((self.work, self.todo)),)


def _job_of(pickled: bytes) -> _Job:
    return _Job(*cloudpickle.loads(pickled))


def _results(work: Callable[..., Any], todo: Sequence[Sequence[Any]], at_once: int) -> Iterable[Any]:
    if at_once < 2:
        yield from (work(*arguments) for arguments in todo)
        return
    with _processes(at_once, _Job(work, todo)) as pool:
        peaks: dict[int, int] = {}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)  # so it forks
            waiting = [pool.submit(_beside_others, number) for number in range(len(todo))]
        for each in waiting:
            result, process, peak = each.result()
            peaks[process] = peak
            held_beside(sum(peaks.values()))
            yield cloudpickle.loads(result)


@contextmanager
def _processes(count: int, job: _Job) -> Iterator[ProcessPoolExecutor]:
    """So many, that have ended when it is left: a record counts the processor seconds of processes that have ended."""
    _give_back()
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(count, multiprocessing.get_context(METHOD), _begin, (job, os.getpid()))
    try:
        yield pool
    except BrokenProcessPool:
        raise RuntimeError(
            "a training was ended from outside, most often because memory ran out: close other programs, or set "
            "OMP_NUM_THREADS=1 and start the lab again, then one trains at a time"
        ) from None
    except BaseException:  # an interrupt, too, does not wait for trainings that nobody will see
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _give_back() -> None:
    """What was freed here goes back to the system (glibc keeps it), or each forked process would hold a copy of it."""
    if METHOD == "fork":
        gc.collect()
        getattr(ctypes.CDLL(None), "malloc_trim", lambda keep: 0)(0)


_job: _Job  # of this process


def _begin(job: _Job, parent: int) -> None:
    global _job
    _job = job
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # not those of a notebook, whose threads are not here
    progress.shown = False
    torch.set_num_threads(1)
    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()


def _beside_others(number: int) -> tuple[bytes, int, int]:
    result = _job.work(*_job.todo[number])
    return cloudpickle.dumps(result), os.getpid(), unshared_peak()


def _end_with_parent(parent: int) -> None:
    """End this process within a second of the one that started it, even one that was killed; Windows does not tell."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
