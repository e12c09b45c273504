"""Everything that wants a GPU, in steps; each call does as many as fit into its time, the next one goes on.

    python scripts/gpu.py [--limit 560] [--out FOLDER] [--from FILE] [--only NAME ...] [--again] [--list] [--rehearse]

A step that is done is skipped by later calls, unless its command or the code has changed, or `--again` asks for it. A
lab's step that is cut off goes on from its last checkpoint; any other starts anew. Where time is short, no step is
begun that needs more. What was made lies in `_build/gpu`; after each step FOLDER gets `summary.md` (what is done, what
is left, the tables) and `gpu.tar.gz`, which `--from` reads on another machine: records, executed notebooks without
photographs, logs, and checkpoints of a few MiB.
"""

import argparse
import functools
import hashlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from helpers.records.personal import without_photographs
from helpers.records.places import write_atomically

ROOT = Path(__file__).resolve().parents[1]
LAB = "08_xception_vs_vit"
GRACE_S = 20  # for a step to end by itself when its time is over, and for the files that are copied out
LEAST_S = 150  # a step that goes on from checkpoints is worth beginning with this much left
CHECKPOINT_BYTES = 8 << 20
NOTE = "*A figure with photographs stood here; it stayed on the machine that made it.*"

# By name: other files want packages (a browser's, a linter's) that a machine with a GPU may lack.
TESTS = ("tests/training/test_on_a_gpu.py", "tests/data/test_batches.py")
MINI, RELEASED = ["xception_mini", "vit_mini"], ["legacy_xception", "vit_base_patch16_224.orig_in21k"]
DOGS: dict[str, Any] = {"dataset": "stanford_dogs", "image_size": 96, "seeds": 3, "layer_decay": None}
DOGS |= {"checkpoint_every_s": 60, "learning_rates": {"probe": 0.001, "top10": 0.001, "full": 0.001}}
EXPERIMENTS: dict[str, dict[str, Any]] = {  # of lab 08, all on the photographs; each is recorded under its name
    # Both architectures from fresh weights, equal budgets.
    "scratch96": DOGS
    | {"models": RELEASED, "weights": "none", "tunings": ["full"], "scratch_control": False}
    | {"epochs": 60, "batch_size": 256},
    # The pair pre-trained on photographs without a dog, against fresh weights, equal budgets.
    "dogs12000": DOGS
    | {"models": MINI, "weights": "shipped", "tunings": ["top10", "full"], "scratch_control": True}
    | {"epochs": 20, "batch_size": 32, "label_smoothing": 0.0, "compile_model": False},
}
TINY = {"dataset": "breeds", "breeds": {"n_train_per_class": 4, "n_test_per_class": 4, "difficulty": 0.3}}
TINY |= {"models": MINI, "image_size": 32, "seeds": 1, "epochs": 1, "batch_size": 16, "compile_model": False}


@dataclass(frozen=True)
class Step:
    """One piece of work: what Python is called with, and the most seconds that it may take in one call.

    Attributes
    ----------
    experiment
        Whose folder of runs and checkpoints it uses; empty for a step that is no lab's.
    needs
        Steps that must be done before.
    """

    name: str
    command: tuple[str, ...]
    limit_s: int
    experiment: str = ""
    needs: tuple[str, ...] = ()


@dataclass
class Report:
    """What became of a step."""

    name: str
    command: list[str]
    state: str = "left"  # left, done, failed, cut off
    seconds: list[float] = field(default_factory=list)  # of each try
    device: str = ""
    code: str = ""


@functools.cache
def code_digest() -> str:
    """sha256 of what steps run: the package with its weights, the lab, the benchmarks."""
    labs = [ROOT / "labs" / f"{LAB}.ipynb", ROOT / "labs" / "editions" / "gpu" / f"{LAB}.yaml"]
    folders = [ROOT / "src" / "helpers", ROOT / "benchmarks"]
    files = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    digest = hashlib.sha256()
    for path in sorted(path for path in files + labs if path.is_file()):
        digest.update(f"{path.relative_to(ROOT).as_posix()} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def pieces(parameters: dict[str, Any]) -> list[str]:
    """The grid of lab 08: model/tuning/seed."""
    tunings = parameters["tunings"] + (["scratch"] if parameters["scratch_control"] else [])
    grid = itertools.product(parameters["models"], tunings, range(parameters["seeds"]))
    return [f"{model}/{tuning}/{seed}" for model, tuning, seed in grid]


def lab_steps(experiment: str, rehearse: bool) -> list[Step]:
    parameters = EXPERIMENTS[experiment] | (TINY if rehearse else {})
    run = ("-m", "helpers.records", "run", LAB, "gpu", "-y", json.dumps(parameters), "--piece")
    steps = [Step(f"{experiment} {piece}", (*run, piece), 540, experiment) for piece in pieces(parameters)]
    return [*steps, Step(f"{experiment} gathered", (*run, "gathered"), 240, experiment, tuple(s.name for s in steps))]


def all_steps(rehearse: bool = False) -> list[Step]:
    """Tests first: what they find wrong would spoil the rest."""
    tiny = ("--rehearse",) if rehearse else ()
    steps = [Step("tests", ("-m", "pytest", "-m", "cuda", "-q", "-rs", *TESTS), 300)]
    for part, model in itertools.product(("equal", "files"), ("vit", "xception")):
        command = ("benchmarks/gpu_training.py", part, "--models", model, *tiny)
        steps.append(Step(f"{part} {model}", command, 540))
    return steps + [step for name in EXPERIMENTS for step in lab_steps(name, rehearse)]


# ------------------------------------------------------------------------------------------------------ one step


class Folder:
    """The folder in which reports, logs, runs and checkpoints of all steps lie."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, step: Step, suffix: str) -> Path:
        return self.path / "steps" / f"{step.name.replace(' ', '-').replace('/', '-')}{suffix}"

    def report(self, step: Step) -> Report:
        """What is known of a step; nothing where it was another command or other code."""
        path = self.file(step, ".json")
        if path.is_file():
            found = Report(**json.loads(path.read_text(encoding="utf-8")))
            if found.command == list(step.command) and found.code == code_digest():
                return found
        return Report(step.name, list(step.command), code=code_digest())

    def keep(self, step: Step, report: Report) -> None:
        write_atomically(self.file(step, ".json"), json.dumps(asdict(report), indent=1) + "\n")

    def log(self, step: Step) -> Path:
        return self.file(step, ".log")


def environment(step: Step, folder: Folder) -> dict[str, str]:
    """The course's modules without an installation, the packed photographs where no others are named, a folder of runs
    for each experiment (its pieces must not meet another's)."""
    found = dict(os.environ)
    found["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), *filter(None, [found.get("PYTHONPATH")])])
    packed = ROOT / "_build" / "gpu" / "pack"
    if not found.get("HELPERS_DATA") and packed.is_dir():
        found["HELPERS_DATA"] = str(packed)
    if step.experiment:
        found["HELPERS_BUILD"] = str(folder.path.absolute() / step.experiment)
    return found


def stop(process: subprocess.Popen) -> None:
    """End a step and all that it started, kernels too: asked first, then forced."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE_S / 2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in family:
        if child.is_running():  # by its number and its start: no other process that got the number since
            child.kill()


def run_step(step: Step, folder: Folder, seconds: float, device: str) -> Report:
    """One try at a step, stopped after so many seconds."""
    report = folder.report(step)
    log = folder.log(step)
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, *step.command],
            cwd=ROOT,
            env=environment(step, folder),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            report.state = "failed" if process.wait(seconds) else "done"
        except subprocess.TimeoutExpired:
            report.state = "cut off"
        finally:
            if process.poll() is None:
                stop(process)
    report.seconds.append(round(time.monotonic() - start, 1))
    report.device = device
    folder.keep(step, report)
    return report


# ------------------------------------------------------------------------------------------------- what comes out


def summary(steps: list[Step], folder: Folder) -> str:
    """What is done, what is left, how to go on, and the tables so far."""
    reports = [folder.report(step) for step in steps]
    lines = ["| step | state | seconds of each try | on |", "|---|---|---|---|"]
    for report in reports:
        tries = ", ".join(f"{seconds:.0f}" for seconds in report.seconds)
        lines.append(f"| {report.name} | {report.state} | {tries} | {report.device} |")
    left = [report.name for report in reports if report.state != "done"]
    lines += ["", f"{len(left)} of {len(steps)} steps are left; the same command goes on." if left else "All is done."]
    if failed := [step for step, report in zip(steps, reports, strict=True) if report.state == "failed"]:
        lines += [f"Failed, tried again last: {', '.join(f'{s.name} ({folder.log(s)})' for s in failed)}"]
    for name in EXPERIMENTS:
        if any(report.name == f"{name} gathered" and report.state == "done" for report in reports):
            command = f"make record NAME={LAB} EDITION=gpu AS={name}"
            lines.append(f"To keep {name}: HELPERS_BUILD={folder.path / name} {command}")
    for step, report in zip(steps, reports, strict=True):
        if not step.experiment and report.state == "done":
            lines += ["", f"## {step.name}", "", folder.log(step).read_text(encoding="utf-8").strip()]
    return "\n".join(lines) + "\n"


def archived(folder: Folder) -> list[tuple[Path, bytes | None]]:
    """What another machine needs to go on; the content where it is not the file's own."""
    found: list[tuple[Path, bytes | None]] = [(path, None) for path in folder.path.glob("steps/*")]
    for record in folder.path.glob("*/runs/*/*/*/record.json"):
        notebook = record.with_name("notebook.ipynb")
        if notebook.is_file():
            shown = without_photographs(json.loads(notebook.read_text(encoding="utf-8")), NOTE)
            found += [(record, None), (notebook, json.dumps(shown, ensure_ascii=False).encode())]
    for state in folder.path.glob("*/checkpoints/**/state.json"):
        files = [path for path in state.parent.iterdir() if path.is_file()]
        if state.parent.suffix != ".partial" and sum(path.stat().st_size for path in files) <= CHECKPOINT_BYTES:
            found += [(path, None) for path in files]
    return sorted(found)


def copy_out(steps: list[Step], folder: Folder, out: Path) -> None:
    """Write the summary and the archive, each whole or not at all."""
    write_atomically(out / "summary.md", summary(steps, folder))
    partial = out / ".gpu.tar.gz.partial"
    with tarfile.open(partial, mode="w:gz") as tar:
        for path, content in archived(folder):
            data = path.read_bytes() if content is None else content
            info = tarfile.TarInfo(path.relative_to(folder.path).as_posix())
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    os.replace(partial, out / "gpu.tar.gz")


# --------------------------------------------------------------------------------------------------------- driver


def drive(steps: list[Step], folder: Folder, limit_s: float, out: Path | None, device: str) -> bool:
    """Try what is left, until all is done or time is short; True where nothing is left."""
    end = time.monotonic() + limit_s - GRACE_S
    left = [step for step in steps if folder.report(step).state != "done"]
    begun = 0
    for step in sorted(left, key=lambda step: folder.report(step).state == "failed"):  # a stable order
        room = end - time.monotonic()
        least = min(step.limit_s, LEAST_S) if step.experiment else step.limit_s
        if begun and room < least:
            print(f"{step.name}: not begun, {room:.0f} s are left of this call", flush=True)
            break
        if step.needs and any(folder.report(other).state != "done" for other in steps if other.name in step.needs):
            continue
        begun += 1
        report = run_step(step, folder, min(room, step.limit_s), device)
        print(f"{step.name}: {report.state} after {report.seconds[-1]:.0f} s", flush=True)
        if report.state == "failed":
            print("\n".join(folder.log(step).read_text(encoding="utf-8").splitlines()[-12:]), flush=True)
        if out is not None:
            copy_out(steps, folder, out)
    return all(folder.report(step).state == "done" for step in steps)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Everything that wants a GPU, in steps that go on where they stopped.")
    parser.add_argument("--limit", type=float, default=560, help="seconds of this call (default: 560)")
    parser.add_argument("--out", type=Path, help="a folder for summary.md and gpu.tar.gz; may be $OUT")
    parser.add_argument("--from", dest="source", type=Path, help="a gpu.tar.gz of an earlier call, on any machine")
    parser.add_argument("--only", nargs="+", default=[""], help="steps whose names begin so")
    parser.add_argument("--again", action="store_true", help="do steps that are done once more; with --only, those")
    parser.add_argument("--list", action="store_true", help="what is done and what is left; run nothing")
    parser.add_argument("--rehearse", action="store_true", help="every step on the CPU, tiny, in _build/gpu-rehearsal")
    options = parser.parse_args(arguments)
    folder = Folder(Path("_build") / ("gpu-rehearsal" if options.rehearse else "gpu"))
    steps = [step for step in all_steps(options.rehearse) if step.name.startswith(tuple(options.only))]
    if not steps:
        parser.error(f"--only: no step begins with {' or '.join(options.only)}; --list names all")
    if options.source is not None:
        with tarfile.open(options.source) as tar:
            tar.extractall(folder.path, filter="data")
    if options.again:
        for step in steps:
            folder.file(step, ".json").unlink(missing_ok=True)
    if not options.list:
        import torch

        if not torch.cuda.is_available() and not options.rehearse:
            print("not run: no CUDA GPU here. --list names the steps, --rehearse tries them on the CPU, tiny.")
            return 0
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
        device = "cpu, a rehearsal" if options.rehearse else torch.cuda.get_device_name(0)
        folder.path.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder.path / ".lock", blocking=False):
                drive(steps, folder, options.limit, options.out, device)
        except Timeout:
            print(f"another call is at work in {folder.path}: wait until it has ended", file=sys.stderr)
            return 1
    print("\n" + summary(steps, folder))
    return int(any(folder.report(step).state == "failed" for step in steps))


if __name__ == "__main__":
    sys.exit(main())
