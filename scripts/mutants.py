"""Mutation testing of the package's core: is a small change of its code noticed by a test?

    python scripts/mutants.py  # or make mutants; a later call goes on, or tries the survivors again

mutmut changes one place of a function at a time (`<` to `<=`, an argument to None, a key to another text) and runs
the tests that reach that function, the short ones first, until one fails. 400 of these mutants are drawn with a fixed
seed. What is mutated, and by which tests it is tried, stands in pyproject.toml under `tool.mutmut`. What stands in a
`raise` or a warning is left alone; so are, by mutmut's own rules, code outside of functions and functions with
decorators. A mutant that no chosen test reaches counts as one that nobody noticed.

All happens in a copy of the tree, `_build/mutants`.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

from mutmut.__main__ import create_mutants
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_src_dir, walk_mutatable_files

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / "_build" / "mutants"
COUNT, SEED = 400, 0
NOTICED = {"killed", "timeout", "segfault"}


def copy_tree() -> None:
    """What the tests need, as git knows it or would add it; files that have not changed keep their times, and so their
    results."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    parts = ["src", "tests", "pyproject.toml", *settings["also_copy"]]
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *parts]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    names = {name for name in listed.decode().split("\0") if (ROOT / name).is_file()}
    for name in names:
        source, target = ROOT / name, COPY / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for path in [*(COPY / "src").rglob("*.py"), *(COPY / "tests").rglob("*.py")]:
        if path.relative_to(COPY).as_posix() not in names:
            path.unlink()


def exit_codes(path: Path) -> dict[str, int | None]:
    """How the tests of each mutant of a file ended, as mutmut keeps it."""
    return json.loads(Path("mutants", f"{path}.meta").read_text(encoding="utf-8"))["exit_code_by_key"]


def draw() -> dict[str, Path]:
    """The sample: the names of mutants, and the files they are of."""
    copy_src_dir()
    create_mutants(max_children=1)
    mutants = {name: path for path in walk_mutatable_files() for name in exit_codes(path)}
    drawn = random.Random(SEED).sample(sorted(mutants), COUNT)
    print(f"{COUNT} of {len(mutants)} mutants, seed {SEED}", flush=True)
    return {name: mutants[name] for name in drawn}


def statuses(sample: dict[str, Path]) -> dict[str, str]:
    """What is known of each mutant: killed, survived, no tests, timeout, not checked, ..."""
    found = {path: exit_codes(path) for path in set(sample.values())}
    return {name: status_by_exit_code[found[path][name]] for name, path in sample.items()}


def report(sample: dict[str, Path], known: dict[str, str]) -> None:
    """The mutants that no test noticed, each as a diff, and one line for each part of the package."""
    for name, status in sorted(known.items()):
        if status not in NOTICED:
            print(f"\n{status}: {name}\n{get_diff_for_mutant(name, path=sample[name])}")
    parts: dict[str, Counter] = {}
    for name, status in known.items():
        for part in (name.split(".")[1], "all"):
            parts.setdefault(part, Counter())[status] += 1
    for part, counts in sorted(parts.items()):
        noticed, judged = sum(counts[s] for s in NOTICED), counts.total() - counts["not checked"]
        share = f"{noticed / judged:.1%}" if judged else "none tried"
        print(f"{part:10} {share:>10}  {', '.join(f'{n} {s}' for s, n in counts.most_common())}")


def main() -> None:
    copy_tree()
    os.chdir(COPY)
    sample = draw()
    known = statuses(sample)
    waiting = [name for name in sample if known[name] == "not checked"]
    waiting = waiting or [name for name in sample if known[name] not in NOTICED]
    if waiting:
        environment = os.environ | {
            "PYTHONPATH": str(COPY / "mutants" / "src"),  # of the processes that tests start
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",  # a process that has a GPU cannot be forked
        }
        mutmut = [Path(sys.executable).with_name("mutmut"), "run", "--max-children", "1", *waiting]
        subprocess.run(mutmut, env=environment, check=True)
    report(sample, statuses(sample))


if __name__ == "__main__":
    main()
