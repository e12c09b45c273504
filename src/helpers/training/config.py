"""How a model is trained: the settings of one run, checked the moment they are written down."""

import math
from dataclasses import dataclass

import torch

PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training run with AdamW, a linear warm-up and cosine decay.

    Parameters
    ----------
    epochs
        Passes over the training set.
    learning_rate
        Peak rate, of the head when `layer_decay` is set.
    min_learning_rate
        Rate at the end of the cosine.
    weight_decay
        Decoupled; never on biases, norms, class token, positions.
    warmup_fraction
        Share of all updates spent rising linearly to the peak, in [0, 1).
    label_smoothing
        Of the default step: probability spread evenly over the classes, in [0, 1).
    layer_decay
        Gamma of layer-wise decay in (0, 1], or None.
    clip_norm
        Largest global norm of the gradient, or None.
    accumulation_steps
        Batches whose gradients make one update.
    precision
        "auto" is fp32 on a CPU, bf16 on a GPU that has it natively, else fp16 with loss scaling.
    compile
        Pass the model through torch.compile.
    channels_last
        Keep images and convolutions as (B, H, W, C) in memory; pays for CNNs.
    seed
        Of dropout and drop path.
    checkpoint_every_s
        Seconds between checkpoints inside an epoch; None saves at the end of each epoch alone.
    progress
        Show a progress bar.

    Raises
    ------
    ValueError
        When a setting lies outside its limits.
    """

    epochs: int = 10
    learning_rate: float = 1e-3
    min_learning_rate: float = 0.0
    weight_decay: float = 0.05
    warmup_fraction: float = 0.05
    label_smoothing: float = 0.0
    layer_decay: float | None = None
    clip_norm: float | None = 1.0
    accumulation_steps: int = 1
    precision: str = "auto"
    compile: bool = False
    channels_last: bool = False
    seed: int = 0
    checkpoint_every_s: float | None = 60.0
    progress: bool = True

    def __post_init__(self) -> None:
        check_precision(self.precision)
        for name in ("epochs", "accumulation_steps"):
            _require(self, name, _is_whole(getattr(self, name)) and getattr(self, name) >= 1, "an integer >= 1")
        _require(self, "seed", _is_whole(self.seed) and self.seed >= 0, "an integer >= 0")
        for name in ("compile", "channels_last", "progress"):  # the text "false" would count as true
            _require(self, name, isinstance(getattr(self, name), bool), "True or False")
        rate = self.learning_rate
        _require(self, "learning_rate", _is_number(rate) and 0 < rate < math.inf, "a number > 0")
        _require(
            self, "weight_decay", _is_number(self.weight_decay) and 0 <= self.weight_decay < math.inf, "a number >= 0"
        )
        low = self.min_learning_rate
        _require(self, "min_learning_rate", _is_number(low) and 0 <= low <= rate, "0 <= it <= learning_rate")
        for name in ("warmup_fraction", "label_smoothing"):
            _require(self, name, _is_number(getattr(self, name)) and 0 <= getattr(self, name) < 1, "a number in [0, 1)")
        decay = self.layer_decay
        _require(self, "layer_decay", decay is None or (_is_number(decay) and 0 < decay <= 1), "None or in (0, 1]")
        for name in ("clip_norm", "checkpoint_every_s"):
            value = getattr(self, name)
            _require(self, name, value is None or (_is_number(value) and value > 0), "None or a number > 0")


def check_precision(precision: str) -> None:
    """Raise a ValueError that names the choices when `precision` is not one of them."""
    if precision not in PRECISIONS:
        raise ValueError(f"precision: expected one of {', '.join(PRECISIONS)}, got {precision!r}")


def resolve_precision(precision: str, device: torch.device | str) -> str:
    """The number format a device computes in: "fp32", "bf16" or "fp16".

    Parameters
    ----------
    precision
        One of "auto", "fp32", "bf16", "fp16".
    device
        Where it shall compute.

    Raises
    ------
    ValueError
        When the format is unknown or the device cannot compute in it natively.
    """
    check_precision(precision)
    kind = torch.device(device).type
    if kind == "cuda":
        native_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        if precision == "auto":
            return "bf16" if native_bf16 else "fp16"
        if precision == "bf16" and not native_bf16:
            raise ValueError("precision: expected auto, fp32 or fp16 on this GPU (no native bf16), got 'bf16'")
    elif precision == "fp16":
        raise ValueError(f"precision: expected auto, fp32 or bf16 on {kind}, got 'fp16' (it needs a CUDA GPU)")
    return "fp32" if precision == "auto" else precision


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require(config: TrainingConfig, name: str, ok: bool, expected: str) -> None:
    if not ok:
        raise ValueError(f"{name}: expected {expected}, got {getattr(config, name)!r}")
