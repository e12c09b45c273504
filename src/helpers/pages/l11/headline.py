"""What lab 11 found, in a sentence."""

from types import SimpleNamespace
from typing import Any

from helpers.plots.tables import points
from helpers.records import Record


def headline(record: Record) -> str:
    """How far a ViT is behind a CNN with the fewest and with the most digits, and where the rest is told."""
    summary: dict[str, Any] = record.summary
    sizes = summary["findings"]["sizes"]
    behind = {name.split(", ")[1]: value for name, value in sizes.items() if name.startswith("vit minus cnn")}
    fewest, most = next(iter(behind)), list(behind)[-1]
    return (
        f"From fresh weights a small ViT is **{_points(behind[fewest])}** from a small CNN after {fewest}, "
        f"and **{_points(behind[most])}** after {most}. [Claims under test](../../chapters/claims.md) says what this "
        "and the rest of the measurements do to each sentence."
    )


def _points(estimate: dict[str, Any]) -> str:
    return points(SimpleNamespace(**estimate))
