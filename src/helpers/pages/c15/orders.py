"""In what order to tune: what the sweep of orders says, and the advice that follows from it and from the square."""

from types import SimpleNamespace

from IPython.display import Markdown

from helpers.pages.c15.practice import NAMES, dump, per_class, signed
from helpers.pages.c15.square import differences_of, models_of
from helpers.pages.c15.steps import ALL, FEW
from helpers.plots.tables import NBSP, markdown_table, percent, points
from helpers.records import Record

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


def orders_told(released: Record, small: Record) -> Markdown:
    """What the orders make of a released network with few photographs, and of the small pair, in a paragraph.

    Raises
    ------
    ValueError
        If freeing more of the released network did not lose, and less with each piece of the advice, or if an order
        gained for sure on the small pair: the text says so.
    """
    ((model, gains),) = gains_of(released).items()
    at_once, first, slower = (SimpleNamespace(**gains[order]) for order in (AT_ONCE, HEAD_FIRST, AT_A_TENTH))
    if not at_once.value < first.value < slower.value or slower.high >= 0:
        raise ValueError(f"record: expected losses that shrink with each piece of the advice, got {gains}")
    costs = []
    for name, rows in gains_of(small).items():
        estimates = {order: SimpleNamespace(**gain) for order, gain in rows.items()}
        if any(gain.low > 0 for gain in estimates.values()):
            raise ValueError(f"record: expected that no order gains for sure on the head alone, got {rows}")
        costs += [
            f"{NAMES[name]}, {' '.join(order.split())}: {signed(gain)} points"
            for order, gain in estimates.items()
            if gain.high < 0
        ]
    return Markdown(
        f"**Not here.** At the rates tried the best body of {NAMES[model]} is the one left alone: its last tenth, "
        f"freed at once, changes the accuracy by {signed(at_once)} points, after the head by {signed(first)}, after "
        f"it and at a tenth of its rate by {signed(slower)}. On the small pair, which has seen other things, no order "
        f"gains anything that an interval can show, and what is sure is a loss ({'; '.join(costs) or 'none'})."
    )


def limits_told(released: Record, small: Record) -> Markdown:
    """How the orders were measured, and what they leave open."""
    told = []
    for record, judged, how in ((released, "n_test", "test"), (small, "n_val", "validation")):
        data, parameters = dump(record)["data"], dump(record)["parameters"]
        heads = [
            f"{NAMES[row['model']]} {percent(SimpleNamespace(**row['top1']))}"
            for row in dump(record)["summary"]["rows"]
            if row["plan"] == "head"
        ]
        told.append(
            f"{' and '.join(heads)}: {parameters['plans']['head'][0]['passes']} passes over {data['n_train']:,} "
            f"photographs ({per_class(record)} a breed), {len(parameters['seeds'])} seeds, judged on "
            f"{data[judged]:,} {how} photographs"
        )
    return Markdown(
        f"The heads alone are right on: {'; '.join(told)}. The sweep of rates above had one pass and no head alone, so "
        "its accuracies are no match for these. The seeds are not those of the 18 photographs above. Each "
        "order is compared with the head alone; the orders were not "
        "compared with each other. The released network had very likely *seen* these photographs, so what freeing "
        "loses may be memory."
    )


def advice(released_orders: Record | None, small_orders: Record | None, square: Record | None) -> Markdown:
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
                "measured here": f"freeing more lost {least:.1f} to {most:.1f} points (on photographs likely seen)",
            }
        )
    if square is not None and small_orders is not None:
        at_once = [SimpleNamespace(**rows[AT_ONCE]) for rows in gains_of(small_orders).values()]
        if any(gain.low > 0 or gain.high < 0 for gain in at_once):
            raise ValueError(f"record: expected heads that training everything does not beat for sure, got {at_once}")
        steps = differences_of(square)
        gained = [steps[f"{model}: {ALL} – {FEW}"] for model in models_of(square)]
        if any(gain.low <= 0 for gain in gained):
            raise ValueError(f"record: expected both networks to gain from tuning everything, got {gained}")
        rows.append(
            {
                "you have": f"a network that has seen other things, some {per_class(square)} a class",
                "train": "the head; then everything, for longer, where validation gains",
                "rate used (AdamW)": f"{dump(square)['parameters']['learning_rates'][ALL]:g}",
                "measured here": f"{' and '.join(signed(gain) for gain in gained)} points against the last tenth; "
                f"against the head alone, {per_class(small_orders)} a class and fewer passes, no gain told",
            }
        )
    rows.append(
        {
            "you have": "thousands a class",
            "train": "everything, for longer, and fresh weights beside it",
            "rate used (AdamW)": "–",
            "measured here": "not measured here",
        }
    )
    return markdown_table(rows)
