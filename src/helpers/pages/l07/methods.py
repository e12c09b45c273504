"""What lab 07 compares, and what was said beforehand.

The sources of the statements: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, section 4.3 and figure 4
(ResNets ahead where pre-training is small, ViT-B/32 and ResNet50 cross between 9 and 90 million photographs; all with
the same settings and no stronger regularisation); Touvron et al., "Training data-efficient image transformers &
distillation through attention", ICML 2021, table 8 (a stronger recipe).
"""

from dataclasses import dataclass

CNN, VIT = "xception_mini", "vit_mini"
MODELS = {CNN: "Xception-mini", VIT: "ViT-mini"}
ARMS = {
    "scratch": "from scratch",
    "strong": "from scratch, strong recipe",
    "pretrained": "pre-trained on other pictures",
}
FEWEST, MOST = "fewest", "most"  # of the images a class that all terms of a statement were run with
Term = tuple[int, str, str, str]  # sign, arm, model, FEWEST or MOST


@dataclass(frozen=True)
class Statement:
    """One sentence, what its source lets one expect, and the sum of accuracies that decides it.

    Attributes
    ----------
    text
        The sentence; it holds where the sum is surely above zero.
    expected
        In the words of the page.
    terms
        (sign, arm, model, FEWEST or MOST) of each accuracy of the sum.
    """

    text: str
    expected: str
    terms: tuple[Term, ...]


# Written down before the first run.
STATEMENTS: tuple[Statement, ...] = (
    Statement(
        "few images: the CNN is ahead",
        "yes: ResNets lead below 9 million (ViT paper)",
        ((1, "scratch", CNN, FEWEST), (-1, "scratch", VIT, FEWEST)),
    ),
    Statement(
        "many images: the ViT is ahead",
        "no: not with so few (ViT paper)",
        ((1, "scratch", VIT, MOST), (-1, "scratch", CNN, MOST)),
    ),
    Statement(
        "more images help the ViT more than the CNN",
        "yes: its curve is the steeper (ViT paper)",
        (
            (1, "scratch", VIT, MOST),
            (-1, "scratch", VIT, FEWEST),
            (-1, "scratch", CNN, MOST),
            (1, "scratch", CNN, FEWEST),
        ),
    ),
    Statement(
        "few images: the strong recipe helps the ViT",
        "yes, where it may train long (DeiT paper)",
        ((1, "strong", VIT, FEWEST), (-1, "scratch", VIT, FEWEST)),
    ),
    Statement(
        "few images: the recipe helps the ViT more than the CNN",
        "our guess: yes",
        (
            (1, "strong", VIT, FEWEST),
            (-1, "scratch", VIT, FEWEST),
            (-1, "strong", CNN, FEWEST),
            (1, "scratch", CNN, FEWEST),
        ),
    ),
    Statement(
        "few images: pre-training helps the ViT",
        "yes",
        ((1, "pretrained", VIT, FEWEST), (-1, "scratch", VIT, FEWEST)),
    ),
    Statement(
        "few images: pre-training helps the ViT more than the CNN",
        "our guess: yes",
        (
            (1, "pretrained", VIT, FEWEST),
            (-1, "scratch", VIT, FEWEST),
            (-1, "pretrained", CNN, FEWEST),
            (1, "scratch", CNN, FEWEST),
        ),
    ),
    Statement(
        "many images: pre-training still helps the ViT",
        "our guess: less than with few",
        ((1, "pretrained", VIT, MOST), (-1, "scratch", VIT, MOST)),
    ),
)
