"""What lab 07 compares, and what was said beforehand.

The sources of the statements: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, section 4.3 (few-shot
accuracy after pre-training on parts of JFT, all with the same settings and no stronger regularisation: ViT-B/32 far
behind ResNet50 at 9 million photographs, ahead from 90 million on) and table 5; Touvron et al., "Training
data-efficient image transformers & distillation through attention", ICML 2021 (a stronger recipe).
"""

from helpers.measure.findings import Statement

CNN, VIT = "xception_mini", "vit_mini"
MODELS = {CNN: "Xception-mini", VIT: "ViT-mini"}
ARMS = {
    "scratch": "from scratch",
    "strong": "from scratch, strong recipe",
    "pretrained": "pre-trained on other pictures",
}
FEWEST, MOST = "fewest", "most"  # of the images a class that all terms of a statement were run with
Term = tuple[int, str, str, str]  # sign, arm, model, FEWEST or MOST


def gain(arm: str, model: str, end: str) -> tuple[Term, Term]:
    """What an arm adds to training from scratch: the terms of its accuracy minus that from scratch."""
    return (1, arm, model, end), (-1, "scratch", model, end)


def less(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """The same terms, subtracted."""
    return tuple((-sign, arm, model, end) for sign, arm, model, end in terms)


STEEPER = "more images help the ViT more than the CNN"
STATEMENTS: tuple[Statement, ...] = (
    Statement(
        "few images: the CNN is ahead",
        "yes: ViT-B/32 is far behind ResNet-50 at 9 million (ViT paper, section 4.3)",
        True,
        ((1, "scratch", CNN, FEWEST), (-1, "scratch", VIT, FEWEST)),
    ),
    Statement(
        "many images: the ViT is ahead",
        "no: at 9 million it is not yet (the same)",
        False,
        ((1, "scratch", VIT, MOST), (-1, "scratch", CNN, MOST)),
    ),
    Statement(
        STEEPER,
        "yes: behind at 9 million, ahead at 90 million (the same)",
        True,
        (
            (1, "scratch", VIT, MOST),
            (-1, "scratch", VIT, FEWEST),
            (-1, "scratch", CNN, MOST),
            (1, "scratch", CNN, FEWEST),
        ),
    ),
    Statement(
        "few images: the strong recipe helps the ViT",
        "yes, where it may train long: ViT-B on ImageNet 77.9 % (ViT paper), 81.8 % with DeiT's recipe (DeiT paper)",
        True,
        gain("strong", VIT, FEWEST),
    ),
    Statement(
        "few images: the recipe helps the ViT more than the CNN",
        "our guess: yes",
        True,
        gain("strong", VIT, FEWEST) + less(gain("strong", CNN, FEWEST)),
    ),
    Statement("many images: the strong recipe helps the ViT", "", None, gain("strong", VIT, MOST), beforehand=False),
    Statement("many images: the strong recipe helps the CNN", "", None, gain("strong", CNN, MOST), beforehand=False),
    Statement("few images: pre-training helps the ViT", "yes", True, gain("pretrained", VIT, FEWEST)),
    Statement(
        "few images: pre-training helps the ViT more than the CNN",
        "our guess: yes",
        True,
        gain("pretrained", VIT, FEWEST) + less(gain("pretrained", CNN, FEWEST)),
    ),
    Statement(
        "few images: pre-training helps the ViT more than the strong recipe does",
        "",
        None,
        ((1, "pretrained", VIT, FEWEST), (-1, "strong", VIT, FEWEST)),
        beforehand=False,
    ),
    Statement("many images: pre-training still helps the ViT", "yes", True, gain("pretrained", VIT, MOST)),
    Statement(
        "pre-training helps the ViT less with many images than with few",
        "our guess: yes (tested only later)",
        True,
        gain("pretrained", VIT, FEWEST) + less(gain("pretrained", VIT, MOST)),
        beforehand=False,
    ),
)
