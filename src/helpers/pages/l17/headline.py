"""What lab 17 found, in three lines that do not say which letter hides what."""

from types import SimpleNamespace
from typing import Any

from helpers.pages.l17.faulty import SOUND
from helpers.plots.tables import percent
from helpers.records import Record


def headline(record: Record) -> str:
    """What the popular tests find, how many faults take good weights in silence, and where the sound network ranks."""
    summary: dict[str, Any] = record.summary
    tests, silent = summary["tests"], summary["silent"]
    faults = summary["faults"]
    lines = [
        f"One of nine small ViTs is sound. The three tests that everybody runs catch **{tests['caught_by_popular']} of "
        f"{faults}** faulty ones; eight others, of a few lines each, catch **{tests['caught_by_ours']}**.",
        f"**{silent} of {faults}** faults take the weights of a sound network without an error message.",
    ]
    rows = [row for row in summary["trained"] if row["asked"] == "predictions"]
    sound = next(row for row in rows if row["fault"] == SOUND)
    above = [row for row in rows if row["top1"]["value"] > sound["top1"]["value"]]
    lines.append(
        f"Trained from scratch on digits, the sound one names {_percent(sound)} rightly, and **{len(above)}** faulty "
        "ones name more."
    )
    return "\n".join(f"- {line}" for line in lines)


def _percent(row: dict[str, Any]) -> str:
    return f"**{percent(SimpleNamespace(**row['top1']))}**"
