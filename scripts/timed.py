"""Run the parts of `make test`, or the labs in the smoke edition, and say at the end what each of them took.

    python scripts/timed.py parts lint types unit smoke html check-book  # in turn, until one fails
    python scripts/timed.py labs 03_receptive_fields 06_vit_is_timm  # two at a time, one thread each

Elapsed seconds depend on what else the machine does, processor seconds hardly: what is slow is warned of, and fails
nothing.
"""

import os
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAKE = [*shlex.split(os.environ.get("MAKE", "make")), "--no-print-directory"]
AT_ONCE = 2
LAB_LIMIT_S, PAGE_LIMIT_S = 15, 20


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


def report(done: Sequence[Done], limit_s: float | None = None) -> int:
    """Print one row a command and what is over the limit or failed; returns the exit status."""
    width = max(len(one.name) for one in done)
    print(f"\n{'':{width}}  elapsed s  processor s")
    for one in done:
        print(f"{one.name:{width}}  {one.elapsed_s:9.1f}  {one.processor_s:11.1f}")
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
        return report(
            run_two_at_a_time({lab: [*MAKE, "lab", f"NAME={lab}", "EDITION=smoke", "PARAMS="] for lab in names}),
            LAB_LIMIT_S,
        )
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
