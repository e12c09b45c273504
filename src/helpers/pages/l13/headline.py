"""What lab 13 found, in a few lines."""

from typing import Any

from helpers.records import Record


def headline(record: Record) -> str:
    """The conclusion as recorded, and how many statements held."""
    summary: dict[str, Any] = record.summary
    verdicts = [row["verdict"] for row in summary["findings"] if row["beforehand"]]
    lines = [line for line in summary["says"] if "statements**" not in line]
    if verdicts:
        lines.append(
            f"Of {len(verdicts)} statements written down beforehand {verdicts.count('holds')} held, the opposite of "
            f"{verdicts.count('the opposite holds')} did, and {verdicts.count('undecided')} this run cannot decide."
        )
    return "\n".join(f"- {line}" for line in lines)
