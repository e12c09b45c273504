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


def clears(row: MapRow) -> bool:
    """Whether a map's interval lies above that of the same map with shuffled weights."""
    alone, ruined = row.alone, row.ruined
    return bool(
        alone.low is not None
        and ruined is not None
        and alone.low > (ruined.value if ruined.high is None else ruined.high)
    )


def _names(rows: Sequence[MapRow]) -> str:
    return _and([METHODS[row.method].label for row in rows])


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
    own = {row.method: row.deletion for row in rows if row.network == network and row.deletion is not None}
    rival = max((name for name in own if not METHODS[name].asks), key=lambda name: own[name].value, default=None)
    if rival and METHODS[best[0]].asks and _overlap(own[best[0]], own[rival]):
        tie = f"by deletion {by_deletion} is not told from {METHODS[rival].label}, which asks no network"
        return f"{SHORT[network]}: no; {tie}; by the cue {by_cue}"
    if by_deletion == by_cue:
        return f"{SHORT[network]}: yes, {by_cue} is best by both"
    note = "" if METHODS[best[0]].asks else ", which asks no network"
    return f"{SHORT[network]}: no; by deletion {by_deletion}{note}, by the cue {by_cue}"


def _overlap(a: Any, b: Any) -> bool:
    """Whether two intervals share a value; one that has none is its value alone."""
    ends = [(one.value, one.value) if one.low is None else (one.low, one.high) for one in (a, b)]
    return bool(ends[0][0] <= ends[1][1] and ends[1][0] <= ends[0][1])


def conclusions(rows: Sequence[MapRow], used: Rows, choices: Rows, places: Rows) -> list[str]:
    """The run in plain words: what the networks use, which maps find it, whether deletion does, and the chooser."""
    said = []
    networks = list(dict.fromkeys(row.network for row in rows))
    wrong = [row for row in places if (verdict(row["difference"]) == HOLDS) != (row["lesson"] == "build")]
    for network in networks:
        own = _asking(rows, network)
        above = [row for row in own if verdict(row.alone) == HOLDS]
        text = f"**{SHORT[network]}.** One map, one network in hand: "
        text += f"the cue is told by {_names([row for row in above if clears(row)]) or 'no map'}"
        if blurred := [row for row in above if not clears(row) and row.ruined is not None]:
            text += f"; above zero, but not above the same map with shuffled weights: {_names(blurred)}"
        if alone := [row for row in above if row.ruined is None]:
            text += f"; above zero, and without that control: {_names(alone)}"
        if below := [row for row in own if row not in above]:
            text += f"; not above zero: {_names(below)}"
        if lessons := [row["lesson"] for row in wrong if row["network"] == network]:
            text += f". Painting over does not show the places to be right for the {_and(lessons)}: trust no line of it"
        said.append(text + ".")
    pairs = [row for row in rows if verdict(row.pairs) == HOLDS and METHODS[row.method].asks]
    if pairs:
        at_once = [row for row in pairs if verdict(row.alone) == HOLDS]
        text = "**With the maps of both networks in hand** they differ in the right direction by "
        text += f"{_and([f'{METHODS[row.method].label} ({SHORT[row.network]})' for row in pairs])}"
        text += "." if at_once else ": none of them is above zero alone."
        same = [row for row in pairs if verdict(row.alone) != HOLDS and abs(row.points[0] - row.points[1]) < 0.1]
        if same:
            at = _and([f"{METHODS[row.method].label} ({SHORT[row.network]})" for row in same])
            text += (
                f" Alone, the maps of {at} point at nearly the same place whichever cue is used: known, and not said."
            )
        said.append(text)
    if any(row.ruined is not None for row in rows):
        wide = [row.ruined for row in rows if row.ruined is not None]
        widest = max(((one.high or 0.0) - (one.low or 0.0) for one in wide), default=0.0)
        said.append(
            "**Control.** With shuffled weights an interval may hold zero because it is wide (the widest: "
            f"{widest:.1f} on a scale of 2). So *told* asks for more: an interval wholly above that of the control."
        )
    told = [text for text in (deletion_told(rows, network) for network in networks) if text]
    if told:
        said.append(f"**Is the best map by deletion the one that finds the cue?** {'. '.join(told)}.")
    said.append(f"**Left to choose**, the networks answered so on cue conflicts: {choice_told(used)}.")
    if choices:
        said.append(f"**Does a map name the cue that they chose?** {chooser_told(choices)}.")
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
