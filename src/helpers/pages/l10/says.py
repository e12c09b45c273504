"""Lab 10's answers in sentences, each computed from its points and findings."""

from collections.abc import Sequence

from helpers.measure.findings import HOLDS, UNDECIDED, Finding, tally_line
from helpers.pages.l10.methods import ARMS, BASE, CNN, MIXING, MODELS, PLAIN, VIT, gain, less
from helpers.pages.l10.report import Point
from helpers.plots.tables import points

MOSTLY = 0.8  # of what closed
GUESS = "our guess: "


def of(table: Sequence[Point], arm: str, model: str) -> Point | None:
    """The point of an arm and a network, if it was run."""
    return next((point for point in table if (point.arm, point.model) == (arm, model)), None)


def gap_lines(table: Sequence[Point]) -> list[str]:
    """By how much each augmentation changed the distance between training and test, one line a network."""
    lines = []
    for model, name in MODELS.items():
        plain = of(table, PLAIN, model)
        others = [point for point in table if point.model == model and point.arm != PLAIN]
        if plain is None or not others:
            continue
        least = min(others, key=lambda point: point.gap)
        lines.append(
            f"**{name}:** as they are, {100 * plain.training:.0f} % of the training images and "
            f"{100 * plain.top1.value:.1f} % of the test images, {100 * plain.gap:.0f} points apart. Closest together "
            f"with *{ARMS[least.arm]}*, {100 * least.gap:.0f} points."
        )
    return lines


def no_goal_line(table: Sequence[Point]) -> str:
    """Why the distance closed, from nothing to what brings the two closest: one accuracy fell, or the other rose."""
    said, shares = [], []
    for model, name in MODELS.items():
        plain = of(table, PLAIN, model)
        others = [point for point in table if point.model == model and point.arm != PLAIN]
        if plain is None or not others:
            continue
        least = min(others, key=lambda point: point.gap)
        fell, rose = 100 * (plain.training - least.training), 100 * (least.top1.value - plain.top1.value)
        closed = 100 * (plain.gap - least.gap)
        shares.append(fell / closed if closed > 0 else 0.5)
        changes = f"training {0.0 - fell:+.1f} points, test {rose:+.1f}".replace("-", "−")
        said.append(f"{name} {changes}")
    if len(said) < len(MODELS):
        return ""
    why = "closed in part because training accuracy fell"
    if min(shares) > MOSTLY:
        why = "closed almost wholly because training accuracy fell"
    elif max(shares) < 1 - MOSTLY:
        why = "closed almost wholly because test accuracy rose"
    return f"**So the distance is no goal:** here it {why}: {'; '.join(said)}."


def whom_line(findings: Sequence[Finding]) -> str:
    """For whom mirror and crop do more."""
    for one in findings:
        if one.statement.terms == gain(BASE, PLAIN, VIT) + less(gain(BASE, PLAIN, CNN)):
            told = {UNDECIDED: "this run cannot tell", HOLDS: "for the ViT more"}.get(one.verdict, "for the CNN more")
            return f"**For whom?** ViT minus CNN, what mirror and crop brought on the test: {points(one.sum)}; {told}."
    return ""


def calibration_line(table: Sequence[Point]) -> str:
    """Who is surer than right, and by how much."""
    if not table:
        return ""
    too_sure = [point for point in table if point.sure > point.top1.value]
    best = min(table, key=lambda point: point.calibration.value)
    ties = [point for point in table if point is not best and _overlap(point, best)]
    alike = f", and {len(ties)} others have intervals that overlap its own" if ties else ""
    worst = max(table, key=lambda point: point.calibration.value)
    return (
        f"**Calibration:** {len(too_sure)} of {len(table)} are surer than right on average. The smallest error has "
        f"{MODELS[best.model]}, *{ARMS[best.arm]}* ({100 * best.calibration.value:.0f} points){alike}; the largest has "
        f"{MODELS[worst.model]}, *{ARMS[worst.arm]}* ({100 * worst.calibration.value:.0f})."
    )


def _overlap(one: Point, other: Point) -> bool:
    """Whether the intervals of two calibration errors overlap, so that the two are not told apart."""
    a, b = one.calibration, other.calibration
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return True
    return a.low <= b.high and b.low <= a.high


def expected_columns(expected: str) -> dict[str, str]:
    """What a source lets one expect and what we guessed of this training, apart; a guess counts before a source."""
    source, guess = expected.partition(GUESS)[::2]
    return {"a source says": source.removesuffix("; ") or "–", "our guess": guess or "–"}


def predictions(table: Sequence[Point], findings: Sequence[Finding]) -> list[dict[str, str]]:
    """The answers of this run to the three predictions, as rows; only those that were run."""
    rows = []
    helped = {f.statement.text: points(f.sum) for f in findings if len(f.statement.terms) == 2}
    wanted = {"CNN": "mirror and crop help the CNN", "ViT": "mirror and crop help the ViT"}
    if said := "; ".join(f"{name} {helped[text]}" for name, text in wanted.items() if text in helped):
        rows.append({"question": "1. what mirror and crop bring", "this run": said})
    on_top = {arm: f.sum for arm in ARMS for f in findings if f.statement.terms == gain(arm, BASE, VIT)}
    if on_top:
        best = max(on_top, key=lambda arm: on_top[arm].value)
        helps = [arm for arm in on_top if (low := on_top[arm].low) is not None and low > 0]
        said = f"{', '.join(ARMS[arm] for arm in helps) or 'nothing that one could tell'}; the largest of "
        said += f"{len(on_top)} is {ARMS[best]}, {points(on_top[best])}"
        rows.append({"question": "2. what helps the ViT on top", "this run": said})
    pairs = [(of(table, arm, model), of(table, BASE, model)) for arm in MIXING for model in (CNN, VIT)]
    moved = [
        f"{MODELS[mixed.model]} {ARMS[mixed.arm]} {100 * base.sure:.0f} → {100 * mixed.sure:.0f} %"
        for mixed, base in pairs
        if mixed is not None and base is not None
    ]
    if moved:
        rand = [(of(table, "rand", model), of(table, BASE, model)) for model in (CNN, VIT)]
        moved += [
            f"for comparison {MODELS[other.model]} {ARMS[other.arm]}, whose labels are whole, "
            f"{100 * base.sure:.0f} → {100 * other.sure:.0f} %"
            for other, base in rand
            if other is not None and base is not None
        ]
        rows.append({"question": "3. how sure after mixing", "this run": "; ".join(moved)})
    return rows


def near_chance(table: Sequence[Point], chance: float) -> list[str]:
    """Which cannot be told from guessing."""
    found = [point for point in table if point.top1.low is None or point.top1.low <= chance]
    return [f"{MODELS[point.model]}, {ARMS[point.arm]}" for point in found]


def says(table: Sequence[Point], findings: Sequence[Finding]) -> list[str]:
    """The conclusion of the lab, a sentence or two a line."""
    lines = gap_lines(table)
    lines += [line] if (line := no_goal_line(table)) else []
    lines += [line] if (line := whom_line(findings)) else []
    lines += [line] if (line := calibration_line(table)) else []
    return lines + ([tally_line(findings)] if findings else [])
