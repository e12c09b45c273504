"""What lab 15 found, in three lines."""

from types import SimpleNamespace
from typing import Any

from helpers.measure.findings import as_expected, tally
from helpers.pages.l15.methods import promised
from helpers.plots.tables import percent, points
from helpers.records import Record


def headline(record: Record) -> str:
    """Labels alone against DeiT's way, the verdicts, and how far the leak went."""
    summary: dict[str, Any] = record.summary
    rows = {row["name"]: row for row in summary["standings"]}
    lines = []
    if "none" in rows and "token" in rows:
        alone, taught = rows["none"], rows["token"]
        seeds = f"over {len(alone['by_seed'])} seeds" if len(alone["by_seed"]) > 1 else "one training of each"
        lines.append(
            f"Of {alone['test_top1']['n']:,} test images of {summary['num_classes']} classes a ViT taught by labels "
            f"alone names **{_percent(alone)}** rightly, one taught as DeiT is **{_percent(taught)}**, {seeds}."
        )
    told = tally({"as_expected": as_expected(row["verdict"], promised(row["paper"]))} for row in summary["findings"])
    lines += [told] if told else []
    leak = summary["leak"]
    if leak:
        teacher, student = (SimpleNamespace(**leak[who]) for who in ("teacher, seen", "student, seen"))
        lines.append(
            f"On test images that one teacher had learnt by heart, knowing them is worth **{points(teacher)}** to it "
            f"and **{points(student)}** to its student, who never saw one."
        )
    return "\n".join(f"- {line}" for line in lines)


def _percent(row: dict[str, Any]) -> str:
    return percent(SimpleNamespace(**row["test_top1"]))
