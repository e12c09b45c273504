"""What a run of lab 14 says, in sentences whose words depend on what was measured."""

from collections.abc import Sequence

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, verdict
from helpers.pages.l14.methods import ARMS, HIGH, USUAL
from helpers.pages.l14.report import Finding, Standing
from helpers.plots.tables import percent, points


def order_told(arms: Sequence[str], leads: Sequence[Estimate]) -> str:
    """Arms from best to worst; between two neighbours `>` where the test images tell them apart, else `≈`."""
    text = ARMS[arms[0]].label if arms else ""
    for arm, lead in zip(arms[1:], leads, strict=True):
        text += f"  {'>' if verdict(lead) == HOLDS else '≈'}  {ARMS[arm].label}"
    return text


def more_or_fewer(difference: Estimate) -> str:
    """A difference in the words of the first prediction."""
    said = {HOLDS: "more", OPPOSITE: "fewer", UNDECIDED: "cannot be told from as many"}
    return f"{said[verdict(difference)]}: {points(difference)}"


def label_of(row: Standing) -> str:
    """An arm with its depth, as `plain ViT of 6 blocks`."""
    return f"{ARMS[row.arm].label} of {row.depth} blocks"


def conclusions(table: Sequence[Standing], found: Sequence[Finding], steps: int, chance: float) -> list[str]:
    """The run in plain words: who gained from depth, who was best of all, what the high rate did, and how far it got.

    Parameters
    ----------
    table, found
        As of `helpers.pages.l14.report`.
    steps
        Steps of each training.
    chance
        Accuracy of a guess.
    """
    said, by_text = [], {one.statement: one for one in found}
    gains = {
        ARMS[arm].label: by_text[text].difference
        for arm, text in (
            ("plain", "a plain ViT gains from depth"),
            ("scale", "one with LayerScale gains from depth"),
            ("late", "one with class attention gains from depth"),
        )
        if text in by_text
    }
    if gains:
        won = [label for label, gain in gains.items() if verdict(gain) == HOLDS]
        lost = [label for label, gain in gains.items() if verdict(gain) == OPPOSITE]
        text = (
            f"**Does depth pay?** {_and(won)} gained from it" if won else "**Does depth pay?** Nobody was shown to gain"
        )
        text += f"; {_and(lost)} lost" if lost else ""
        said.append(text + ". " + "; ".join(f"{label}: {points(gain)}" for label, gain in gains.items()) + ".")
    usual = [row for row in table if row.rate == USUAL]
    if usual:
        best = max(usual, key=lambda row: row.top1.value)
        text = f"**Best of all** at the usual rate: the {label_of(best)}, {percent(best.top1)}"
        said.append(text + f" (chance {100 * chance:.1f} %).")
    contest = by_text.get("the deepest with class attention beats the shallow plain ViT")
    if contest:
        said.append(
            f"**What one would like to know:** all remedies and depth, against neither: {points(contest.difference)}."
        )
    single = "" if table and len(table[0].by_seed) > 1 else "; said of one training of each, and another may turn it"
    hurt = by_text.get("it harms the deepest more without LayerScale")
    deep = by_text.get("it harms the plain ViT more when deep")
    if hurt and deep:
        said.append(
            f"**The high rate** cost the deepest plain ViT {_more(hurt.difference)} than the one with LayerScale "
            f"({points(hurt.difference)}), and {_more(deep.difference)} than the shallow plain one "
            f"({points(deep.difference)}): {_cause(deep.difference)}{single}."
        )
    lost_runs = sum(row.diverged for row in table)
    runs = sum(len(row.by_seed) for row in table)
    said.append(f"**Diverged** (a loss that is no number): {lost_runs} of {runs} trainings.")
    learned = [row for row in usual if row.training is not None]
    if learned:
        most = max(row.training or 0 for row in learned)
        said.append(
            f"**How far it got.** Nobody named more than {100 * most:.0f} % of the training crops of the "
            f"last pass. {steps:,} steps tell who *starts* faster; who ends higher they do not tell."
        )
    return said


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _more(difference: Estimate) -> str:
    return {HOLDS: "more", OPPOSITE: "less", UNDECIDED: "not surely more"}[verdict(difference)]


def _cause(difference: Estimate) -> str:
    if verdict(difference) == HOLDS:
        return "here it is depth that does not bear it"
    return "that depth is to blame is not shown"


def high_told(found: Sequence[Finding]) -> str:
    """The third prediction: what the high rate took from each of the deepest, and whose loss was the larger one."""
    parts = [
        f"{ARMS[one.terms[0][1][0]].label}: {points(one.difference)}"
        for one in found
        if len(one.terms) == 2 and _is_cost(one)
    ]
    apart = next((one for one in found if one.statement == "it harms the deepest more without LayerScale"), None)
    if apart:
        parts.append(f"the plain one {_more(apart.difference)}: {points(apart.difference)}")
    return "; ".join(parts)


def _is_cost(one: Finding) -> bool:
    (_, a), (_, b) = one.terms
    deepest = "deepest" in one.statement
    return deepest and a[:2] == b[:2] and (a[2], b[2]) == (USUAL, HIGH)
