"""The arms of lab 14, and what was said of them beforehand."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """One way to build a deep ViT.

    Attributes
    ----------
    label
        What figures call it.
    change
        What it changes in the arm before it, or what stands there instead.
    late_token
        Whether the class token enters late and reads the patches by class attention.
    gain
        First value of LayerScale's gains; None for the lab's own, or where there is no LayerScale.
    """

    label: str
    change: str
    late_token: bool = False
    gain: float | None = None


ARMS: dict[str, Arm] = {
    "post": Arm("post-norm", "norms after the sum, as in translation (control)"),
    "plain": Arm("plain ViT", "norms in front of each branch"),
    "scale_large": Arm("LayerScale, 0.1", "a gain for each channel of each branch, 0.1 at first", gain=0.1),
    "scale": Arm("LayerScale", "the gains are tiny at first"),
    "late": Arm("+ class attention", "the class token enters late and reads patches that stand still", late_token=True),
    "cait": Arm("+ talking heads", "the heads exchange scores and weights: the course's CaiT", late_token=True),
}

USUAL, HIGH = "usual", "high"  # the two learning rates
DEEP, SHALLOW = "deep", "shallow"  # the largest and the smallest depth of a run

Side = tuple[str, str, str]  # arm, depth, rate

# A statement, what should win by it, what should lose, and what the paper says of it, in words: from its abstract, its
# released code and notes of its readers. Its tables could not be checked, so no figure of theirs stands here. Written
# down before the first recorded run.
STATEMENTS: tuple[tuple[str, Side, Side, str], ...] = (
    ("a plain ViT gains from depth", ("plain", DEEP, USUAL), ("plain", SHALLOW, USUAL), "no, it saturates early"),
    ("one with LayerScale gains from depth", ("scale", DEEP, USUAL), ("scale", SHALLOW, USUAL), "yes"),
    ("one with class attention gains from depth", ("late", DEEP, USUAL), ("late", SHALLOW, USUAL), "yes"),
    ("norms in front help the deepest", ("plain", DEEP, USUAL), ("post", DEEP, USUAL), "yes"),
    ("LayerScale helps the deepest", ("scale", DEEP, USUAL), ("plain", DEEP, USUAL), "yes"),
    ("LayerScale helps the shallowest", ("scale", SHALLOW, USUAL), ("plain", SHALLOW, USUAL), "speaks of large depths"),
    ("a late class token helps the deepest", ("late", DEEP, USUAL), ("scale", DEEP, USUAL), "yes"),
    ("tiny gains beat 0.1 in the deepest", ("scale", DEEP, USUAL), ("scale_large", DEEP, USUAL), "smaller when deeper"),
    ("talking heads help the deepest", ("cait", DEEP, USUAL), ("late", DEEP, USUAL), "uses them"),
    (
        "the high rate harms the deepest plain ViT",
        ("plain", DEEP, USUAL),
        ("plain", DEEP, HIGH),
        "depth unsettles training",
    ),
    (
        "the high rate harms the deepest with LayerScale",
        ("scale", DEEP, USUAL),
        ("scale", DEEP, HIGH),
        "LayerScale steadies it",
    ),
    ("at the high rate LayerScale helps", ("scale", DEEP, HIGH), ("plain", DEEP, HIGH), "yes"),
)
