"""What length does to each decoder, and how all of them were trained: the figures that the text quotes."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.models.seq2seq import ATTENTIONS
from helpers.plots.tables import percent
from helpers.records import Record

Runs = dict[str, dict[str, Any]]  # attention -> its run, as the record holds it


def runs_by_attention(record: Record) -> Runs:
    """The record's runs under the name of their attention."""
    return {run["attention"]: run for run in record.model_dump()["runs"]}


def length_figures(record: Record) -> dict[str, Any]:
    """Quality over all lengths, in the shortest passages and in the longest, by the name that the text uses.

    Raises
    ------
    ValueError
        If the record does not say what the text says of all rows.
    """
    runs = runs_by_attention(record)
    _check_claims(runs)
    short, long = (({name: run["by_length"][k] for name, run in runs.items()}) for k in (0, -2))
    figures: dict[str, Any] = {"short_to": short["none"]["to_tokens"], "long_from": long["none"]["from_tokens"]}
    for name in ATTENTIONS:
        figures[f"bleu_{name}"] = _share(runs[name]["by_length"][-1]["bleu"])
        figures[f"token_short_{name}"] = _share(short[name]["token_accuracy"])
        figures[f"million_{name}"] = runs[name]["parameters"] / 1e6
        figures[f"train_loss_{name}"] = runs[name]["curve"][-1]["train_loss"]
        figures[f"val_loss_{name}"] = runs[name]["curve"][-1]["val_loss"]
    for where, bins in (("short", short), ("long", long)):
        for measure in ("bleu", "token_accuracy"):
            ahead = 100 * (bins["additive"][measure]["value"] - bins["none"][measure]["value"])
            figures[f"ahead_{measure}_{where}"] = ahead
    return figures


def training_figures(record: Record) -> dict[str, Any]:
    """Sizes and settings that the text names."""
    dump = record.model_dump()
    sizes, settings = dump["summary"]["sizes"], dump["parameters"]
    return {
        "french_words": f"{sizes['source_vocabulary']:,}",
        "english_words": f"{sizes['target_vocabulary']:,}",
        "pairs": f"{sizes['n_train']:,}",
        "passages": f"{sizes['passages'][0]:,}",
        "test_pairs": f"{sizes['n_test']:,}",
        "unknown": 100 * sizes["test_unknown_share"],
        "rate": settings["learning_rate"],
        "epochs": settings["epochs"],
        "hidden": settings["hidden_dim"],
        "embed": settings["embed_dim"],
        "fixed": 2 * settings["hidden_dim"],
        "minutes": max(run["train_s"] for run in dump["runs"]) / 60,
    }


def _share(cell: dict[str, Any]) -> Markdown:
    return Markdown(percent(SimpleNamespace(**cell)))


def _check_claims(runs: Runs) -> None:
    bins = {name: run["by_length"][:-1] for name, run in runs.items()}
    for name in ("dot", "additive"):
        pairs = zip(bins[name], bins["none"], strict=True)
        ahead = [a["token_accuracy"]["value"] - b["token_accuracy"]["value"] for a, b in pairs]
        if not (np.diff(ahead) > 0).all():
            raise ValueError(f"{name}: expected a lead that grows with the length, true words told, got {ahead}")
        everywhere = zip(runs["none"]["by_length"], runs[name]["by_length"], strict=True)
        if not all(none["bleu"]["high"] < other["bleu"]["low"] for none, other in everywhere):
            raise ValueError(f"{name}: expected BLEU whose interval meets none of the model without attention")
