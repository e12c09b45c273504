"""The two leads that the slides left open, settings and augmentation: what labs 9 and 10 recorded on dogs."""

from collections.abc import Sequence

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, verdict
from helpers.pages.c15.practice import dump
from helpers.plots.tables import points
from helpers.records import Record

BASE = "flip_crop"  # lab 10's name for mirror and crop
Both = tuple[Record, Record]  # of lab 9, of lab 10
SETTINGS = {"the search helps the CNN": "Xception-mini", "the search helps the ViT": "ViT-mini"}
FIRST = {"mirror and crop help the CNN": "Xception-mini", "mirror and crop help the ViT": "ViT-mini"}
MORE = {
    "RandAugment on top helps the ViT": "RandAugment",
    "Mixup on top helps the ViT": "Mixup",
    "CutMix on top helps the ViT": "CutMix",
    "random erasing on top helps the ViT": "random erasing",
}
AHEAD = "after the search the CNN is ahead"


def sums_of(record: Record) -> dict[str, Estimate]:
    """Statement -> the difference of test accuracies that decides it."""
    return {row["statement"]: Estimate(**row["sum"]) for row in dump(record)["summary"]["findings"]}


def effects(both: Both) -> dict[str, Estimate]:
    """What each change brought on the test photographs, under names for a figure."""
    search, augmentation = (sums_of(record) for record in both)
    found = {f"searched settings, {name}": search[text] for text, name in SETTINGS.items() if text in search}
    found |= {f"mirror and crop, {name}": augmentation[text] for text, name in FIRST.items()}
    return found | {f"and {name} on top, ViT-mini": augmentation[text] for text, name in MORE.items()}


def leads_told(both: Both) -> str:
    """The two answers in sentences."""
    search, augmentation = (sums_of(record) for record in both)
    trials, kept = both[0].parameters["trials"], [name for text, name in SETTINGS.items() if text not in search]
    won = {text: name for text, name in SETTINGS.items() if text in search}
    said = [f"the best on validation photographs brought {_each(search, won)} on the test"] if won else []
    said += [f"for {_listed(kept)} none did better on validation than the defaults"] if kept else []
    brought = {name: f"{100 * augmentation[text].value:+.1f}".replace("-", "−") for text, name in FIRST.items()}
    first = " and ".join(f"{name} {number} points" for name, number in brought.items())
    kinds = {
        word: [name for text, name in MORE.items() if verdict(augmentation[text]) == kind]
        for kind, word in ((HOLDS, "helped"), (OPPOSITE, "cost accuracy"), (UNDECIDED, "cannot be told from nothing"))
    }
    more = "; ".join(f"{_listed(names)} {word}" for word, names in kinds.items() if names)
    return (
        f"**Settings.** Of {trials} settings for each network {'; '.join(said)}. "
        f"After the search the CNN is ahead by {100 * search[AHEAD].value:.1f} points.\n\n"
        f"**Augmentation.** Mirror and crop brought {first}. On top of them, for the ViT, {more}."
    )


def limits_told(both: Both) -> str:
    """How much was trained, and on what."""
    search, augmentation = both
    assert search.data is not None
    assert augmentation.data is not None
    seeds = {record.parameters["seeds"] for record in both}
    passes = {record.parameters["epochs"] for record in both}
    if len(seeds) != 1 or len(passes) != 1 or search.data.n_test != augmentation.data.n_test:
        raise ValueError("both: expected recordings with the same seeds, passes and test photographs")
    return (
        f"Differences of accuracy with 95 % intervals over {search.data.n_test:,} test photographs and "
        f"{seeds.pop()} seeds; {search.data.n_train:,} photographs for training beside those that choose, "
        f"{augmentation.data.n_train:,} for augmentation, {passes.pop()} passes, {search.parameters['image_size']} "
        f"pixels. With mirror and crop alone {_known(augmentation)} of the training photographs are known in the end. "
        f"The CNN's lead after the search: {points(sums_of(search)[AHEAD])}. No interval holds the luck of the search."
    )


def _known(record: Record) -> str:
    shares = {row["model"]: row["train_top1"] for row in dump(record)["summary"]["points"] if row["arm"] == BASE}
    return " and ".join(f"{100 * shares[model]:.0f} %" for model in ("xception_mini", "vit_mini"))


def _each(sums: dict[str, Estimate], which: dict[str, str]) -> str:
    return " and ".join(f"{name} {points(sums[text])}" for text, name in which.items())


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
