"""What lab 4 found, in four lines."""

from types import SimpleNamespace
from typing import Any

from helpers.measure.findings import NOTHING, tally
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
    if {"none", "dot", "additive"} <= set(lengths) and len(lengths["none"]) > 1:
        short, long = (
            [f"{100 * lengths[arm][k]['exact']['value']:.0f} %" for arm in ("none", "dot", "additive")] for k in (0, -1)
        )
        lines.append(
            f"Without attention, with dot products, with additive: {', '.join(short)} of the shortest sentences, "
            f"{', '.join(long)} of the longest."
        )
    shares = {(row["reading"], row["kind"]): 100 * row["share"]["value"] for row in summary["pointing"]}
    if {("dot", "all"), ("additive", "all"), ("diagonal", "in order")} <= set(shares):
        lines.append(
            f"The largest weight is on a true link for {shares['dot', 'all']:.0f} % of the words with dot products and "
            f"{shares['additive', 'all']:.0f} % with additive attention; the diagonal, which reads nothing, finds "
            f"{shares['diagonal', 'all']:.0f} %, and of the words in order {shares['diagonal', 'in order']:.0f} %."
        )
    told = tally(row | {"as_expected": row["agrees"].replace("not said", NOTHING)} for row in summary["findings"])
    lines += [told] if told else []
    return "\n".join(f"- {line}" for line in lines)
