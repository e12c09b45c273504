"""Eval mode for a while: without dropout, and no norm moves its statistics."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into eval mode, and give every module its own mode back, after an error too.

    Parameters
    ----------
    model
        Its modules may be in different modes: a frozen norm in eval mode stays there.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training
