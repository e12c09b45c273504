"""What a run of lab 12 says, in sentences whose words depend on what was measured."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from helpers.measure.findings import HOLDS, UNDECIDED, verdict
from helpers.pages.l12.methods import BOTH, BUILD, COAT, METHODS, MISPLACED, SHORT
from helpers.pages.l12.odd import FEWEST
from helpers.pages.l12.report import found_by, misplaced, names_it
from helpers.pages.l12.told import MapRow
from helpers.plots.tables import NBSP, percent

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


def each(shares: Sequence[float]) -> str:
    """The values of single trainings, `91, 94, 93`."""
    return ", ".join(f"{100 * share:.0f}" for share in shares)


def share_told(row: Mapping[str, Any], name: str, each_: str) -> str:
    """A share of `used_rows` with its interval; where the trainings are too few for one, theirs one by one."""
    return percent(row[name]) if len(row[each_]) >= FEWEST else f"{each(row[each_])} %"


def choice_told(used: Rows, choices: Rows) -> str:
    """The first prediction: by which cue each network answers that could choose, as each of its trainings decides."""
    parts = []
    for row in used:
        if row["lesson"] == BOTH:
            said = [one["uses"] for one in choices if one["network"] == row["network"]]
            word = f"the {said[0]}" if len(set(said)) == 1 and said[0] in (COAT, BUILD) else "not decided"
            shares = f"coat {each(row['coat, each'])} %, build {each(row['build, each'])} %"
            parts.append(f"{SHORT[row['network']]}: {word} ({shares}; each training)")
    return "; ".join(parts)


def order_told(rows: Sequence[MapRow], network: str) -> str:
    """The maps that ask the network, from the one that tells most; those whose interval holds zero in brackets."""
    own = sorted(_asking(rows, network), key=lambda row: -row.alone.value)
    if not all(row.judged for row in own):
        return MISPLACED
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
    if not all(row.judged for row in first):
        return f"{SHORT[network]}: {MISPLACED}"
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
    if wrong:
        return (
            f"**{SHORT[network]}.** Not judged: painting over does not show the places to be right for the network "
            f"that learned the {_and(wrong)}, so no map of this network is said to find the cue, or not to."
        )
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
    return text + "."


def conclusions(rows: Sequence[MapRow], used: Rows, choices: Rows, places: Rows, seeds: int) -> list[str]:
    """The run in plain words: which maps find the cue, whether deletion does, and what the choosers do."""
    said = []
    networks, wrong = list(dict.fromkeys(row.network for row in rows)), misplaced(places)
    for network in networks:
        said.append(map_line(rows, network, wrong.get(network, [])))
    if seeds < FEWEST:
        said.append(
            f"**{seeds} {'trainings' if seeds > 1 else 'training'} of each**: the odd one out needs {FEWEST} for an "
            "interval, so no map can be shown to find the cue."
        )
    told = [text for text in (deletion_told(rows, network) for network in networks) if text]
    if told:
        said.append(f"**Does deletion pick a map that finds the cue?** {'. '.join(told)}.")
    said.append(f"**Left to choose**, the networks use: {choice_told(used, choices)}.")
    if choices:
        said.append(f"**Does a map name the cue that they chose?** {chooser_told(choices, wrong)}.")
    return said


def named_by(row: Mapping[str, Any], wrong: Collection[str] = ()) -> str:
    """The maps that name the cue which one network chose; a row of `choice_rows`."""
    if row["network"] in wrong:
        return MISPLACED
    return ", ".join(METHODS[name].label for name in row["said"] if names_it(row, name)) or "none"


def chooser_told(choices: Rows, wrong: Collection[str] = ()) -> str:
    """For each network the maps that name the chosen cue in every training; `wrong` are those that are not judged."""
    parts = []
    for network in dict.fromkeys(row["network"] for row in choices):
        if network in wrong:
            parts.append(f"{SHORT[network]}: {MISPLACED}")
            continue
        said = next(row["said"] for row in choices if row["network"] == network)
        counts = {name: found_by(choices, network, name) for name in said}
        right = [METHODS[name].label for name, (hits, n) in counts.items() if hits == n]
        n = next(iter(counts.values()))[1]
        every = f"in {'each of ' * (n > 1)}{n} {'trainings' if n > 1 else 'training'}"
        parts.append(f"{SHORT[network]}, {every}: {_and(right) or 'none'}")
    return "; ".join(parts)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""
