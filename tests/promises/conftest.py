"""How much each promise is tried: a little in `make test`, much in `make soak`, which ends with one line a promise.

A test asks `amount(short, long)` how many cases to try, and says with `count(what, n)` what it tried; the file it
stands in names the promise by its first line.
"""

import os
import signal
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOAK = os.environ.get("SOAK") == "1"


@pytest.fixture
def amount() -> Callable[[int, int], int]:
    """How many cases: the first number in `make test`, the second in `make soak`."""
    return lambda short, long: long if SOAK else short


@pytest.fixture
def count(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Says what was tried and how often, for the table at the end."""
    promise = (request.module.__doc__ or request.path.stem).splitlines()[0].rstrip(".")

    def say(what: str, tried: int) -> None:
        record_property("tried", (request.path.name, promise, what, tried))

    return say


@pytest.fixture
def within() -> Callable[..., AbstractContextManager[None]]:
    """`with within(seconds, mib):` fails where the block takes more seconds of the processor, or Python allocates more
    at once."""

    @contextmanager
    def limits(seconds: float, mib: float | None = None) -> Iterator[None]:
        def too_long(*_: object) -> None:
            raise AssertionError(f"takes more than {seconds} s")

        before = signal.signal(signal.SIGPROF, too_long)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        if mib is not None:
            tracemalloc.start()
        try:
            yield
            assert mib is None or tracemalloc.get_traced_memory()[1] < mib * 2**20
        finally:
            tracemalloc.stop()
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    return limits


@pytest.fixture(scope="session")
def killing() -> ModuleType:
    """`killing.py`, beside this file."""
    spec = spec_from_file_location("promises_killing", Path(__file__).with_name("killing.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def warm(killing: ModuleType) -> Iterator[Any]:
    """Its warm process, which forks a child for each trial: it takes seconds to start, and a trial none."""
    with killing.Warm() as process:
        yield process


def table(tried: list[tuple[str, str, str, int]], failed: list[str]) -> list[str]:
    """One line a promise: its words, what was tried and how often, and whether a test of it failed."""
    promises: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for file, promise, what, number in tried:
        promises[file, promise][what] += number
    lines = ["| promise | tried | kept |", "|---|---|---|"]
    for (file, promise), counts in sorted(promises.items()):
        words = ", ".join(f"{number:,} {what}" for what, number in counts.items())
        lines.append(f"| {promise} | {words} | {'no: ' + file if any(file in name for name in failed) else 'yes'} |")
    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, after a run that tried a promise."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    properties = [value for report in reports for name, value in getattr(report, "user_properties", ())]
    tried = [tuple(value) for value in properties if isinstance(value, (tuple, list)) and len(value) == 4]
    if tried:
        failed = [report.nodeid for report in terminalreporter.stats.get("failed", [])]
        terminalreporter.section("promises")
        for line in table(tried, [Path(name.split("::")[0]).name for name in failed]):
            terminalreporter.write_line(line)
