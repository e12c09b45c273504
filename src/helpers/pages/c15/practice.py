"""Fine-tuning in practice, from three records: the sweep of learning rates, released weights, and our pair on dogs."""

from types import SimpleNamespace
from typing import Any

from IPython.display import Markdown

from helpers.pages.c15.figures import MODEL_NAMES as NAMES
from helpers.pages.c15.square import cells_of, differences_of, models_of
from helpers.pages.c15.steps import ALL, FEW
from helpers.plots.tables import percent, points
from helpers.records import Record

TRAINED = {"probe": "head", FEW: "last tenth", ALL: "everything", "scratch": "everything, from fresh weights"}
Rows = list[dict[str, Any]]


def dump(record: Record) -> dict[str, Any]:
    """The record as plain dictionaries and lists."""
    return record.model_dump()


# --- the sweep of learning rates --------------------------------------------------------------------------------------


def sweep_of(record: Record) -> dict[str, Rows]:
    """Model -> its runs, from the lowest learning rate to the highest."""
    runs = dump(record)["runs"]
    return {
        model: sorted((run for run in runs if run["model"] == model), key=lambda run: run["learning_rate"])
        for model in dict.fromkeys(run["model"] for run in runs)
    }


def farthest(record: Record) -> float:
    """How far a weight comes at most at the best rate of the sweep: half the rate, times the steps (worked example).

    Raises
    ------
    ValueError
        If the networks do not share their best rate, or their steps.
    """
    best = {max(runs, key=lambda run: run["val_top1"]["value"])["learning_rate"] for runs in sweep_of(record).values()}
    steps = {run["steps"] for run in dump(record)["runs"] if not run["diverged"]}
    if len(best) != 1 or len(steps) != 1:
        raise ValueError(f"record: expected one best rate and one number of steps, got {best} and {steps}")
    return best.pop() * steps.pop() / 2


def sweep_told(record: Record) -> Markdown:
    """Where each model does best, and what is left at the highest rate."""
    said = []
    for model, runs in sweep_of(record).items():
        best, last = max(runs, key=lambda run: run["val_top1"]["value"]), runs[-1]
        said.append(
            f"{NAMES[model]} does best at $\\eta = {best['learning_rate']:g}$ ({_whole(best)}); at "
            f"{last['learning_rate']:g} it is left with {_whole(last)}"
        )
    data, steps = dump(record)["data"], {run["steps"] for run in dump(record)["runs"] if not run["diverged"]}
    sizes = (
        f"one pass of {' or '.join(str(count) for count in sorted(steps))} steps over {data['n_train']:,} photographs, "
    )
    sizes += f"judged on {data['n_val']:,} others"
    return Markdown(f"{'. '.join(said)}. (One seed; {sizes}; chance is {100 / data['num_classes']:.1f} %.)")


def _whole(run: dict[str, Any]) -> str:
    return f"{100 * run['val_top1']['value']:.1f} %"


# --- the photographs' square and released weights ---------------------------------------------------------------------


def per_class(record: Record) -> int:
    """Training photographs a class, rounded."""
    data = dump(record)["data"]
    return round(data["n_train"] / data["num_classes"])


def freeing_told(released: Record) -> Markdown:
    """What a released network's last tenth costs and brings, freed as well, against its head alone.

    Raises
    ------
    ValueError
        If freeing it brought something: the text says that it did not.
    """
    head, more = ({t: cell for (_, t), cell in cells_of(released).items()}[tuning] for tuning in ("probe", FEW))
    if more["test_top1"]["high"] >= head["test_top1"]["low"]:
        raise ValueError(f"record: expected {FEW} below the head alone for sure, got {more['test_top1']}")
    cost = more["macs_per_image"] / head["macs_per_image"]
    return Markdown(
        f"And with its last tenth freed as well? Over the training a photograph then costs {cost:.1f} times the "
        f"arithmetic of features computed once, and of the "
        f"test photographs {100 * more['test_top1']['value']:.0f} % are right instead of "
        f"{100 * head['test_top1']['value']:.0f}."
    )


def curve_of(released: Record) -> Rows:
    """Accuracy of a probe against photographs a class, as lab 08 records it: `images_a_class`, `test_top1`.

    Raises
    ------
    ValueError
        If the record holds the curves of several networks, or none.
    """
    curves = dump(released)["summary"].get("curve") or {}
    if len(curves) != 1:
        raise ValueError(f"record: expected the curve of one network in its summary, got {sorted(curves)}")
    return next(iter(curves.values()))


def estimate_of(row: dict[str, Any]) -> SimpleNamespace:
    """The row's test accuracy with its interval: value, low, high."""
    return SimpleNamespace(**row["test_top1"])


def curve_told(released: Record) -> Markdown:
    """Its two ends and what lies between them."""
    first, last = curve_of(released)[0], curve_of(released)[-1]
    return Markdown(
        f"With {first['images_a_class']:.0f} photograph{'s' * (first['images_a_class'] > 1)} a breed the new head is "
        f"right on {100 * first['test_top1']['value']:.0f} % of the test photographs, with "
        f"{last['images_a_class']:.0f} on {100 * last['test_top1']['value']:.0f} %."
    )


def zero_training_told(released: Record) -> Markdown:
    """How many dogs a network names that was trained on none of our task, beside the slides' two figures.

    Raises
    ------
    ValueError
        If the record does not beat both: the text around it says that it does.
    """
    top1 = dump(released)["summary"]["zero_training_top1"]
    if top1 is None or top1["low"] <= 0.8243:
        raise ValueError(
            f"record: expected a network that, never trained, beats the slides' 0.8243 for sure, got {top1}; the "
            "chapter's text must change with the record"
        )
    estimate = SimpleNamespace(**top1)
    return Markdown(
        f"It names **{percent(estimate)}** of {top1['n']:,} test photographs: more than the slides' CNN (72.7 %) and "
        "more than their ViT (82.4 %), and nothing was trained."
    )


def square_told(square: Record) -> Markdown:
    """The gap of the opposite corners and its two steps, by either way round, in words; intervals are in the table."""
    cnn, vit = models_of(square)
    steps = differences_of(square)
    corner = next(difference for name, difference in steps.items() if name.startswith("opposite corners"))
    tuning, whole, part = steps[f"{cnn}: {ALL} – {FEW}"], steps[f"{ALL}: {vit} – {cnn}"], steps[f"{FEW}: {vit} – {cnn}"]
    last = steps[f"{vit}: {ALL} – {FEW}"]
    winners = {difference.value > 0 for difference in (corner, whole, part)}
    if corner.low <= 0 <= corner.high and whole.low * whole.high > 0:
        moral = "The slides' comparison alone shows no difference: a large step up and a large step down cancel."
    elif len(winners) == 1:
        moral = "Whichever comparison you make, the winner is the same; the size is not, and a size decides."
    else:
        moral = "Which model wins depends on which comparison you make."
    sure = "the interval leaves zero out" if whole.low * whole.high > 0 else "the interval holds zero"
    return Markdown(
        f"The slides' comparison, {NAMES[vit]} all against {NAMES[cnn]} top tenth, comes out at {points(corner)}. "
        f"It is the sum of **tuning**, {signed(tuning)} points, and **model**, both trained whole, {signed(whole)} "
        f"(before rounding); in the last, {sure}. {moral} By the other corner: model, "
        f"{signed(part)}, then tuning, {signed(last)}. **What a step brings depends on where it starts**, so the one "
        "gap tells neither."
    )


def budget_told(square: Record, doubled: Record) -> Markdown:
    """How often each cell saw how many photographs, and what one of them reached with more passes (`doubled`)."""
    data, parameters = dump(square)["data"], dump(square)["parameters"]
    ((model, tuning), more) = next(iter(cells_of(doubled).items()))
    before, after = cells_of(square)[model, tuning]["test_top1"], SimpleNamespace(**more["test_top1"])
    return Markdown(
        f"Every cell saw the {data['n_train']:,} photographs {parameters['epochs']} times at a rate of "
        f"{parameters['learning_rates'][ALL]:g}, with {parameters['seeds']} seeds. That was not the end of learning: "
        f"with {dump(doubled)['parameters']['epochs']} passes {NAMES[model]}, "
        f"{TRAINED[tuning]} trained, goes from {100 * before['value']:.1f} % to {percent(after)}. So "
        "these numbers compare networks *at this budget*; they are not the best that either can do."
    )


def pretraining_told(square: Record) -> Markdown:
    """What pre-training on photographs of other things was worth: everything tuned, against fresh weights."""
    cells, steps = cells_of(square), differences_of(square)
    said = [
        f"{NAMES[model]} rises from {100 * cells[model, 'scratch']['test_top1']['value']:.1f} % with fresh weights to "
        f"{100 * cells[model, ALL]['test_top1']['value']:.1f} % ({signed(steps[f'{model}: {ALL} – scratch'])} points)"
        for model in models_of(square)
    ]
    return Markdown(f"Pre-trained on photographs of classes that are no dogs, {' and '.join(said)}.")


def signed(difference: Any) -> str:
    """A difference in points with its sign, without its interval."""
    return f"{100 * difference.value:+.1f}".replace("-", "−")
