"""From the runs of lab 07 to its curves, the gaps between the two networks, and the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled, top1
from helpers.measure.contrast import contrast
from helpers.measure.findings import HOLDS, OPPOSITE, Finding, by_seed, verdict
from helpers.pages.l07.methods import ARMS, CNN, FEWEST, STATEMENTS, VIT

Runs = Sequence[Mapping[str, Any]]
Answers = dict[tuple[str, str, int], np.ndarray]  # (arm, model, images a class) -> right or wrong, bool (seeds, n)


@dataclass(frozen=True)
class Point:
    """One network after one number of images: its accuracies.

    Attributes
    ----------
    arm
        How it was trained.
    model
        Which network.
    size
        Images a class.
    top1
        Test accuracy, over seeds and test images.
    training
        Share named rightly of the training crops of the last pass, mean over seeds.
    train
        Training images.
    epochs
        Passes over them.
    steps
        Updates of the weights.
    seen
        Images seen, each look counted.
    """

    arm: str
    model: str
    size: int
    top1: Estimate
    training: float
    train: int
    epochs: int
    steps: int
    seen: int

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        plain = {key: value for key, value in asdict(self).items() if key != "top1"}
        return plain | {"test_top1": self.top1.as_dict()}


def answers(runs: Runs, labels: np.ndarray) -> Answers:
    """(arm, model, images a class) -> right or wrong, bool (seeds, n), in the order of the seeds.

    Raises
    ------
    ValueError
        If they have different seeds.
    """
    return by_seed(
        ((run["arm"], run["model"], run["size"]), run["seed"], np.asarray(run["predictions"]) == labels) for run in runs
    )


def points(runs: Runs, labels: np.ndarray) -> list[Point]:
    """One point for each arm, network and number of images, in this order."""
    found = []
    for key, right in sorted(
        answers(runs, labels).items(), key=lambda item: (list(ARMS).index(item[0][0]), item[0][1:])
    ):
        own = [run for run in runs if (run["arm"], run["model"], run["size"]) == key]
        last = float(np.mean([run["history"]["epochs"][-1]["train_accuracy"] for run in own]))
        spent = [own[0][name] for name in ("train", "epochs", "steps", "images_seen")]
        found.append(Point(*key, pooled(right), last, *spent))
    return found


def gaps(runs: Runs, labels: np.ndarray) -> dict[str, dict[int, Estimate]]:
    """Arm -> images a class -> accuracy of the ViT minus that of the CNN, on the same test images."""
    right, found = answers(runs, labels), {}
    for arm in ARMS:
        sizes = sorted(size for own, model, size in right if own == arm and model == VIT and (arm, CNN, size) in right)
        if sizes:
            found[arm] = {size: paired_difference(right[arm, VIT, size], right[arm, CNN, size]) for size in sizes}
    return found


def findings(runs: Runs, labels: np.ndarray) -> list[Finding]:
    """The statements all of whose accuracies are there. FEWEST and MOST are of the sizes that its runs have in common;
    a statement that needs both needs two sizes."""
    right, found = answers(runs, labels), []
    for statement in STATEMENTS:
        sides = [{size for arm, model, size in right if (arm, model) == term[1:3]} for term in statement.terms]
        common = sorted(set.intersection(*sides))
        if not common or (len({term[3] for term in statement.terms}) > 1 and len(common) < 2):
            continue
        ends = [common[0] if term[3] == FEWEST else common[-1] for term in statement.terms]
        terms = [(term[0], right[(*term[1:3], size)]) for term, size in zip(statement.terms, ends, strict=True)]
        found.append(Finding(statement, contrast(terms)))
    return found


def crossing(own: Mapping[int, Estimate]) -> str:
    """Of the gaps of one arm, in words: from which number of images a class on the ViT is surely ahead, if at all."""
    ahead = [size for size, gap in own.items() if verdict(gap) == HOLDS]
    behind = [size for size, gap in own.items() if verdict(gap) == OPPOSITE]
    if ahead and behind and min(ahead) > max(behind):
        return f"the CNN is ahead up to {max(behind):,} images a class, the ViT from {min(ahead):,} on"
    if ahead and behind:
        return "the order turns more than once"
    if ahead or behind:
        who, where = ("ViT", ahead) if ahead else ("CNN", behind)
        if len(where) == len(own):
            return f"no crossing: the {who} is ahead at {'each of ' if len(own) > 1 else 'the '}{_sizes(len(own))}"
        return f"no crossing: the {who} is ahead at {len(where)} of {_sizes(len(own))}, the rest cannot be told"
    return "the two cannot be told apart at any size"


def _sizes(count: int) -> str:
    return f"{count} sizes" if count > 1 else "one size"


def record_rows(runs: Runs, labels: np.ndarray, keep_predictions: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them, each with its test accuracy; `keep_predictions` for the record of a piece."""
    found = []
    for run in runs:
        kept = {key: value for key, value in run.items() if keep_predictions or key != "predictions"}
        scored = top1(np.asarray(run["predictions"]), labels)
        found.append(kept | {"test_top1": scored.as_dict(), "n_test": len(labels)})
    return found
