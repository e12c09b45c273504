"""What lab 12 found, in three lines."""

from typing import Any

from helpers.pages.l12.methods import METHODS, SHORT
from helpers.records import Record


def headline(record: Record) -> str:
    """Which maps tell the cue, what deletion thinks best, and how many statements held."""
    summary: dict[str, Any] = record.summary
    lines = []
    for network in dict.fromkeys(row["network"] for row in summary["maps"]):
        own = [row for row in summary["maps"] if row["network"] == network]
        best = max(own, key=lambda row: row["alone"]["value"])
        line = f"{SHORT[network]}: of {len(own)} maps **{METHODS[best['method']].label}** tells best which cue is used"
        judged = [row for row in own if row["deletion"] is not None]
        if judged:
            first = max(judged, key=lambda row: row["deletion"]["value"])
            line += f"; by deletion the best is **{METHODS[first['method']].label}**"
        lines.append(line + ".")
    found = summary["findings"]
    kinds = {
        kind: sum(row["agrees"] == kind for row in found)
        for kind in ("as expected", "otherwise", "open", "not refuted")
    }
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    lines.append(f"Of {len(found)} statements written down beforehand: {told}.")
    return "\n".join(f"- {line}" for line in lines)
