"""What lab 12 found, in three lines."""

from typing import Any

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, tally, verdict
from helpers.pages.l12.methods import METHODS, MISPLACED, SHORT
from helpers.pages.l12.report import misplaced
from helpers.records import Record

Rows = list[dict[str, Any]]


def headline(record: Record) -> str:
    """Which maps find the cue, which the lesson moves without their naming it, and how the statements came out."""
    summary: dict[str, Any] = record.summary
    wrong = misplaced([row | {"difference": Estimate(**row["difference"])} for row in summary["places"]])
    lines = []
    for network in dict.fromkeys(row["network"] for row in summary["maps"]):
        if network in wrong:
            lines.append(f"{SHORT[network]}: {MISPLACED}.")
            continue
        own: Rows = [row for row in summary["maps"] if row["network"] == network]
        found = [row for row in own if row["finds"]]
        moved = [row for row in own if row not in found and _above(row, "odd") and not _above(row, "tells")]
        line = f"{SHORT[network]}: **{_named(found, 'tells') or 'no map'}** passed all three questions."
        if moved:
            line += f" With the lesson changes **{_named(moved, 'odd')}**, and does not say which lesson."
        lines.append(line)
    lines += [said] if (said := tally(summary["findings"])) else []
    return "\n".join(f"- {line}" for line in lines)


def _above(row: dict[str, Any], question: str) -> bool:
    """Whether the interval of a question lies above zero at every width of the outline."""
    return all(one[question] and verdict(Estimate(**one[question])) == HOLDS for one in row["answers"])


def _named(rows: Rows, question: str) -> str:
    """Maps, each with its value of a question at the first width."""
    return ", ".join(f"{METHODS[row['method']].label} {row['answers'][0][question]['value']:.2f}" for row in rows)
