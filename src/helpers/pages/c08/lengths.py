"""What length does to each decoder, and how all of them were trained: what the text quotes of a record of lab 4."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.models.seq2seq import ATTENTIONS
from helpers.plots.tables import percent
from helpers.records import Record

Quality = dict[str, list[dict[str, Any]]]  # attention -> a row for each group of lengths, the last one of all


def quality(record: Record) -> Quality:
    """Words right and BLEU of each attention, group by group of source lengths, the last row of all."""
    found = record.model_dump()["summary"]["quality"]
    return {name: found[name] for name in ATTENTIONS}


def standings(record: Record) -> dict[str, dict[str, Any]]:
    """The lab's row of each attention: its parameters, seconds, and words right in training."""
    return {row["arm"]: row for row in record.model_dump()["summary"]["standings"]}


def length_figures(record: Record) -> dict[str, Any]:
    """Quality over all lengths, in the shortest passages and in the longest, by the name that the text uses.

    Raises
    ------
    ValueError
        If the record does not say what the text says of all rows.
    """
    rows, own = quality(record), standings(record)
    _check_claims(rows)
    short, long = ({name: groups[k] for name, groups in rows.items()} for k in (0, -2))
    leads = [a["words"]["value"] - b["words"]["value"] for a, b in zip(rows["additive"], rows["none"], strict=True)]
    full = rows["none"][int(np.argmax(leads[:-1]))]
    figures: dict[str, Any] = {"short_to": short["none"]["to"], "long_from": long["none"]["from"]}
    figures["full_from"] = full["from"]
    figures["seeds_apart"] = max(100 * (max(row["bleu"]) - min(row["bleu"])) for row in own.values())
    for name in ATTENTIONS:
        figures[f"bleu_{name}"] = _share(rows[name][-1]["bleu"])
        figures[f"million_{name}"] = own[name]["parameters"] / 1e6
        figures[f"learnt_{name}"] = 100 * own[name]["learnt"]
        figures[f"tested_{name}"] = 100 * rows[name][-1]["words"]["value"]
    for where, groups in (("short", short), ("long", long)):
        for measure in ("bleu", "words"):
            ahead = 100 * (groups["additive"][measure]["value"] - groups["none"][measure]["value"])
            figures[f"ahead_{measure}_{where}"] = ahead
    return figures


def training_figures(record: Record) -> dict[str, Any]:
    """Sizes and settings that the text names."""
    dump = record.model_dump()
    sizes, settings = dump["summary"]["sizes"], dump["parameters"]
    return {
        "french_words": f"{sizes['french']:,}",
        "english_words": f"{sizes['english']:,}",
        "pairs": f"{sizes['pairs']['train']:,}",
        "passages": f"{sizes['train']:,}",
        "test_pairs": f"{sizes['pairs']['held_out']:,}",
        "unknown": 100 * sizes["unknown"],
        "rate": settings["learning_rate"],
        "epochs": settings["epochs"],
        "hidden": settings["hidden_dim"],
        "embed": settings["embed_dim"],
        "fixed": 2 * settings["hidden_dim"],
        "minutes": max(row["fit_s"] for row in standings(record).values()) / 60,
    }


def _share(cell: dict[str, Any]) -> Markdown:
    return Markdown(percent(SimpleNamespace(**cell)))


def _check_claims(rows: Quality) -> None:
    for name in ("dot", "additive"):
        pairs = list(zip(rows[name], rows["none"], strict=True))
        ahead = [a["words"]["value"] - b["words"]["value"] for a, b in pairs[:-1]]
        full = int(np.argmax(ahead))
        if not (np.diff(ahead[: full + 1]) > 0).all() or full < len(ahead) / 2 or min(ahead[full:]) < max(ahead) - 0.01:
            raise ValueError(
                f"{name}: expected a lead that grows with the length and then stays, true words told, got {ahead}"
            )
        if not all(none["bleu"]["high"] < other["bleu"]["low"] for other, none in pairs):
            raise ValueError(f"{name}: expected BLEU whose interval meets none of the model without attention")
