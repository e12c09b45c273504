"""What lab 8 found, in three lines."""

from types import SimpleNamespace
from typing import Any

from helpers.plots.tables import percent, points
from helpers.records import Record

PARTS = {
    "full": "all tuned",
    "top10": "its top tenth tuned",
    "probe": "its head alone tuned",
    "scratch": "from scratch",
}


def headline(record: Record) -> str:
    """The best cell, and the gap of the proof of concept beside that at equal tuning, where all are there."""
    summary: dict[str, Any] = record.summary
    cells = sorted(summary["cells"], key=lambda cell: -cell["test_top1"]["value"])
    best, n = cells[0], cells[0]["test_top1"]["n"]
    text = (
        f"- Of {n:,} test pictures, `{best['model']}` with {PARTS[best['tuning']]} names "
        f"**{percent(SimpleNamespace(**best['test_top1']))}** rightly, {_seeds(best)}; by chance it would be "
        f"{100 * summary['chance']:.1f} %."
    )
    gaps = {contrast["name"].split(":")[0]: contrast for contrast in summary["differences"]}
    if {"opposite corners", "full"} <= set(gaps):
        corner, equal = gaps["opposite corners"], gaps["full"]
        text += (
            f"\n- The comparison of the proof of concept, {_cell(corner['a'])} against {_cell(corner['b'])}: "
            f"**{_points(corner)}**.\n- Both all tuned: **{_points(equal)}**."
        )
    return text


def _seeds(cell: dict[str, Any]) -> str:
    return f"over {cell['n_seeds']} seeds" if cell["n_seeds"] > 1 else "one seed"


def _cell(names: list[str]) -> str:
    return f"`{names[0]}` {PARTS[names[1]]}"


def _points(contrast: dict[str, Any]) -> str:
    return points(SimpleNamespace(**contrast["difference"]))
