"""What lab 9 searches, from where to where, and what was said beforehand.

The proof of concept compared one network tuned by hand with another at its defaults, and left the search for the second
as a lead. Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13 (2012): points spread over the
whole space find the few settings that matter sooner than a grid.
"""

from helpers.measure.findings import Statement

CNN, VIT = "xception_mini", "vit_mini"
MODELS = {CNN: "Xception-mini", VIT: "ViT-mini"}
DEFAULT, BEST = "default", "best"
DEFAULTS = {"learning_rate": 1e-3, "weight_decay": 0.05, "warmup_fraction": 0.05, "label_smoothing": 0.0}
LOG, LINEAR = "log", "linear"
SPACE = {  # setting -> from, to, how points are spread
    "learning_rate": (3e-5, 3e-2, LOG),
    "weight_decay": (1e-4, 1.0, LOG),
    "warmup_fraction": (0.0, 0.3, LINEAR),
    "label_smoothing": (0.0, 0.3, LINEAR),
}
NAMES = {
    "learning_rate": "learning rate",
    "weight_decay": "weight decay",
    "warmup_fraction": "warm-up",
    "label_smoothing": "label smoothing",
}
Term = tuple[int, str, str]  # sign, DEFAULT or BEST, model


def gain(model: str) -> tuple[Term, Term]:
    """What the search brought a network."""
    return (1, BEST, model), (-1, DEFAULT, model)


STATEMENTS: tuple[Statement, ...] = (
    Statement("the search helps the ViT", "yes: that is the lead that the proof of concept left", True, gain(VIT)),
    Statement("the search helps the CNN", "our guess: yes", True, gain(CNN)),
    Statement("at the defaults the CNN is ahead", "our guess: yes", True, ((1, DEFAULT, CNN), (-1, DEFAULT, VIT))),
    Statement("after the search the CNN is ahead", "our guess: yes", True, ((1, BEST, CNN), (-1, BEST, VIT))),
)
