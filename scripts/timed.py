"""Run the parts of `make test`, or labs, and say at the end what each of them took, and what labs found.

    python scripts/timed.py parts lint types unit smoke html check-book  # in turn, until one fails
    python scripts/timed.py labs cpu 03_receptive_fields 06_vit_is_timm  # two at a time, one thread each, all of them

Elapsed seconds depend on what else the machine does, processor seconds hardly: what is slow is warned of, and fails
nothing.
"""

import json
import os
import resource
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MAKE = [*shlex.split(os.environ.get("MAKE", "make")), "--no-print-directory"]
AT_ONCE = 2
LAB_LIMITS_S, PAGE_LIMIT_S = {"smoke": 15, "cpu": 150}, 20  # processor seconds of a lab, elapsed ones of a page
SHORT = {"holds": "hold", "the opposite holds": "opposite", "undecided": "open"}


@dataclass(frozen=True)
class Done:
    """A finished command: its exit status, elapsed seconds, processor seconds of all its processes, and its output."""

    name: str
    status: int
    elapsed_s: float
    processor_s: float
    output: str = ""


def processor_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def run_part(name: str) -> Done:
    """One target of the Makefile, its output as it comes."""
    before, start = processor_s(resource.getrusage(resource.RUSAGE_CHILDREN)), time.perf_counter()
    status = subprocess.run([*MAKE, name], cwd=ROOT, check=False).returncode
    used = processor_s(resource.getrusage(resource.RUSAGE_CHILDREN)) - before
    return Done(name, status, time.perf_counter() - start, used)


def run_kept(name: str, command: Sequence[str]) -> Done:
    """A command whose output is kept, in a process whose use of the processor is its own."""
    start = time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Done(name, process.returncode, time.perf_counter() - start, processor_s(used), output)


def run_two_at_a_time(commands: dict[str, list[str]]) -> list[Done]:
    """All commands, two at a time; prints the output of each in one piece when it is done."""
    done = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for one in pool.map(run_kept, commands, commands.values()):
            print(f"== {one.name}\n{one.output}", flush=True)
            done.append(one)
    return done


def page_seconds() -> dict[str, float]:
    """Elapsed seconds of executing each page of the book that the execution cache holds."""
    from jupyter_cache import get_cache

    caches = {path.parent for path in (ROOT / "_build" / "execution_cache").rglob("global.db")}
    records = [record for cache in caches for record in get_cache(cache).list_cache_records()]
    return {str(record.uri): record.data["execution_seconds"] for record in records}


def verdicts_in(found: Any) -> Iterator[str]:
    """The verdicts anywhere in a record's summary."""
    if isinstance(found, dict):
        if isinstance(found.get("verdict"), str):
            yield found["verdict"]
        found = list(found.values())
    if isinstance(found, list):
        for part in found:
            yield from verdicts_in(part)


def told(one: Done) -> str:
    """Of a lab: the most memory that it held, and how many of its statements got which verdict."""
    if one.status:
        return "  failed"
    lines = [line.removeprefix("record:").strip() for line in one.output.splitlines() if line.startswith("record:")]
    if not lines:
        return "  no record"
    record = json.loads(Path(lines[-1]).read_text(encoding="utf-8"))
    counts = Counter(SHORT.get(verdict, "cannot be told") for verdict in verdicts_in(record["summary"]))
    verdicts = ", ".join(f"{counts[kind]} {kind}" for kind in (*SHORT.values(), "cannot be told") if counts[kind])
    return f"  {record['peak_memory_gib']:10.1f}  {verdicts or '–'}"


def report(done: Sequence[Done], limit_s: float | None = None, labs: bool = False) -> int:
    """Print one row a command and what is over the limit or failed; returns the exit status."""
    width = max(len(one.name) for one in done)
    print(f"\n{'':{width}}  elapsed s  processor s{'  memory GiB  verdicts' if labs else ''}")
    for one in done:
        print(f"{one.name:{width}}  {one.elapsed_s:9.1f}  {one.processor_s:11.1f}{told(one) if labs else ''}")
    if limit_s is not None:
        for one in done:
            if one.processor_s > limit_s:
                print(f"warning: {one.name} took {one.processor_s:.0f} processor seconds, more than {limit_s}")
    failed = [one.name for one in done if one.status]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def main(kind: str, *names: str) -> int:
    if kind == "labs":
        edition, *labs = names
        start = time.perf_counter()
        done = run_two_at_a_time({lab: [*MAKE, "lab", f"NAME={lab}", f"EDITION={edition}", "PARAMS="] for lab in labs})
        status = report(done, LAB_LIMITS_S.get(edition), labs=True)
        print(f"{len(labs)} labs in {(time.perf_counter() - start) / 60:.0f} minutes, two at a time")
        return status
    if kind != "parts":
        raise SystemExit(f"expected parts or labs, got {kind!r}: see {__file__}")
    done = []
    for name in names:
        done.append(run_part(name))
        if done[-1].status:
            break
    for page, seconds in sorted(page_seconds().items()):
        if seconds > PAGE_LIMIT_S:
            print(f"warning: {Path(page).stem} took {seconds:.0f} s to execute, more than {PAGE_LIMIT_S}")
    return report(done)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
