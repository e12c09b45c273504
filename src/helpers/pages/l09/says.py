"""Lab 9's answers in sentences, each computed from what was found."""

from collections.abc import Mapping, Sequence
from math import log

from helpers.measure.findings import UNDECIDED, Finding, tally_line
from helpers.pages.l09.methods import CNN, DEFAULTS, MODELS, NAMES, VIT, gain
from helpers.pages.l09.report import Found
from helpers.plots.tables import percent, points


def written(settings: Mapping[str, float]) -> str:
    """Settings in words."""
    return ", ".join(f"{NAMES[name]} {settings[name]:.2g}" for name in NAMES)


def search_line(found: Found) -> str:
    """What one search cost and what it chose."""
    spent = 100 * found.passes / found.all_passes
    line = (
        f"**{MODELS[found.model]}:** {found.stopped} of {found.trials} trials were stopped early"
        + (f", {found.diverged} of them since they diverged" if found.diverged else "")
        + f"; {spent:.0f} % of the passes were run. "
    )
    if found.is_default:
        return line + "No other settings were better on the validation images than the defaults: nothing to compare."
    return line + f"The best settings on the validation images: {written(found.settings)}."


def luck_line(found: Found) -> str:
    """The winner's accuracy where it won and where it was asked afresh, and that of the defaults."""
    defaults = "were stopped" if found.default_val is None else f"{100 * found.default_val:.1f} %"
    return (
        f"{MODELS[found.model]}: {percent(found.val)} of the validation images when it won, {percent(found.test)} of "
        f"the test images after fresh trainings; the defaults {defaults} and {percent(found.default_test)}"
    )


def edges(found: Found, space: Mapping[str, tuple[float, float, str]]) -> list[str]:
    """Which of the best settings lie within a twentieth of an end of their range: further out might be better."""
    near = []
    for name, (low, high, how) in space.items():
        low, value, high = (log(x) if how == "log" else x for x in (low, found.settings[name], high))
        if min(value - low, high - value) < (high - low) / 20:
            near.append(NAMES[name])
    return near


def predictions(findings: Sequence[Finding], founds: Sequence[Found]) -> list[dict[str, str]]:
    """The answers of this run to the three predictions, as rows; only those that were run."""
    rows = []
    gains = {model: f.sum for model in (VIT, CNN) for f in findings if f.statement.terms == gain(model)}
    if gains:
        said = "; ".join(f"{MODELS[model]} {points(found)}" for model, found in gains.items())
        rows.append({"question": "1. what the search brings, on the test", "this run": said})
    rates = [f"{MODELS[found.model]} {rate_told(found.settings['learning_rate'])}" for found in founds]
    if rates:
        said = f"{'; '.join(rates)}; the default is {DEFAULTS['learning_rate']:.1g}"
        rows.append({"question": "2. the best rate", "this run": said})
    leads = [line for found in founds if (line := lead_line(found))]
    if leads:
        rows.append({"question": "3. the winner's lead, chosen and asked again", "this run": "; ".join(leads)})
    return rows


def rate_told(rate: float) -> str:
    """A learning rate and on which side of half the default and of its double it lies."""
    default = DEFAULTS["learning_rate"]
    where = "below half of it" if rate < default / 2 else "above its double" if rate > 2 * default else "between"
    return f"{rate:.2g} ({where})"


def lead_line(found: Found) -> str:
    """The winner's lead over the defaults where it won, and where both were asked afresh; empty where there is none."""
    if found.is_default or found.default_val is None:
        return ""
    won, again = 100 * (found.val.value - found.default_val), 100 * (found.test.value - found.default_test.value)
    word = "smaller" if again < won else "larger" if again > won else "the same"
    leads = f"{won:+.1f} points, then {again:+.1f}".replace("-", "−")
    return f"{MODELS[found.model]} {leads}: {word}"


def says(founds: Sequence[Found], findings: Sequence[Finding]) -> list[str]:
    """The conclusion of the lab, a sentence or two a line."""
    lines = [search_line(found) for found in founds]
    for model, name in MODELS.items():
        for one in findings:
            if one.statement.terms == gain(model) and one.verdict == UNDECIDED:
                lines.append(
                    f"**What is in it?** For {name} this run cannot tell: {points(one.sum)} on the test, with one "
                    "search and as many trainings as there are seeds."
                )
    lines += [f"**The winner, asked again:** {luck_line(found)}." for found in founds]
    return lines + ([tally_line(findings)] if findings else [])
