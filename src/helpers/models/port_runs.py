"""What a reference and its port are both run on; one function for each calling convention."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

Pairs = Iterator[tuple[Tensor, Tensor]]


def random_tensor(seed: int, *shape: int) -> Tensor:
    """Normal numbers in float64."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def example_images(reference: Any) -> Tensor:
    """Two random images of the size and channels a reference takes, (2, C, H, W) in float64."""
    first = next(module for module in reference.modules() if isinstance(module, nn.Conv2d))
    embedding = getattr(reference, "patch_embed", getattr(reference, "stem", None))
    size = getattr(embedding, "img_size", (64, 64))  # a CNN takes any
    return random_tensor(0, 2, first.in_channels, *size)


def run_on_images(ours: nn.Module, reference: Any) -> Pairs:
    """The logits of two images."""
    images = example_images(reference)
    yield ours(images), reference(images)


def run_googlenet(ours: nn.Module, reference: Any) -> Pairs:
    """torchvision's auxiliary heads run in train mode only: here they get features directly."""
    yield from run_on_images(ours, reference)
    for name, theirs in {"4a": reference.aux1, "4d": reference.aux2}.items():
        if theirs is not None:
            features = random_tensor(1, 2, theirs.conv.conv.in_channels, 7, 7)
            yield ours.get_submodule(f"auxiliary.{name}")(features), theirs(features)


def run_attention(ours: nn.Module, reference: Any) -> Pairs:
    """Causal self-attention, then attention to a memory; torch's masks say what is hidden."""
    tokens, memory = (
        random_tensor(0, 2, 5, reference.embed_dim),
        random_tensor(1, 2, 7, reference.embed_dim),
    )
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    for key, mask in ((tokens, causal), (memory, None)):
        swap = (lambda x: x) if reference.batch_first else (lambda x: x.transpose(0, 1))
        theirs, weights = reference(
            swap(tokens),
            swap(key),
            swap(key),
            attn_mask=None if mask is None else ~mask,
            average_attn_weights=False,
        )
        attended, our_weights = ours(
            tokens, None if key is tokens else memory, mask, return_weights=True
        )
        yield attended, swap(theirs)
        yield our_weights, weights


def run_transformer(ours: nn.Module, reference: Any) -> Pairs:
    """Two sentences of 7 and 5 words, the second source padded, the target causal."""
    source, target = (
        random_tensor(0, 2, 7, reference.d_model),
        random_tensor(1, 2, 5, reference.d_model),
    )
    padded = torch.zeros(2, 7, dtype=torch.bool)
    padded[1, 4:] = True
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    swap = (lambda x: x) if reference.batch_first else (lambda x: x.transpose(0, 1))
    theirs = reference(
        swap(source),
        swap(target),
        tgt_mask=~causal,
        src_key_padding_mask=padded,
        memory_key_padding_mask=padded,
    )
    yield ours(source, target, ~padded[:, None, None], causal), swap(theirs)
