"""The toy that says words backwards: what its tables print is what the record holds."""

import pytest

from helpers.pages.c09.reversal import CEILING, reached, reversal_figures, reversal_row, runs_by_condition
from helpers.records import read_record


def test_the_ceiling_is_the_one_that_is_proved():
    figures = reversal_figures(read_record("09_reversal", "cpu"))
    assert figures["ceiling"] == pytest.approx(100 * (1 / 8 + 1 / 7 + 1 / 6 + 1 / 5 + 1 / 4 + 1 / 3 + 1 / 2 + 1) / 8)
    assert CEILING[0] == 1 / 8
    assert abs(figures["blind_letters"] - figures["ceiling"]) < 3 < figures["both_letters"] - figures["ceiling"]


def test_the_first_step_that_is_good_enough_counts():
    run = {
        "curve": [{"step": 10, "letter_top1": 0.5}, {"step": 20, "letter_top1": 0.9}, {"step": 30, "letter_top1": 0.95}]
    }
    assert [reached(run), reached(run, 0.95), reached(run, 0.99)] == [20, 30, None]


def test_a_row_keeps_its_columns_in_front_and_names_every_seed():
    record = read_record("09_reversal", "cpu")
    row = reversal_row(record, "none", positions="none")
    assert list(row) == ["positions", "letters, %", "words, %", "step"]
    assert row["step"] == ", ".join(["never"] * len(runs_by_condition(record)["none"]))
