"""Patches out of order: what a network still says of a dog's breed, of its coat and of its build."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.data.base import Split
from helpers.measure.accuracy import Estimate, paired_difference, top1
from helpers.plots.tables import percent, points

CUES = {"coat": "texture", "build": "proportion"}  # question -> the factor that the drawing code knows it by
CHANCE = {"breed": 1 / 20, "coat": 1 / 5, "build": 1 / 4}
DRAWS = 2000  # of the bootstrap over test images


def cue_of_breed(dogs: Split, question: str) -> np.ndarray:
    """Coat or build of each breed, (K,): a breed being a pair of both, the answer to one gives the answer to the other.

    Raises
    ------
    ValueError
        If a breed among the images has several, or a breed below the highest has no image.
    """
    values = dogs.factors[CUES[question]]
    found = [np.unique(values[dogs.labels == breed]) for breed in range(dogs.labels.max() + 1)]
    if any(len(one) != 1 for one in found):
        raise ValueError(f"dogs: expected one {question} for each breed, got {[one.tolist() for one in found]}")
    return np.concatenate(found)


def cue_scores(dogs: Split, guesses: Mapping[str, np.ndarray]) -> dict[str, list[Estimate]]:
    """Treatment -> right answers to breed, coat and build, each with its interval over test images (Wilson).

    Parameters
    ----------
    dogs
        Drawn dogs, n images.
    guesses
        Treatment -> (n,) breeds that the network names.
    """
    cues = {question: cue_of_breed(dogs, question) for question in CUES}
    return {
        name: [
            top1(guess, dogs.labels),
            *(top1(cue[guess], dogs.factors[CUES[question]]) for question, cue in cues.items()),
        ]
        for name, guess in guesses.items()
    }


def lead_kept(dogs: Split, question: str, guess: np.ndarray, reference: np.ndarray) -> tuple[float, float, float]:
    """How much of its lead over chance a network keeps: (guess - chance) / (reference - chance), a bootstrap's 95 %.

    Parameters
    ----------
    dogs
        Drawn dogs, n images.
    question
        "coat" or "build".
    guess, reference
        (n,) breeds named under the treatment and without it; both are drawn again over the same images.

    Returns
    -------
    tuple[float, float, float]
        The share, and the ends of its interval.
    """
    cue, truth = cue_of_breed(dogs, question), dogs.factors[CUES[question]]
    again = np.random.default_rng(0).integers(0, len(truth), (DRAWS, len(truth)))
    hits = [cue[named] == truth for named in (guess, reference)]
    draws = [hit[again].mean(1) - CHANCE[question] for hit in hits]
    low, high = np.percentile(draws[0] / draws[1], (2.5, 97.5))
    leads = [hit.mean() - CHANCE[question] for hit in hits]
    return float(leads[0] / leads[1]), float(low), float(high)


def shuffling_figures(dogs: Split, guesses: Mapping[str, np.ndarray], no_position: np.ndarray) -> dict[str, Any]:
    """What the text quotes, by the name that it uses.

    Parameters
    ----------
    dogs
        Drawn dogs, n images.
    guesses
        (n,) breeds named with patches "in order", all at the "same position", and "shuffled".
    no_position
        (n,) breeds named where every position is zero.
    """
    figures: dict[str, Any] = {}
    for name, found in cue_scores(dogs, guesses).items():
        for question, estimate in zip(CHANCE, found, strict=True):
            figures[f"{name.replace(' ', '_')}_{question}"] = Markdown(percent(estimate))
    for question in CUES:
        share, low, high = lead_kept(dogs, question, guesses["shuffled"], guesses["in order"])
        figures[f"left_{question}"] = Markdown(f"{100 * share:.0f} % [{100 * low:.0f}, {100 * high:.0f}]")
    wrong = guesses["shuffled"] == dogs.labels
    figures["wrong_or_zero"] = Markdown(points(paired_difference(wrong, no_position == dogs.labels)))
    figures["wrong_or_none"] = Markdown(points(paired_difference(wrong, guesses["same position"] == dogs.labels)))
    figures["no_position"] = Markdown(percent(top1(no_position, dogs.labels)))
    return figures
