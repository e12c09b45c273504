"""How fast does one GPU train the lab's two released architectures, how much of the card is that, and who is faster?

ViT-B/16 at 224 px and legacy_xception at 299 px with random weights, in bf16, by three arms: `helpers.training.fit`,
the loop of timm's script, a Hugging Face `Trainer` (where transformers is installed; else its row says so).

    python benchmarks/gpu_training.py [equal] [files] [--models vit xception] [--rounds 2] [--rehearse]

equal   the same batch on the device, precision, steps, AdamW, clipping, plain and compiled: images/s, the share of the
        time in which the GPU does nothing, the share of the rate that the card reaches on plain matrix products in the
        same run, peak memory. Wanted: ours >= 0.97 of the fastest other arm; ViT-B/16 compiled >= 50 % of the products.
files   each at its own best (compiled; ours: decoded once and kept on the GPU; the others: worker processes that decode
        for every epoch), from JPEG files of 500 x 375 pixels to the last step of the last epoch, with the making of
        cache and workers and without the first steps, which compile. Wanted: >= 1.3 x timm, >= 1.5 x `Trainer`.

Ours crops from photographs that are stored at the training size, the others from the whole file. Without a GPU it says
so and measures nothing; `--rehearse` runs every path on the CPU, tiny.
"""

import argparse
import gc
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import torch
from data_path import drawn, pack, photographs
from PIL import Image
from training_arms import (
    ARMS,
    Clock,
    Same,
    Task,
    missing,
    our_batches,
    timm_batches,
    train_ours,
    train_timm,
    train_trainer,
    trainer_files,
)

from helpers.measure.cost import training_step_macs
from helpers.models import pretrained as pre

CLASSES = 120
FILE_SIZE = (500, 375)  # the commonest of Stanford Dogs' whole photographs
WANTED = {"timm": 1.3, "Trainer": 1.5}


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    models: dict[str, tuple[str, int]]  # short name -> model, pixels
    batch: int = 128
    warm_up: int = 15
    timed: int = 50
    profiled: int = 10
    files: int = 2560
    epochs: int = 8
    product: int = 8192


FULL = Size({"vit": ("vit_base_patch16_224.orig_in21k", 224), "xception": ("legacy_xception", 299)})
TINY = Size(
    {"vit": ("vit_mini", 32), "xception": ("xception_mini", 32)},
    batch=2,
    warm_up=1,
    timed=2,
    profiled=1,
    files=4,
    epochs=2,
    product=256,
)


def matmul_rate(device: str, size: int) -> float:
    """Multiply-accumulates a second of a square bf16 matrix product, median of ten after three warm-ups."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds = []
    for _ in range(13):
        start = time.perf_counter()
        a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return size**3 / statistics.median(seconds[3:])


def network(name: str, pixels: int) -> torch.nn.Module:
    """A fresh network of 120 classes, on the CPU; what earlier arms left on the GPU is freed."""
    torch._dynamo.reset()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    ready = pre.build_model(name, CLASSES, weights="none", image_size=pixels)
    pre.select_trainable(ready, "full")
    return ready.model


def peak_gib(device: str) -> float:
    return torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else float("nan")


# ----------------------------------------------------------------------------------------------------------- equal


def run_equal(arm: str, name: str, task: Task, size: Size, folder: Path) -> Clock:
    """One arm on the same batch, again and again."""
    model = network(name, task.size).to(task.device)
    steps = size.warm_up + size.timed + size.profiled
    images = torch.randn(task.batch, 3, task.size, task.size, device=task.device)
    batches = Same(images, torch.arange(task.batch, device=task.device) % CLASSES, steps)
    clock = Clock(task.device, size.warm_up, size.profiled, steps)
    if arm == "ours":
        train_ours(model, task, clock, batches)
    elif arm == "timm":
        train_timm(model, task, clock, batches)
    else:
        train_trainer(model, task, clock, batches, folder)
    return clock


def equal(models: list[str], size: Size, device: str, rounds: int, folder: Path) -> None:
    rate = matmul_rate(device, size.product)
    print(f"bf16 matrix products: {2 * rate / 1e12:.2f} TFLOP/s. Equal settings, batch {size.batch}, medians:\n")
    print("| model | px | compiled | arm | images/s | GPU idle | of the matmul rate | peak memory (GiB) | note |")
    print("|---|---:|---|---|---:|---:|---:|---:|---|")
    verdicts = []
    for short in models:
        name, pixels = size.models[short]
        macs = training_step_macs(network(name, pixels), pixels)
        for compiled in (False, True) if device == "cuda" else (False,):
            task = Task(size.batch, pixels, device, compiled, pre.MODELS[name].family == "cnn")
            found: dict[str, list[float]] = {arm: [] for arm in ARMS if not missing(arm)}
            idle, peak = dict.fromkeys(found, 0.0), dict.fromkeys(found, 0.0)
            for _ in range(rounds):  # in turns
                for arm in found:
                    clock = run_equal(arm, name, task, size, folder)
                    found[arm].append(size.batch / clock.step_s)
                    idle[arm], peak[arm] = 1 - clock.busy, peak_gib(device)
            start = f"| {name} | {pixels} | {'yes' if compiled else 'no'} "
            for arm in ARMS:
                if reason := missing(arm):
                    print(f"{start}| {arm} | | | | | not run: {reason} |")
                    continue
                speed = statistics.median(found[arm])
                shares = f"{idle[arm]:.2f} | {speed * macs / rate:.2f}"
                print(f"{start}| {arm} | {speed:.1f} | {shares} | {peak[arm]:.1f} | |", flush=True)
            ours = statistics.median(found["ours"])
            best = max(statistics.median(speeds) for arm, speeds in found.items() if arm != "ours")
            how = "compiled" if compiled else "plain"
            verdicts.append(f"{name}, {how}: ours / the fastest other = {ours / best:.3f} (wanted: at least 0.97)")
            if short == "vit" and compiled:
                verdicts.append(f"{name}: {ours * macs / rate:.2f} of the matmul rate (wanted: at least 0.50)")
    print("\n" + "\n".join(f"- {line}" for line in verdicts) + "\n")


# ----------------------------------------------------------------------------------------------------------- files


def write_files(folder: Path, count: int) -> str:
    """An image folder of JPEG files, 500 x 375 pixels at quality 90; says what they show."""
    archive = pack(224) or pack(96)
    if archive is not None:
        source: Iterator = photographs(archive)
        text = "photographs of Stanford Dogs, enlarged"
    else:
        source, text = drawn(256, min(count, 64)), "drawn here: no photographs in HELPERS_DATA"
    some = list(islice(source, count))
    for k, (_, _, data) in enumerate(islice(cycle(some), count)):
        path = folder / f"class_{k % 20:02d}" / f"{k:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(io.BytesIO(data)) as image:
            image.convert("RGB").resize(FILE_SIZE, Image.Resampling.BICUBIC).save(path, "JPEG", quality=90)
    return text


def run_files(arm: str, name: str, task: Task, size: Size, folder: Path) -> Clock:
    """One arm from the files on, into the first step and to the last."""
    model = network(name, task.size).to(task.device)
    steps = task.epochs * (size.files // task.batch)
    clock = Clock(task.device, size.warm_up, 0, steps)
    if arm == "ours":
        with tempfile.TemporaryDirectory(dir=folder) as fresh:  # no cache of an earlier arm
            (Path(fresh) / "files").symlink_to(folder / "files", target_is_directory=True)
            train_ours(model, task, clock, our_batches(Path(fresh) / "files", task))
    elif arm == "timm":
        train_timm(model, task, clock, timm_batches(folder / "files", task))
    else:
        train_trainer(model, task, clock, trainer_files(folder / "files", task), folder)
    return clock


def files(models: list[str], size: Size, device: str, folder: Path) -> None:
    text = write_files(folder / "files", size.files)
    print(f"From {size.files} JPEG files ({text}), {size.epochs} epochs, batch {size.batch}, each at its own best:\n")
    print(
        "| model | px | arm | images/s, from the files on | images/s, steps alone | before the first batch (s) | note |"
    )
    print("|---|---:|---|---:|---:|---:|---|")
    verdicts = []
    for short in models:
        name, pixels = size.models[short]
        family = pre.MODELS[name].family
        workers = {} if device == "cuda" else {"workers": 0}
        task = Task(size.batch, pixels, device, device == "cuda", family == "cnn", size.epochs, **workers)
        whole = {}
        for arm in ARMS:
            if reason := missing(arm):
                print(f"| {name} | {pixels} | {arm} | | | | not run: {reason} |")
                continue
            clock = run_files(arm, name, task, size, folder)
            images = clock.timed * size.batch
            whole[arm] = images / clock.whole_s
            before = clock.ready - clock.began
            speeds = f"{whole[arm]:.1f} | {size.batch / clock.step_s:.1f} | {before:.1f}"
            print(f"| {name} | {pixels} | {arm} | {speeds} | |", flush=True)
        for arm, wanted in WANTED.items():
            if arm in whole:
                ratio = whole["ours"] / whole[arm]
                verdicts.append(f"{name}: ours / {arm} = {ratio:.2f} (wanted: at least {wanted})")
    print("\n" + "\n".join(f"- {line}" for line in verdicts) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Training throughput on one GPU: ours, timm's loop, Trainer.")
    parser.add_argument("parts", nargs="*", help="equal, files; both by default")
    parser.add_argument("--models", nargs="+", choices=list(FULL.models), default=list(FULL.models))
    parser.add_argument("--rounds", type=int, default=2, help="of the equal part, the arms in turns")
    parser.add_argument("--rehearse", action="store_true", help="run every path on the CPU with tiny sizes")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in ("equal", "files")]:
        parser.error(f"parts: expected equal or files, got {', '.join(unknown)}")
    if not torch.cuda.is_available() and not options.rehearse:
        print("not run: no CUDA GPU here. With one: python benchmarks/gpu_training.py")
        return 0
    device, size = ("cpu", TINY) if options.rehearse else ("cuda", FULL)
    name = "a rehearsal on the CPU: these numbers mean nothing" if options.rehearse else torch.cuda.get_device_name(0)
    print(f"{name}, torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    with tempfile.TemporaryDirectory() as folder:
        if "equal" in (options.parts or ["equal"]):
            equal(options.models, size, device, 1 if options.rehearse else options.rounds, Path(folder))
        if "files" in (options.parts or ["files"]):
            files(options.models, size, device, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
