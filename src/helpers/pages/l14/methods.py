"""The arms of lab 14, and what was said of them beforehand."""

from dataclasses import dataclass

from helpers.measure.findings import HOLDS, OPPOSITE


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


@dataclass(frozen=True)
class Statement:
    """A sentence that can be false, and the signed sum of accuracies that decides it: it holds above zero.

    Attributes
    ----------
    text
        The sentence.
    terms
        A sign and a side each; two make a difference, four a difference of differences.
    paper
        What the paper says of it, in words.
    expected
        "holds" or "the opposite holds" where the paper says so, else empty.
    beforehand
        Whether it was a statement before the first recorded run.
    """

    text: str
    terms: tuple[tuple[int, Side], ...]
    paper: str
    expected: str = ""
    beforehand: bool = True


def _minus(a: Side, b: Side) -> tuple[tuple[int, Side], ...]:
    return ((1, a), (-1, b))


PLAIN, SCALE, LATE = (("plain", DEEP, USUAL), ("scale", DEEP, USUAL), ("late", DEEP, USUAL))
SHORT, SHORT_HIGH = ("plain", SHALLOW, USUAL), ("plain", SHALLOW, HIGH)
PLAIN_HIGH, SCALE_HIGH = ("plain", DEEP, HIGH), ("scale", DEEP, HIGH)

# What the paper says is from its abstract, its released code and notes of its readers. Its tables could not be checked,
# so no figure of theirs stands here. Written down before the first recorded run, but for the last four: they came after
# a run on the drawn dogs, and before any on photographs.
STATEMENTS: tuple[Statement, ...] = (
    Statement("a plain ViT gains from depth", _minus(PLAIN, SHORT), "no, it saturates early", OPPOSITE),
    Statement("one with LayerScale gains from depth", _minus(SCALE, ("scale", SHALLOW, USUAL)), "yes", HOLDS),
    Statement("one with class attention gains from depth", _minus(LATE, ("late", SHALLOW, USUAL)), "yes", HOLDS),
    Statement("norms in front help the deepest", _minus(PLAIN, ("post", DEEP, USUAL)), "yes", HOLDS),
    Statement("LayerScale helps the deepest", _minus(SCALE, PLAIN), "yes", HOLDS),
    Statement("LayerScale helps the shallowest", _minus(("scale", SHALLOW, USUAL), SHORT), "speaks of large depths"),
    Statement("class attention helps the deepest", _minus(LATE, SCALE), "yes", HOLDS),
    Statement(
        "tiny gains beat 0.1 in the deepest", _minus(SCALE, ("scale_large", DEEP, USUAL)), "smaller when deeper", HOLDS
    ),
    Statement("talking heads help the deepest", _minus(("cait", DEEP, USUAL), LATE), "uses them", HOLDS),
    Statement("the high rate harms the deepest plain ViT", _minus(PLAIN, PLAIN_HIGH), "depth unsettles it", HOLDS),
    Statement("the high rate harms the deepest with LayerScale", _minus(SCALE, SCALE_HIGH), "LayerScale steadies it"),
    Statement("at the high rate LayerScale helps", _minus(SCALE_HIGH, PLAIN_HIGH), "yes", HOLDS),
    Statement("the deepest with class attention beats the shallow plain ViT", _minus(LATE, SHORT), "yes", HOLDS, False),
    Statement("the high rate harms the shallow plain ViT", _minus(SHORT, SHORT_HIGH), "says nothing of it", "", False),
    Statement(
        "it harms the plain ViT more when deep",
        (*_minus(PLAIN, PLAIN_HIGH), *_minus(SHORT_HIGH, SHORT)),
        "depth unsettles it",
        HOLDS,
        False,
    ),
    Statement(
        "it harms the deepest more without LayerScale",
        (*_minus(PLAIN, PLAIN_HIGH), *_minus(SCALE_HIGH, SCALE)),
        "LayerScale steadies it",
        HOLDS,
        False,
    ),
)
