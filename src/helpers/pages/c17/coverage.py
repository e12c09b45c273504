"""How often an interval of 95 % holds the truth, in many worlds of drawn people: pairs drawn again, or people.

The score is that of linear discriminants of pixels, learned from other people once and for all. For pairs from people
who are drawn alike, the expected AUC is the same in all worlds, so the mean over worlds is the truth to aim at.
"""

from functools import cache
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from helpers.data.faces import draw_people
from helpers.measure.intervals import Estimate
from helpers.measure.verification import auc, compare, jackknife, left_out, over_pairs, over_people

SIDE, DIFFICULTY, PICTURES = 18, 0.2, 4
METHODS = ("pairs drawn again", "people drawn again", "people left out")


@cache
def discriminants() -> LinearDiscriminantAnalysis:
    """Of 60 people who are in no world, from their pixels."""
    images, people = draw_people(60, 10, SIDE, seed=77, difficulty=DIFFICULTY)
    return LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1, n_components=30).fit(rows_of(images), people)


def rows_of(images: np.ndarray) -> np.ndarray:
    """Pixels as rows about the mean of each picture, (n, S S 3)."""
    rows = images.reshape(len(images), -1).astype(np.float64) / 255
    return rows - rows.mean(1, keepdims=True)


def world(number: int, people: int) -> tuple[float, list[Estimate]]:
    """AUC of one world of so many people, and its intervals by `METHODS`."""
    images, who = draw_people(people, PICTURES, SIDE, seed=1000 + number, difficulty=DIFFICULTY)
    templates = discriminants().transform(rows_of(images))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    pairs = compare(templates, templates, who)
    value = float(auc(pairs.scores, pairs.same))
    draws = 300
    knife = jackknife(value, left_out(pairs))
    return value, [over_pairs(pairs, draws, number), over_people(pairs, draws, number), knife]


def coverage(people: int, worlds: int) -> dict[str, Any]:
    """Truth, and for each method how many of the worlds' intervals hold it and how wide they are; all worlds too."""
    found = [world(number, people) for number in range(worlds)]
    values = np.array([value for value, _ in found])
    truth, rows = float(values.mean()), []
    for k, method in enumerate(METHODS):
        ends = np.array([(one[k].low, one[k].high) for _, one in found], dtype=float)
        holds = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
        rows.append({"method": method, "holds": int(holds.sum()), "width": float(np.diff(ends, axis=1).mean())})
    shown = [[round(float(end), 4) for end in (one[0].low, one[0].high, one[1].low, one[1].high)] for _, one in found]  # type: ignore[arg-type]
    spread = float(values.std(ddof=1))
    return {"people": people, "worlds": worlds, "truth": truth, "spread": spread, "methods": rows, "intervals": shown}
