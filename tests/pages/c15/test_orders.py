"""What chapter 15 says of the orders of tuning: every number is the record's, and another record is refused."""

import numpy as np
import pytest

from helpers.pages.c15 import figures, orders


def test_the_orders_are_told_by_their_losses_against_the_head(released_orders, small_orders):
    told = orders.orders_told(released_orders, small_orders).data
    losses = [told.index(text) for text in ("−6.0", "−4.0", "−2.0")]
    assert losses == sorted(losses)
    assert told.count("head first, body at a tenth: −2.0") == 2
    assert "all at once" not in told  # its interval holds zero


def test_an_order_that_gains_is_refused_where_the_text_says_that_none_does(released_orders, small_orders, square):
    for record, told in (
        (released_orders, lambda: orders.orders_told(released_orders, small_orders)),
        (released_orders, lambda: orders.advice(released_orders, small_orders, square)),
        (small_orders, lambda: orders.orders_told(released_orders, small_orders)),
    ):
        best = record.summary["rows"][-1]["against_head"]
        kept = dict(best)
        best |= {"value": 0.03, "low": 0.02, "high": 0.04}
        with pytest.raises(ValueError, match="record: expected"):
            told()
        best |= kept


def test_the_limits_of_the_orders_name_heads_passes_seeds_and_photographs(released_orders, small_orders):
    told = orders.limits_told(released_orders, small_orders).data
    assert "EfficientNet-Lite0 80.0" in told
    assert "6 passes over 2,160 photographs (18 a breed), 3 seeds, judged on 1,200 test" in told
    assert "2 passes over 7,200 photographs (60 a breed), 2 seeds, judged on 2,400 validation" in told


def test_the_orders_are_drawn_with_their_intervals_a_colour_a_network(released_orders, small_orders):
    gains = orders.gains_of(released_orders, small_orders)
    assert list(gains) == ["efficientnet_lite0", "xception_mini", "vit_mini"]
    ax = figures.order_gains(gains).axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(orders.ORDERS)
    bars = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert any(np.allclose(bar, [-7.0, -5.0]) for bar in bars)
    ax.figure.canvas.draw()


def test_the_gains_are_a_row_an_order_with_a_dash_where_none_was_run(released_orders, small_orders):
    *_, at_once, slower_below, _, last = orders.gains_table(released_orders, small_orders).data.splitlines()
    assert "−6.0" in at_once
    assert "+0.5" in at_once
    assert "| –" in slower_below
    assert last.count("−2.0") == 3


def test_the_advice_has_a_row_for_each_record_and_one_that_was_not_measured(released_orders, small_orders, square):
    for row in square.summary["differences"]:
        if row["name"].endswith("full – top10"):
            row["difference"] |= {"value": 0.07, "low": 0.06, "high": 0.08}
    whole = orders.advice(released_orders, small_orders, square).data
    assert "freeing more lost 2.0 to 6.0 points" in whole
    assert orders.advice(None, None, None).data.count("not measured here") == 1
    assert whole.count("\n") == orders.advice(None, None, None).data.count("\n") + 2
