"""What lab 10 found, in a few lines."""

from typing import Any

from helpers.measure.findings import tally
from helpers.records import Record


def headline(record: Record) -> str:
    """What closes the distance, for whom, and how the statements came out."""
    summary: dict[str, Any] = record.summary
    wanted = ("**So the distance", "**For whom?**")
    lines = [line for line in summary["says"] if line.startswith(wanted)]
    lines += [said] if (said := tally(summary["findings"])) else []
    return "\n".join(f"- {line}" for line in lines)
