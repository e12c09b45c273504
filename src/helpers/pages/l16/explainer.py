"""The figure behind the controls of lab 16: one picture, one backbone, one layer, one threshold."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.special import softmax

from helpers.data import Split
from helpers.models.pretrained import Pretrained
from helpers.pages.l16.maps import maps
from helpers.pages.l16.pictures import RIGHT, WRONG, explained
from helpers.pages.l16.report import Candidate, coverage, title
from helpers.pages.l16.trust import fit_temperature


def offered(
    candidates: Sequence[Candidate],
    chosen: Candidate,
    ready: Pretrained,
    probed: Mapping[str, Pretrained],
    val_labels: np.ndarray,
) -> tuple[dict[str, Pretrained], dict[str, np.ndarray]]:
    """What the controls offer, the chosen candidate first: backbone -> its model, and its probabilities of the test
    part, (n, K), each with a temperature of its own.

    Of the chosen candidate's backbone it is the chosen one, `ready`; of the others the probe.
    """
    shown = {chosen.backbone: chosen} | {
        c.backbone: c for c in candidates if c.tuning == "probe" and c.backbone != chosen.backbone
    }
    models = {name: ready if c is chosen else probed[name] for name, c in shown.items()}
    shares = {name: softmax(c.test / fit_temperature(c.val, val_labels), axis=1) for name, c in shown.items()}
    return models, shares


def explainer(
    models: Mapping[str, Pretrained],
    tests: Mapping[str, Split],
    answers: Mapping[str, np.ndarray],
    names: Sequence[str],
) -> Callable[..., Figure]:
    """A function that draws what `helpers.pages.l16.controls` asks for.

    Parameters
    ----------
    models
        Backbone -> the model with its head.
    tests
        Backbone -> the test part at its own size.
    answers
        Backbone -> probabilities of the test part, (n, K).
    names
        Of the classes.
    """

    def draw(picture: int, backbone: str, layer: str, threshold: float) -> Figure:
        model, test, shares = models[backbone], tests[backbone], answers[backbone]
        label = int(test.labels[picture])
        guess = shares[picture].argmax(keepdims=True)
        heat = maps(model, test.images[picture][None], guess, layer)[0]
        colour = RIGHT if guess[0] == label else WRONG
        told = title(shares[picture], names, label)
        told += "" if shares[picture].max() >= threshold else "\nbelow the threshold: ask a person"
        return explained(test.images[picture], heat, told, colour, coverage(shares, test.labels), threshold)

    return draw
