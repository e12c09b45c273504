"""What lab 2 found, in three lines."""

from types import SimpleNamespace
from typing import Any

from helpers.measure.findings import as_expected, tally
from helpers.pages.l02.methods import METHODS
from helpers.plots.tables import percent
from helpers.records import Record


def headline(record: Record) -> str:
    """The best method and those not told from it, the worst, and how the statements came out."""
    summary: dict[str, Any] = record.summary
    rows = sorted(summary["methods"], key=lambda row: -row["test_top1"]["value"])
    best, worst = rows[0], rows[-1]
    seeds = f"over {best['n_seeds']} seeds" if best["n_seeds"] > 1 else "one seed"
    lines = [
        f"Of {best['test_top1']['n']:,} test images of {summary['num_classes']} classes {_name(best)} names "
        f"**{_accuracy(best)}** rightly, {seeds}; {_name(worst)} **{_accuracy(worst)}**; by chance it would be "
        f"{100 * summary['chance']:.1f} %."
    ]
    tied = [METHODS[name].label for name in summary["order"][0] if name != best["model"]]
    if tied:
        lines.append(f"On these test images the first cannot be told from {' or '.join(tied)}.")
    told = tally({"as_expected": as_expected(row["verdict"], True)} for row in summary["verdicts"])
    if told:  # each statement was expected to hold
        lines.append(told + (" That is said of one training of each." if best["n_seeds"] == 1 else ""))
    return "\n".join(f"- {line}" for line in lines)


def _name(row: dict[str, Any]) -> str:
    return f"{METHODS[row['model']].label} ({row['year']})"


def _accuracy(row: dict[str, Any]) -> str:
    return percent(SimpleNamespace(**row["test_top1"]))
