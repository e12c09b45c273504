"""The table of the decision: five candidates, what is known of each, who knows it, and what any weights make of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from helpers.measure.intervals import Estimate, normal_quantile, wilson
from helpers.records import Record, read_record

MEASURED, REPORTED, UNKNOWN = "measured here", "reported", "unknown"
SLIDES_TEST = 8580  # images of the official test list of Stanford Dogs; that all were used is assumed
SLIDES = {"Xception": 0.7272, "ViT-B/16": 0.8243}  # test accuracies of the slides' table
SMALL = {"Xception-mini": ("xception_mini", "full"), "ViT-mini": ("vit_mini", "full")}
CRITERIA = ("accuracy", "speed", "size", "clean test")


@dataclass(frozen=True)
class Candidate:
    """One network with what is known of it.

    Attributes
    ----------
    accuracy
        Share of 120 breeds named rightly, with its interval over test images.
    accuracy_by
        `MEASURED` or `REPORTED`.
    clean
        Whether its pre-training cannot have seen the test.
    ms
        Processor milliseconds an image at batch 1 and at batch 32, one thread.
    ratio
        The same over Xception's, quartiles over rounds, at batch 1 and 32.
    weights_mib
        Of the 32-bit weights.
    peak_mib
        What a fresh process adds to answer one image.
    """

    name: str
    accuracy: Estimate
    accuracy_by: str
    clean: bool
    ms: tuple[float, float]
    ratio: tuple[Estimate, Estimate]
    weights_mib: float
    peak_mib: float


@cache
def deployment() -> Record:
    """`python benchmarks/deployment.py`."""
    return read_record("18_deployment", "cpu")


def summary() -> dict[str, Any]:
    """Its summary."""
    return dict(deployment().summary)


def _accuracy(name: str) -> tuple[Estimate, str, bool]:
    if name in SLIDES:
        low, high = wilson(SLIDES[name], SLIDES_TEST, normal_quantile(0.95))
        return Estimate(SLIDES[name], low, high, SLIDES_TEST, "test sampling"), REPORTED, False
    variant = "dogs12000" if name in SMALL else "dogs2400.released"
    wanted = SMALL.get(name, ("efficientnet_lite0", "probe"))
    cells: list[dict[str, Any]] = read_record("08_xception_vs_vit", "cpu", variant).summary["cells"]  # type: ignore[assignment]
    found = next(cell for cell in cells if (cell["model"], cell["tuning"]) == wanted)
    return Estimate(**found["test_top1"]), MEASURED, name in SMALL


@cache
def candidates() -> tuple[Candidate, ...]:
    """All five, in the order of the record."""
    told, found = summary(), []
    for row in told["memory"]:
        name = row["model"]
        fast = [told["speeds"][f"{name} {batch}"] for batch in (1, 32)]
        found.append(
            Candidate(
                name,
                *_accuracy(name),
                ms=(fast[0]["ms"], fast[1]["ms"]),
                ratio=(Estimate(**fast[0]["over_xception"]), Estimate(**fast[1]["over_xception"])),
                weights_mib=row["weights_mib"],
                peak_mib=row["peak_mib_1"],
            )
        )
    return tuple(found)


def scores(rows: tuple[Candidate, ...], scale: Callable[[Any], np.ndarray] = np.log) -> np.ndarray:
    """(candidates, 4) in 0..1, 1 the best, in the order of `CRITERIA`.

    Accuracy as a share of the best; speed and size between the worst and the best on a `scale`: with a logarithmic one
    twice as fast counts alike everywhere. A clean test is 1 or 0.
    """

    def between(values: list[float]) -> np.ndarray:
        scaled = scale(values)
        return (scaled.max() - scaled) / (scaled.max() - scaled.min())

    accuracy = np.array([row.accuracy.value for row in rows])
    speed, size = between([row.ms[0] for row in rows]), between([row.weights_mib for row in rows])
    return np.stack([accuracy / accuracy.max(), speed, size, [float(row.clean) for row in rows]], axis=1)


def win_shares(table: np.ndarray, draws: int = 20_000, seed: int = 0) -> np.ndarray:
    """In which share of all weightings each candidate comes first: weights uniform over all that sum to one."""
    weights = np.random.default_rng(seed).dirichlet(np.ones(table.shape[1]), draws)
    return np.bincount((weights @ table.T).argmax(1), minlength=len(table)) / draws


def matrix(rows: tuple[Candidate, ...]) -> dict[str, list[tuple[str, str]]]:
    """Criterion -> of each candidate what is written in its cell, and who knows it."""

    def measured(texts: list[str]) -> list[tuple[str, str]]:
        return [(text, MEASURED) for text in texts]

    nobody = [("?", UNKNOWN)] * len(rows)
    seen = {"Xception": ("seen", MEASURED), "ViT-B/16": ("?", UNKNOWN), "EfficientNet-Lite0": ("seen", MEASURED)}
    return {
        "right on dogs, %": [(f"{100 * row.accuracy.value:.0f}", row.accuracy_by) for row in rows],
        "test photos": [seen.get(row.name, ("new", MEASURED)) for row in rows],
        "one answer": measured([part(row.ratio[0].value) for row in rows]),
        "each of 32": measured([part(row.ratio[1].value) for row in rows]),
        "weights, MiB": measured([f"{row.weights_mib:.0f}" for row in rows]),
        "at work, MiB": measured([f"{row.peak_mib:.0f}" for row in rows]),
        "rights": [("study", REPORTED) if row.name in SMALL else ("?", UNKNOWN) for row in rows],
        "electricity": nobody,
        "under drift": nobody,
    }


def times(ratio: float) -> str:
    """A ratio in two figures, such as 2.1× or 0.004×."""
    digits = 1 if ratio >= 1 else 2 if ratio >= 0.1 else 3
    return f"{ratio:.{digits}f}×"


def part(ratio: float) -> str:
    """The same in few letters for a narrow cell: 1.4×, 0.99×, and 1/13 where it is less than a fifth."""
    return times(ratio) if ratio >= 0.2 else f"1/{1 / ratio:.0f}"
