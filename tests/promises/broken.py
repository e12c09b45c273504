"""Broken input: what makes it, and who judges what the course does with it.

A case *works*, or it is *refused*: by a `raise` of the course's own code, whose message names the culprit and says what
to do. Anything else is a finding: an error of a library, a message that leaves its reader alone, more than five seconds
of the processor or three GiB of memory, or a file outside of the folder that was given.
"""

import dis
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
OWN = (ROOT / "src" / "helpers", ROOT / "scripts")
LIMIT_S = 5  # of the processor, a case
LIMIT_BYTES = 3 << 30  # of memory beyond what the process holds; a picture may take 1 GiB to decode
KINDS = (ValueError, OSError, RuntimeError)  # an AssertionError or a KeyError is nothing to show a reader
WAY_OUT = re.compile(
    r"expected|must be|the choices|did you mean|its parameters|a grid has|delete|remove|repair|again|copy|convert"
    r"|mend|restore|give |says what|export|install|set |choose|write|pass |leave|add |unpack|make \w+|save a smaller",
    re.IGNORECASE,
)


# --- the judge -------------------------------------------------------------------------------------------------------


class Hang(BaseException):
    """More of the processor than a case may take."""


@contextmanager
def limited(seconds: float = LIMIT_S) -> Iterator[None]:
    """Ends what computes longer, or takes more memory; what waits without computing is ended by the test's limit."""

    def stop(*_: object) -> None:
        raise Hang

    before, memory = signal.signal(signal.SIGPROF, stop), resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + LIMIT_BYTES, memory[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, memory)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def verdict(
    call: Callable[[], Any], names: Iterable[str], works: Callable[[Any], bool], seconds: float = LIMIT_S
) -> tuple[str, str]:
    """("works", ""), ("refused", the message), or ("finding", what is wrong)."""
    try:
        with limited(seconds):
            value = call()
    except (KeyboardInterrupt, pytest.fail.Exception):
        raise
    except Hang:
        return "finding", f"computed for more than {seconds} s"
    except BaseException as error:  # some libraries in Rust raise what is no Exception
        complaint = _complaint(error, tuple(names))
        return ("finding", complaint) if complaint else ("refused", str(error))
    return ("works", "") if works(value) else ("finding", f"came back as {value!r:.120}, which is not valid")


def _complaint(error: BaseException, names: tuple[str, ...]) -> str:
    told = f"{type(error).__name__}: {error}"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code  # type: ignore[union-attr]
    where = f"{code.co_filename}:{trace.tb_lineno}"  # type: ignore[union-attr]
    own = any(Path(code.co_filename).is_relative_to(folder) for folder in OWN)
    if not own or code.co_code[trace.tb_lasti] != dis.opmap["RAISE_VARARGS"]:  # type: ignore[union-attr]
        return f"a foreign error from {where}: {told}"
    if not isinstance(error, KINDS):
        return f"an error of a kind that is not meant for readers: {told}"
    if not any(name in str(error) for name in names):
        return f"names none of {', '.join(names)}: {told}"
    if len(re.findall(r"\w+", str(error))) < 6 or not WAY_OUT.search(str(error)):
        return f"no way out is named: {told}"
    return ""


class Tries:
    """Cases of one test, each in a folder of its own below `room`, and what was found."""

    def __init__(self, room: Path) -> None:
        self.room, self.tried, self.refused = room, 0, 0
        self.findings: list[str] = []
        self.before = outside(room)

    def __call__(
        self,
        what: str,
        call: Callable[[], Any],
        names: Iterable[str],
        works: Callable[[Any], bool] = lambda value: True,
    ) -> None:
        """Try one case: `what` was done, `names` of which the message of a refusal holds one."""
        self.tried += 1
        kind, told = verdict(call, names, works)
        self.refused += kind == "refused"
        if kind == "finding":
            self.findings.append(f"{what}: {told[:600]}")

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A new empty folder, gone afterwards."""
        made = Path(tempfile.mkdtemp(dir=self.room, prefix="case-"))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def done(self) -> int:
        """How many cases there were; fails with what was found, with files outside of the room, in the temporary
        folder too, and where nothing was refused, since then nothing was broken."""
        shown = "\n\n".join(self.findings[:12])
        assert not self.findings, f"{len(self.findings)} of {self.tried} cases:\n{shown}"
        assert outside(self.room) == self.before, "a file outside of the folder"
        assert self.refused, f"none of {self.tried} broken cases was refused"
        return self.tried


@pytest.fixture
def tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tries:
    """Cases in a room, whose working, cache, build and temporary folders lie below `tmp_path` too."""
    room, temporary = tmp_path / "room", tmp_path / "temporary"
    for made in (room / "here", room / "cache", room / "build", temporary):
        made.mkdir(parents=True)
    monkeypatch.chdir(room / "here")
    monkeypatch.setenv("HELPERS_CACHE", str(room / "cache"))
    monkeypatch.setenv("HELPERS_BUILD", str(room / "build"))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return Tries(room)


def outside(room: Path) -> list[tuple[str, int]]:
    """The files in the folder that the room lies in, but not in the room, with their sizes."""
    found = []
    for parent, folders, files in os.walk(room.parent):
        if Path(parent) == room.parent and room.name in folders:
            folders.remove(room.name)
        found += [(os.path.join(parent, name), os.lstat(os.path.join(parent, name)).st_size) for name in files]
    return sorted(found)


# --- what breaks bytes -----------------------------------------------------------------------------------------------


def mutated(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Bytes after one to three accidents, and their names."""
    names = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        accident = rng.choice(ACCIDENTS)
        names.append(accident.__name__.strip("_"))
        data = accident(data, rng)
    return "+".join(names), data


def _flip(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 8)) if found else 0):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 4, 100))) + data[at:]


def _double(data: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data) + 1), rng.choice((1, 16, 512))
    return data[: at + length] + data[at:]


def _zero(data: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(data) + 1), rng.choice((1, 16, 512))
    return data[:at] + bytes(len(data[at : at + length])) + data[at + length :]


def _swap(data: bytes, rng: random.Random) -> bytes:
    """Two words of the header change places, as its sizes may."""
    width, at = rng.choice((1, 2, 4, 8)), rng.randrange(min(len(data), 64) + 1)
    one, other = data[at : at + width], data[at + width : at + 2 * width]
    return data[:at] + other + one + data[at + 2 * width :]


def _enlarge(data: bytes, rng: random.Random) -> bytes:
    """A number of the header becomes as large, or as small, as it can be."""
    width, at = rng.choice((1, 2, 4, 8)), rng.randrange(min(len(data), 256) + 1)
    sign = rng.choice((b"\xff" * 8, b"\x7f" * 8, b"\xff\xff\xff\xff\xff\xff\xff\x7f", b"99999999", bytes(8)))
    return data[:at] + sign[-width:] + data[at + width :]


def _forget(data: bytes, rng: random.Random) -> bytes:
    """A block is missing."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 16, 512)) :]


ACCIDENTS = (_flip, _flip, _cut, _insert, _double, _zero, _swap, _enlarge, _forget)


# --- what breaks trees of YAML and JSON ------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", " ", "~", "~nobody", "../x", "/", "a\0b", "ä́🐕", "1e999", "nan", "x" * 5000]),
)
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([2**31, 2**63, 2**64, -(2**70), 10**400]),
    st.floats(),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def drawn(strategy: st.SearchStrategy, number: int) -> list[Any]:
    """So many values of a strategy, the same every time."""
    found: list[Any] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(value: Any) -> None:
        found.append(value)

    keep()
    return found[:number]


def edits(tree: Any) -> st.SearchStrategy:
    """A tree after one or two edits: another value or none at a place, another name, a level more, or another tree."""
    one = st.tuples(st.integers(0, 2**32), VALUES)
    return st.one_of(
        one.map(lambda edit: edited(tree, *edit)),
        st.tuples(one, one).map(lambda two: edited(edited(tree, *two[0]), *two[1])),
    )


def edited(tree: Any, seed: int, value: Any) -> Any:
    """A copy of a tree with one place changed."""
    rng = random.Random(seed)
    if not isinstance(tree, (dict, list)) or not tree or rng.random() < 0.15:
        return rng.choice((value, value, [tree], {"x": tree}, None))
    copied = dict(tree) if isinstance(tree, dict) else list(tree)
    key = rng.choice(list(copied)) if isinstance(copied, dict) else rng.randrange(len(copied))
    how = rng.random()
    if how < 0.15:
        del copied[key]
    elif how < 0.25 and isinstance(copied, dict):
        copied[f"{key}_"] = copied.pop(key)
    elif how < 0.35 and isinstance(copied, list):
        copied.append(copied[key])
    else:
        copied[key] = edited(copied[key], rng.randrange(2**32), value)
    return copied


TRAPS = (
    "", "null", "[]", "3", '"x"', "{", "[" * 100_000, '{"a":' * 100_000, "9" * 5000, "NaN", '{"state": NaN}',
    '{"lab": "\\ud800"}', '{"lab": 1, "lab": 2}', "\ufeff{}",
)  # fmt: skip


def jsons(tree: Any, number: int, seed: int) -> list[tuple[str, bytes]]:
    """JSON files gone wrong: known traps, accidents to the bytes, edits of the tree."""
    rng, whole = random.Random(seed), json.dumps(tree, indent=1).encode()
    found = [(text[:40], text.encode()) for text in TRAPS] + [("UTF-16", json.dumps(tree).encode("utf-16"))]
    found += [mutated(whole, rng) for _ in range(number // 2)]
    made = drawn(edits(tree), number // 2)
    return found + [(f"{edit!r:.300}", json.dumps(edit).encode("utf-8", "surrogatepass")) for edit in made]
