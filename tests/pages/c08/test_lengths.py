"""What the translation chapter says of length is checked against the record before it is said."""

import pytest

from helpers.pages.c08.lengths import length_figures, training_figures
from helpers.records import read_record


def test_the_figures_are_those_of_the_record():
    record = read_record("08_translation", "cpu")
    figures = length_figures(record) | training_figures(record)
    runs = {run["attention"]: run for run in record.runs}
    short = [runs[name]["by_length"][0]["bleu"]["value"] for name in ("additive", "none")]
    assert figures["ahead_bleu_short"] == pytest.approx(100 * (short[0] - short[1]))
    assert figures["million_dot"] == runs["dot"]["parameters"] / 1e6
    assert figures["fixed"] == 2 * record.parameters["hidden_dim"]


def test_a_lead_that_does_not_grow_is_refused():
    record = read_record("08_translation", "cpu")
    (dot,) = (run for run in record.runs if run["attention"] == "dot")
    dot["by_length"][0]["token_accuracy"]["value"] = 1.0
    with pytest.raises(ValueError, match="dot: expected a lead that grows with the length"):
        length_figures(record)
