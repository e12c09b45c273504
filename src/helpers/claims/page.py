"""Claims as cards in MyST Markdown: an anchor, the test, the rule, the figures, and the verdict alone in its field."""

import re
from collections import Counter
from collections.abc import Sequence

from helpers.claims.table import VERDICTS, Claim, Figure, Finding, Judged, verdict
from helpers.records import project_root

NBSP, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"
MARKS = {"for": "✓ for", "against": "✗ against", "open": "○ open", "control": "· control"}
SIZE = (110, 16)  # pixels of the small picture of an interval
COVERS = {"both": "over seeds and test images", "seeds": "over seeds", "test sampling": "over test images"}
SIGNS = {"points": f"{NBSP}points", "percent": f"{NBSP}%", "times": f"{NBSP}×"}


def slug(verdict: str) -> str:
    """The verdict as a class name: `holds-under-conditions`."""
    return verdict.replace(" ", "-")


def number(value: float, unit: str) -> str:
    """A value in its unit, without the sign of the unit; fractions are in percent or points where the unit says so."""
    if unit in ("points", "percent"):
        nearly = unit == "percent" and 0.9995 <= abs(value) < 1  # one decimal would make it all
        text = f"{100 * value:{'+' if unit == 'points' else ''}.{2 if nearly else 1}f}"
    elif unit in ("count", "year"):
        text = f"{value:.0f}" if unit == "year" else f"{value:,.0f}"
    elif unit == "tiny":
        text = "0" if value == 0 else f"{value:.1e}"
    else:
        text = f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    return text.replace("-", MINUS)


def figure_text(finding: Finding, figure: Figure) -> str:
    """The figure as the page prints it: with its interval, n, and what the interval covers."""
    text = f"**{number(figure.value, finding.unit)}{SIGNS.get(finding.unit, '')}**"
    if figure.low is None or figure.high is None:
        return text
    details = [f"n{NBSP}={NBSP}{figure.n:,}"] if figure.n else []
    details += [COVERS.get(figure.covers, f"over {figure.covers}")] if figure.covers else []
    interval = f"[{number(figure.low, finding.unit)},{NBSP}{number(figure.high, finding.unit)}]"
    text = f"{text}{NBSP}{interval}" + (f", {', '.join(details)}" if details else "")
    if figure.ends is None:
        return text
    a, b, chance = (f"{number(end, 'percent')}{NBSP}%" for end in figure.ends)
    return f"{text} ({a} and {b}; chance {chance})"


def rule_text(finding: Finding) -> str:
    """The rule in words: `Right if below −1 points.`"""
    if finding.rule is None:
        return "It decides nothing."
    bar = f"{finding.rule.bar:g}".replace("-", MINUS) + SIGNS.get(finding.unit, "")
    if finding.rule.bar in (1, -1):
        bar = bar.removesuffix("s")  # 1 point
    return f"Right if within {bar} of 0." if finding.rule.side == "within" else f"Right if {finding.rule.side} {bar}."


def interval_svg(finding: Finding, figure: Figure, stance: str) -> str:
    """A small picture of a figure: the grey field is where the claim is right, its edge the bar; hollow: open.

    Empty for a control and for a rule that counts, which a picture would not show better. Screen readers skip it, since
    the text beside it says the same.
    """
    rule = finding.rule
    if rule is None or rule.side == "equals":
        return ""
    width, height = SIZE
    bar = rule.bar / 100 if finding.unit in ("points", "percent") else rule.bar
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    edges = [-bar, bar] if rule.side == "within" else [bar]
    left, right = min(low, *edges), max(high, *edges)
    margin = 0.15 * (right - left) or 1.0

    def x(value: float) -> float:
        return round(width * (value - left + margin) / (right - left + 2 * margin), 1)

    start, end = {"above": (x(bar), width), "below": (0.0, x(bar)), "within": (x(-bar), x(bar))}[rule.side]
    middle, hollow = height / 2, ' class="open"' if stance == "open" else ""
    marks = "".join(f'<path d="M{x(edge)} 0V{height}"/>' for edge in edges)
    return (
        f'<svg class="interval" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        f'<rect x="{start}" width="{round(end - start, 1)}" height="{height}"/>{marks}'
        f'<path class="whisker" d="M{x(low)} {middle}H{x(high)}"/>'
        f'<circle cx="{x(figure.value)}" cy="{middle}" r="3.5"{hollow}/></svg> '
    )


def test_link(claim: Claim, test: str) -> str:
    """Where a claim is tested, as a link: the cell of a chapter where it has a target for it, else its page."""
    kind, digits = {"C": "chapter", "L": "lab"}[test[0]], int(test[1:])
    root = project_root()
    if kind == "chapter" and root is not None:
        for page in sorted((root / "chapters").glob(f"{digits:02d}_*.md")):
            found = re.search(
                rf"^\((claim-{claim.anchor}(-[a-z]+)?)\)=$", page.read_text(encoding="utf-8"), re.MULTILINE
            )
            if found:
                return f"{{ref}}`chapter {digits} <{found[1]}>`"
    return f"{{{kind}}}`{digits}`"


def _begun(text: str) -> str:
    """With a capital at its start, but for a name of code."""
    return text if "_" in text.split()[0] else text[0].upper() + text[1:]


def card(judged: Judged) -> str:
    """One claim as Markdown. The verdict stands in a field of its own that holds nothing else."""
    claim = judged.claim
    lines = [
        f"({claim.anchor})=",
        f"::::{{div}} claim verdict-{slug(judged.verdict)}{' claim-first' if claim.first else ''}",
        ":::{div} claim-head",
        f"[{claim.id}]{{.claim-id}} [{judged.verdict}]{{.verdict}}",
        ":::",
        f"{claim.says}",
        "",
    ]
    for finding, figure, stance in zip(claim.findings, judged.figures, judged.stances, strict=True):
        trained = " Trained networks." if finding.trained else ""
        picture = interval_svg(finding, figure, stance)
        lines += [
            f"- [{MARKS[stance]}]{{.stance-{stance}}} {_begun(finding.what)}: "
            f"{picture}{figure_text(finding, figure)}. [{rule_text(finding)}{trained}]{{.rule}}"
        ]
    if claim.later:
        lines += [claim.later]
    lines += ["", f"[Test:]{{.label}} {', '.join(test_link(claim, test) for test in claim.tests)}."]
    for label, works in (("Reported by", claim.support), ("The contrary is reported by", claim.contrary)):
        if works:
            lines[-1] += f" [{label}]{{.label}} {{cite:t}}`{','.join(works)}`."
    alone = verdict(judged.stances)  # by the figures, before works count
    if alone != judged.verdict:
        lines[-1] += f" [By the figures alone: *{alone}*; the works that are cited moved it.]{{.rule}}"
    if claim.instead:
        lines += ["", f"[Say instead:]{{.label}} {claim.instead}"]
    return "\n".join([*lines, "::::", ""])


def cards(judged: Sequence[Judged]) -> str:
    """Several claims, one under the other; those of words, counts and dates last and folded."""
    shown = [card(one) for one in judged if not one.claim.small]
    small = [card(one) for one in judged if one.claim.small]
    if small:
        title = f"{len(small)} small {'matter' if len(small) == 1 else 'matters'}: words, counts, dates"
        shown += [f":::::{{dropdown}} {title}", ":class-container: small-claims", "", *small, ":::::", ""]
    return "\n".join(shown)


def counts(judged: Sequence[Judged]) -> dict[str, int]:
    """How many claims have each verdict, all verdicts named."""
    found = Counter(one.verdict for one in judged)
    return {verdict: found[verdict] for verdict in VERDICTS}


def filter_html(judged: Sequence[Judged]) -> str:
    """Buttons that leave the first claims on the page, all, or those of one verdict; radio inputs and CSS."""
    first = sum(one.claim.first for one in judged)
    choices = [("first", "to begin with", first), ("all", "all", len(judged))]
    choices += [(slug(v), v, n) for v, n in counts(judged).items()]
    inputs = "".join(
        f'<input type="radio" name="verdict" id="show-{key}"{" checked" if key == "first" else ""}>'
        f'<label for="show-{key}">{text} <b>{count}</b></label>'
        for key, text, count in choices
    )
    return f'<fieldset class="claim-filter"><legend>Show these claims</legend>{inputs}</fieldset>'
