"""The bricks of twenty years: each block as a list of convolutions, from which its weights and MACs are counted.

Norms and biases are left out, as in every hand count of the chapter. The drawing, the explorer and the exercises read
the same lists.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Conv:
    """One convolution of a block, at stride 1.

    Attributes
    ----------
    kernel
        Side in pixels.
    inputs
        Channels that come in.
    outputs
        Channels that come out.
    depthwise
        One kernel a channel (then inputs == outputs).
    branch
        Which of the block's parallel branches it stands in.
    flat
        A kernel of k x 1 instead of k x k.
    """

    kernel: int
    inputs: int
    outputs: int
    depthwise: bool = False
    branch: int = 0
    flat: bool = False

    @property
    def weights(self) -> int:
        """k² C C', or k² C for a depthwise one."""
        return self.kernel ** (1 if self.flat else 2) * self.inputs * (1 if self.depthwise else self.outputs)

    @property
    def label(self) -> str:
        """What a drawing writes on it."""
        return f"{self.kernel} × {1 if self.flat else self.kernel}" + (" each" if self.depthwise else "")


@dataclass(frozen=True)
class Brick:
    """A block, C to C channels: its convolutions from the input up, and whether the input is added at the end."""

    name: str
    convs: tuple[Conv, ...]
    residual: bool = False

    @property
    def weights(self) -> int:
        """Of all convolutions."""
        return sum(conv.weights for conv in self.convs)

    def macs(self, side: int) -> int:
        """Every weight is used once at each of side x side places."""
        return self.weights * side * side

    @property
    def branches(self) -> list[list[Conv]]:
        """The convolutions of each parallel branch, from the input up."""
        return [[conv for conv in self.convs if conv.branch == k] for k in sorted({c.branch for c in self.convs})]


NAMES = (
    "plain 3 × 3",
    "5 × 5",
    "two of 3 × 3",
    "inception",
    "bottleneck",
    "separable",
    "inverted bottleneck",
    "ConvNeXt",
)


def brick(name: str, channels: int) -> Brick:
    """A block of `NAMES`, from C to C channels.

    The inception module divides its channels as GoogLeNet's do about: a quarter to 1 x 1, half to 3 x 3 (reduced to C/2
    before), an eighth to 5 x 5 (reduced to C/16), an eighth to the pooled branch.

    Raises
    ------
    ValueError
        For another name, or channels that are not a positive multiple of 16.
    """
    if name not in NAMES:
        raise ValueError(f"name: expected one of {', '.join(NAMES)}, got {name!r}")
    if channels < 16 or channels % 16:
        raise ValueError(f"channels: expected a positive multiple of 16, got {channels}")
    C = channels
    inception: tuple[Conv, ...] = (Conv(1, C, C // 4), Conv(1, C, C // 2, branch=1), Conv(3, C // 2, C // 2, branch=1))
    inception += (Conv(1, C, C // 16, branch=2), Conv(5, C // 16, C // 8, branch=2), Conv(1, C, C // 8, branch=3))
    found = {
        "plain 3 × 3": Brick(name, (Conv(3, C, C),)),
        "5 × 5": Brick(name, (Conv(5, C, C),)),
        "two of 3 × 3": Brick(name, (Conv(3, C, C), Conv(3, C, C))),
        "inception": Brick(name, inception),
        "bottleneck": Brick(name, (Conv(1, C, C // 4), Conv(3, C // 4, C // 4), Conv(1, C // 4, C)), True),
        "separable": Brick(name, (Conv(3, C, C, True), Conv(1, C, C))),
        "inverted bottleneck": Brick(name, (Conv(1, C, 6 * C), Conv(3, 6 * C, 6 * C, True), Conv(1, 6 * C, C)), True),
        "ConvNeXt": Brick(name, (Conv(7, C, C, True), Conv(1, C, 4 * C), Conv(1, 4 * C, C)), True),
    }
    return found[name]


def told(name: str, channels: int, side: int) -> str:
    """What the explorer says of a block, in a sentence."""
    block, plain = brick(name, channels), brick("plain 3 × 3", channels)
    text = f"{name}, {channels} channels, {side} x {side} places: {block.weights:,} weights, "
    text += f"{block.macs(side) / 1e6:,.1f} M MACs; "
    return text + f"{block.weights / plain.weights:.2f} of the plain 3 x 3"
