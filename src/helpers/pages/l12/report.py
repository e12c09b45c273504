"""From the runs of lab 12 to what its networks use, where its cues lie, and what was chosen where either would do."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled
from helpers.measure.findings import HOLDS, OPPOSITE, verdict
from helpers.pages.l12.methods import BOTH, BUILD, COAT, LESSONS, methods_of
from helpers.pages.l12.told import Runs, leanings, mean_of, networks_in, of

NEITHER = "neither"

# ------------------------------------------------------------------------------------------------- what is really used


def answered(runs: Runs, network: str, lesson: str, how: str, truth: np.ndarray) -> Estimate:
    """Share of pictures whose answer is `truth`, over seeds and pictures; `how` names what was done to them."""
    return pooled(np.array([np.array(run["answers"][how]) == truth for run in of(runs, network, lesson)]))


def used_rows(runs: Runs, coat: np.ndarray, build: np.ndarray) -> list[dict[str, Any]]:
    """What each network uses: of cue conflicts the share named by the coat and by the build, their difference, that of
    the learned cue for each training, and how often another coat or build changes the answer, in all and each."""
    rows = []
    for network in networks_in(runs):
        for lesson in LESSONS:
            own = of(runs, network, lesson)
            row: dict[str, Any] = {"network": network, "lesson": lesson}
            row["by the coat"] = answered(runs, network, lesson, "as it is", coat)
            row["by the build"] = answered(runs, network, lesson, "as it is", build)
            told = np.array([run["answers"]["as it is"] for run in own])
            row["difference"] = paired_difference(told == coat, told == build)
            row["coat, each"], row["build, each"] = ((told == cue).mean(1).tolist() for cue in (coat, build))
            for how in ("another coat", "another build"):
                changed = [np.array(run["answers"][how]) != np.array(run["answers"]["as it is"]) for run in own]
                row[how] = pooled(np.array(changed))
                row[f"{how}, each"] = np.array(changed).mean(1).tolist()
            rows.append(row)
    return rows


def place_rows(runs: Runs, coat: np.ndarray, build: np.ndarray) -> list[dict[str, Any]]:
    """Are the places right? Answers by the cue that was learned: as it is, with the inside painted over, with the
    outline painted over; and the difference of the last two, positive where the outline matters more."""
    rows = []
    for network in networks_in(runs):
        for lesson, truth in ((COAT, coat), (BUILD, build)):
            kept = {how: answered(runs, network, lesson, how, truth) for how in ("as it is", "inside painted")}
            kept["outline painted"] = answered(runs, network, lesson, "outline painted", truth)
            right = {
                how: np.array([np.array(run["answers"][how]) == truth for run in of(runs, network, lesson)])
                for how in ("inside painted", "outline painted")
            }
            harm = paired_difference(right["inside painted"], right["outline painted"])
            rows.append({"network": network, "lesson": lesson, **kept, "difference": harm})
    return rows


def misplaced(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Network -> the lessons whose places painting over does not show to be right; of `place_rows`.

    The outline has to matter surely more to the network that learned the build, and not surely more to the coat's."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if (verdict(row["difference"]) == HOLDS) != (row["lesson"] == BUILD):
            found.setdefault(row["network"], []).append(row["lesson"])
    return found


# ------------------------------------------------------------------------------------- networks that could choose


def choice_rows(runs: Runs, coat: np.ndarray, build: np.ndarray, widths: int = 1) -> list[dict[str, Any]]:
    """The networks that could choose, one by one: what they use by their answers, and what each map says they use.

    `uses` is decided by the interval, over dogs, of the answers by the coat less those by the build; "neither" where it
    holds zero. A map says *coat* where it leans, dog by dog, nearer to the mean of the coat networks than to that of
    the build networks, by an interval over dogs, and so at each of the `widths`; else "neither".
    """
    rows = []
    for network in networks_in(runs):
        for seed, run in enumerate(of(runs, network, BOTH)):
            answers = np.array(run["answers"]["as it is"])
            by_coat, by_build = answers == coat, answers == build
            row: dict[str, Any] = {"network": network, "seed": run["seed"]}
            row |= {"by_coat": int(by_coat.sum()), "by_build": int(by_build.sum())}
            row["uses"] = _cue([paired_difference(by_coat, by_build)])
            row["said"] = {
                method: _cue([_nearer(runs, network, method, seed, k) for k in range(widths)])
                for method in methods_of(network)
            }
            rows.append(row)
    return rows


def _nearer(runs: Runs, network: str, method: str, seed: int, width: int) -> Estimate:
    """By how much a chooser's map leans nearer to the coat networks' than to the build networks', over dogs."""
    at = {lesson: leanings(runs, network, lesson, method, width=width) for lesson in LESSONS}
    own = at[BOTH][seed]
    return mean_of((np.abs(own - at[BUILD].mean(0)) - np.abs(own - at[COAT].mean(0)))[None])


def _cue(estimates: Sequence[Estimate]) -> str:
    """The cue that all of them say; above zero is the coat."""
    said = {{HOLDS: COAT, OPPOSITE: BUILD}.get(verdict(one), NEITHER) for one in estimates}
    return said.pop() if len(said) == 1 else NEITHER


def found_by(rows: Sequence[Mapping[str, Any]], network: str, method: str) -> tuple[int, int]:
    """Of how many networks that could choose a map names the cue that their answers name, and how many there are."""
    own = [row for row in rows if row["network"] == network]
    return sum(names_it(row, method) for row in own), len(own)


def names_it(row: Mapping[str, Any], method: str) -> bool:
    """Whether a map names the cue that the answers of a network name; where these do not decide, none does."""
    return row["uses"] in (COAT, BUILD) and row["said"].get(method) == row["uses"]


def as_json(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for the record: estimates become dictionaries."""
    return [
        {key: value.as_dict() if isinstance(value, Estimate) else value for key, value in row.items()} for row in rows
    ]


def record_rows(runs: Runs) -> list[dict[str, Any]]:
    """Runs as the record holds them: of the answers how many of each kind the summary tells, so they are left out."""
    return [{key: value for key, value in run.items() if key != "answers"} for run in runs]
