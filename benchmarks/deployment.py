"""What does an answer cost, and what do 8 bits cost in accuracy? The table of chapter 18.

    python benchmarks/deployment.py --record    # 20 minutes on a crowded machine; writes 18_deployment of results/cpu
    python benchmarks/deployment.py             # the same, prints alone
    python benchmarks/deployment.py --quick     # one round, prints alone

Speed: networks of all candidates take turns in one process on one thread; processor seconds, not the clock on the wall,
since other work may run beside it; the ratio of each to Xception is taken within each round. Memory: a fresh process
for each (Linux). Accuracy of 8 bits: both small networks on the same 1,200 drawn dogs, paired.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from helpers.data import load_dataset
from helpers.measure.accuracy import paired_difference, top1
from helpers.measure.cost import count_parameters, macs
from helpers.models.efficientnet import EfficientNetLite0
from helpers.models.pretrained import build_model
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.models.xception import Xception
from helpers.pages.c18.export import run, session, to_int8, to_onnx
from helpers.pages.c18.service import answers, trained_service
from helpers.records import project_root, write_atomically
from helpers.records.places import result_path
from helpers.records.writing import make_record

STUDY, BASE = "18_deployment", "Xception"
CANDIDATES: dict[str, tuple[Callable[[], nn.Module], int]] = {  # name -> network with 120 outputs, side in pixels
    BASE: (lambda: Xception(num_classes=120), 299),
    "ViT-B/16": (lambda: ViT(224, 16, num_classes=120, **VIT_CONFIGS["B"]), 224),
    "EfficientNet-Lite0": (lambda: EfficientNetLite0(num_classes=120), 224),
    "Xception-mini": (lambda: build_model("xception_mini", 120, weights="none").model, 64),
    "ViT-mini": (lambda: build_model("vit_mini", 120, weights="none").model, 64),
}
SMALL = ("xception_mini", "vit_mini")
BATCHES = (1, 32)
ROUNDS = {1: 11, 32: 3}  # of each batch
SEED = 0  # of the fresh weights


def processor_seconds(act: Callable[[], Any]) -> float:
    """Of this process, which has one thread at work."""
    start = time.process_time()
    act()
    return time.process_time() - start


def quartiles(values: list[float], n: int) -> dict[str, Any]:
    """Median and quartiles, in the parts of an estimate."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"value": middle, "low": low, "high": high, "n": n, "covers": "rounds (quartiles)"}


@torch.inference_mode()
def speeds(rounds: dict[int, int]) -> list[dict[str, Any]]:
    """Each candidate at each batch: milliseconds an image, and the ratio to the base, taken within the round."""
    rows = []
    networks = {name: build().eval() for name, (build, _) in CANDIDATES.items()}
    for batch in BATCHES:
        images = {name: torch.randn(batch, 3, side, side) for name, (_, side) in CANDIDATES.items()}
        for name, network in networks.items():
            network(images[name][:1])
        taken: dict[str, list[float]] = {name: [] for name in networks}
        for _ in range(rounds[batch]):
            for name, network in networks.items():
                taken[name].append(processor_seconds(partial(network, images[name])) / batch)
        for name, seconds in taken.items():
            ratios = [mine / base for mine, base in zip(seconds, taken[BASE], strict=True)]
            rows.append({"model": name, "batch": batch, "seed": SEED, "ms": 1000 * statistics.median(seconds)})
            rows[-1]["over_xception"] = quartiles(ratios, len(ratios))
            print(rows[-1], flush=True)
    return rows


def _peak_mib() -> float:
    """The largest resident size of this process so far. Linux: `ru_maxrss` would begin at that of the parent."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _peaks(name: str, pipe: Any) -> None:
    """In a fresh process: MiB that building the network and answering one batch add, for each size of batch."""
    torch.set_num_threads(1)
    before, found = _peak_mib(), {}
    build, side = CANDIDATES[name]
    network = build().eval()
    for batch in BATCHES:
        with torch.inference_mode():
            network(torch.randn(batch, 3, side, side))
        found[batch] = _peak_mib() - before
    pipe.send(found)


def memory() -> list[dict[str, Any]]:
    """MiB of weights, counted, and of a fresh process at each batch, measured."""
    rows = []
    for name, (build, side) in CANDIDATES.items():
        with torch.device("meta"):
            parameters = count_parameters(build())["total"]
        row: dict[str, Any] = {"model": name, "side_px": side, "weights_mib": 4 * parameters / 2**20}
        row["gmacs"] = macs(build(), side) / 1e9
        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe()
        child = spawn.Process(target=_peaks, args=(name, there))
        child.start()
        row |= {f"peak_mib_{batch}": mib for batch, mib in here.recv().items()}
        child.join()
        rows.append(row)
        print(row, flush=True)
    return rows


def small_bits(n_test: int) -> list[dict[str, Any]]:
    """Both small networks in floats and in 8 bits, three ways, on the same drawn dogs."""
    sizes: dict[str, Any] = {"n_train_per_class": 40, "n_val_per_class": 0, "n_test_per_class": n_test}
    dogs = load_dataset("breeds", image_size=64, progress=False, **sizes)
    images, labels = dogs.test.images, dogs.test.labels
    examples = dogs.train.images[:: max(1, len(dogs.train) // 96)]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in SMALL:
            service = trained_service(name, dogs.train)
            path = to_onnx(service, images, Path(folder) / f"{name}.onnx")
            in_floats = answers(service, images)
            right = in_floats.argmax(1) == labels
            ways = {"float": path, "dynamic": to_int8(path, None)}
            ways |= {f"per {key}": to_int8(path, examples, key == "channel") for key in ("tensor", "channel")}
            graphs = {way: session(file) for way, file in ways.items()}
            seconds: dict[str, list[float]] = {way: [] for way in graphs}
            for _ in range(9):
                for way, graph in graphs.items():
                    seconds[way].append(processor_seconds(partial(run, graph, images[:20], 1)))
            for way, graph in graphs.items():
                logits = run(graph, images)
                now = logits.argmax(1) == labels
                ratios = [mine / base for mine, base in zip(seconds[way], seconds["float"], strict=True)]
                row: dict[str, Any] = {"model": name, "way": way, "bytes": ways[way].stat().st_size}
                row |= {"largest_difference": float(np.abs(logits - in_floats).max())}
                row |= {"same_answer": float((logits.argmax(1) == in_floats.argmax(1)).mean())}
                row |= {"top1": vars(top1(logits.argmax(1), labels)), "change": vars(paired_difference(now, right))}
                row |= {"over_float": quartiles(ratios, len(ratios))}
                rows.append(row)
                print(row, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, few dogs, nothing written")
    parser.add_argument("--record", action="store_true", help="write the record of chapter 18")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    begun, command = datetime.now(UTC), "python benchmarks/deployment.py"
    rounds = {1: 1, 32: 1} if options.quick else ROUNDS
    used = memory()
    bits, fast = small_bits(5 if options.quick else 100), speeds(rounds)
    if options.quick or not options.record:
        return
    mib = {row["model"]: row["weights_mib"] for row in used}
    summary = {
        "memory": used,
        "bits": bits,
        "speeds": {f"{row['model']} {row['batch']}": row for row in fast},
        "ratios": {"weights, ViT-B/16 over Xception": {"value": mib["ViT-B/16"] / mib[BASE]}},
    }
    told = {"rounds": {str(batch): count for batch, count in ROUNDS.items()}, "command": command}
    script = Path(__file__)
    record = make_record(
        STUDY, "cpu", parameters=told, runs=fast, summary=summary, started_at=begun, script=script
    )  # fmt: skip
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")


if __name__ == "__main__":
    main()
