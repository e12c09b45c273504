"""What lab 11 found, in three lines."""

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
    n = behind[fewest]["n"]
    lines = [
        f"A small ViT minus a small CNN, both from fresh weights, after {fewest}: **{_points(behind[fewest])}**, "
        f"on {n} test digits, over several seeds.",
        f"After {most}: **{_points(behind[most])}**.",
        "[Claims under test](../../chapters/claims.md) says what this and the rest do to each sentence.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _points(estimate: dict[str, Any]) -> str:
    return points(SimpleNamespace(**estimate))
