"""What a run of lab 4 says, in tables and sentences whose words depend on what was measured."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from matplotlib.figure import Figure

from helpers.data.phrases import Phrase
from helpers.data.text import tokenise
from helpers.measure.findings import HOLDS, OPPOSITE
from helpers.pages.l04 import figures
from helpers.pages.l04.answers import translate
from helpers.pages.l04.arms import ARMS, NO_ROOM
from helpers.pages.l04.report import Finding, Standing
from helpers.plots.names import in_markdown
from helpers.plots.tables import percent, points


def table_rows(rows: Sequence[Standing]) -> list[dict[str, Any]]:
    """Standings as a table."""
    return [
        {"translator": ARMS[row.arm].label, "sentences right": percent(row.exact), "words": f"{100 * row.words:.1f} %"}
        | {"training words": f"{100 * row.learnt:.1f} %"}
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


def own_table(own: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The course's own sentences, with what each translator makes of them."""
    first = next(iter(own.values()), [])
    return [
        {"French, ours": " ".join(row["source"])}
        | {ARMS[arm].label: in_markdown(" ".join(rows[k]["decoded"])) for arm, rows in own.items()}
        for k, row in enumerate(first)
    ]


def agreement_table(agreed: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """How often each guess is on a link made by hand, a line for each translator."""
    guesses = {"largest weight": "attention", "dearest erasure": "erasure", "diagonal": "diagonal"}
    return [
        {"translator": ARMS[arm].label}
        | {name: percent(SimpleNamespace(**shares[key])) if key in shares else "–" for name, key in guesses.items()}
        for arm, shares in agreed.items()
    ]


def beam_table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Greedy and beam side by side."""
    return [
        {"translator": ARMS[row["arm"]].label}
        | {f"BLEU, {name}": f"{100 * row[f'bleu_{name}']:.1f}" for name in ("greedy", "beam")}
        | {f"sentences right, {name}": row[f"exact_{name}"] for name in ("greedy", "beam")}
        | {"the beam says something else": row["other"], "which the model finds likelier": row["likelier"]}
        for row in rows
    ]


def length_rows(lengths: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Bin by bin the sentences right of each arm, the lead of additive attention, and what it repairs of what fails."""
    rows = []
    for own in zip(*lengths.values(), strict=True):
        exact = {arm: row["exact"] for arm, row in zip(lengths, own, strict=True)}
        rows.append({"French words": own[0]["bin"], "n": own[0]["n"]})
        rows[-1] |= {ARMS[arm].label: percent(share) for arm, share in exact.items()}
        if {"none", "additive"} <= set(exact):
            lead, room = exact["additive"].value - exact["none"].value, 1 - exact["none"].value
            rows[-1] |= {"lead of additive": f"{100 * lead:+.0f} of {100 * room:.0f} possible"}
    return rows


def predictions(
    lengths: Mapping[str, Sequence[Mapping[str, Any]]],
    pointing: Sequence[Mapping[str, Any]],
    found: Sequence[Finding],
    beams: Sequence[Mapping[str, Any]],
    table: Sequence[Standing],
) -> list[dict[str, str]]:
    """The four questions of the lab with what this run answers; those that it did not ask are left out."""
    answers = {}
    if {"none", "dot", "additive"} & set(lengths):
        longest = {arm: rows[-1] for arm, rows in lengths.items() if arm in ("none", "dot", "additive")}
        name = next(iter(longest.values()))["bin"]
        answers[f"1. sentences of {name} words"] = "; ".join(
            f"{ARMS[arm].label} {percent(row['exact'])}" for arm, row in longest.items()
        )
    shares = {(row["reading"], row["kind"]): row["share"] for row in pointing}
    for kind in ("all", "in order") if len(shares) else ():
        told = [f"{_name(r)} {percent(share)}" for (r, k), share in shares.items() if k == kind]
        answers[f"2. the map, {'all words' if kind == 'all' else 'words in order'}"] = "; ".join(told)
    turned = next((one for one in found if one.statement.startswith("reversing")), None)
    if turned:
        said = {HOLDS: "it helps", OPPOSITE: "it harms"}.get(turned.verdict, "this run cannot tell")
        right = {row.arm: percent(row.exact) for row in table}
        answers["3. reversed French"] = (
            f"single words: {said}, {points(turned.difference)}; sentences right: {right['backwards']}, in order "
            f"{right['forwards']}"
        )
    changed = [row for row in beams if row["other"]]
    if beams:
        answers["4. the beam"] = "; ".join(beam_words(row) for row in beams) if changed else "changed no sentence"
    return [{"question": question, "this run": text} for question, text in answers.items()]


def _name(reading: str) -> str:
    return ARMS[reading].label if reading in ARMS else reading


def beam_words(row: Mapping[str, Any]) -> str:
    """What the beam changed in one translator."""
    return (
        f"{_name(row['arm'])} ({row['other']} of {row['n']} changed): right {row['exact_greedy']} → "
        f"{row['exact_beam']}, BLEU {100 * row['bleu_greedy']:.1f} → {100 * row['bleu_beam']:.1f}"
    )


def came_out(
    lengths: Mapping[str, Sequence[Mapping[str, Any]]],
    pointing: Sequence[Mapping[str, Any]],
    found: Sequence[Finding],
    beams: Sequence[Mapping[str, Any]],
    table: Sequence[Standing],
) -> str:
    """What the lab's question gets for an answer: a sentence for each part that ran, in Markdown."""
    told, by_arm = [], {row.arm: row for row in table}
    if {"none", "dot", "additive"} <= set(by_arm):
        none, dot, additive = (f"{100 * by_arm[arm].exact.value:.0f} %" for arm in ("none", "dot", "additive"))
        told.append(
            f"**What attention adds.** Right to the last word are {none} of the sentences without it, {dot} with dot "
            f"products, {additive} with additive attention, after equally few updates."
        )
        leads = [
            (a["exact"].value - b["exact"].value, a["bin"], b["exact"].value)
            for a, b in zip(lengths["additive"], lengths["none"], strict=True)
        ]
        growing = next((one for one in found if one.statement.startswith("its lead")), None)
        told.append(
            f"**Where.** The lead of additive attention is largest in sentences of {max(leads)[1]} words"
            + (" and not in the longest" if max(leads)[1] != leads[-1][1] else "")
            + (
                f"; that it is larger in the longest than in the shortest proves little, for of the shortest "
                f"{100 * leads[0][2]:.0f} % are right without it, and no lead can be as large there."
                if growing is not None and growing.verdict == NO_ROOM
                else "."
            )
        )
    shares = {(row["reading"], row["kind"]): 100 * row["share"].value for row in pointing}
    kinds = ("all", "in order", "moved")
    if {(arm, kind) for arm in ("additive", "dot", "diagonal") for kind in kinds} <= set(shares):
        own, other, line = ([shares[arm, kind] for kind in kinds] for arm in ("additive", "dot", "diagonal"))
        told.append(
            f"**The map.** Additive attention gets {100 * by_arm['additive'].words:.0f} % of the words right, the "
            f"right ones before told, and its largest weight misses the French word of {100 - own[1]:.0f} % of those "
            f"in order and of {100 - own[2]:.0f} % of those that moved (dot products: {100 - other[1]:.0f} and "
            f"{100 - other[2]:.0f} %). It finds {own[0]:.0f} % of all, the diagonal {line[0]:.0f} %; of the words in "
            f"order {own[1]:.0f} against {line[1]:.0f} %"
            + ("; so all its lead comes from the other words." if own[1] <= line[1] else ".")
        )
    if {"forwards", "backwards"} <= set(by_arm):
        back, order = (100 * by_arm[arm].exact.value for arm in ("backwards", "forwards"))
        told.append(
            f"**Reversed French**: {points(next(f for f in found if f.statement.startswith('reversing')).difference)} "
            f"of the single words; of the whole sentences {back:.1f} % are right, in order {order:.1f} %."
        )
    changed = [row for row in beams if row["other"]]
    if changed:
        gained = sum(row["exact_beam"] - row["exact_greedy"] for row in changed)
        told.append(
            f"**The beam**, tried with {len(beams)} translators, changed {sum(row['other'] for row in beams)} answers; "
            f"the count of right sentences changed by {gained:+d}."
        )
    return "\n\n".join(told)
