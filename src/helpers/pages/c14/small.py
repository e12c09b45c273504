"""All of the family in small sizes: what the chapter reads from lab 2's recording on photographs."""

from statistics import mean
from types import SimpleNamespace
from typing import Any

from helpers.plots.tables import whole_percent
from helpers.records import Record, read_record

LAB, VARIANT = "02_twenty_years", "tiny20.other"
MIXES = {  # model -> its name here, and what lets its tokens or pixels hear of each other
    "resnet_like": ("ResNet-like", "whole 3 × 3 convolutions"),
    "xception_mini": ("Xception-mini", "depthwise 3 × 3"),
    "convnext_mini": ("ConvNeXt-mini", "depthwise 7 × 7"),
    "swin_mini": ("Swin-mini", "attention in shifted windows"),
    "vit_mini": ("ViT-mini", "attention, all pairs"),
    "deit_mini": ("DeiT-mini", "attention, all pairs, a CNN as teacher"),
    "cait_mini": ("CaiT-mini", "attention, all pairs, class token late"),
    "mixer_mini": ("Mixer-mini", "an MLP over places, the same for all images"),
}
NUMBERS = ("None", "One", "Two", "Three", "Four", "Five")
LATER = ("CaiT", "Swin", "Mixer")  # in whose statements


def recording() -> Record:
    """The run that all of them took part in."""
    return read_record(LAB, "cpu", VARIANT)


def table(run: Record) -> list[dict[str, Any]]:
    """Rows for the page's table, best first: network, what mixes, right answers with interval, parameters, MACs."""
    summary: dict[str, Any] = run.summary
    found = {row["model"]: row for row in summary["methods"]}
    best_first = sorted(MIXES, key=lambda model: -found[model]["test_top1"]["value"])
    return [
        {
            "network": MIXES[model][0],
            "mixes by": MIXES[model][1],
            "right (%)": whole_percent(SimpleNamespace(**found[model]["test_top1"])),
            "parameters": f"{found[model]['numbers'] / 1e6:.1f} M",
            "MACs": f"{found[model]['macs'] / 1e6:.0f} M",
        }
        for model in best_first
    ]


def statements(run: Record) -> dict[str, SimpleNamespace]:
    """Statement -> `verdict`, and `value`, `low`, `high` of its paired difference: those about the family alone."""
    summary: dict[str, Any] = run.summary
    return {
        row["statement"]: SimpleNamespace(verdict=row["verdict"], **row["difference"])
        for row in summary["verdicts"]
        if {row["a"], row["b"]} <= set(MIXES)
    }


def accuracies(run: Record) -> dict[str, float]:
    """Model -> share of the test photographs named rightly, mean over seeds."""
    summary: dict[str, Any] = run.summary
    return {row["model"]: row["test_top1"]["value"] for row in summary["methods"] if row["model"] in MIXES}


def macs(run: Record) -> dict[str, int]:
    """Model -> MACs of one answer."""
    summary: dict[str, Any] = run.summary
    return {row["model"]: row["macs"] for row in summary["methods"] if row["model"] in MIXES}


def last_losses(run: Record) -> dict[str, float]:
    """Model -> training loss of the last pass, mean over seeds."""
    rows: list[Any] = list(run.runs)
    return {
        model: mean(row["history"]["epochs"][-1]["train_loss"] for row in rows if row["model"] == model)
        for model in MIXES
    }


def said_of_later(run: Record) -> str:
    """How the statements about CaiT, Swin and Mixer came out, a sentence for each verdict."""
    found = {name: one.verdict for name, one in statements(run).items() if any(new in name for new in LATER)}
    words = {  # verdict -> of several, of one
        "holds": ("hold", "holds"),
        "the opposite holds": ("come out the other way round", "comes out the other way round"),
        "undecided": ("stay open", "stays open"),
    }
    sentences: list[str] = []
    for verdict, (many, one) in words.items():
        names = [f"*{name}*" for name, own in found.items() if own == verdict]
        if names:
            count = NUMBERS[len(names)] if sentences else f"{NUMBERS[len(names)]} of the {NUMBERS[len(found)].lower()}"
            sentences.append(f"{count} {many if len(names) > 1 else one}: {', '.join(names)}.")
    return " ".join(sentences)
