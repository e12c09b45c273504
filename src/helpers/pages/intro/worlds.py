"""One question in three worlds: what the slides reported, and the same steps in the recorded runs of lab 8."""

import math
from types import SimpleNamespace
from typing import Any

from IPython.display import Markdown

from helpers.claims import page
from helpers.claims.table import judge, load_claims
from helpers.plots.tables import points
from helpers.records import Record

REPORTED, TEST_LIST = {"xception": 0.7272, "vit": 0.8243}, 8580  # the slides' accuracies; the official test list
STEPS = {
    "corner": "opposite corners",
    "tuning": "xception_mini: full – top10",
    "architecture": "full: vit_mini – xception_mini",
}
VERDICTS = {"hold": "holds", "conditions": "holds under conditions", "contested": "contested", "wrong": "wrong"}


def slides() -> SimpleNamespace:
    """The difference that the slides report, with what the draw of test images alone would give."""
    half = 1.96 * math.sqrt(sum(a * (1 - a) for a in REPORTED.values()) / TEST_LIST)
    gap = REPORTED["vit"] - REPORTED["xception"]
    return SimpleNamespace(value=gap, low=gap - half, high=gap + half, half=half)


def steps_of(record: Record) -> dict[str, SimpleNamespace]:
    """The recorded difference of each step."""
    differences = record.model_dump()["summary"]["differences"]
    found = {s: next(d for d in differences if d["name"].startswith(start)) for s, start in STEPS.items()}
    return {s: SimpleNamespace(**row["difference"]) for s, row in found.items()}


def world_figures(records: dict[str, Record]) -> dict[str, Any]:
    """The figures of the slides and of each world, by the name under which the text quotes them."""
    reported, photographs = slides(), records["photographs"]
    cells = photographs.model_dump()["summary"]["cells"]
    accuracies = [100 * cell["test_top1"]["value"] for cell in cells if cell["tuning"] != "scratch"]
    figures: dict[str, Any] = {
        "slides_gap": Markdown(f"{100 * reported.value:+.1f} points"),
        "slides_interval": f"{100 * reported.half:.1f}",
        "wall_minutes": records["drawn"].wall_s / 60,
        "photographs_low": min(accuracies),
        "photographs_high": max(accuracies),
    }
    for world, record in records.items():
        data = record.data
        if data is None:
            raise ValueError(f"{record.lab}: expected a record with data, got one without")
        figures |= {f"{s}_{world}": Markdown(points(difference)) for s, difference in steps_of(record).items()}
        figures |= {f"n_{world}": data.n_test, f"n_train_{world}": data.n_train}
        figures[f"seeds_{world}"] = record.parameters["seeds"]
        if world == "photographs":
            figures["classes_photographs"] = data.num_classes
    return figures


def claim_figures() -> dict[str, int]:
    """How many claims of the sources (S) and corrections of our own (F) there are, and how they were judged."""
    judged, figures = judge(load_claims()), {}
    for group in "SF":
        count = page.counts([one for one in judged if one.claim.id.startswith(group)])
        figures[f"claims_{group}"] = sum(count.values())
        figures[f"measured_{group}"] = sum(count.values()) - count["not measured yet"]
        figures |= {f"{key}_{group}": count[verdict] for key, verdict in VERDICTS.items()}
    return figures
