"""What became of the slides' question: what they compared, the same square in lab 8, and a network never trained."""

from types import SimpleNamespace
from typing import Any

from IPython.display import Markdown

from helpers.claims import page
from helpers.claims.table import judge, load_claims
from helpers.plots.tables import percent, points
from helpers.records import Record

REPORTED = {"cnn": ("Xception, top tenth", 0.7272), "vit": ("ViT, all", 0.8243)}  # the slides' test accuracies
ROWS = {
    ("xception_mini", "top10"): ("Xception, top tenth", "cnn"),
    ("xception_mini", "full"): ("Xception, all", "cnn"),
    ("vit_mini", "top10"): ("ViT, top tenth", "vit"),
    ("vit_mini", "full"): ("ViT, all", "vit"),
}
STEPS = {
    "corner": "opposite corners",
    "tuning": "xception_mini: full – top10",
    "architecture": "full: vit_mini – xception_mini",
    "architecture_first": "top10: vit_mini – xception_mini",
    "tuning_last": "vit_mini: full – top10",
}
VERDICTS = {"hold": "holds", "conditions": "holds under conditions", "contested": "contested", "wrong": "wrong"}


def steps_of(square: Record) -> dict[str, SimpleNamespace]:
    """The recorded difference of the corners and of each step between them."""
    differences = square.model_dump()["summary"]["differences"]
    found = {s: next(d for d in differences if d["name"].startswith(start)) for s, start in STEPS.items()}
    return {s: SimpleNamespace(**row["difference"]) for s, row in found.items()}


def zero_training(released: Record) -> SimpleNamespace:
    """Test accuracy of the released network with nothing trained.

    Raises
    ------
    ValueError
        If the record holds none, or one that does not beat the slides' networks for sure: the page says that it does.
    """
    top1 = released.model_dump()["summary"]["zero_training_top1"]
    if top1 is None or top1["low"] <= REPORTED["vit"][1]:
        raise ValueError(f"record: expected a never-trained network above {REPORTED['vit'][1]} for sure, got {top1}")
    return SimpleNamespace(**top1)


def experiments(square: Record, released: Record) -> list[dict[str, Any]]:
    """The rows of the figure: the slides' two corners, all four of lab 8, the released network."""
    summary = square.model_dump()["summary"]
    cells = {(cell["model"], cell["tuning"]): SimpleNamespace(**cell["test_top1"]) for cell in summary["cells"]}
    slides = [
        {"name": name, "colour": family, "top1": SimpleNamespace(value=value, low=None, high=None)}
        for family, (name, value) in REPORTED.items()
    ]
    ours = [{"name": name, "colour": family, "top1": cells[cell]} for cell, (name, family) in ROWS.items()]
    never = {"name": "EfficientNet-Lite0", "colour": "cnn", "top1": zero_training(released)}
    return [
        {"title": "The slides: two corners of a square", "look": "reported", "rows": slides},
        {"title": "Lab 8: all four, small, no dog seen before", "look": "measured", "rows": ours},
        {"title": "Nothing trained, but had seen these dogs", "look": "seen", "rows": [never]},
    ]


def spoken(shown: list[dict[str, Any]]) -> str:
    """The figure in words, for those who do not see it."""
    rows = [
        f"{one['title']}. " + ", ".join(f"{row['name']} {percent(row['top1'])}" for row in one["rows"]) for one in shown
    ]
    return f"Test accuracies. {'. '.join(rows)}."


def question_figures(drawn: Record, square: Record, released: Record) -> dict[str, Any]:
    """The figures of the slides, the square and the released network, by the name under which the text quotes them.

    Raises
    ------
    ValueError
        Where the page would say what the square does not: that two steps, one up and one down, hide each other.
    """
    gap = REPORTED["vit"][1] - REPORTED["cnn"][1]
    data, never = square.data, zero_training(released)
    if data is None:
        raise ValueError(f"{square.lab}: expected a record with data, got one without")
    figures: dict[str, Any] = {
        "slides_gap": Markdown(f"{100 * gap:+.1f} points"),
        "wall_minutes": drawn.wall_s / 60,
        "n_train": data.n_train,
        "n_test": data.n_test,
        "n_official": drawn.model_dump()["summary"]["leak_audit"]["n_names"],
        "classes": data.num_classes,
        "seeds": square.parameters["seeds"],
        "epochs": square.parameters["epochs"],
        "never_trained": Markdown(percent(never)),
        "never_trained_alone": 100 * never.value,
        "n_never_trained": never.n,
    }
    steps = steps_of(square)
    if not (steps["corner"].low <= 0 <= steps["corner"].high and steps["tuning"].low > 0 > steps["architecture"].high):
        raise ValueError(f"record: expected two steps that hide each other, as the page says, got {steps}")
    for step, difference in steps.items():
        figures[step] = Markdown(points(difference))
        figures[f"{step}_alone"] = Markdown(points(SimpleNamespace(value=difference.value, low=None, high=None)))
    return figures


def claim_figures() -> dict[str, int]:
    """How many claims of the sources (S) and corrections of our own (F) there are, and how they were judged."""
    judged, figures = judge(load_claims()), {}
    for group in "SF":
        count = page.counts([one for one in judged if one.claim.id.startswith(group)])
        figures[f"claims_{group}"] = sum(count.values())
        figures[f"waiting_{group}"] = count["not decided here"]
        figures[f"measured_{group}"] = figures[f"claims_{group}"] - figures[f"waiting_{group}"]
        figures |= {f"{key}_{group}": count[verdict] for key, verdict in VERDICTS.items()}
    return figures
