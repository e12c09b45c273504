"""The crossed design, measured: what the text quotes from records of the main lab, and its table."""

from types import SimpleNamespace
from typing import Any

from IPython.display import Markdown

from helpers.measure.intervals import t_quantile
from helpers.pages.c15.steps import ALL, FEW, tuning_step
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


def seed_figures(record: Record) -> dict[str, Markdown]:
    """What the fine print says from the rehearsal on drawn dogs: the two seeds, and the audit of the test list."""
    cnn, _ = models_of(record)
    tuned, step = tuning_step(record, cnn), differences_of(record)[f"{cnn}: {ALL} – {FEW}"]
    by_seed = " and ".join(points(pair) for pair in tuned.by_seed.values())
    verdict = "holds 0" if step.low <= 0 <= step.high else "leaves 0 out"
    seeds = (
        f"In lab 8's rehearsal on drawn dogs, tuning all of the small Xception instead of its top tenth brought "
        f"{points(step)}; the interval {verdict}. The two seeds gained {by_seed} "
        "(intervals over test images only). Pairing by image removes what both tunings find easy or hard; it does "
        "nothing for the seeds. What seeds do is known from two numbers, one degree of freedom, where Student's "
        "quantile is "
        f"{t_quantile(0.95, len(tuned.by_seed) - 1):.1f} instead of 1.96; `paired_difference` takes a quantile "
        "between the two. So there are two questions. *Do these trained networks differ?* Yes, says McNemar's exact "
        f"test, which looks only at images that exactly one of the two got right: {' and '.join(tuned.chances)}. "
        "*Would the next training gain as well?* Both of ours did; two cannot promise it. Run more before you write it "
        "on a slide."
    )
    return {"seeds_told": Markdown(seeds), "audit_told": Markdown(audit_told(record))}


def audit_told(record: Record) -> str:
    """How many of the official test names the published tenth holds, and the share that this implies.

    Raises
    ------
    ValueError
        If the record holds no audit.
    """
    audit = record.model_dump()["summary"]["leak_audit"]
    if audit is None:
        raise ValueError("record: expected an audit of the test list in its summary, got none; run the lab again")
    return (
        f"Measured: {audit['n_found']} of the {audit['n_names']:,} official test names are in it, an implied share of "
        f"{audit['implied_share']:.2f} [{audit['low']:.2f}, {audit['high']:.2f}] for a uniform draw."
    )


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
    what = (
        "they cover both, other test images and, with few seeds roughly, other seeds"
        if kind == "both"
        else f"they cover {kind} only"
    )
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
