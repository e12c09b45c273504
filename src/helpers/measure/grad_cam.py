r"""Which parts of the image speak for a class: input gradient and Grad-CAM.

Grad-CAM: Selvaraju et al., ICCV 2017, equations 1 and 2. The gradient of a class's logit, averaged over the map, weighs
its channels: $\mathrm{ReLU}\big(\sum_c \alpha_c A_c\big)$ with $\alpha_c=\frac1{HW}\sum_{uv}\partial y_k/\partial
A_{cuv}$. For a Transformer the patches are the map. Every function here has the form `(model, images, classes, ...) ->
(B, H', W')`, which the tests of `helpers.measure.faithfulness` take.
"""

from typing import Any

import torch
from torch import Tensor, nn

from helpers.measure.receptive_field import on_grid


def grad_cam(model: nn.Module, images: Tensor, classes: Tensor, layer: str) -> Tensor:
    """Grad-CAM of a class for each image, at the resolution of a layer's output; never negative.

    `layer` names a module that returns a map (B, C, H', W') or tokens (B, N, D): for a CNN the last one before pooling,
    for a ViT the first norm of the last block ("blocks.11.norm1"), since after that block the answer reads the class
    token only and no patch has a gradient. The model runs in its own mode; use eval.

    (B, C, H, W), (B,) class indices -> (B, H', W').

    Raises
    ------
    ValueError
        For an unknown layer, or one without gradient.
    """
    modules = dict(model.named_modules())
    if layer not in modules:
        raise ValueError(f"layer: expected one of {', '.join(list(modules)[1:])}; got {layer!r}")
    kept: list[Tensor] = []

    def keep(module: nn.Module, args: Any, output: Any) -> Any:
        kept.append(output)
        return output.clone()  # so that a ReLU in place does not change what was kept

    hook = modules[layer].register_forward_hook(keep)
    try:
        with torch.enable_grad():
            scores = _scores(model, images.detach().requires_grad_(True), classes)
            if len(kept) != 1 or not isinstance(kept[0], Tensor):
                raise ValueError(
                    f"layer {layer!r}: expected one that runs once and returns a tensor, got {len(kept)} runs"
                )
            (gradient,) = torch.autograd.grad(scores.sum(), kept[0], allow_unused=True)
    finally:
        hook.remove()
    size = (images.shape[-2], images.shape[-1])
    activation = on_grid(kept[0].detach(), size)  # (B, C, H', W')
    if gradient is None or not on_grid(gradient, size).any():
        raise ValueError(
            f"layer {layer!r}: expected a gradient on the map, got none; for a ViT take 'blocks.<last>.norm1'"
        )
    alpha = on_grid(gradient, size).mean((2, 3), keepdim=True)  # (B, C, 1, 1)
    return (alpha * activation).sum(1).relu()  # (B, H', W')


def input_gradient(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Size of the gradient of a class's logit at each pixel, its largest over colours (Simonyan et al. 2014).

    (B, C, H, W), (B,) class indices -> (B, H, W).
    """
    images = images.detach().requires_grad_(True)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(_scores(model, images, classes).sum(), images)
    return gradient.abs().amax(1)


def _scores(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """The logit of each image's class, (B,)."""
    logits = model(images)  # (B, K)
    if classes.shape != (len(images),) or classes.is_floating_point():
        raise ValueError(
            f"classes: expected ({len(images)},) class indices, got {classes.dtype} {tuple(classes.shape)}"
        )
    if classes.min() < 0 or classes.max() >= logits.shape[1]:
        raise ValueError(f"classes: expected indices in 0..{logits.shape[1] - 1}, got {classes.tolist()}")
    return logits.gather(1, classes[:, None])[:, 0]
