"""What a run of lab 12 says, in sentences whose words depend on what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, verdict
from helpers.pages.l12.methods import BOTH, METHODS, SHORT
from helpers.pages.l12.odd import FEWEST
from helpers.pages.l12.report import found_by
from helpers.pages.l12.told import MapRow
from helpers.plots.tables import NBSP

Rows = Sequence[Mapping[str, Any]]
FEW = 3  # maps that are named one by one
WHY = {
    "beyond": "shuffled weights may tell as much",
    "odd": "another seed may move it as far as another lesson",
}


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


def each(shares: Sequence[float]) -> str:
    """The values of single trainings, `91, 94, 93`."""
    return ", ".join(f"{100 * share:.0f}" for share in shares)


def choice_told(used: Rows) -> str:
    """The first prediction: by which cue each network answers that could choose."""
    parts = []
    for row in used:
        if row["lesson"] == BOTH:
            word = {HOLDS: "the coat", OPPOSITE: "the build", UNDECIDED: "not decided"}[verdict(row["difference"])]
            coat, build = row["by the coat"], row["by the build"]
            shares = f"coat {percent_of(coat.value)}, build {percent_of(build.value)}"
            parts.append(f"{SHORT[row['network']]}: {word} ({shares})")
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


def _names(rows: Sequence[MapRow]) -> str:
    return _and([METHODS[row.method].label for row in rows])


def deletion_told(rows: Sequence[MapRow], network: str) -> str:
    """The third prediction, of one network: what shares the first place by deletion, and whether that finds the cue."""
    first = sorted(
        (row for row in rows if row.network == network and row.first),
        key=lambda row: -row.deletion.value if row.deletion is not None else 0.0,
    )
    if not first:
        return ""
    blind, finders = [row for row in first if not METHODS[row.method].asks], [row for row in first if row.finds]
    missed = [row for row in rows if row.network == network and row.finds and not row.first]
    who = _names(first) if len(first) <= FEW else f"{len(first)} maps"
    place = f"{who} {'share' if len(first) > 1 else 'has'} the first place"
    if blind:
        word = "no" if missed or len(blind) == len(first) else "it cannot say"
        return f"{SHORT[network]}: {word}: {place}, and {_names(blind)} asked no network"
    if len(finders) == len(first):
        return f"{SHORT[network]}: yes: {place}" + (f"; not there, and finding it too: {_names(missed)}" * bool(missed))
    shown = f"of them {_names(finders)} finds the cue" if finders else "none of them is shown to find the cue"
    return f"{SHORT[network]}: {'no' if missed else 'not shown'}: {place}, and {shown}"


def why_not(row: MapRow) -> str:
    """What keeps a map that tells something from finding the cue."""
    reasons = [why for question, why in WHY.items() if not row.surely(question)]
    return _and(reasons) or "not at every width of the outline"


def map_line(rows: Sequence[MapRow], network: str, wrong: Sequence[str]) -> str:
    """Which maps of a network find the cue, which look as if, and which know it without saying it."""
    own = _asking(rows, network)
    found = _names([row for row in own if row.finds]) or "no map"
    text = f"**{SHORT[network]}.** Finding the cue, by all three questions: {found}"
    for row in own:
        if verdict(row.alone) == HOLDS and not row.finds:
            text += f"; above zero at first sight: {METHODS[row.method].label}, but {why_not(row)}"
    known = [row for row in own if row.surely("odd") and not row.finds and verdict(row.alone) != HOLDS]
    if known:
        text += f"; moved by the lesson, and alone not shown to name it (*known, and not said*): {_names(known)}"
    still = [row for row in own if not (row.finds or row in known or verdict(row.alone) == HOLDS)]
    if still:
        text += f"; nothing shown: {_names(still)}"
    if wrong:
        text += f". Painting over does not show the places to be right for the {_and(wrong)}: trust no line of it"
    return text + "."


def conclusions(rows: Sequence[MapRow], used: Rows, choices: Rows, places: Rows, seeds: int) -> list[str]:
    """The run in plain words: which maps find the cue, whether deletion does, and what the choosers do."""
    said = []
    networks = list(dict.fromkeys(row.network for row in rows))
    for network in networks:
        own = [row for row in places if row["network"] == network]
        wrong = [row["lesson"] for row in own if (verdict(row["difference"]) == HOLDS) != (row["lesson"] == "build")]
        said.append(map_line(rows, network, wrong))
    if seeds < FEWEST:
        said.append(
            f"**{seeds} {'trainings' if seeds > 1 else 'training'} of each**: the odd one out needs {FEWEST} for an "
            "interval, so no map can be shown to find the cue."
        )
    told = [text for text in (deletion_told(rows, network) for network in networks) if text]
    if told:
        said.append(f"**Does deletion pick a map that finds the cue?** {'. '.join(told)}.")
    said.append(f"**Left to choose**, the networks use: {choice_told(used)}.")
    if choices:
        said.append(f"**Does a map name the cue that they chose?** {chooser_told(choices)}.")
    return said


def chooser_told(choices: Rows) -> str:
    """For each network the maps that name the chosen cue in every training."""
    parts = []
    for network in dict.fromkeys(row["network"] for row in choices):
        said = next(row["said"] for row in choices if row["network"] == network)
        counts = {name: found_by(choices, network, name) for name in said}
        right = [METHODS[name].label for name, (hits, n) in counts.items() if hits == n]
        n = next(iter(counts.values()))[1]
        every = f"in {'each of ' * (n > 1)}{n} {'trainings' if n > 1 else 'training'}"
        parts.append(f"{SHORT[network]}, {every}: {_and(right) or 'none'}")
    return "; ".join(parts)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""
