"""Wrong labels on some digits: what the four variants learn of them, and how large their gaps are."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.measure.accuracy import over_seeds
from helpers.plots.tables import markdown_table, percent, points
from helpers.records import Record

Histories = Mapping[tuple[int, str], np.ndarray]  # wrong labels, variant -> (seeds, looks, 3)
TRAIN, TEST, LEARNED = range(3)  # training accuracy on the labels given, test accuracy, share of wrong labels learned


def _at_the_end(histories: Histories) -> dict[tuple[int, str], np.ndarray]:
    return {key: table[:, -1] for key, table in histories.items()}  # (seeds, 3)


def overfitting_figures(histories: Histories, claims: Record) -> dict[str, Any]:
    """What the text quotes, by the name that it uses: differences within a seed, with Student's interval over seeds.

    Parameters
    ----------
    histories
        (seeds, looks, 3) for 0 and 40 wrong labels, and "identity", "tanh", "ReLU" and "ReLU, weight decay".
    claims
        The record of lab 11, whose larger study the text names.

    Raises
    ------
    ValueError
        Where the text would say what the numbers do not: a gap of ReLU that may be clearly smaller than tanh's, or a
        recorded difference that is not above zero and below a point.
    """
    runs = _at_the_end(histories)
    gaps = {key: table[:, TRAIN] - table[:, TEST] for key, table in runs.items()}
    differences = {
        "clean_gap": over_seeds(gaps[0, "ReLU"] - gaps[0, "tanh"]),
        "clean_line": over_seeds(gaps[0, "ReLU"] - gaps[0, "identity"]),
        "clean_decay": over_seeds(gaps[0, "ReLU, weight decay"] - gaps[0, "ReLU"]),
        "noisy_test": over_seeds(runs[40, "ReLU"][:, TEST] - runs[40, "tanh"][:, TEST]),
        "decay_test": over_seeds(runs[40, "ReLU, weight decay"][:, TEST] - runs[40, "ReLU"][:, TEST]),
    }
    recorded = claims.model_dump()["summary"]["findings"]["overfitting"]["gap, none minus relu"]
    low = differences["clean_gap"].low
    if low is None or low <= -0.02:
        raise ValueError(f"clean_gap: expected an interval in which no large gain of ReLU hides, got {low} at its end")
    if not 0 < recorded["low"] <= recorded["high"] < 0.01:
        raise ValueError(f"recorded gap: expected an interval between 0 and 0.01, got {recorded}")
    return {name: Markdown(points(estimate)) for name, estimate in differences.items()} | {
        "recorded_line": Markdown(points(SimpleNamespace(**recorded))),
        "recorded_n": recorded["n"],
        "learned_decay": float(100 * runs[40, "ReLU, weight decay"][:, LEARNED].mean()),
    }


def overfitting_table(histories: Histories) -> Any:
    """A row a variant: wrong labels learned at each look, test accuracy with them, and the gap without."""
    runs = _at_the_end(histories)

    def row(name: str) -> dict[str, str]:
        learned = histories[40, name][:, :, LEARNED].mean(0)
        gap = points(over_seeds(runs[0, name][:, TRAIN] - runs[0, name][:, TEST]))
        return {
            "variant": name,
            "wrong labels learned, %": " · ".join(f"{100 * share:.1f}" for share in learned),
            "test, 40 wrong": percent(over_seeds(runs[40, name][:, TEST])).replace("\xa0[", " ["),  # may break here
            "gap, right": gap.replace("points\xa0", "").replace("\xa0[", " [").replace("+", ""),
        }

    return markdown_table([row(name) for num_wrong, name in histories if num_wrong == 40])
