"""What lab 1 found, in a few lines."""

from types import SimpleNamespace
from typing import Any

from helpers.plots.tables import points
from helpers.records import Record


def headline(record: Record) -> str:
    """How near autograd is, and what each activation's own best rate leaves of the difference between them."""
    summary: dict[str, Any] = record.summary
    lines = [f"Largest relative difference of our gradients to autograd's, in float64: **{summary['autograd']:.0e}**."]
    for row in summary["differences"]:
        if {row["a"], row["b"]} != {"relu", "tanh"}:
            continue
        estimate = SimpleNamespace(**row["difference"])
        lines.append(
            f"{row['depth']} hidden layer{'s' if row['depth'] > 1 else ''}, each at its own best rate: "
            f"{row['a']} minus {row['b']} **{points(estimate)}** on {estimate.n} test digits."
        )
    if ends := len(summary["rates_at_an_end"]):
        verb, rates = "lies" if ends == 1 else "lie", len(summary["at_best"])
        lines.append(f"Of {rates} best rates {ends} {verb} at an end of the list: a better one may lie outside.")
    return "\n".join(f"- {line}" for line in lines)
