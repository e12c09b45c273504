"""The building blocks of twenty years, as data: branches of convolutions, their weights and their work.

A block takes C channels and gives C channels on a map of the same size. Its branches read the same input; what they
give is joined side by side. Biases and norms are left out, as in a pencil's count.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One layer of a branch.

    Attributes
    ----------
    kernel
        Side k; 0 for a pooling, which has no weights.
    channels_in
        C.
    channels_out
        C'.
    depthwise
        Each channel on its own, with one k x k filter a channel.
    """

    kernel: int
    channels_in: int
    channels_out: int
    depthwise: bool = False

    @property
    def weights(self) -> int:
        """k^2 C C', or k^2 C where each channel is on its own."""
        return self.kernel**2 * self.channels_in * (1 if self.depthwise else self.channels_out)


@dataclass(frozen=True)
class Block:
    """One idea.

    Attributes
    ----------
    name
        The block's own.
    network
        Where it comes from.
    year
        When that was published.
    branches
        Chains of steps, side by side.
    adds_input
        Whether the input is added to what comes out: residual.
    """

    name: str
    network: str
    year: int
    branches: tuple[tuple[Step, ...], ...]
    adds_input: bool = False

    @property
    def weights(self) -> int:
        """Of all its convolutions."""
        return sum(step.weights for branch in self.branches for step in branch)

    def macs(self, side: int) -> int:
        """Multiply-accumulates on a map of side x side, stride 1: every weight is used at every place."""
        return self.weights * side**2


def chain(channels: int, *steps: tuple[int, int] | tuple[int, int, bool]) -> tuple[Step, ...]:
    """A branch from (kernel, channels out[, depthwise]) of each step; raises ValueError for a width below 1."""
    made = []
    for kernel, out, *rest in steps:
        if out < 1:
            raise ValueError(f"expected at least one channel, got {out}")
        made.append(Step(kernel, channels, out, bool(rest and rest[0])))
        channels = out
    return tuple(made)


def _plain(c: int) -> Block:
    return Block("one 3 × 3", "VGG", 2014, (chain(c, (3, c)),))


def _five(c: int) -> Block:
    return Block("one 5 × 5", "LeNet-5, AlexNet", 1998, (chain(c, (5, c)),))


def _two_threes(c: int) -> Block:
    return Block("two 3 × 3", "VGG", 2014, (chain(c, (3, c), (3, c)),))


def _mlpconv(c: int) -> Block:
    return Block("3 × 3, then 1 × 1 twice", "NiN", 2013, (chain(c, (3, c), (1, c), (1, c)),))


def _inception(c: int) -> Block:
    """Widths in the proportions of GoogLeNet's block 3a: 64, 96 to 128, 16 to 32, and 32 of 256."""
    branches = (
        chain(c, (1, c // 4)),
        chain(c, (1, 3 * c // 8), (3, c // 2)),
        chain(c, (1, c // 16), (5, c // 8)),
        chain(c, (0, c), (1, c // 8)),
    )
    return Block("inception", "GoogLeNet", 2014, branches)


def _basic(c: int) -> Block:
    return Block("two 3 × 3, residual", "ResNet", 2015, (chain(c, (3, c), (3, c)),), adds_input=True)


def _bottleneck(c: int) -> Block:
    return Block("bottleneck", "ResNet-50", 2015, (chain(c, (1, c // 4), (3, c // 4), (1, c)),), adds_input=True)


def _separable(c: int) -> Block:
    return Block("depthwise separable", "Xception, MobileNet", 2017, (chain(c, (3, c, True), (1, c)),))


def _inverted(c: int) -> Block:
    steps = chain(c, (1, 6 * c), (3, 6 * c, True), (1, c))
    return Block("inverted bottleneck", "MobileNetV2, EfficientNet", 2018, (steps,), adds_input=True)


def _convnext(c: int) -> Block:
    return Block("ConvNeXt block", "ConvNeXt", 2022, (chain(c, (7, c, True), (1, 4 * c), (1, c)),), adds_input=True)


# Name -> the block for C channels, in the order of the page; C is a multiple of 16.
BLOCKS: dict[str, Callable[[int], Block]] = {
    "five": _five,
    "mlpconv": _mlpconv,
    "plain": _plain,
    "two threes": _two_threes,
    "inception": _inception,
    "basic": _basic,
    "bottleneck": _bottleneck,
    "separable": _separable,
    "inverted": _inverted,
    "convnext": _convnext,
}


def block(name: str, channels: int) -> Block:
    """One of `BLOCKS`; raises ValueError for another name, or a width that is no multiple of 16."""
    if name not in BLOCKS:
        raise ValueError(f"name: expected one of {', '.join(BLOCKS)}; got {name!r}")
    if channels < 16 or channels % 16:
        raise ValueError(f"channels: expected a multiple of 16, got {channels}")
    return BLOCKS[name](channels)
