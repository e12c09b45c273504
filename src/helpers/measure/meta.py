"""Run a network on the meta device, where shapes flow and nothing is computed, and know which module is running."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode


class Watcher(TorchDispatchMode):
    """A mode that sees every operation below autograd; subclasses define `__torch_dispatch__`."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:  # pragma: no mutate block, called while the class is made
        return False  # else torch imports its whole compiler at the first operation, four seconds


@contextmanager
def watched(model: nn.Module) -> Iterator[list[str]]:
    """Put the model in eval mode and keep the names of the running modules in a list, innermost last, for a while."""
    path = [""]
    modes = {module: module.training for module in model.modules()}
    fast_path = torch.backends.mha.get_fastpath_enabled()
    hooks = []
    for name, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(lambda module, args, name=name: path.append(name)))
        hooks.append(module.register_forward_hook(lambda module, args, output: path.pop() and None, always_call=True))
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # torch's own encoder in eval mode: one opaque operation
        model.eval()
        yield path
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
        for module, training in modes.items():
            module.training = training
        for hook in hooks:
            hook.remove()


def tensors_on_meta(model: nn.Module) -> dict[str, Tensor]:
    """Stand-ins for every parameter and buffer: shape, type and `requires_grad`, no values."""
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: torch.empty_like(t, device="meta").requires_grad_(t.requires_grad) for name, t in tensors.items()}


def run_on_meta(
    model: nn.Module, tensors: dict[str, Tensor], image_size: int | tuple[int, int], in_channels: int
) -> None:
    """One forward pass of one image that computes nothing, with `tensors` in place of the model's own."""
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    dtype = next((t.dtype for t in tensors.values() if t.is_floating_point()), torch.float32)
    images = torch.empty(1, in_channels, height, width, device="meta", dtype=dtype)
    torch.func.functional_call(model, tensors, (images,))
