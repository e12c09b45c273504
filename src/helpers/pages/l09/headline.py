"""What lab 9 found, in a few lines."""

from typing import Any

from helpers.records import Record


def headline(record: Record) -> str:
    """The conclusion as recorded, and how many statements held."""
    summary: dict[str, Any] = record.summary
    found = [row["verdict"] for row in summary["findings"]]
    lines = [line for line in summary["says"] if "statements**" not in line]
    if found:
        lines.append(
            f"Of {len(found)} statements written down beforehand {found.count('holds')} held, the opposite of "
            f"{found.count('the opposite holds')} did, and {found.count('undecided')} this run cannot decide."
        )
    return "\n".join(f"- {line}" for line in lines)
