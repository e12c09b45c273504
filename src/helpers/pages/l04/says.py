"""What a run of lab 4 says, in tables and sentences whose words depend on what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from helpers.data.phrases import Phrase
from helpers.data.text import tokenise
from helpers.pages.l04 import figures
from helpers.pages.l04.answers import translate
from helpers.pages.l04.arms import ARMS, HOLDS, OPPOSITE
from helpers.pages.l04.report import Finding, Standing
from helpers.plots.names import in_markdown
from helpers.plots.tables import percent, points


def table_rows(rows: Sequence[Standing]) -> list[dict[str, Any]]:
    """Standings as a table."""
    return [
        {"translator": ARMS[row.arm].label, "sentences right": percent(row.exact), "words": f"{100 * row.words:.1f} %"}
        | {"BLEU, by seed": ", ".join(f"{100 * value:.1f}" for value in row.bleu), "parameters": row.parameters}
        for row in rows
    ]


def shown_phrase(phrases: Sequence[Phrase], least: int = 10, most: int = 14) -> int | None:
    """The first test sentence with a swap and a clause that moves, of so many French words."""
    fitting = (k for k, phrase in enumerate(phrases) if {"swapped", "moved"} <= set(phrase.kinds))
    return next((k for k in fitting if least <= len(phrases[k].french) <= most), None)


def answer_to(sentence: str, models: Mapping[str, Any], task: Any, width: int) -> tuple[str, Figure | None]:
    """What every translator makes of a typed sentence, as Markdown, and the map of the one with additive attention.

    Words that were not trained on are named: the translators read <unk> in their place.
    """
    words = tokenise(sentence, "french")
    if not words:
        return "*Type a French sentence.*", None
    if words[-1] not in (".", "?", "!"):
        words = (*words, ".")  # every sentence that was trained on ends
    lines, drawn = [], None
    for arm, model in models.items():
        english, weights = translate(model, task, words, width)
        lines.append(f"- {ARMS[arm].label}: **{in_markdown(' '.join(english)) or '(nothing)'}**")
        if weights is not None and english and (drawn is None or arm == "additive"):
            drawn = figures.translation_map(words, english, weights)
    unknown = [word for word in words if word not in task.french]
    if unknown:
        lines.append(f"- not among the words that they have learnt: {in_markdown(', '.join(unknown))}")
    return "\n".join(lines), drawn


def checked(runs: Sequence[Mapping[str, Any]]) -> tuple[str, float | None]:
    """Our BLEU beside sacrebleu's in words, and the largest difference; None where sacrebleu is not installed."""
    pairs = [(run["bleu_check"]["ours"], run["bleu_check"]["sacrebleu"]) for run in runs]
    gaps = [abs(ours - theirs) for ours, theirs in pairs if theirs is not None]
    if not gaps:
        return (
            "sacrebleu is **not installed**, so our BLEU is not compared with it in this run: "
            "`.venv/bin/python -m pip install sacrebleu`, then run the lab again."
        ), None
    return f"Our BLEU and sacrebleu's differ by at most {max(gaps):.0e}, over {len(gaps)} translators.", max(gaps)


def beam_table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Greedy and beam side by side."""
    return [
        {"translator": ARMS[row["arm"]].label}
        | {f"BLEU, {name}": f"{100 * row[f'bleu_{name}']:.1f}" for name in ("greedy", "beam")}
        | {f"sentences right, {name}": row[f"exact_{name}"] for name in ("greedy", "beam")}
        | {"the beam says something else": row["other"], "which the model finds likelier": row["likelier"]}
        for row in rows
    ]


def predictions(
    lengths: Mapping[str, Sequence[Mapping[str, Any]]],
    pointing: Sequence[Mapping[str, Any]],
    found: Sequence[Finding],
    beams: Sequence[Mapping[str, Any]],
) -> list[dict[str, str]]:
    """The four questions of the lab with what this run answers; those that it did not ask are left out."""
    answers = {}
    if {"none", "additive"} <= set(lengths):
        without, with_it = (lengths[arm][-1] for arm in ("none", "additive"))
        answers[f"1. sentences of {without['bin']} words"] = (
            f"without attention {percent(without['exact'])}, with it {percent(with_it['exact'])}"
        )
    shares = {row["reading"]: row["share"] for row in pointing if row["kind"] == "all"}
    if {"additive/now", "diagonal"} <= set(shares):
        later = f", read one row later {percent(shares['additive/later'])}" if "additive/later" in shares else ""
        answers["2. the map"] = f"{percent(shares['additive/now'])}{later}; the diagonal {percent(shares['diagonal'])}"
    turned = next((one for one in found if one.statement.startswith("reversing")), None)
    if turned:
        said = {HOLDS: "it helps", OPPOSITE: "it harms"}.get(turned.verdict, "this run cannot tell")
        answers["3. reversed French"] = f"{said}: {points(turned.difference)}"
    one = next((row for row in beams if row["arm"] == "additive"), None)
    if one:
        answers["4. the beam"] = f"{one['exact_beam']} of {one['n']} right, greedily {one['exact_greedy']}"
    return [{"question": question, "this run": text} for question, text in answers.items()]
