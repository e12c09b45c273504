"""Is this tree as fast as an older one? The same measurement in both, in turns: `make bench AGAINST=<git ref>`.

    python benchmarks/compare.py 523245e [--rounds 15] [--only "fit"]

A worktree of the older commit is made in a temporary folder, and one process starts in each tree; they then measure one
row after the other, alternating, so that a machine that slows down slows both. A row is the median of old / new over
all rounds: above 1 this tree is faster, and 0.95 is wanted. Both run the measurements below, each on its own
`src/`; a row that one of them cannot run is said to be not comparable.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = 0.95


def prepare_models(name: str, backward: bool) -> Callable[[], object]:
    import torch
    from models import MODELS, keep_memory, step

    keep_memory()
    torch.manual_seed(0)
    model, images = MODELS[name][0](224).train(backward), torch.randn(4, 3, 224, 224)
    return lambda: step(model, images, torch.float32, backward)


def prepare_batches(size: int) -> Callable[[], object]:
    import numpy as np

    from helpers.data.batches import Batches

    images = np.random.default_rng(0).integers(0, 256, (512, size, size, 3), dtype=np.uint8)
    batches = Batches(images, np.zeros(512, int), batch_size=64, mean=(0.5,) * 3, std=(0.5,) * 3)
    return lambda: sum(len(labels) for _, labels in batches.epoch(0))


def prepare_cache(size: int) -> Callable[[], object]:
    from data_path import drawn

    from helpers.data.cache import build_cache

    items = [(name, data, None) for _, name, data in drawn(size, 400)]

    def build() -> None:
        with tempfile.TemporaryDirectory() as folder:
            build_cache(items, size=size, key="compare", folder=Path(folder), progress=False)

    return build


def prepare_fit(name: str) -> Callable[[], object]:
    import numpy as np

    from helpers.data.batches import Batches
    from helpers.models.vit import ViT
    from helpers.models.xception import Xception
    from helpers.training import TrainingConfig, fit

    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (256, 64, 64, 3), dtype=np.uint8), rng.integers(0, 10, 256)
    batches = Batches(images, labels, batch_size=32, mean=(0.5,) * 3, std=(0.5,) * 3)
    model = ViT(64, 8, 10, embed_dim=128, depth=6, num_heads=4) if name == "vit" else Xception(10, width=0.25)
    config = TrainingConfig(epochs=1, learning_rate=1e-4, precision="fp32", progress=False)
    return lambda: fit(model, batches, config)


ROWS: dict[str, Callable[[], Callable[[], object]]] = {
    f"{name}, {'forward + backward' if backward else 'forward'}": lambda name=name, backward=backward: prepare_models(
        name, backward
    )
    for name in ("ViT-Ti", "Xception", "CaiT-XXS24")
    for backward in (False, True)
} | {
    "augmented batches, 96 px": lambda: prepare_batches(96),
    "augmented batches, 224 px": lambda: prepare_batches(224),
    "building the cache, 224 px": lambda: prepare_cache(224),
    "fit, one epoch, ViT": lambda: prepare_fit("vit"),
    "fit, one epoch, Xception": lambda: prepare_fit("xception"),
}


def serve() -> None:
    """In one tree: for each name of a row on standard input, print the seconds it takes, or why it does not run."""
    answers, sys.stdout = sys.stdout, sys.stderr
    ready: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        try:
            if name not in ready:
                ready.clear()
                ready[name] = ROWS[name]()
                ready[name]()  # the first time allocates
            start = time.perf_counter()
            ready[name]()
            answer = str(time.perf_counter() - start)
        except Exception as error:  # another tree may lack a name or an argument: said in the table
            answer = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        print(answer, file=answers, flush=True)


def start(tree: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).resolve()), "--serve"]
    environment = os.environ | {"PYTHONPATH": str(tree / "src")}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process: subprocess.Popen[str], row: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(row + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def compare(old: subprocess.Popen[str], new: subprocess.Popen[str], row: str, rounds: int) -> list[float] | str:
    """The ratios old / new of all rounds, who goes first alternating; or why one of the trees cannot run the row."""
    ratios = []
    for turn in range(rounds):
        pair = {name: ask(process, row) for name, process in [("old", old), ("new", new)][:: 1 if turn % 2 else -1]}
        try:
            ratios.append(float(pair["old"]) / float(pair["new"]))
        except ValueError:
            return "; ".join(f"{name} tree: {answer}" for name, answer in pair.items() if ":" in answer)
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ref", help="the older commit, tag or branch")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="rows whose name holds this text")
    options = parser.parse_args()
    rows = [row for row in ROWS if options.only in row]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the worktree is removed then, too
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "old"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, options.ref], cwd=ROOT, check=True)
        processes = [start(tree), start(ROOT)]
        try:
            print(f"{'row':34} {'old / new':>9}   quartiles, {options.rounds} pairs; wanted: at least {TARGET}")
            for row in rows:
                found = compare(*processes, row, options.rounds)
                if isinstance(found, str):
                    print(f"{row:34} not comparable: {found}", flush=True)
                    continue
                low, middle, high = statistics.quantiles(found, n=4, method="inclusive")
                print(
                    f"{row:34} {middle:9.3f}   {low:.3f} to {high:.3f}{'' if middle >= TARGET else '  BELOW'}",
                    flush=True,
                )
        finally:
            for process in processes:
                process.terminate()
                process.wait()
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["--serve"] else main()
