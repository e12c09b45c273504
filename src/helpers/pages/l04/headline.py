"""What lab 4 found, in four lines."""

from types import SimpleNamespace
from typing import Any

from helpers.pages.l04.arms import ARMS
from helpers.plots.tables import percent
from helpers.records import Record


def headline(record: Record) -> str:
    """Sentences right without and with attention, short and long, the map, and the verdicts."""
    summary: dict[str, Any] = record.summary
    rows, lines = {row["arm"]: row for row in summary["standings"]}, []
    if rows:
        told = "; ".join(
            f"{ARMS[arm].label}: **{percent(SimpleNamespace(**row['exact']))}**" for arm, row in rows.items()
        )
        lines.append(f"Of {summary['n_test']:,} new sentences right to the last word: {told}.")
    lengths = summary["by_length"]
    if {"none", "additive"} <= set(lengths) and len(lengths["none"]) > 1:
        short, long = (
            tuple(f"{100 * lengths[arm][k]['exact']['value']:.0f} %" for arm in ("none", "additive")) for k in (0, -1)
        )
        lines.append(
            f"Without and with additive attention: in the shortest sentences {short[0]} and {short[1]}, in the longest "
            f"{long[0]} and {long[1]}."
        )
    shares = {row["reading"]: row["share"]["value"] for row in summary["pointing"] if row["kind"] == "all"}
    if {"additive/now", "diagonal"} <= set(shares):
        lines.append(
            f"The largest weight is on a true link for {100 * shares['additive/now']:.0f} % of the words, one row "
            f"later for {100 * shares['additive/later']:.0f} %; the diagonal, which reads nothing, finds "
            f"{100 * shares['diagonal']:.0f} %."
        )
    agrees = [row["agrees"] for row in summary["findings"] if row["expected"]]
    if agrees:
        lines.append(
            f"Of {len(agrees)} expectations written down beforehand {agrees.count('as expected')} came true, "
            f"{agrees.count('against it')} did not, {agrees.count('open')} this run cannot decide."
        )
    return "\n".join(f"- {line}" for line in lines)
