"""What lab 12 found, in three lines."""

from typing import Any

from helpers.pages.l12.methods import METHODS, SHORT
from helpers.records import Record


def headline(record: Record) -> str:
    """Which maps tell the cue alone and in pairs, what deletion thinks best, and how many statements held."""
    summary: dict[str, Any] = record.summary
    lines = []
    for network in dict.fromkeys(row["network"] for row in summary["maps"]):
        own = [row for row in summary["maps"] if row["network"] == network]
        line = f"{SHORT[network]}: one map in hand, which cue is used is told by **{_told(own, 'alone')}**; "
        line += f"with the maps of both networks by **{_told(own, 'pairs')}**"
        judged = [row for row in own if row["deletion"] is not None]
        if judged:
            first = max(judged, key=lambda row: row["deletion"]["value"])
            line += f". By deletion the best is {METHODS[first['method']].label}"
        lines.append(line + ".")
    found = summary["findings"]
    kinds = ("as expected", "otherwise", "open", "not refuted")
    counted = {kind: sum(row["agrees"] == kind for row in found) for kind in kinds}
    told = ", ".join(f"{count} {kind}" for kind, count in counted.items() if count)
    lines.append(f"Of {len(found)} statements written down beforehand: **{told}**.")
    return "\n".join(f"- {line}" for line in lines)


def _told(rows: list[dict[str, Any]], question: str) -> str:
    """The maps whose interval lies above zero, each with its value; 1 is always right."""
    found = [row for row in rows if row[question]["low"] is not None and row[question]["low"] > 0]
    return ", ".join(f"{METHODS[row['method']].label} {row[question]['value']:.2f}" for row in found) or "none"
