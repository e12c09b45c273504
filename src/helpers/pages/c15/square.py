"""The crossed design, measured: the figures that the text quotes from two records of the main lab, and its table."""

from types import SimpleNamespace
from typing import Any

from IPython.display import Markdown

from helpers.measure.accuracy import over_seeds
from helpers.measure.intervals import t_quantile
from helpers.pages.c15.steps import ALL, FEW, extra_gains, tuning_step
from helpers.plots.tables import markdown_table, percent, points
from helpers.records import Record

Cells = dict[tuple[str, str], dict[str, Any]]  # model, tuning -> its cell, as the record holds it


def cells_of(record: Record) -> Cells:
    """The record's cells under the names of model and tuning."""
    return {(cell["model"], cell["tuning"]): cell for cell in record.model_dump()["summary"]["cells"]}


def models_of(record: Record) -> tuple[str, str]:
    """The CNN and the ViT, in the order of the record.

    Raises
    ------
    ValueError
        If the record does not compare two models.
    """
    models = tuple(dict.fromkeys(model for model, _ in cells_of(record)))
    if len(models) != 2:
        raise ValueError(f"record: expected two models, got {models}")
    return models[0], models[1]


def corners(record: Record) -> dict[tuple[str, str], float]:
    """Model and tuning -> test accuracy of the four corners; scratch is none."""
    return {cell: row["test_top1"]["value"] for cell, row in cells_of(record).items() if cell[1] != "scratch"}


def differences_of(record: Record) -> dict[str, SimpleNamespace]:
    """Name of a comparison -> its difference: value, low, high."""
    rows = record.model_dump()["summary"]["differences"]
    return {row["name"]: SimpleNamespace(**row["difference"]) for row in rows}


def _sizes(record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record's data and parameters."""
    dump = record.model_dump()
    return dump["data"], dump["parameters"]


def images_seen(record: Record) -> int:
    """How many images each training saw: a history calls it `seen`, in older records `images_seen`.

    Raises
    ------
    ValueError
        If a history holds neither, or the trainings differ.
    """
    histories = [run["history"] for run in record.model_dump()["runs"]]
    counts = {history.get("seen", history.get("images_seen")) for history in histories}
    if len(counts) != 1 or None in counts:
        raise ValueError(f"record: expected one count of images in all histories, got {sorted(counts, key=str)}")
    return int(counts.pop())


def square_figures(record: Record) -> dict[str, Any]:
    """Sizes, the steps between the corners, and how sure they are, by the name that the text uses."""
    cnn, vit = models_of(record)
    cells, steps, data, parameters = cells_of(record), differences_of(record), *_sizes(record)
    figures: dict[str, Any] = {
        "n_test": data["n_test"],
        "n_train": data["n_train"],
        "breeds": data["num_classes"],
        "pixels": data["image_size"][cnn],
        "chance": 100 / data["num_classes"],
        "seeds": parameters["seeds"],
        "epochs": parameters["epochs"],
    }
    for name in (cnn, vit):
        figures[f"share_{name}"] = 100 * cells[name, FEW]["trained_share"]
        figures[f"total_{name}"] = f"{cells[name, ALL]['trained_parameters']:,}"
    corner = next(difference for name, difference in steps.items() if name.startswith("opposite corners"))
    tuning, whole, part = steps[f"{cnn}: {ALL} – {FEW}"], steps[f"{ALL}: {vit} – {cnn}"], steps[f"{FEW}: {vit} – {cnn}"]
    for key, difference in {"corner": corner, "tuning": tuning, "architecture": whole, "at_top10": part}.items():
        figures[f"{key}_text"] = Markdown(points(difference))
    figures["moral"] = Markdown(
        "The winner is the same each time. The size is not, and the size is what a decision weighs against a cost."
        if corner.value * whole.value > 0 and part.value * whole.value > 0
        else "Even the winner depends on which comparison is made."
    )
    figures["verdict"] = Markdown(
        "Its interval holds 0: two seeds cannot promise that another training would gain."
        if tuning.low <= 0 <= tuning.high
        else "Its interval leaves 0 out: more tuning helped this model, and would again."
    )
    return figures | _over_seeds(record, cnn, vit)


def _over_seeds(record: Record, cnn: str, vit: str) -> dict[str, Any]:
    """What two seeds say of the tuning step, and of the interaction."""
    tuned, extra = tuning_step(record, cnn), extra_gains(record, cnn, vit)
    return {
        "by_seed_text": Markdown(" and ".join(points(pair) for pair in tuned.by_seed.values())),
        "mcnemar_text": Markdown(" and ".join(tuned.chances)),
        "unpaired_text": Markdown(points(tuned.unpaired)),
        **{f"wider_{how}": ratio for how, ratio in tuned.wider.items()},
        "student": t_quantile(0.95, len(tuned.by_seed) - 1),
        "interaction_text": Markdown(points(over_seeds(extra))),
        "interaction_seeds": Markdown(" and ".join(f"{100 * gain:+.1f}".replace("-", "−") for gain in extra)),
    }


def photograph_figures(drawn: Record, photographs: Record) -> dict[str, Any]:
    """The same square on photographs: sizes, its diagonal, and what pre-training is worth in both worlds."""
    cnn, vit = models_of(drawn)
    cells, data, parameters = cells_of(photographs), *_sizes(photographs)
    gains = {"drawn": differences_of(drawn), "photo": differences_of(photographs)}
    figures: dict[str, Any] = {
        "dogs_corner": Markdown(points(gains["photo"][f"opposite corners: {vit} {ALL} – {cnn} {FEW}"])),
        "dogs_train": f"{data['n_train']:,}",
        "dogs_val": data["n_val"],
        "dogs_test": f"{data['n_test']:,}",
        "dogs_classes": data["num_classes"],
        "dogs_pixels": data["image_size"][cnn],
        "dogs_epochs": parameters["epochs"],
        "dogs_seen": f"{images_seen(photographs):,}",
        "dogs_chance": 100 / data["num_classes"],
    }
    for name in (cnn, vit):
        for world, gain in gains.items():
            figures[f"{world}_gain_{name}"] = Markdown(points(gain[f"{name}: {ALL} – scratch"]))
        for how in ("scratch", ALL):
            figures[f"photo_{how}_{name}"] = 100 * cells[name, how]["test_top1"]["value"]
    return figures


def accuracy_table(record: Record) -> Any:
    """Accuracy with interval and cost of each cell, as a Markdown table whose caption says what intervals cover.

    Raises
    ------
    ValueError
        If the intervals of the cells cover different things.
    """
    cells, cnn = cells_of(record), models_of(record)[0]
    covers = {cell["test_top1"]["covers"] for cell in cells.values()}
    if len(covers) != 1:
        raise ValueError(f"record: expected intervals that all cover the same, got {sorted(covers)}")
    (kind,) = covers
    what = "they cover both: other test images and other seeds" if kind == "both" else f"they cover {kind} only"
    data, parameters = _sizes(record)
    runs = parameters["seeds"]
    caption = f"n = {data['n_test']:,} test images, {runs} seed{'s' * (runs > 1)}; intervals of 95 %, {what}; "
    caption += "cost of an image in a training step, in MMACs (differences in the text are taken before rounding)"
    rows = [
        {
            "model": "Xception" if model == cnn else "ViT",
            "tuning": how,
            "test top-1": percent(SimpleNamespace(**cell["test_top1"])).replace("\xa0[", " ["),  # may break here
            "cost": round(cell["macs_per_image"] / 1e6),
        }
        for (model, how), cell in cells.items()
    ]
    return markdown_table(rows, caption=caption)
