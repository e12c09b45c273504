"""What lab 17 found, in three lines that do not say which letter hides what."""

from typing import Any

from helpers.records import Record


def headline(record: Record) -> str:
    """What popular and written tests find, how many faults take good weights in silence, and what the tests miss."""
    summary: dict[str, Any] = record.summary
    tests, others = summary["tests"], summary["strangers"]
    faults, n = summary["faults"], len(others)
    ours = sum(bool(row["caught_by"]) for row in others)
    parity = sum(row["parity"]["drawn"] > summary["agree"] for row in others)
    lines = [
        f"One of nine small ViTs is sound. The three tests that everybody runs catch **{tests['caught_by_popular']} of "
        f"{faults}** faulty ones; nine others, written for these faults, catch **{tests['caught_by_ours']}**.",
        f"**{summary['silent']} of {faults}** faults take the weights of a sound network without an error message.",
        f"Of {n} further faults, for which they were not written, the nine tests catch **{ours}**; comparing with a "
        f"network that is right catches **{parity}**.",
    ]
    return "\n".join(f"- {line}" for line in lines)
