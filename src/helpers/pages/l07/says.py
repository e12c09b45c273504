"""Lab 7's answers in sentences, each computed from its points, gaps and findings."""

from collections.abc import Mapping, Sequence

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, Finding, tally_line, verdict
from helpers.pages.l07.methods import ARMS, FEWEST, MODELS, STEEPER, VIT
from helpers.pages.l07.report import Point, crossing
from helpers.plots.tables import points

Gaps = Mapping[str, Mapping[int, Estimate]]
MIXED = "strong"  # its training crops are mixtures: what is named rightly of them cannot be compared
HELP = {"strong": "strong recipe", "pretrained": "pre-training"}


def predictions(gaps: Gaps, findings: Sequence[Finding]) -> list[dict[str, str]]:
    """The answers of this run to the three predictions, as rows; only those that were run."""
    rows = []
    if "scratch" in gaps:
        fewest = min(gaps["scratch"])
        gap = gaps["scratch"][fewest]
        who = {HOLDS: "the ViT", OPPOSITE: "the CNN", UNDECIDED: "this run cannot tell"}[verdict(gap)]
        said = f"{who}: ViT minus CNN {points(gap)}, at {fewest} images a class"
        rows.append({"question": "1. few images, from scratch", "this run": said})
        rows.append({"question": "2. where they cross", "this run": crossing(gaps["scratch"])})
    helps, against = [], []
    for one in findings:
        plus, minus = sorted(one.statement.terms, key=lambda term: -term[0])[:: len(one.statement.terms) - 1]
        if len(one.statement.terms) != 2 or plus[2:] != (VIT, FEWEST) or minus[2:] != (VIT, FEWEST):
            continue
        if minus[1] == "scratch":
            helps.append(f"{HELP[plus[1]]} {points(one.sum)}")
        else:
            against.append(f"{HELP[plus[1]]} minus {HELP[minus[1]]} {points(one.sum)}")
    if helps:
        said = "; ".join([f"against training from scratch: {', '.join(helps)}", *against])
        rows.append({"question": "3. what helps the ViT, few images", "this run": said})
    return rows


def near_chance(table: Sequence[Point], chance: float) -> list[str]:
    """Which points cannot be told from guessing: chance lies in their interval or above."""
    return [name_of(point) for point in table if point.top1.low is None or point.top1.low <= chance]


def too_short(table: Sequence[Point]) -> list[str]:
    """Which points name their own training crops no better than the test images, as far as the test's interval tells:
    what they lack is steps. Runs with mixtures are left out."""
    found = [point for point in table if point.arm != MIXED and point.top1.high is not None]
    return [name_of(point) for point in found if point.training <= (point.top1.high or 0)]


def by_heart(table: Sequence[Point]) -> str:
    """The point from scratch, or after pre-training, with the widest distance between training crops and test."""
    found = [point for point in table if point.arm != MIXED]
    if not found:
        return ""
    most = max(found, key=lambda point: point.training - point.top1.value)
    return (
        f"The widest distance: {name_of(most)}, {100 * most.training:.0f} % of the training crops of the last pass, "
        f"{100 * most.top1.value:.0f} % of the test images."
    )


def name_of(point: Point) -> str:
    """A point in words."""
    return f"{MODELS[point.model]} {ARMS[point.arm]}, {point.size:,} a class"


def direction(findings: Sequence[Finding]) -> str:
    """Where the gap from scratch went as images grew, against the published way."""
    for one in findings:
        if one.statement.text == STEEPER:
            went = {
                HOLDS: "That is the published direction.",
                OPPOSITE: "That is **against** the published direction.",
                UNDECIDED: "So no direction is told.",
            }
            moved = f"from the fewest to the most images ViT minus CNN changed by {points(one.sum)}"
            return f"**Direction:** {moved}. {went[one.verdict]}"
    return ""


def apart(table: Sequence[Point], gaps: Gaps, arm: str) -> list[str]:
    """What an arm did to each network, size by size, and to the gap between them, in points against from scratch."""
    at = {(point.arm, point.model, point.size): 100 * point.top1.value for point in table}
    lines = []
    for size in sorted({point.size for point in table if point.arm == arm}):
        gained = {
            model: at[arm, model, size] - at["scratch", model, size]
            for model in MODELS
            if (arm, model, size) in at and ("scratch", model, size) in at
        }
        if len(gained) == len(MODELS):
            said = ", ".join(f"{MODELS[model]} {signed(change)}" for model, change in gained.items())
            before, after = (signed(100 * gaps[one][size].value) for one in ("scratch", arm))
            open_ = ", not told apart" if verdict(gaps[arm][size]) == UNDECIDED else ""
            lines.append(f"{size:,} a class: {said} (ViT minus CNN from {before} to {after}{open_})")
    return lines


def signed(number: float) -> str:
    """One decimal, with a true minus sign."""
    return f"{number:+.1f}".replace("-", "−")


def says(table: Sequence[Point], gaps: Gaps, findings: Sequence[Finding]) -> list[str]:
    """The conclusion of the lab, a sentence or two a line."""
    lines = [f"**From scratch:** {crossing(gaps['scratch'])}."] if "scratch" in gaps else []
    lines += [said] if (said := direction(findings)) else []
    short = too_short(table)
    if short:
        lines.append(
            f"**Trained too short:** {'; '.join(short)}. These name their own crops no better than new images. "
            "What the gap does there says something of the budget, not of data."
        )
    for arm, label in (("strong", "Strong recipe"), ("pretrained", "Pre-training")):
        if changes := apart(table, gaps, arm):
            lines.append(f"**{label}**, points against from scratch. {'; '.join(changes)}.")
    return lines + ([tally_line(findings)] if findings else [])
