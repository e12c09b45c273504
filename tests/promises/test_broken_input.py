"""Broken input: the judge of these tests notices an error of a library, a hang, and a file outside of the folder."""

import json
import random
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from helpers.data.decode import read_picture

spec = spec_from_file_location("broken", Path(__file__).with_name("broken.py"))
broken = sys.modules["broken"] = module_from_spec(spec)
spec.loader.exec_module(broken)


def careless(data: bytes) -> dict:
    """A reader that lets through whatever its library raises."""
    return json.loads(data.decode("utf-8"))


def test_a_reader_that_lets_a_foreign_error_through_is_caught(tmp_path, amount, count):
    tries, rng = broken.Tries(tmp_path / "room"), random.Random(0)
    for _ in range(amount(20, 200)):
        how, data = broken.mutated(b'{"accuracy": 0.5, "classes": ["cat", "dog"]}', rng)
        tries(how, lambda data=data: careless(data), ("accuracy",), lambda value: isinstance(value, dict))
    assert len(tries.findings) > tries.tried / 3
    assert {"JSONDecodeError", "UnicodeDecodeError"} & {word for text in tries.findings for word in text.split(": ")}
    with pytest.raises(AssertionError, match="a foreign error from"):
        tries.done()
    count("cases for the judge itself", tries.tried)


def endless() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("call", "names", "told"),
    [
        (lambda: int("x"), ("x",), "a foreign error"),
        (endless, ("x",), "computed for more than"),
        (lambda: read_picture("/nowhere/x.png", 8), ("another",), "names none of another"),
        (lambda: sys.exit(1), ("x",), "a foreign error"),
        (lambda: 5, ("x",), "which is not valid"),
    ],
)
def test_each_kind_of_finding_is_one(call, names, told):
    kind, found = broken.verdict(call, names, lambda value: value is None, seconds=0.2)
    assert kind == "finding"
    assert told in found


def test_a_refusal_of_our_own_that_names_the_culprit_is_none():
    kind, found = broken.verdict(lambda: read_picture("/nowhere/x.png", 8), ("picture",), bool)
    assert (kind, "nowhere" in found) == ("refused", True)


def test_a_file_beside_the_folder_is_seen(tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    tries = broken.Tries(room)
    tries("refused", lambda: read_picture("/nowhere/x.png", 8), ("picture",))
    (room / "inside").write_text("x")
    tries.done()
    (tmp_path / "evil").write_text("x")
    with pytest.raises(AssertionError, match="a file outside of the folder"):
        tries.done()


def test_nothing_refused_is_a_failure_too(tmp_path):
    tries = broken.Tries(tmp_path / "room")
    tries("whole", lambda: 1, ("x",))
    with pytest.raises(AssertionError, match="none of 1 broken cases was refused"):
        tries.done()
