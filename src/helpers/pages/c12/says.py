"""Sentences whose words depend on what was measured: rates at which a network collapses, what fractals were worth."""

from collections.abc import Sequence
from typing import Any

from IPython.display import Markdown

from helpers.measure.accuracy import Estimate
from helpers.pages.c12 import bias, recorded
from helpers.pages.c12.study import LONGER
from helpers.plots.tables import points

COLLAPSED = 0.9  # share of answers that are one class
MODELS = ("xception_mini", "vit_mini")
Row = dict[str, Any]


def word(gain: Estimate) -> str:
    """What an interval says of a gain: helps, hurts, or cannot be told from nothing."""
    if gain.low is None or gain.high is None or gain.low <= 0 <= gain.high:
        return "cannot be told from nothing"
    return "helps" if gain.low > 0 else "hurts"


def signed(gain: Estimate) -> str:
    """A difference in points, for a line whose interval stands in a figure or a box beside it."""
    return f"{100 * gain.value:+.1f} points".replace("-", "−")


def gains_told(name: str, sizes: Sequence[int]) -> str:
    """A difference of the study at each size, in points; "(open)" where its interval holds zero."""
    parts = []
    for size in sizes:
        gain = recorded.difference(name, size)
        mark = " (open)" if word(gain).startswith("cannot") else ""
        parts.append(f"{100 * gain.value:+.1f} with {size}{mark}")
    return ", ".join(parts).replace("-", "−")


def passes_table(sizes: Sequence[int], steps: int) -> list[Row]:
    """CNN and ViT by steps and rate; at each size: percent right of their own digits, an arrow, of new ones."""
    shared = f"{bias.RATE:g}, for all"
    rates = {name: f"{recorded.own_rate(name):g}, its own" for name in ("cnn", "vit")}
    how = [
        ("ViT", "vit", steps, shared),
        ("ViT", "vit, twice the steps", 2 * steps, shared),
        ("ViT", "vit, four times the steps", LONGER * steps, shared),
        ("ViT", "vit, own rate, short", steps, rates["vit"]),
        ("ViT", "vit, own rate", LONGER * steps, rates["vit"]),
        ("CNN", "cnn", steps, shared),
        ("CNN", "cnn, own rate", LONGER * steps, rates["cnn"]),
    ]
    return [
        {"network": network, "steps": many, "rate": rate}
        | {
            f"{size} of each": f"{100 * recorded.training(arm, size):.0f} → {100 * recorded.accuracy(arm, size):.0f}"
            for size in sizes
        }
        for network, arm, many, rate in how
    ]


def controls_table(sizes: Sequence[int]) -> list[Row]:
    """What tells what a ViT lacks: percent of new digits right in both worlds, each network at its own rate."""
    shown = ("linear", "mlp", "vit", "vit_places", "vit_wide", "vit_stem", "cnn")
    arms = {bias.NAMES[name]: f"{name}, own rate" for name in shown}
    return [
        {"network": label}
        | {
            f"{world}, {size}": f"{100 * recorded.accuracy(arm, size, world):.0f}"
            for world in bias.SIDES
            for size in sizes
        }
        for label, arm in arms.items()
    ]


def rates_of(rows: Sequence[Row], network: str) -> list[Row]:
    """Rows of one network, by rate."""
    return sorted((row for row in rows if row["network"] == network), key=lambda row: row["rate"])


def sweep_told(rows: Sequence[Row]) -> Markdown:
    """Where each network does best, and at which rate the ViT has collapsed while the CNN has not."""
    best = {name: max(rates_of(rows, name), key=lambda row: row["test_top1"]) for name in ("cnn", "vit")}
    said = [f"The {label} is best at {_share(best[name])}" for name, label in (("cnn", "CNN"), ("vit", "ViT"))]
    said[0] += ", one training at each rate"
    if best["vit"]["rate"] == recorded.own_rate("vit"):
        mean = recorded.accuracy("vit, own rate, short", 100)
        said[1] += f"; three seeds have a mean of {100 * mean:.0f} % there, as the table above says"
    pairs = list(zip(rates_of(rows, "cnn"), rates_of(rows, "vit"), strict=True))
    lost = [(cnn, vit) for cnn, vit in pairs if vit["commonest"] > COLLAPSED >= cnn["commonest"]]
    if lost:
        cnn, vit = max(lost, key=lambda pair: pair[0]["test_top1"])
        text = (
            f"At {cnn['rate']:.2g} the CNN still names {100 * cnn['test_top1']:.0f} %; the ViT answers *one class* for "
        )
        said.append(text + f"{100 * vit['commonest']:.0f} % of all digits, whatever they show")
    else:
        said.append("At no rate of this sweep has the ViT collapsed to one class and the CNN not")
    return Markdown(". ".join(said) + ".")


def rates_table() -> list[Row]:
    """The rate that each network was given of its own, in each world."""
    networks = list(dict.fromkeys(row["network"] for row in recorded.chosen_rates()))
    rates = {(row["network"], row["world"]): f"{row['rate']:g}" for row in recorded.chosen_rates()}
    return [
        {"network": bias.NAMES[name]} | {world: rates.get((name, world)) for world in bias.SIDES} for name in networks
    ]


def _share(row: Row) -> str:
    return f"{row['rate']:.2g} ({100 * row['test_top1']:.0f} %)"


def photographs_told(rows: Sequence[Row], num_classes: int) -> Markdown:
    """Of the sweep on photographs: what a CNN keeps of its best where the ViT is at chance exactly."""
    by = {
        name: {row["learning_rate"]: row["val_top1"]["value"] for row in rows if row["model"] == name}
        for name in MODELS
    }
    chance = 1 / num_classes
    exact = [rate for rate, value in by["vit_mini"].items() if abs(value - chance) < 1e-9]
    if not exact:
        return Markdown("On photographs the ViT is at exact chance at no rate.")
    rate, cnn = min(exact), by["xception_mini"]
    return Markdown(
        f"At {rate:g} the small ViT names {100 * by['vit_mini'][rate]:.2f} % of the photographs rightly, *exactly* one "
        f"in {num_classes}, which is what one answer for all of them gets. The CNN is at {100 * cnn[rate]:.1f} %,"
        f" and at its best rate at {100 * max(cnn.values()):.1f} %."
    )


def cards() -> list[tuple[str, str, str]]:
    """Number of images a class, what to do, what it rests on: for the picture on the wall."""
    head, at = recorded.head_alone(), recorded.accuracy
    photos = {
        (model, tuning): f"{100 * recorded.cell(model, tuning)['value']:.0f}"
        for model in MODELS
        for tuning in ("scratch", "full")
    }
    digits = {size: f"CNN {100 * at('cnn', size):.0f} %, ViT {100 * at('vit', size):.0f} %" for size in (1, 10)}
    stem = f"with conv. first {100 * at('vit_stem', 10):.0f} %"
    small = "; ".join(
        f"{label} {photos[model, 'scratch']} → {photos[model, 'full']} %"
        for model, label in zip(MODELS, ("CNN", "ViT"), strict=True)
    )
    return [
        (
            "1",
            "Train a head, nothing else",
            f"120 breeds, released network: {100 * head[1]:.0f} %\nfresh, on digits: {digits[1]}",
        ),
        (
            "10",
            "A head; if fresh, with a bias",
            f"120 breeds: {100 * head[10]:.0f} %\nfresh: {digits[10]},\n{stem}",
        ),
        ("100", "Fine-tune all of it, below the cliff", f"90 a breed, fresh → pre-trained:\n{small}"),
        (
            "1,000",
            "Either family; spend on the recipe",
            "reported for ViT-B/16 on ImageNet: 77.9 %,\nwith DeiT's recipe 81.8 %",
        ),
    ]


def worth_told(model: str) -> str:
    """What pre-training on other photographs was worth to a small network, in points with its interval."""
    return points(recorded.worth(model))
