"""Fine-tuning in practice, from three records: the sweep of learning rates, released weights, and our pair on dogs."""

from types import SimpleNamespace
from typing import Any

from IPython.display import Markdown

from helpers.pages.c15.figures import MODEL_NAMES as NAMES
from helpers.pages.c15.square import cells_of, differences_of, models_of
from helpers.pages.c15.steps import ALL, FEW
from helpers.plots.tables import NBSP, markdown_table, percent, points
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


# --- the sweep of orders ----------------------------------------------------------------------------------------------

AT_ONCE, SLOWER_BELOW, HEAD_FIRST, AT_A_TENTH = ORDERS = (
    "all at once", "all at once,\nslower below", "head first,\nsame rate", "head first,\nbody at a tenth",
)  # fmt: skip
_ORDER_OF = {
    "everything": AT_ONCE,
    "last tenth": AT_ONCE,
    "everything, slower below": SLOWER_BELOW,
    "head first, then everything": HEAD_FIRST,
    "head first, then last tenth": HEAD_FIRST,
    "head first, then everything, body at a tenth": AT_A_TENTH,
    "head first, then last tenth, body at a tenth": AT_A_TENTH,
}


def gains_of(*records: Record) -> dict[str, dict[str, dict[str, float]]]:
    """Network -> order of tuning -> what it gained over the head alone: value, low, high; orders as in `ORDERS`."""
    gains: dict[str, dict[str, dict[str, float]]] = {}
    for row in (row for record in records for row in dump(record)["summary"]["rows"]):
        if row["against_head"] is not None:
            gains.setdefault(row["model"], {})[_ORDER_OF[row["plan"]]] = row["against_head"]
    return {model: {order: rows[order] for order in ORDERS if order in rows} for model, rows in gains.items()}


def gains_table(*records: Record) -> Markdown:
    """What each order gained over the head alone, in points with 95 % intervals: a row an order, a column a network."""
    gains = gains_of(*records)

    def cell(rows: dict[str, dict[str, float]], order: str) -> str:
        return points(SimpleNamespace(**rows[order])).replace(f"{NBSP}points", "") if order in rows else "–"

    return markdown_table(
        [
            {"order": " ".join(order.split())} | {NAMES[model]: cell(rows, order) for model, rows in gains.items()}
            for order in ORDERS
        ],
        caption="Points gained over the head alone [95 % interval over photographs and seeds]",
    )


def released_orders_told(record: Record) -> Markdown:
    """What the orders make of a released network with few photographs, and what to make of that.

    Raises
    ------
    ValueError
        If freeing more did not lose, and lose less with each piece of the advice: the text says that it did.
    """
    ((model, gains),) = gains_of(record).items()
    data, parameters = dump(record)["data"], dump(record)["parameters"]
    at_once, first, slower = (SimpleNamespace(**gains[order]) for order in (AT_ONCE, HEAD_FIRST, AT_A_TENTH))
    if not at_once.value < first.value < slower.value or slower.high >= 0:
        raise ValueError(f"record: expected losses that shrink with each piece of the advice, got {gains}")
    (head,) = (row["top1"] for row in dump(record)["summary"]["rows"] if row["plan"] == "head")
    return Markdown(
        f"**A released network, {per_class(record)} photographs a breed.** {NAMES[model]}'s head alone is right on "
        f"{percent(SimpleNamespace(**head))} of {head['n']:,} test photographs (with other seeds than the "
        f"table's). The last tenth freed at once changes that by {_signed(at_once)} points; freed after the head by "
        f"{_signed(first)}; after the head and at a tenth of its rate by {_signed(slower)}. "
        f"Each piece of the advice mends a part of the loss, and the best body is "
        f"the one left alone. ({parameters['plans']['head'][0]['passes']} passes, {len(parameters['seeds'])} seeds; "
        f"{data['n_train']:,} photographs.)"
    )


def small_orders_told(record: Record) -> Markdown:
    """What the orders make of the small pair, whose body has seen other things, in few passes.

    Raises
    ------
    ValueError
        If an order gained for sure: the text says that none does.
    """
    data, parameters = dump(record)["data"], dump(record)["parameters"]
    heads = {row["model"]: row["top1"] for row in dump(record)["summary"]["rows"] if row["plan"] == "head"}
    said, costs = [], []
    for model, rows in gains_of(record).items():
        gains = {order: SimpleNamespace(**gain) for order, gain in rows.items()}
        if any(gain.low > 0 for gain in gains.values()):
            raise ValueError(f"record: expected that no order gains for sure on the head alone, got {rows}")
        said.append(f"{percent(SimpleNamespace(**heads[model]))} ({NAMES[model]})")
        costs += [
            f"{NAMES[model]}, {' '.join(order.split())}, {points(gain)}"
            for order, gain in gains.items()
            if gain.high < 0
        ]
    return Markdown(
        f"**The small pair, {per_class(record)} photographs a breed, which has seen other things.** The heads alone "
        f"are right on {' and '.join(said)}. In {parameters['plans']['head'][0]['passes']} passes no order gains "
        f"anything that its interval can show, and what is sure is a loss: {'; '.join(costs) or 'none'}. "
        f"({len(parameters['seeds'])} seeds, judged on {data['n_val']:,} validation photographs.)"
    )


# --- the photographs' square and released weights ---------------------------------------------------------------------


def per_class(record: Record) -> int:
    """Training photographs a class, rounded."""
    data = dump(record)["data"]
    return round(data["n_train"] / data["num_classes"])


def decision_rows(released: Record | None, square: Record | None) -> Rows:
    """A row for each way to come by a classifier that is recorded: what is trained, on how many, how good, how dear."""
    rows: Rows = []
    if released is not None and dump(released)["summary"]["zero_training_top1"] is not None:
        summary = dump(released)["summary"]
        rows.append(
            _row(summary["zero_training_model"], "nothing (its old head)", 0, summary["zero_training_top1"], None)
        )
    for record in (released, square):
        for (model, tuning), cell in cells_of(record).items() if record is not None else ():
            cost = round(cell["macs_per_image"] / 1e6)
            rows.append(_row(model, TRAINED[tuning], per_class(record), cell["test_top1"], cost))  # type: ignore[arg-type]
    return rows


def _row(model: str, trained: str, photographs: int, top1: dict[str, Any], cost: int | None) -> dict[str, Any]:
    return {
        "network": NAMES[model],
        "trained": trained,
        "photographs a class": photographs,
        "right (%)": f"{100 * top1['value']:.1f}",
        "MMACs": "–" if cost is None else f"{cost:,}",
    }


def advice(released_orders: Record | None, square: Record | None) -> Markdown:
    """What to train, by what one has: a row for each case that is recorded, and one that says it is not.

    Raises
    ------
    ValueError
        If a record speaks against its row.
    """
    rows = []
    if released_orders is not None:
        gains = {
            order: SimpleNamespace(**gain) for order, gain in next(iter(gains_of(released_orders).values())).items()
        }
        if any(gain.high >= 0 for gain in gains.values()):
            raise ValueError(f"record: expected every order to lose against the head alone, got {gains}")
        least, most = sorted(-100 * gain.value for gain in gains.values())[:: len(gains) - 1]
        rows.append(
            {
                "you have": f"a released network, some {per_class(released_orders)} photographs a class",
                "train": "the head, on features computed once",
                "rate used (AdamW)": f"{dump(released_orders)['parameters']['plans']['head'][0]['rate']:g}",
                "measured above": f"freeing more lost {least:.1f} to {most:.1f} points",
            }
        )
    if square is not None:
        steps = differences_of(square)
        gained = [steps[f"{model}: {ALL} – {FEW}"] for model in models_of(square)]
        if any(gain.low <= 0 for gain in gained):
            raise ValueError(f"record: expected both networks to gain from tuning everything, got {gained}")
        rows.append(
            {
                "you have": f"a network that has seen other things, some {per_class(square)} a class",
                "train": "everything",
                "rate used (AdamW)": f"{dump(square)['parameters']['learning_rates'][ALL]:g}",
                "measured above": f"{' and '.join(_signed(gain) for gain in gained)} points against the last tenth",
            }
        )
    rows.append(
        {
            "you have": "thousands a class",
            "train": "everything, for longer, and fresh weights beside it",
            "rate used (AdamW)": "–",
            "measured above": "not measured here",
        }
    )
    return markdown_table(rows)


def decision_table(released: Record | None, square: Record | None) -> Markdown:
    """The rows as a table, and a line for each record that is missing."""
    rows, lines = decision_rows(released, square), []
    if released is None:
        lines.append("*Not recorded yet: the rows of a released network.*")
    if square is None:
        lines.append("*Not recorded yet: the rows of our pair on 12,000 photographs.*")
    table = markdown_table(rows).data if rows else ""
    return Markdown("\n\n".join([part for part in (table, *lines) if part]))


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
    """The gap of the opposite corners and its two steps, in words, with the one interval that the decision needs."""
    cnn, vit = models_of(square)
    steps = differences_of(square)
    corner = next(difference for name, difference in steps.items() if name.startswith("opposite corners"))
    tuning, whole, part = steps[f"{cnn}: {ALL} – {FEW}"], steps[f"{ALL}: {vit} – {cnn}"], steps[f"{FEW}: {vit} – {cnn}"]
    winners = {difference.value > 0 for difference in (corner, whole, part)}
    if corner.low <= 0 <= corner.high and whole.low * whole.high > 0:
        moral = "The slides' comparison would have called it a draw: two large steps hide each other."
    elif len(winners) == 1:
        moral = "Whichever comparison you make, the winner is the same; the size is not, and a size decides."
    else:
        moral = "Which model wins depends on which comparison you make."
    sure = "the interval leaves zero out" if whole.low * whole.high > 0 else "the interval holds zero"
    return Markdown(
        f"The slides' comparison, {NAMES[vit]} all against {NAMES[cnn]} top tenth, comes out at {points(corner)}. "
        f"It is the sum of **tuning**, {points(tuning)}, and **model**, both trained whole, {points(whole)}; in the "
        f"last, {sure}. {moral}"
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
        f"{NAMES[model]} rises from {100 * cells[model, 'scratch']['test_top1']['value']:.1f} to "
        f"{100 * cells[model, ALL]['test_top1']['value']:.1f} % ({_signed(steps[f'{model}: {ALL} – scratch'])} points)"
        for model in models_of(square)
    ]
    return Markdown(f"Pre-trained on photographs that show no dog, {' and '.join(said)}.")


def _signed(difference: Any) -> str:
    return f"{100 * difference.value:+.1f}".replace("-", "−")
