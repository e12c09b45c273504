"""From the runs of lab 01 to what is said of them: who is ahead, who is faster, what a network is like at its start."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, over_seeds
from helpers.measure.findings import order_text
from helpers.pages.l01 import study
from helpers.plots.tables import points

Runs = Sequence[Mapping[str, Any]]
ALIKE = 2.0  # gradient ratios within this factor of each other are called alike


def seen(runs: Runs, what: str) -> list[Any]:
    """The activations or the depths of the runs, in their order."""
    return list(dict.fromkeys(run[what] for run in runs))


def told(estimate: Estimate) -> bool:
    """Whether an interval lies on one side of zero."""
    return estimate.low is not None and estimate.high is not None and not estimate.low <= 0 <= estimate.high


def pairs(runs: Runs) -> list[dict[str, Any]]:
    """Every two activations at every depth, each at its own best rate: `a`, `b`, `depth`, `difference` on the test."""
    found = []
    for depth in seen(runs, "depth"):
        for a, b in combinations(seen(runs, "activation"), 2):
            gap = study.difference(runs, a, b, depth)
            if gap is not None:
                found.append({"a": a, "b": b, "depth": depth, "difference": gap})
    return found


def order(runs: Runs, depth: int) -> str:
    """Best first, each at its own best rate; between two neighbours > where the test tells these two apart, else ≈."""
    rates = study.best_rates(runs)
    names = [name for name in seen(runs, "activation") if (name, depth) in rates]
    return order_text({name: study.right(runs, name, depth, rates[name, depth]) for name in names})


def fastest(runs: Runs) -> dict[tuple[str, int], dict[str, Any]]:
    """(activation, depth) -> the rate at which the finishing line comes soonest, mean over seeds, and `passes` of each
    seed there. A rate at which a seed does not reach it is out; where all are out, rate and passes are None."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for key in study.best_rates(runs):
        found[key] = {"rate": None, "passes": None}
        own = sorted((run for run in runs if (run["activation"], run["depth"]) == key), key=lambda run: run["seed"])
        for rate in sorted({run["rate"] for run in own}):
            passes = [run["learned_after"] for run in own if run["rate"] == rate]
            best = found[key]["passes"]
            if None not in passes and (best is None or np.mean(passes) < np.mean(best)):
                found[key] = {"rate": rate, "passes": passes}
    return found


def slower(runs: Runs, a: str, b: str, depth: int) -> Estimate | None:
    """Passes that a needs more than b to the finishing line, each at its own fastest rate, with an interval over seeds;
    None where one of them does not reach it."""
    found = fastest(runs)
    one, other = (found.get((name, depth), {}).get("passes") for name in (a, b))
    if one is None or other is None:
        return None
    return over_seeds(np.asarray(one, dtype=float) - np.asarray(other, dtype=float))


def at_an_end(best: Mapping[tuple[str, int], float], rates: Sequence[float]) -> list[str]:
    """Which chosen rates are the lowest or the highest of the list: there a better one may lie outside."""
    ends = {min(rates): "lowest", max(rates): "highest"}
    return [f"{name}, {layers(depth)}: {ends[rate]}, {rate:g}" for (name, depth), rate in best.items() if rate in ends]


def layers(depth: int) -> str:
    """A number of hidden layers in words."""
    return f"{depth} hidden layer{'s' if depth > 1 else ''}"


def at_start(runs: Runs) -> list[dict[str, Any]]:
    """For each activation and depth, before the first step: `ratio` of the first layer's gradient to the last one's,
    `last_gradient`, `spread` (geometric means over seeds; the same for every rate)."""
    rows = []
    for depth in seen(runs, "depth"):
        for name in seen(runs, "activation"):
            own = [run for run in runs if (run["activation"], run["depth"]) == (name, depth)]
            ratio = _geometric([run["first_gradient"] / run["last_gradient"] for run in own])
            row: dict[str, Any] = {"depth": depth, "activation": name, "ratio": ratio}
            rows.append(row | {key: _geometric([run[key] for run in own]) for key in ("last_gradient", "spread")})
    return rows


def per_layer(start: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By which factor one more layer changes that ratio, between neighbouring depths: `from`, `to`, `activation`,
    `factor`."""
    by = {(row["activation"], row["depth"]): row["ratio"] for row in start}
    depths = sorted({row["depth"] for row in start})
    return [
        {"from": few, "to": many, "activation": name}
        | {"factor": (by[name, many] / by[name, few]) ** (1 / (many - few))}
        for few, many in pairwise(depths)
        for name in dict.fromkeys(row["activation"] for row in start)
    ]


def _geometric(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


# ------------------------------------------------------------------------------------------------ what this run says


def ahead(rows: Sequence[Mapping[str, Any]], depth: int) -> str:
    """Of the pairs at one depth: who is ahead of whom by how much, and which two the test does not tell apart."""
    sure, open_ = [], []
    for row in rows:
        gap = row["difference"]
        if row["depth"] == depth and told(gap):
            first, second = (row["a"], row["b"]) if gap.value > 0 else (row["b"], row["a"])
            sure.append(f"{first} is ahead of {second} by {100 * abs(gap.value):.1f} points")
        elif row["depth"] == depth:
            open_.append(f"{row['a']} and {row['b']} are not told apart ({points(gap)})")
    return f"**{layers(depth)}.** " + "; ".join(sure + open_) + "."


def speeds(runs: Runs, depth: int, a: str = "relu", b: str = "tanh") -> str:
    """Passes of two activations to the finishing line at one depth, and whether one is faster."""
    found = fastest(runs)
    if (a, depth) not in found or (b, depth) not in found:
        return ""
    passes = {name: found[name, depth]["passes"] for name in (a, b)}
    said = [
        f"{name} {'not reached' if passes[name] is None else f'{np.mean(passes[name]):.1f} passes'}" for name in (a, b)
    ]
    more = slower(runs, a, b, depth)
    if more is None:
        return f"{said[0]}, {said[1]}"
    if not told(more):
        return f"{said[0]}, {said[1]}: not told apart by these seeds"
    return f"{said[0]}, {said[1]}: {a if more.value < 0 else b} is faster"


def unexplained(rows: Sequence[Mapping[str, Any]], start: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of ReLU and tanh: at which depths one is ahead although the gradient reaches the first layer of both alike."""
    ratio, found = {(row["activation"], row["depth"]): row["ratio"] for row in start}, []
    for row in rows:
        if (row["a"], row["b"]) != ("relu", "tanh") or not told(row["difference"]):
            continue
        both = [ratio[name, row["depth"]] for name in ("relu", "tanh")]
        if max(both) / min(both) < ALIKE:
            winner = "relu" if row["difference"].value > 0 else "tanh"
            found.append(
                f"{winner} with {layers(row['depth'])} (first over last: relu {both[0]:.1f}, tanh {both[1]:.1f})"
            )
    if not found:
        return []
    said = "at the start the gradient reaches the first layer of relu and tanh alike"
    return [f"**Not explained by this run:** {said}, and yet ahead is {'; '.join(found)}."]


def dead(table: Sequence[Mapping[str, Any]], start: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which networks guess even at their best rate, and what is the same for every digit there."""
    by, found = {(row["activation"], row["depth"]): row for row in start}, []
    for row in table:
        if row["guesses"]:
            own = by[row["activation"], row["depth"]]
            found.append(
                f"**{row['activation']} with {layers(row['depth'])} guesses**, even at its best rate: "
                f"{100 * row['commonest']:.0f} % of the test digits get one answer. At the start its last hidden layer "
                f"differs between digits by {own['spread']:.1g} of its mean, and of the last layer's gradient (norm "
                f"{own['last_gradient']:.1g}) {own['ratio']:.1g} arrives at the first."
            )
    return found


def late(runs: Runs, table: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which networks learn something and reach the finishing line at no rate."""
    race = fastest(runs)
    return [
        f"**{row['activation']} with {layers(row['depth'])} has begun** at a rate of {row['rate']:g}, "
        f"{100 * row['top1'].value:.0f} % in the end, and reaches the line at no rate."
        for row in table
        if not row["guesses"] and race[row["activation"], row["depth"]]["passes"] is None
    ]


def says(runs: Runs, table: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lab's answer in sentences, each computed from the runs."""
    rows, start = pairs(runs), at_start(runs)
    lines = [ahead(rows, depth) for depth in seen(runs, "depth") if any(row["depth"] == depth for row in rows)]
    raced = {depth: speeds(runs, depth) for depth in seen(runs, "depth")}
    if any(raced.values()):
        said = "; ".join(f"{layers(depth)}: {text}" for depth, text in raced.items() if text)
        lines.append(f"**To {100 * study.ENOUGH:.0f} % of the digits held back**, each at its fastest rate. {said}.")
    return lines + dead(table, start) + late(runs, table) + unexplained(rows, start)
