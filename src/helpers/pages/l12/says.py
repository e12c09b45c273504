"""What a run of lab 12 says, in sentences whose words depend on what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.pages.l12.methods import BOTH, METHODS, SHORT
from helpers.pages.l12.report import HOLDS, UNDECIDED, MapRow, found_by, verdict
from helpers.plots.tables import NBSP

Rows = Sequence[Mapping[str, Any]]


def signed(estimate: Any) -> str | None:
    """A number with its sign and interval, `+0.42 [+0.20, +0.64]`; None stays None."""
    if estimate is None:
        return None
    if estimate.low is None:
        return _plain(estimate.value)
    return f"{_plain(estimate.value)}{NBSP}[{_plain(estimate.low)},{NBSP}{_plain(estimate.high)}]"


def _plain(value: float) -> str:
    """Two decimals and a true sign, none on what they round to zero."""
    text = f"{value:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text


def percent_of(share: float) -> str:
    """A share without decimals."""
    return f"{100 * share:.0f} %"


def choice_told(used: Rows) -> str:
    """The first prediction: by which cue each network answers that could choose."""
    parts = []
    for row in used:
        if row["lesson"] == BOTH:
            coat, build = row["by the coat"], row["by the build"]
            parts.append(f"{SHORT[row['network']]}: coat {percent_of(coat.value)}, build {percent_of(build.value)}")
    return "; ".join(parts)


def order_told(rows: Sequence[MapRow], network: str) -> str:
    """The maps that ask the network, from the one that tells most; those whose interval holds zero in brackets."""
    own = sorted(_asking(rows, network), key=lambda row: -row.alone.value)
    texts = []
    for row in own:
        text = f"{METHODS[row.method].label} {_plain(row.alone.value)}"
        texts.append(text if verdict(row.alone) != UNDECIDED else f"({text})")
    return "; ".join(texts)


def _asking(rows: Sequence[MapRow], network: str) -> list[MapRow]:
    return [row for row in rows if row.network == network and METHODS[row.method].asks]


def best_by(rows: Sequence[MapRow], network: str) -> tuple[str, str] | None:
    """The map with the best deletion curve, controls among them, and the map that tells most; None without curves."""
    own = [row for row in rows if row.network == network and row.deletion is not None]
    if not own:
        return None
    by_deletion = max(own, key=lambda row: row.deletion.value if row.deletion is not None else 0.0)
    return by_deletion.method, max(own, key=lambda row: row.alone.value).method


def deletion_told(rows: Sequence[MapRow], network: str) -> str:
    """The third prediction, of one network."""
    best = best_by(rows, network)
    if best is None:
        return ""
    by_deletion, by_cue = (METHODS[name].label for name in best)
    if by_deletion == by_cue:
        return f"{SHORT[network]}: yes, {by_cue} is best by both"
    note = "" if METHODS[best[0]].asks else ", which asks no network"
    return f"{SHORT[network]}: no; by deletion {by_deletion}{note}, by the cue {by_cue}"


def conclusions(rows: Sequence[MapRow], used: Rows, choices: Rows, places: Rows) -> list[str]:
    """The run in plain words: what the networks use, which maps find it, whether deletion does, and the chooser."""
    said = []
    networks = list(dict.fromkeys(row.network for row in rows))
    for network in networks:
        own = _asking(rows, network)
        found = [METHODS[row.method].label for row in own if verdict(row.alone) == HOLDS]
        lost = [METHODS[row.method].label for row in own if verdict(row.alone) != HOLDS]
        text = f"**{SHORT[network]}.** One map, one network in hand: the cue is told by {_and(found) or 'none'}"
        said.append(text + (f"; not shown to by {_and(lost)}." if lost else "."))
    milder = [row for row in rows if verdict(row.pairs) == HOLDS and verdict(row.alone) != HOLDS]
    if milder:
        names = _and([f"{METHODS[row.method].label} ({SHORT[row.network]})" for row in milder])
        same = [row for row in milder if abs(row.points[0] - row.points[1]) < 0.1]
        text = f"**With the maps of both networks in hand** one can tell more: also by {names}."
        if same:
            at = _and([f"{METHODS[row.method].label} ({SHORT[row.network]})" for row in same])
            text += f" Alone, the maps of {at} point at the same place whichever cue is used: known, and not said."
        said.append(text)
    survivors = [
        row for row in rows if any(one and verdict(one) != UNDECIDED for one in (row.ruined, row.ruined_pairs))
    ]
    if survivors:
        names = _and([f"{METHODS[row.method].label} ({SHORT[row.network]})" for row in survivors])
        said.append(f"**Control.** With shuffled weights something is still told by {names}: read those with care.")
    elif any(row.ruined is not None for row in rows):
        said.append("**Control.** With shuffled weights no interval leaves zero out, in either question.")
    told = [text for text in (deletion_told(rows, network) for network in networks) if text]
    if told:
        said.append(f"**Is the best map by deletion the one that finds the cue?** {'. '.join(told)}.")
    said.append(f"**Left to choose**, the networks answered so on cue conflicts: {choice_told(used)}.")
    if choices:
        said.append(f"**Does a map name the cue that they chose?** {chooser_told(choices)}.")
    wrong = [row for row in places if (verdict(row["difference"]) == HOLDS) != (row["lesson"] == "build")]
    if wrong:
        names = _and([f"{SHORT[row['network']]} that learned the {row['lesson']}" for row in wrong])
        said.append(f"**A warning.** Painting the places over does not show them to be right for: {names}.")
    return said


def chooser_told(choices: Rows) -> str:
    """For each network the maps that name the chosen cue in every training, and those that do in none."""
    parts = []
    for network in dict.fromkeys(row["network"] for row in choices):
        said = next(row["said"] for row in choices if row["network"] == network)
        counts = {name: found_by(choices, network, name) for name in said}
        right = [METHODS[name].label for name, (hits, n) in counts.items() if hits == n]
        n = next(iter(counts.values()))[1]
        parts.append(f"{SHORT[network]}, {n} {'trainings' if n > 1 else 'training'}: {_and(right) or 'none'} always")
    return "; ".join(parts)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""
