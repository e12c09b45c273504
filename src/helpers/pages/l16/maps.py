"""Where a model looks: Grad-CAM at a layer that is chosen by its resolution."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.data import Split
from helpers.measure.grad_cam import grad_cam
from helpers.models import pretrained as pre
from helpers.pages.l16.backbones import batches_of


def map_layers(ready: pre.Pretrained) -> list[str]:
    """Layers with a map to look at, from fine to coarse.

    Of a CNN the last layer at each resolution from 4 pixels up, of a ViT the first norm of its first, middle and last
    block.
    """
    if pre.MODELS[ready.name].family == "vit":
        depth = len(ready.model.get_submodule("blocks"))  # type: ignore[arg-type]
        return [f"blocks.{block}.norm1" for block in sorted({0, depth // 2, depth - 1})]
    last: dict[int, str] = {}

    def note(name: str) -> Any:
        def hook(module: nn.Module, given: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.dim() == 4 and output.shape[-1] >= 4:
                last[output.shape[-1]] = name

        return hook

    hooks = [module.register_forward_hook(note(name)) for name, module in ready.model.named_modules() if name]
    device = next(ready.model.parameters()).device
    was_training = ready.model.training
    try:
        ready.model.eval()
        with torch.no_grad():
            ready.model(torch.zeros(1, 3, ready.image_size, ready.image_size, device=device))
    finally:
        ready.model.train(was_training)
        for hook in hooks:
            hook.remove()
    return [name for _, name in sorted(last.items(), reverse=True)][-4:]


def maps(ready: pre.Pretrained, images: np.ndarray, classes: np.ndarray, layer: str) -> np.ndarray:
    """Grad-CAM of a class for each picture, between 0 and 1.

    uint8 (n, S, S, 3), int (n,) -> float (n, h, w).
    """
    split = Split(images, classes.astype(np.int64), tuple(map(str, range(len(images)))))
    ready.model.eval()
    found = [
        grad_cam(ready.model, pixels, labels, layer).detach().cpu().numpy()
        for pixels, labels in batches_of(ready, split).epoch(0)
    ]
    heat = np.concatenate(found)
    largest = heat.max(axis=(1, 2), keepdims=True)
    return np.divide(heat, largest, out=np.zeros_like(heat), where=largest > 0)
