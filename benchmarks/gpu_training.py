"""How fast does one GPU fine-tune the lab's two released architectures, and how much of the card is that?

Training steps of ViT-B/16 at 224 px and legacy_xception at 299 px with random weights, through `helpers.training.fit`,
bf16 and compiled: images/s, peak memory, and the share of the rate that the same card reaches on plain matrix products
in the same run. Without a GPU it says so and measures nothing, unless `--rehearse` runs the path on the CPU, tiny.

    python benchmarks/gpu_training.py [--batch 128] [--steps 60] [--rehearse]
"""

import argparse
import statistics
import time

import torch

from helpers.measure.cost import training_step_macs
from helpers.models import pretrained as pre
from helpers.training import TrainingConfig, fit


class OneBatch:
    """The same random batch again and again, on the device: what is timed is the training, not the data."""

    def __init__(self, batch: int, size: int, steps: int, device: str) -> None:
        self.images = torch.randn(batch, 3, size, size, device=device)
        self.labels = torch.arange(batch, device=device) % 120
        self.steps = steps

    def __len__(self) -> int:
        return self.steps

    def epoch(self, epoch: int, start: int = 0):
        for _ in range(start, self.steps):
            yield self.images, self.labels


def matmul_rate(device: str, dtype: torch.dtype, size: int) -> float:
    """Multiply-accumulates a second of a square matrix product, median of ten after three warm-ups."""
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    seconds = []
    for _ in range(13):
        start = time.perf_counter()
        a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return size**3 / statistics.median(seconds[3:])


def measure(name: str, size: int, batch: int, steps: int, device: str, compiled: bool) -> dict[str, float]:
    """One training run of two epochs; the first warms up (and compiles), the second is timed."""
    ready = pre.build_model(name, 120, weights="none", image_size=size)
    pre.select_trainable(ready, "full")
    macs = training_step_macs(ready.model, size)
    config = TrainingConfig(
        epochs=2,
        learning_rate=1e-4,
        precision="bf16",
        compile=compiled,
        channels_last=pre.MODELS[name].family == "cnn",
        progress=False,
    )
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    history = fit(ready.model, OneBatch(batch, size, steps, device), config)
    timed = history.epochs[-1].seconds
    peak = torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else float("nan")
    return {"images_per_s": batch * steps / timed, "peak_gib": peak, "macs_per_s": macs * batch * steps / timed}


def main() -> None:
    parser = argparse.ArgumentParser(description="Training throughput of ViT-B/16 and legacy_xception on one GPU.")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rehearse", action="store_true", help="run the path on the CPU with tiny sizes")
    options = parser.parse_args()
    if not torch.cuda.is_available() and not options.rehearse:
        print("not run: no CUDA GPU here. With one: python benchmarks/gpu_training.py")
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    batch, steps = (2, 2) if device == "cpu" else (options.batch, options.steps)
    rate = matmul_rate(device, torch.bfloat16, 512 if device == "cpu" else 8192)
    name = torch.cuda.get_device_name(0) if device == "cuda" else "cpu (a rehearsal: these numbers mean nothing)"
    print(f"{name}, torch {torch.__version__}, bf16 matrix products at {2 * rate / 1e12:.1f} TFLOP/s\n")
    print("| model | px | batch | compiled | images/s | peak memory (GiB) | share of the matmul rate |")
    print("|---|---:|---:|---|---:|---:|---:|")
    sizes = {"vit_base_patch16_224.orig_in21k": 224, "legacy_xception": 299}
    for model, size in sizes.items():
        size = {224: 32, 299: 64}[size] if device == "cpu" else size
        for compiled in (False, True) if device == "cuda" else (False,):
            row = measure(model, size, batch, steps, device, compiled)
            print(
                f"| {model} | {size} | {batch} | {'yes' if compiled else 'no'} | {row['images_per_s']:.0f} "
                f"| {row['peak_gib']:.1f} | {row['macs_per_s'] / rate:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
