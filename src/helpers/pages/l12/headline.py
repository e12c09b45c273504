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
        line = f"{SHORT[network]}: one map in hand, what is above zero is **{_told(own, 'alone')}**, "
        line += f"and above the same map with shuffled weights **{_told(own, 'alone', cleared=True)}**; "
        line += f"with the maps of both networks **{_told(own, 'pairs')}**"
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


def _told(rows: list[dict[str, Any]], question: str, cleared: bool = False) -> str:
    """The maps whose interval lies above zero, or above that of its control, each with its value; 1 is always right."""
    found = [row for row in rows if row[question]["low"] is not None and row[question]["low"] > _bar(row, cleared)]
    return ", ".join(f"{METHODS[row['method']].label} {row[question]['value']:.2f}" for row in found) or "none"


def _bar(row: dict[str, Any], cleared: bool) -> float:
    """What an interval has to lie above: zero, or that of the same map with shuffled weights; without one, all."""
    if not cleared:
        return 0.0
    ruined = row["ruined"]
    if ruined is None:
        return 1.0
    return max(0.0, float(ruined["value"] if ruined["high"] is None else ruined["high"]))
