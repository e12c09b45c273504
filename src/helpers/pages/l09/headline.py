"""What lab 9 found, in a few lines."""

from typing import Any

from helpers.measure.findings import tally
from helpers.records import Record


def headline(record: Record) -> str:
    """The winners as recorded, and how the statements came out."""
    summary: dict[str, Any] = record.summary
    lines = [line for line in summary["says"] if line.startswith("**The winner, asked again:**")]
    if said := tally(summary["findings"]):
        lines.append(f"{said} (A fifth was dropped, and the rule that stops a trial changed, after two runs.)")
    return "\n".join(f"- {line}" for line in lines)
