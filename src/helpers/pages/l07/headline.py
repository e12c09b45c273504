"""What lab 7 found, in a few lines."""

from types import SimpleNamespace
from typing import Any

from helpers.measure.findings import tally
from helpers.pages.l07.methods import ARMS
from helpers.plots.tables import points
from helpers.records import Record


def headline(record: Record) -> str:
    """The gap at both ends, whether the order turns, and how the statements came out."""
    summary: dict[str, Any] = record.summary
    lines = []
    for arm, own in summary["gaps"].items():
        ends = [own[0], own[-1]] if len(own) > 1 else own[:1]
        said = "; ".join(f"{row['size']:,} images a class: **{points(SimpleNamespace(**row))}**" for row in ends)
        lines.append(f"ViT minus CNN, {ARMS[arm]}: {said}.")
    if "scratch" in summary["crossing"]:
        lines.append(f"From scratch, {summary['crossing']['scratch']}.")
    lines += [said] if (said := tally(summary["findings"])) else []
    return "\n".join(f"- {line}" for line in lines)
