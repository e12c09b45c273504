"""What a run of lab 5 says, in tables and sentences whose words depend on what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from helpers.layers.attention import MultiHeadAttention
from helpers.layers.masks import causal_mask
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED
from helpers.models.parity import randomise
from helpers.models.port import from_reference
from helpers.pages.l05.arms import ALIKE, ARMS, FULL
from helpers.pages.l05.report import Finding, Standing, verdict
from helpers.plots.tables import percent, points


@torch.no_grad()
def attention_gaps(embed_dim: int, num_heads: int, seed: int = 0) -> dict[str, float]:
    """Largest difference between our heads and `torch.nn.MultiheadAttention` of the same weights, in float64.

    As self-attention, with the decoder's mask (which torch's module wants turned round), and reading a memory.
    """
    theirs = randomise(nn.MultiheadAttention(embed_dim, num_heads, batch_first=True).double(), seed).eval()
    ours = MultiHeadAttention(embed_dim, num_heads).double().eval()
    names = {"qkv.weight": "in_proj_weight", "qkv.bias": "in_proj_bias"}
    names |= {f"output.{kind}": f"out_proj.{kind}" for kind in ("weight", "bias")}
    state = theirs.state_dict()
    ours.load_state_dict({own: state[other] for own, other in names.items()})
    generator = torch.Generator().manual_seed(seed)
    x, memory = (torch.randn(3, n, embed_dim, generator=generator, dtype=torch.float64) for n in (7, 5))
    later = causal_mask(7)
    pairs: dict[str, tuple[Any, Tensor]] = {
        "self-attention": (ours(x), theirs(x, x, x)[0]),
        "masked self-attention": (ours(x, mask=later), theirs(x, x, x, attn_mask=~later)[0]),
        "cross-attention": (ours(x, memory=memory), theirs(x, memory, memory)[0]),
    }
    return {name: float((own - other).abs().max()) for name, (own, other) in pairs.items()}


def transformer_gaps(embed_dim: int, num_heads: int) -> dict[str, float]:
    """Largest difference between our whole Transformer and `torch.nn.Transformer`; see `helpers.models.port`."""
    gaps, hidden = {}, 2 * embed_dim
    for name, pre_norm in (("post-norm", False), ("pre-norm", True)):
        layer = nn.TransformerEncoderLayer(embed_dim, num_heads, hidden, batch_first=True, norm_first=pre_norm)
        # Without nested tensors, a prototype that torch warns of.
        encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(embed_dim), enable_nested_tensor=False)
        theirs = nn.Transformer(
            embed_dim, num_heads, 2, 2, hidden, custom_encoder=encoder, batch_first=True, norm_first=pre_norm
        )
        gaps[f"whole Transformer, {name}"] = from_reference(theirs)[1].largest_difference
    return gaps


def table_rows(rows: Sequence[Standing], column: str, names: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Standings as a table: the arm (under another name, where `names` has one), letters, words, how soon."""
    return [
        {column: (names or {}).get(row.arm, ARMS[row.arm].label), "letters": percent(row.letters)}
        | {"words": percent(row.words)}
        | {"step": ", ".join("never" if step is None else str(step) for step in row.soon)}
        | ({"diverged": row.diverged} if row.diverged else {})
        for row in rows
    ]


def caption(n_test: int, seeds: int) -> str:
    """What the columns of a table mean."""
    covers = "seeds and words" if seeds > 1 else "words"
    return (
        f"letters: each one, the right ones before told; words: right to the last letter; step: seed by seed, when "
        f"nine letters of ten were first right. n = {n_test} words, 95 % intervals over {covers}: of letters Student's "
        "t, which knows no ceiling; of words Wilson's at their effective number"
    )


def about_elsewhere(rows: Sequence[Mapping[str, Any]], length: int) -> str:
    """What other words show about what was learnt."""
    same = next(row for row in rows if row["length"] == length and not row["repeats"])
    others = [row for row in rows if row["length"] != length]
    best = max(others, key=lambda row: row["words"])
    repeats = next(row for row in rows if row["repeats"])
    most = f"at most {100 * best['words']:.0f} % ({best['length']} letters)" if best["words"] else "not one"
    text = (
        f"Of the words of {length} letters {100 * same['words']:.0f} % come out right to the last letter; of any other "
        f"length {most}; of those with repeated letters {100 * repeats['words']:.0f} %. "
    )
    if best["words"] >= 0.5 * same["words"]:
        return text + "What it learnt holds beyond the words that it was trained on, at least in part."
    text += "So it has not learnt to reverse. "
    near = [row for row in others if abs(row["length"] - length) == 1]
    for row in near:
        text += (
            f"In words of {row['length']} the largest weight is on the letter to be written in "
            f"{100 * row['pointed']:.0f} % of the steps, and on the place that would be right in a word of {length} in "
            f"{100 * row['as_trained']:.0f} % of those at which there is such a place. "
        )
    return text + _kept_places(near, length)


def _kept_places(near: Sequence[Mapping[str, Any]], length: int) -> str:
    """In which words of a neighbouring length the largest weight mostly stays on the places of the trained one."""
    kept = {row["length"]: row["as_trained"] > max(0.5, row["pointed"]) for row in near}
    yes, no = ([str(n) for n, keeps in kept.items() if keeps is wanted] for wanted in (True, False))
    if not no:
        return f"It mostly keeps the places of a word of {length}, wherever the word ends."
    if not yes:
        return f"It does not simply keep the places of a word of {length}; what it follows instead is not shown here."
    return (
        f"In words of {' and '.join(yes)} it mostly keeps the places of a word of {length}, in words of "
        f"{' and '.join(no)} it does not; why is not shown."
    )


def came_out(
    rows: Sequence[Standing], found: Sequence[Finding], elsewhere: Sequence[Mapping[str, Any]], length: int
) -> str:
    """What the lab's question gets for an answer: a sentence for each part that ran, in Markdown."""
    by_arm, by_text = {row.arm: row for row in rows}, {one.statement: one for one in found}
    letters = {arm: f"{100 * row.letters.value:.1f} %" for arm, row in by_arm.items()}
    told = []
    if {"source", "target", "none"} <= set(by_arm):
        told.append(
            f"**Positions** where it reads, alone, give {letters['source']} of the letters, where it writes, alone, "
            f"{letters['target']}, none at all {letters['none']}."
        )
    learned = by_text.get("learned ones get further in these steps")
    if learned:
        told.append(
            "Learned positions are slower here, at one untuned rate; where they end is not asked."
            if learned.verdict == OPPOSITE
            else f"Learned positions get further than sinusoids: {learned.verdict}."
        )
    heads = [one for one in found if one.statement.endswith(("beat one", "beat two"))]
    if heads and all(one.verdict == FULL for one in heads):
        told.append("One **head** is enough; which number is best cannot be told, since all are near 100 %.")
    elif heads:
        told.append("**Heads**: " + "; ".join(f"*{one.statement}*: {one.verdict}" for one in heads) + ".")
    if {"wide", "wide_raw", "narrow", "narrow_raw"} <= set(by_arm):
        told.append(_division(by_arm, letters))
    if {"wide_slow", "wide_raw_slow"} <= set(by_arm):
        told.append(
            f"At a third of the **rate** the wide head gets {letters['wide_slow']} with the division, "
            f"{letters['wide_raw_slow']} without."
        )
    norms = [one for one in found if "norm" in one.statement]
    if norms and all(one.verdict == UNDECIDED for one in norms):
        told.append("Of the place of the **norm** and of its warm-up this run decides nothing.")
    elif norms:
        told.append("**Norm**: " + "; ".join(f"*{one.statement}*: {one.verdict}" for one in norms) + ".")
    others = [row for row in elsewhere if row["length"] != length]
    if others:
        best = max(row["words"] for row in others)
        told.append(
            f"What it **learnt** is to turn round words of {length} letters: of words of other lengths "
            f"{f'at most {100 * best:.0f} % come' if best else 'not one comes'} out right."
        )
    return " ".join(told)


def _division(by_arm: Mapping[str, Standing], letters: Mapping[str, str]) -> str:
    """What the division is worth, and whether the heads that point better write better."""
    text = (
        f"Without the **division** one head of 128 gets {letters['wide_raw']} in place of {letters['wide']}, sixteen "
        f"of 8 {letters['narrow_raw']} in place of {letters['narrow']}"
    )
    raw, divided = by_arm["narrow_raw"], by_arm["narrow"]
    if raw.pointed is None or divided.pointed is None:
        return text + "."
    if raw.pointed > divided.pointed and raw.letters.value < divided.letters.value:
        text += (
            f", although the map of these points to the right letter in {100 * raw.pointed:.0f} % of the steps, that "
            f"of the divided ones in {100 * divided.pointed:.0f} %: to point is not to write"
        )
    return text + "."


def predictions(
    rows: Sequence[Standing], found: Sequence[Finding], elsewhere: Sequence[Mapping[str, Any]], length: int
) -> list[dict[str, str]]:
    """The four questions of the lab with what this run answers; those that it did not ask are left out."""
    by_arm, by_text = {row.arm: row for row in rows}, {one.statement: one for one in found}
    answers = {}
    if "none" in by_arm:
        answers["1. no positions"] = f"{percent(by_arm['none'].letters)} of the letters"
    if {"source", "target"} <= set(by_arm):
        reads, writes = (percent(by_arm[arm].letters) for arm in ("source", "target"))
        answers["2. one side"] = f"where it reads: {reads}; where it writes: {writes}"
    contrast = next((one for text, one in by_text.items() if text.startswith("it helps more")), None)
    if contrast:
        said = {HOLDS: "the wide head", OPPOSITE: "the narrow ones", ALIKE: "both alike"}
        who = said.get(verdict(contrast.difference), "this run cannot tell")
        answers["3. no division"] = f"{who}; the wide head's loss is larger by {points(contrast.difference)}"
    shorter = next((row for row in elsewhere if row["length"] == length - 1), None)
    if shorter:
        answers[f"4. words of {length - 1}"] = f"{100 * shorter['letters']:.0f} % of the letters"
    return [{"question": question, "this run": text} for question, text in answers.items()]
