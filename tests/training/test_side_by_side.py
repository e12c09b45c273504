"""Trainings side by side are the trainings one after the other."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch

from helpers import memory, progress
from helpers.training import side_by_side as beside

offset = 0


def shifted(number):
    """A training that uses what its notebook has set."""
    generator = torch.Generator().manual_seed(number)
    return offset + torch.randn(3, generator=generator), torch.get_num_threads(), os.getpid(), progress.shown


def refused(number):
    raise ValueError(f"no training {number}")


@pytest.fixture(params=["fork", "spawn"])
def by_value(monkeypatch, request):
    """Functions as a notebook has them: of a module that no other process can import."""
    if request.param not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {request.param} here")
    monkeypatch.setattr(beside, "METHOD", request.param)
    monkeypatch.setattr(shifted, "__module__", "__main__")
    monkeypatch.setattr(refused, "__module__", "__main__")
    monkeypatch.setitem(globals(), "offset", 20)


def test_several_at_a_time_give_what_one_gives_in_the_same_order(by_value):
    todo = [(number,) for number in range(5)]
    one = list(beside.side_by_side(shifted, todo, 1, "one"))
    two = list(beside.side_by_side(shifted, todo, 2, "two"))
    assert all(torch.equal(a, b) for (a, *_), (b, *_) in zip(one, two, strict=True))
    assert {threads for _, threads, *_ in two} == {1}
    here = {pid for *_, pid, _ in one}
    assert here == {os.getpid()}
    assert here.isdisjoint(pid for *_, pid, _ in two)
    assert all(shown for *_, shown in one)
    assert not any(shown for *_, shown in two)


def holding(mebibytes):
    return len(torch.ones(mebibytes << 18)), os.getpid()


def test_the_memory_of_those_beside_is_counted(by_value, monkeypatch):
    monkeypatch.setattr(holding, "__module__", "__main__")
    monkeypatch.setattr(memory, "_beside", 0)
    list(beside.side_by_side(holding, [(50,), (50,)], 1, "one"))
    assert memory.peak_memory() <= memory.own_peak()  # asked a moment later
    processes = {pid for _, pid in beside.side_by_side(holding, [(100,) for _ in range(5)], 2, "two")}
    held = memory.peak_memory() - memory.own_peak()
    least = (100 << 20) * len(processes)
    assert least < held
    if beside.METHOD == "fork":
        assert held < 1.5 * least  # what they share with this one is not counted again


def test_what_goes_wrong_in_a_training_is_told(by_value):
    with pytest.raises(ValueError, match=r"no training [12]"):  # whichever comes first
        list(beside.side_by_side(refused, [(1,), (2,)], 2, "two"))


def test_one_training_needs_no_other_process(by_value):
    assert [pid for *_, pid, _ in beside.side_by_side(shifted, [(1,)], 4, "one")] == [os.getpid()]
    assert list(beside.side_by_side(shifted, [], 4, "none")) == []


def test_so_many_at_a_time_as_torch_may_use_cores(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert beside.cores_for_trainings() == 2
    monkeypatch.setattr(torch, "get_num_threads", lambda: 16)
    assert beside.cores_for_trainings() == 4


def killed(number):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_training_that_is_killed_says_what_to_do(by_value, monkeypatch):
    monkeypatch.setattr(killed, "__module__", "__main__")
    with pytest.raises(RuntimeError, match=r"memory ran out: .* OMP_NUM_THREADS=1"):
        list(beside.side_by_side(killed, [(1,), (2,), (3,)], 2, "killed"))


LONG = """
import os, signal, time
from pathlib import Path
from helpers.training.side_by_side import side_by_side

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background is deaf to it

def long(name):
    Path(name).write_text(str(os.getpid()))
    time.sleep(600)

try:
    list(side_by_side(long, [("one",), ("two",), ("three",)], 2, "long"))
except KeyboardInterrupt:
    Path("interrupted").touch()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process that its parent has ended")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_trainings_end_with_the_process_that_started_them(tmp_path, how):
    lab = subprocess.Popen([sys.executable, "-c", LONG], cwd=tmp_path, stderr=subprocess.DEVNULL)
    notes = [tmp_path / "one", tmp_path / "two"]
    await_that(lambda: all(note.is_file() and note.read_text() for note in notes), 60)
    trainings = [psutil.Process(int(note.read_text())) for note in notes]
    lab.send_signal(how)
    lab.wait(20)
    await_that(lambda: not any(training.is_running() for training in trainings), 20)
    assert (tmp_path / "interrupted").is_file() == (how == signal.SIGINT)
    assert not (tmp_path / "three").exists()


def await_that(holds, limit_s):
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
