"""What lab 16 found, in two lines."""

from types import SimpleNamespace
from typing import Any

from helpers.pages.l16.report import LOST_IN_ERROR
from helpers.plots.tables import percent, points
from helpers.records import Record


def headline(record: Record) -> str:
    """The accuracy of the chosen model, and what more photographs would likely bring."""
    runs: list[dict[str, Any]] = record.runs
    summary: dict[str, Any] = record.summary
    (chosen,) = [run for run in runs if run["chosen"]]
    top1, classes = chosen["test_top1"], summary["classes"]["n"]
    text = (
        f"- The chosen model, `{chosen['model']}` with the tuning `{chosen['tuning']}`, names "
        f"**{percent(SimpleNamespace(**top1))}** of {top1['n']} test photographs of {classes} classes rightly."
    )
    forecast = summary.get("forecast")
    if forecast:
        gain = points(SimpleNamespace(**forecast["top1_gain"]))
        text += f"\n- Another {forecast['more']:g} photographs a class would likely bring {gain}, if its law holds."
        error = abs(forecast["predicted_top1"] - forecast["measured_top1"]["value"])
        text += f" {LOST_IN_ERROR}" if forecast["top1_gain"]["value"] <= error else ""
    return text
