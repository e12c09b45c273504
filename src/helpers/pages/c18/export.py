"""Out of PyTorch: a graph in the ONNX format by way of `torch.export`, run by onnxruntime; the same in 8 bits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, quantize_dynamic, quantize_static
from torch import nn

PIXELS, LOGITS = "pixels", "logits"


def to_onnx(service: nn.Module, images: np.ndarray, path: Path) -> Path:
    """Write the service as an ONNX graph whose batch may have any size.

    Parameters
    ----------
    service
        uint8 (B, H, W, 3) -> logits (B, K), in evaluation mode.
    images
        Two or more example images; only their shape counts.

    Raises
    ------
    ValueError
        With fewer than two examples, from which a batch of any size cannot be told from a batch of one.
    """
    if len(images) < 2:
        raise ValueError(f"images: expected at least two examples, got {len(images)}")
    example = torch.from_numpy(images[:2])
    batch = {0: torch.export.Dim("batch")}
    program = torch.onnx.export(
        service, (example,), dynamo=True, dynamic_shapes=(batch,), input_names=[PIXELS], output_names=[LOGITS],
        verbose=False,
    )  # fmt: skip
    assert program is not None
    program.save(str(path))
    return path


def session(path: Path) -> onnxruntime.InferenceSession:
    """The graph, ready to run on one thread of the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(graph: onnxruntime.InferenceSession, images: np.ndarray, batch: int = 60) -> np.ndarray:
    """Logits (n, K) of uint8 (n, H, W, 3)."""
    parts = [images[at : at + batch] for at in range(0, len(images), batch)]
    return np.concatenate([graph.run([LOGITS], {PIXELS: part})[0] for part in parts])


class _Examples(CalibrationDataReader):
    """Images in batches of 20, from which the ranges of all activations are read."""

    def __init__(self, images: np.ndarray) -> None:
        self.parts: Iterator[np.ndarray] = iter([images[at : at + 20] for at in range(0, len(images), 20)])

    def get_next(self) -> dict[str, Any] | None:
        part = next(self.parts, None)
        return None if part is None else {PIXELS: part}


def to_int8(path: Path, images: np.ndarray | None, per_channel: bool = False) -> Path:
    """Write the graph beside the first with weights of 8 bits.

    Parameters
    ----------
    images
        Training images, from which the ranges of the activations are read (static); None leaves them to be found anew
        for each batch (dynamic).
    per_channel
        A scale for each output channel of a weight rather than one for all of it.
    """
    way = "dynamic" if images is None else "channel" if per_channel else "tensor"
    small = path.with_name(f"{path.stem}.{way}.int8.onnx")
    if images is None:
        quantize_dynamic(path, small, per_channel=per_channel)
    else:
        quantize_static(path, small, _Examples(images), per_channel=per_channel)
    return small
