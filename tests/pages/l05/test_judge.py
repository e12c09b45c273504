"""The judge of lab 5 acquits what is right and names what is not."""

import pytest
import torch

from helpers.pages.l05 import judge
from helpers.pages.l05.networks import divided, not_divided


def test_what_is_right_is_called_right():
    for attend in (judge.solution, divided):
        assert judge.all_right(judge.says(attend))


@pytest.mark.parametrize("name", list(judge.MISTAKES))
def test_every_known_mistake_is_named_where_it_shows(name):
    said = judge.says(judge.MISTAKES[name])
    assert not judge.all_right(said)
    assert set(said.values()) <= {name, judge.RIGHT}
    if "mask" in name or "hidden" in name:
        assert said["no mask"] == judge.RIGHT


def test_the_undivided_function_of_the_lab_is_the_known_mistake():
    said = judge.says(not_divided)
    assert set(said.values()) == {"the division by √d is missing"}


def test_what_is_no_attention_is_said_so():
    assert set(judge.says(lambda q, k, v, m: None).values()) == {judge.UNWRITTEN}
    assert "expected a tensor of the shape (2, 3, 4, 7), got (2, 3, 4, 6)" in judge.says(lambda q, k, v, m: q).values()
    stopped = judge.says(lambda q, k, v, m: q @ k)["no mask"]
    assert stopped.startswith("it stops, RuntimeError")
    odd = judge.says(lambda q, k, v, m: judge.solution(q, k, v, m) + 0.5)["no mask"]
    assert odd == "wrong by up to 0.5, and not by a mistake that we know"
    assert judge.says(lambda q, k, v, m: judge.solution(q, k, v, m) / 0)["no mask"] in ("not a number",)


def test_a_function_that_writes_into_its_inputs_does_not_spoil_the_next_question():
    def rude(query, key, value, mask=None):
        found = judge.solution(query, key, value, mask)
        query.zero_()
        return found

    assert judge.all_right(judge.says(rude))
    assert torch.equal(judge.cases()["no mask"][0], judge.cases()["no mask"][0])
