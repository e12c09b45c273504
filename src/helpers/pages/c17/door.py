"""At the door: one threshold for all, set on some people's clean pictures, tried on other people behind anything.

The AUC and the equal error rate need no threshold, or choose one for each test anew. A system that runs has one. Here
it is the lowest that lets in 1 % of the others when nobody hides, among one half of the people; the other half comes to
the door, and then the halves change places. `python -m helpers.pages.c17.door` records it as `17_door`.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from helpers.measure.verification import Pairs, auc, compare, jackknife
from helpers.pages.c17 import networks, study
from helpers.pages.c17.protocols import AFAR, afar, cells, people_of_test, protocols
from helpers.records.study import record_study

STUDY = "17_door"  # the record
RATE = 0.01  # of the others, let in when nobody hides
COUNTS = ("kept_out", "own", "let_in", "others")
ARMS = (("cnn", "plain"), ("vit", "plain"), ("cnn", study.SHORT))
PROTOCOLS = ("clean", "scarf", cells(0.5, networks.PATCH, "noise"), afar(AFAR[-1]))


def threshold(scores: np.ndarray, rate: float = RATE) -> float:
    """The lowest score above which at most a share `rate` of these lie, (n,) -> number; who scores *more* is let in.

    Raises
    ------
    ValueError
        Without a score, or for a rate outside of 0 to 1.
    """
    if not len(scores) or not 0 <= rate < 1:
        raise ValueError(f"threshold: expected scores and a rate from 0 up to 1, got {len(scores)} and {rate}")
    return float(np.sort(scores)[::-1][int(rate * len(scores) + 1e-9)])


def at_the_door(clean: Pairs, probes: Pairs, rate: float = RATE, without: int | None = None) -> np.ndarray:
    """Mistakes with a threshold from other people, `COUNTS` (4,): own pairs kept out of how many, others let in of how
    many.

    Parameters
    ----------
    clean, probes
        Pairs of the same people: those that set the threshold, those that come to the door.
    without
        A person who is left out of both.
    """
    there = [(pairs.first != without) & (pairs.second != without) for pairs in (clean, probes)]
    found = np.zeros(4, dtype=int)
    for half in (0, 1):
        sets = there[0] & ~clean.same & (clean.first % 2 == half) & (clean.second % 2 == half)
        comes = there[1] & (probes.first % 2 != half) & (probes.second % 2 != half)
        in_ = probes.scores > threshold(clean.scores[sets], rate)
        own, other = comes & probes.same, comes & ~probes.same
        found += [int(part.sum()) for part in (own & ~in_, own, other & in_, other)]
    return found


def share_kept_out(clean: Pairs, probes: Pairs) -> np.ndarray:
    """Share of own pairs kept out with all people, and without each of them, (1 + P,)."""
    counts = [at_the_door(clean, probes, without=person) for person in (None, *range(clean.people))]
    return np.array([kept / own for kept, own, _, _ in counts])


def door(steps: int, seeds: Sequence[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The networks of the page's study trained again, and what one threshold makes of them: rows and differences."""
    test = people_of_test(networks.SIDE)
    made = {name: make(test) for name, make in protocols(networks.PATCH).items() if name in PROTOCOLS}
    runs, shares = [], {}
    for seed, (name, recipe) in product(seeds, ARMS):
        judge, known = study.trained(name, recipe, seed, steps)
        enrolled = judge(test.clean)
        clean = compare(enrolled, enrolled, test.people)
        for protocol, pictures in made.items():
            pairs = compare(enrolled, judge(pictures), test.people)
            row = {"network": name, "recipe": recipe, "seed": seed, "protocol": protocol, "train_top1": known}
            row |= {"auc": float(auc(pairs.scores, pairs.same))}
            runs.append(row | dict(zip(COUNTS, at_the_door(clean, pairs).tolist(), strict=True)))
            shares[name, recipe, protocol, seed] = share_kept_out(clean, pairs)
        print(seed, name, recipe, f"{known:.2f}", flush=True)
    return runs, {"differences": differences(shares, seeds)}


def differences(shares: dict[Any, np.ndarray], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Share of own pairs kept out, ViT minus CNN, mean over seeds, intervals over the people."""
    rows = []
    for protocol, cnn in product(PROTOCOLS, ("plain", study.SHORT)):
        gap = np.mean(
            [shares["vit", "plain", protocol, seed] - shares["cnn", cnn, protocol, seed] for seed in seeds], axis=0
        )
        rows.append({"protocol": protocol, "vit": "plain", "cnn": cnn} | jackknife(gap[0], gap[1:]).as_dict())
    return rows


if __name__ == "__main__":
    record_study(STUDY, {"steps": 600, "seeds": (0, 1)}, door, Path(__file__), rate=RATE)
