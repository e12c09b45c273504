"""What lab 5 found, in four lines."""

from types import SimpleNamespace
from typing import Any

from helpers.measure.findings import NOTHING, tally
from helpers.plots.tables import percent
from helpers.records import Record


def headline(record: Record) -> str:
    """Positions, the division, words of another length, and the verdicts."""
    summary: dict[str, Any] = record.summary
    rows, lines = {row["arm"]: row for row in summary["standings"]}, []
    if {"base", "none"} <= set(rows):
        lines.append(
            f"With positions **{_percent(rows['base'])}** of the letters are right, without any "
            f"**{_percent(rows['none'])}**; at most {100 * summary['ceiling']:.1f} % can be."
        )
    if {"wide", "wide_raw"} <= set(rows):
        lines.append(
            f"One head of 128: **{_percent(rows['wide'])}** with the division by √d, "
            f"**{_percent(rows['wide_raw'])}** without, after the same steps."
        )
    shorter = [row for row in summary["elsewhere"] if row["length"] == summary["length"] - 1]
    if shorter:
        lines.append(
            f"Asked for words of {summary['length'] - 1} letters, the network that learnt {summary['length']} gets "
            f"**{100 * shorter[0]['letters']:.0f} %** of the letters, {100 * shorter[0]['words']:.0f} % of the words."
        )
    told = tally(row | {"as_expected": row["agrees"].replace("not said", NOTHING)} for row in summary["findings"])
    lines += [told] if told else []
    return "\n".join(f"- {line}" for line in lines)


def _percent(row: dict[str, Any]) -> str:
    return percent(SimpleNamespace(**row["letters"]))
