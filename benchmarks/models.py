"""Are our models as fast as timm's? Images a second of both, in turn, in one run, on the same batch.

    python benchmarks/models.py                                   # CPU or GPU, whichever there is
    python benchmarks/models.py --models ViT-Ti --batch 4 --repeats 3 --image-size 112

Ours and timm's alternate, so that a machine that slows down slows both; the ratio is the median of the ratios of
neighbours. Above 1 ours is faster; the aim is at least 0.97.
"""

import argparse
import ctypes
import statistics
import time
from collections.abc import Callable, Iterator

import timm
import torch
from torch import Tensor, nn

from helpers.models.cait import CAIT_CONFIGS, CaiT
from helpers.models.convnext import CONVNEXT_CONFIGS, ConvNeXt
from helpers.models.efficientnet import EfficientNetLite0
from helpers.models.mixer import MIXER_CONFIGS, Mixer
from helpers.models.swin import SWIN_CONFIGS, Swin
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.models.xception import Xception

TARGET = 0.97

# name -> (ours, timm's), both taking an image size.
MODELS: dict[str, tuple[Callable[[int], nn.Module], Callable[[int], nn.Module]]] = {
    "ViT-Ti": (
        lambda size: ViT(size, 16, **VIT_CONFIGS["Ti"]),
        lambda size: timm.create_model("vit_tiny_patch16_224", img_size=size),
    ),
    "ViT-S": (
        lambda size: ViT(size, 16, **VIT_CONFIGS["S"]),
        lambda size: timm.create_model("vit_small_patch16_224", img_size=size),
    ),
    "ViT-B": (
        lambda size: ViT(size, 16, **VIT_CONFIGS["B"]),
        lambda size: timm.create_model("vit_base_patch16_224", img_size=size),
    ),
    "Xception": (lambda size: Xception(), lambda size: timm.create_model("legacy_xception")),
    "ConvNeXt-T": (lambda size: ConvNeXt(**CONVNEXT_CONFIGS["T"]), lambda size: timm.create_model("convnext_tiny")),
    "EfficientNet-Lite0": (lambda size: EfficientNetLite0(), lambda size: timm.create_model("tf_efficientnet_lite0")),
    "CaiT-XXS24": (
        lambda size: CaiT(size, 16, **CAIT_CONFIGS["XXS24"]),
        lambda size: timm.create_model("cait_xxs24_224", img_size=size),
    ),
    "Swin-T": (  # 224 px, or another size whose maps its windows tile
        lambda size: Swin(size, **SWIN_CONFIGS["T"]),
        lambda size: timm.create_model("swin_tiny_patch4_window7_224", img_size=size, drop_path_rate=0.0),
    ),
    "Mixer-B": (
        lambda size: Mixer(size, 16, **MIXER_CONFIGS["B"]),
        lambda size: timm.create_model("mixer_b16_224", img_size=size),
    ),
}


def modes(device: str) -> Iterator[tuple[str, torch.dtype, bool]]:
    """(name, autocast dtype, compile): float32 everywhere, bfloat16 with and without compile on a GPU."""
    yield "fp32", torch.float32, False
    if device == "cuda":
        yield "bf16", torch.bfloat16, False
        yield "bf16 compiled", torch.bfloat16, True


def step(model: nn.Module, images: Tensor, dtype: torch.dtype, backward: bool) -> None:
    """One forward pass, or a forward and a backward pass."""
    with torch.set_grad_enabled(backward), torch.autocast(images.device.type, dtype, enabled=dtype != torch.float32):
        logits = model(images)
    if backward:
        model.zero_grad(set_to_none=True)
        logits.float().square().mean().backward()


def seconds(model: nn.Module, images: Tensor, dtype: torch.dtype, backward: bool, steps: int) -> float:
    """Wall time of a few steps, after everything the device had to do before and including all it has to do now."""

    def wait() -> None:
        if images.is_cuda:
            torch.cuda.synchronize()

    wait()
    start = time.perf_counter()
    for _ in range(steps):
        step(model, images, dtype, backward)
    wait()
    return time.perf_counter() - start


def keep_memory() -> None:
    """Let glibc keep freed memory. Otherwise one arm may return its buffers to the system after every step and pay for
    fresh pages, the other not, depending on what happens to lie above them: 8 % of ViT-Ti's forward pass here."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for parameter in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
            libc.mallopt(parameter, 1 << 30)


def compare(pair: list[nn.Module], images: Tensor, dtype: torch.dtype, backward: bool, repeats: int) -> list[float]:
    """Images/s of ours and of timm's (medians), the median ratio, and its quartiles."""
    warm_up = [
        seconds(model, images, dtype, backward, 1) + seconds(model, images, dtype, backward, 1) for model in pair
    ]
    # Enough steps for a tenth of a second, so that a GPU's clock and launches do not dominate.
    steps = max(1, round(0.1 / (seconds(pair[1], images, dtype, backward, 1) + 1e-9))) if min(warm_up) < 1 else 1
    times = []
    for repeat in range(repeats):
        order = (0, 1) if repeat % 2 == 0 else (1, 0)  # who goes first alternates, too
        row = {i: seconds(pair[i], images, dtype, backward, steps) for i in order}
        times.append((row[0], row[1]))
    speeds = [steps * len(images) / statistics.median(column) for column in zip(*times, strict=True)]
    ratios = [theirs / ours for ours, theirs in times]
    quartiles = statistics.quantiles(ratios, n=4, method="inclusive") if repeats > 1 else ratios * 3
    return [*speeds, quartiles[1], quartiles[0], quartiles[2]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batch", type=int, help="images a batch (default: 64 on a GPU, 4 on a CPU)")
    parser.add_argument("--image-size", type=int, default=224, help="pixels, a multiple of 16")
    parser.add_argument("--repeats", type=int, default=9, help="alternations of ours and timm's")
    parser.add_argument("--modes", nargs="+", help="of fp32, 'bf16', 'bf16 compiled' (default: all the device has)")
    options = parser.parse_args()
    keep_memory()
    batch = options.batch or (64 if options.device == "cuda" else 4)

    device = torch.cuda.get_device_name() if options.device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(
        f"{device}; torch {torch.__version__}, timm {timm.__version__}; batch {batch}, {options.image_size} px, ",
        end="",
    )
    print(f"{options.repeats} alternations; images/s, ratio ours / timm's with its quartiles\n")
    print(f"{'model':18} {'mode':14} {'pass':18} {'ours':>9} {'timm':>9} {'ratio':>6}   quartiles")
    below = []
    for name in options.models:
        for mode, dtype, compiled in modes(options.device):
            if options.modes and mode not in options.modes:
                continue
            torch.manual_seed(0)
            pair = [build(options.image_size).to(options.device) for build in MODELS[name]]
            if compiled:
                torch.compiler.reset()
                pair = [torch.compile(model) for model in pair]
            images = torch.randn(batch, 3, options.image_size, options.image_size, device=options.device)
            for backward in (False, True):
                for model in pair:
                    model.train(backward)
                ours, theirs, ratio, low, high = compare(pair, images, dtype, backward, options.repeats)
                kind = "forward + backward" if backward else "forward"
                row = f"{name:18} {mode:14} {kind:18} {ours:9.1f} {theirs:9.1f} {ratio:6.3f}   {low:.3f} to {high:.3f}"
                print(row, flush=True)
                if ratio < TARGET:
                    below.append(row)
    print(f"\n{len(below)} rows below {TARGET}")


if __name__ == "__main__":
    main()
