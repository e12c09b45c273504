"""What lab 14 found, in three lines."""

from types import SimpleNamespace
from typing import Any

from helpers.measure.findings import AGAINST, AS_EXPECTED, NOTHING, OPEN, tally
from helpers.pages.l14.methods import ARMS, HIGH, USUAL
from helpers.plots.tables import percent
from helpers.records import Record


def headline(record: Record) -> str:
    """A plain ViT shallow and deep, the high rate with and without LayerScale, and the verdicts."""
    summary: dict[str, Any] = record.summary
    rows = {(row["arm"], row["depth"], row["rate"]): row for row in summary["standings"]}
    shallow, deep = summary["depths"][0], summary["depths"][-1]
    lines = []
    sides = [rows.get(("plain", depth, USUAL)) for depth in (shallow, deep)]
    if all(sides) and shallow != deep:
        lines.append(
            f"Of {summary['n_test']:,} test images of {summary['num_classes']} classes a plain ViT of {shallow} blocks "
            f"names **{_percent(sides[0])}** rightly, one of {deep} **{_percent(sides[1])}**, {_seeds(sides[0])}."
        )
    sides = [rows.get((arm, deep, HIGH)) for arm in ("plain", "scale")]
    if all(sides):
        lines.append(
            f"At {summary['high_times']:g} times the rate the {deep} blocks reach **{_percent(sides[0])}** without "
            f"{ARMS['scale'].label} and **{_percent(sides[1])}** with it."
        )
    words = {"as the paper says": AS_EXPECTED, "against the paper": AGAINST, "open": OPEN, "not said": NOTHING}
    told = tally(row | {"as_expected": words[row["agrees"]]} for row in summary["findings"])
    lines += [told] if told else []
    return "\n".join(f"- {line}" for line in lines)


def _seeds(row: dict[str, Any] | None) -> str:
    count = len(row["by_seed"]) if row else 1
    return f"over {count} seeds" if count > 1 else "one training of each"


def _percent(row: dict[str, Any] | None) -> str:
    return percent(SimpleNamespace(**row["top1"])) if row else ""
