"""Trainings side by side are the trainings one after the other."""

import os

import pytest
import torch

from helpers import progress
from helpers.training import side_by_side as beside

offset = 0


def shifted(number):
    """A training that uses what its notebook has set."""
    generator = torch.Generator().manual_seed(number)
    return offset + torch.randn(3, generator=generator), torch.get_num_threads(), os.getpid(), progress.shown


def refused(number):
    raise ValueError(f"no training {number}")


@pytest.fixture
def by_value(monkeypatch):
    """Functions as a notebook has them: of a module that no other process can import."""
    monkeypatch.setattr(shifted, "__module__", "__main__")
    monkeypatch.setattr(refused, "__module__", "__main__")
    monkeypatch.setitem(globals(), "offset", 5)


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


def test_what_goes_wrong_in_a_training_is_told(by_value):
    with pytest.raises(ValueError, match="no training 1"):
        list(beside.side_by_side(refused, [(1,), (2,)], 2, "two"))


def test_one_training_needs_no_other_process(by_value):
    assert [pid for *_, pid, _ in beside.side_by_side(shifted, [(1,)], 4, "one")] == [os.getpid()]
    assert list(beside.side_by_side(shifted, [], 4, "none")) == []


def test_so_many_at_a_time_as_torch_may_use_cores(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert beside.cores_for_trainings() == 2
    monkeypatch.setattr(torch, "get_num_threads", lambda: 16)
    assert beside.cores_for_trainings() == 4
