"""What the page quotes from its recordings: longer training on streets, released weights beside fresh ones, lab 3."""

from functools import cache
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, over_seeds
from helpers.pages.c07.street import BODIES, reach
from helpers.plots.tables import whole_percent
from helpers.records import Record, read_record

PLACE = (24, 17)  # row and column of the pixel whose weights the page shows
NETWORKS = {"vgg16": "VGG-16", "resnet50": "ResNet-50", "xception": "Xception"}


@cache
def longer() -> dict[str, Any]:
    """The recorded study of `helpers.pages.c07.street`, as plain dictionaries and lists."""
    return read_record("07_streets", "cpu").model_dump()


@cache
def released() -> list[dict[str, Any]]:
    """The recorded rows of `helpers.pages.c07.released`."""
    rows: list[dict[str, Any]] = read_record("07_fields", "cpu").model_dump()["runs"]
    return rows


def longer_shares(body: str) -> np.ndarray:
    """Right answers after the long training, (seeds, 20) by distance."""
    return np.array([run["by_distance"] for run in longer()["runs"] if run["body"] == body])


def longer_both_right(body: str) -> np.ndarray:
    """Share of streets that are right for two lamps one after the other, after the long training, (seeds,)."""
    return np.array([run["both_right"] for run in longer()["runs"] if run["body"] == body])


def longer_steps() -> int:
    """Steps of the long training."""
    return int(longer()["parameters"]["steps"])


def longer_table(short: dict[str, list[float]], counted: dict[str, list[float]]) -> list[dict[str, str]]:
    """One row a network, in %: right answers up to the end of its field, of one who counts colours, after the page's
    steps and after the long training; right for two lamps after the long one. Student's intervals over seeds."""
    rows = []
    for body in BODIES:
        inside = slice(0, min(reach(body), 20))
        long = over_seeds(longer_shares(body)[:, inside].mean(1))
        row = {"network": body, "houses": f"1 to {min(reach(body), 20)}"}
        row["counting"] = f"{100 * float(np.mean(counted[body][inside])):.0f}"
        row["on this page"] = f"{100 * float(np.mean(short[body][inside])):.0f}"
        row[f"after {longer_steps():,} steps"] = whole_percent(long)
        rows.append(row | {"both right": whole_percent(over_seeds(longer_both_right(body)))})
    return rows


def lab_rows(record: Record) -> list[dict[str, Any]]:
    """The deepest studied map of each convolutional network of lab 3, for `figures.dumbbells`."""
    rows = []
    for model, name in NETWORKS.items():
        own = [row for row in record.model_dump()["summary"]["fields"] if row["model"] == model]
        for row, depth in ((own[0], "early"), (own[-1], "last")):
            image = row["image_px"]
            sides = {"95 %": row["side95_px"] / image}
            rows.append({"name": f"{name}, {depth}", "theory": row["theory_px"] / image, "sides": sides})
    return rows


def released_rows(model: str) -> list[dict[str, Any]]:
    """Layers of one network, fresh and released, the mean over photographs, for `figures.dumbbells`."""
    rows: dict[str, dict[str, Any]] = {}
    for row in released():
        if row["model"] == model:
            image = row["image_px"]
            theory = None if row["theory_px"] is None else row["theory_px"] / image
            line = rows.setdefault(row["layer"], {"name": row["layer"], "theory": theory, "sides": {}})
            line["sides"][row["weights"]] = float(np.mean(row["side95_px"])) / image
    return list(rows.values())


def of_layer(model: str, layer: str) -> dict[str, dict[str, Any]]:
    """The recorded rows of one layer by its weights, "fresh" and "released"."""
    return {row["weights"]: row for row in released() if (row["model"], row["layer"]) == (model, layer)}


def trained_minus_fresh(model: str, layer: str) -> Estimate:
    """Side that holds 95 %, released minus fresh over the side of the image, paired over the photographs."""
    sides = of_layer(model, layer)
    gap = np.array(sides["released"]["side95_px"]) - np.array(sides["fresh"]["side95_px"])
    return over_seeds(gap / sides["fresh"]["image_px"])
