"""What lab 12 found, in three lines."""

from typing import Any

from helpers.pages.l12.methods import METHODS, SHORT
from helpers.records import Record


def headline(record: Record) -> str:
    """Which maps find the cue and which are above zero on one question alone, and how many statements held."""
    summary: dict[str, Any] = record.summary
    lines = []
    for network in dict.fromkeys(row["network"] for row in summary["maps"]):
        own = [row for row in summary["maps"] if row["network"] == network]
        found = [row for row in own if row["finds"]]
        line = f"{SHORT[network]}: by all three questions the cue is found by **{_named(found, 'tells')}**; "
        line += (
            f"on one of its own, the odd one out, above zero **{_named([r for r in own if r not in found], 'odd')}**"
        )
        lines.append(line + ".")
    verdicts = [row["as_expected"] for row in summary["findings"]]
    counted = {kind: verdicts.count(kind) for kind in ("as expected", "against it", "open")}
    told = ", ".join(f"{count} {kind}" for kind, count in counted.items() if count)
    lines.append(f"Of {len(verdicts)} statements written down beforehand: **{told}**.")
    return "\n".join(f"- {line}" for line in lines)


def _named(rows: list[dict[str, Any]], question: str) -> str:
    """The maps whose interval of a question lies above zero at the first width, each with its value."""
    told = [(METHODS[row["method"]].label, row["answers"][0][question]) for row in rows]
    above = [f"{label} {one['value']:.2f}" for label, one in told if one and one["low"] is not None and one["low"] > 0]
    return ", ".join(above) or "none"
