"""What lab 10 compares, and what was said beforehand.

The sources of what is expected: Touvron et al., "Training data-efficient image transformers & distillation through
attention", ICML 2021, table 8 (a DeiT-B trained for 300 epochs on ImageNet loses 2.2 points without RandAugment, 6.0
without Mixup and CutMix together); Guo et al., "On Calibration of Modern Neural Networks", ICML 2017 (modern networks
are too sure); Thulasidasan et al., "On Mixup Training: Improved Calibration and Predictive Uncertainty", NeurIPS 2019
(Mixup makes them less so).
"""

from helpers.measure.findings import Statement

CNN, VIT = "xception_mini", "vit_mini"
MODELS = {CNN: "Xception-mini", VIT: "ViT-mini"}
PLAIN, BASE = "none", "flip_crop"
ARMS = {
    PLAIN: "nothing",
    BASE: "mirror and crop",
    "rand": "+ RandAugment",
    "mixup": "+ Mixup",
    "cutmix": "+ CutMix",
    "erasing": "+ random erasing",
}
MIXING = ("mixup", "cutmix")
Term = tuple[int, str, str]  # sign, arm, model


def gain(arm: str, over: str, model: str) -> tuple[Term, Term]:
    """The accuracy with one augmentation minus that with another."""
    return (1, arm, model), (-1, over, model)


def less(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """The same terms, subtracted."""
    return tuple((-sign, arm, model) for sign, arm, model in terms)


SHORT = "our guess: no, in a training as short as this"
STATEMENTS: tuple[Statement, ...] = (
    Statement("mirror and crop help the CNN", "yes: the commonest advice of all", True, gain(BASE, PLAIN, CNN)),
    Statement("mirror and crop help the ViT", "yes", True, gain(BASE, PLAIN, VIT)),
    Statement(
        "mirror and crop help the ViT more than the CNN",
        "our guess: yes, it knows less of pictures",
        True,
        gain(BASE, PLAIN, VIT) + less(gain(BASE, PLAIN, CNN)),
    ),
    Statement(
        "RandAugment on top helps the ViT",
        "yes in 300 epochs: 2.2 points (DeiT paper, table 8); " + SHORT,
        False,
        gain("rand", BASE, VIT),
    ),
    Statement(
        "Mixup on top helps the ViT",
        "yes in 300 epochs, with CutMix: 6.0 points (the same); " + SHORT,
        False,
        gain("mixup", BASE, VIT),
    ),
    Statement("CutMix on top helps the ViT", "the same; " + SHORT, False, gain("cutmix", BASE, VIT)),
    Statement("random erasing on top helps the ViT", SHORT, False, gain("erasing", BASE, VIT)),
    Statement(
        "Mixup helps the ViT more than the CNN",
        "our guess: yes",
        True,
        gain("mixup", BASE, VIT) + less(gain("mixup", BASE, CNN)),
    ),
)
