"""What the translation chapter says of length is checked against the record before it is said."""

import pytest

from helpers.pages.c08.lengths import length_figures, training_figures
from helpers.records import read_record


@pytest.fixture
def record():
    return read_record("04_translation", "cpu", "fra_eng")


def test_the_figures_are_those_of_the_record(record):
    figures = length_figures(record) | training_figures(record)
    summary = record.summary
    short = [summary["quality"][name][0]["bleu"]["value"] for name in ("additive", "none")]
    assert figures["ahead_bleu_short"] == pytest.approx(100 * (short[0] - short[1]))
    (dot,) = (row for row in summary["standings"] if row["arm"] == "dot")
    assert figures["million_dot"] == dot["parameters"] / 1e6
    assert figures["fixed"] == 2 * record.parameters["hidden_dim"]


def test_a_lead_that_does_not_grow_is_refused(record):
    rows = record.summary["quality"]["dot"]
    for k in (0, -2):  # too early, or lost again
        kept = rows[k]["words"]["value"]
        rows[k]["words"]["value"] = 1.0 if k == 0 else 0.5
        with pytest.raises(ValueError, match="dot: expected a lead that grows with the length"):
            length_figures(record)
        rows[k]["words"]["value"] = kept
