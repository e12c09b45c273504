"""What lab 13 compares, and what was said beforehand.

The sources of what is expected: Naseer et al., "Intriguing properties of vision transformers", NeurIPS 2021 (half of
the patches black: DeiT-S still names 70 %, a ResNet-50 0.1 %); Rodrigo, Cuevas and Garcia, Scientific Reports 14
(2024), as the public reviews of an earlier version tell of it; chapter 17, on two smaller networks.
"""

from dataclasses import dataclass

from helpers.measure import findings as shared

CNN, VIT, RELEASED = "xception_mini", "vit_mini", "efficientnet_lite0"
NETWORKS = {CNN: "Xception-mini", VIT: "ViT-mini", RELEASED: "EfficientNet-Lite0"}
SHORT = {CNN: "CNN", VIT: "ViT", RELEASED: "Lite0"}
PLAIN, ERASED, BLACKENED, BLURRED, FROZEN = "plain", "erased", "blackened", "blurred", "frozen"
LONGER, SHORTER = "longer", "shorter"  # plain pictures, with more passes for the ViT, or with fewer for the CNN
EQUAL = {LONGER: VIT, SHORTER: CNN}  # for equal learning in place of equal steps
RECIPES = {
    PLAIN: "plain pictures",
    ERASED: "erased ones",
    BLACKENED: "blackened ones",
    BLURRED: "blurred ones",
}
LEARNED_FROM = RECIPES | {LONGER: "plain ones, longer", SHORTER: "plain ones, shorter", FROZEN: "nothing: frozen"}
WORN = ("mask", "glasses")
Term = tuple[int, str, str, str]  # sign, network, recipe or frozen, probe


def hidden(fill: str, share: float, shifted: bool = False) -> str:
    """The name of hidden cells: "black 50", "noise 50 shifted"."""
    return f"{fill} {100 * share:.0f}{' shifted' if shifted else ''}"


def afar(times: int) -> str:
    """The name of a distance: "4 times as far"."""
    return f"{times} times as far"


def lead(probe: str, recipe: str = PLAIN, cnn: str | None = None) -> tuple[Term, Term]:
    """AUC of the ViT minus that of the CNN, both with one recipe, or the CNN with another."""
    return (1, VIT, recipe, probe), (-1, CNN, cnn or recipe, probe)


def less(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """The same terms, subtracted."""
    return tuple((-sign, *rest) for sign, *rest in terms)  # type: ignore[misc]


@dataclass(frozen=True)
class Statement(shared.Statement):
    """One sentence, what one may expect of it, and the sum of AUCs that decides it; terms are (sign, network, recipe,
    probe).

    Attributes
    ----------
    photographs
        What was expected on photographs, where it is another answer than `yes`.
    """

    photographs: bool | None = None

    def was_expected(self, photographs: bool) -> bool:
        """Whether it was expected to hold on such data."""
        return bool(self.yes if self.photographs is None or not photographs else self.photographs)


BLACK, NOISE, FAR = hidden("black", 0.5), hidden("noise", 0.5), afar(8)
BESIDE = hidden("black", 0.5, shifted=True)
QUARTER = hidden("black", 0.25)
KNOWS = {BLACK: BLACKENED, NOISE: ERASED, FAR: BLURRED}  # the recipe that knows what hides the probe
SAID = "yes, by one article (reported)"
STATEMENTS: tuple[Statement, ...] = (
    Statement("half hidden, black: the ViT leads", "yes: 70 against 0.1 % in the best-known test", True, lead(BLACK)),
    Statement(
        "black: the ViT loses less than the CNN, clean to half hidden",
        "yes, the same",
        True,
        lead(BLACK) + less(lead("clean")),
    ),
    Statement(
        "black: its lead is smaller with the cells beside its grid",
        "yes: chapter 17",
        True,
        lead(BLACK) + less(lead(BESIDE)),
    ),
    Statement(
        "noise: erased pictures for the ViT alone give it a larger lead than plain ones for both",
        "our guess: yes",
        True,
        lead(NOISE, ERASED, cnn=PLAIN) + less(lead(NOISE)),
    ),
    Statement(
        "noise: erased pictures for both take from its lead",
        "yes: chapter 17",
        True,
        lead(NOISE) + less(lead(NOISE, ERASED)),
    ),
    Statement("eight times as far: the ViT leads", SAID, True, lead(FAR)),
    Statement(
        "eight times as far: blurred pictures for both take from its lead",
        "yes: chapter 17 bets on it",
        True,
        lead(FAR) + less(lead(FAR, BLURRED)),
    ),
    Statement("mask: the ViT leads", SAID + ", on one of two sets", True, lead("mask")),
    Statement("glasses: the ViT leads", SAID, True, lead("glasses")),
    Statement(
        "clean: EfficientNet-Lite0, never trained on a face, beats the CNN that was",
        "our guess: yes on photographs, no on drawn faces",
        False,
        ((1, RELEASED, FROZEN, "clean"), (-1, CNN, PLAIN, "clean")),
        photographs=True,
    ),
    Statement(
        "black: blackened pictures for both take from its lead",
        "our guess: yes",
        True,
        lead(BLACK) + less(lead(BLACK, BLACKENED)),
        beforehand=False,
    ),
    Statement(
        "half hidden, black: the ViT leads a CNN that was stopped early",
        "our guess: yes",
        True,
        lead(BLACK, PLAIN, cnn=SHORTER),
        beforehand=False,
    ),
)
