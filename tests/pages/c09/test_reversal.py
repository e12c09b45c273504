"""The toy that says words backwards: what the chapter prints is what lab 5's record holds."""

import numpy as np
import pytest

from helpers.pages.c09 import reversal
from helpers.records import read_record


@pytest.fixture(scope="module")
def record():
    return read_record("05_transformer", "cpu", "three")


def test_the_ceiling_is_the_one_that_is_proved(record):
    figures = reversal.reversal_figures(record)
    assert figures["ceiling"] == pytest.approx(100 * (1 / 8 + 1 / 7 + 1 / 6 + 1 / 5 + 1 / 4 + 1 / 3 + 1 / 2 + 1) / 8)
    assert reversal.ceiling(record)[0] == 1 / 8
    assert figures["blind_letters"] < figures["ceiling"] + 3 < figures["both_letters"]


def test_a_row_keeps_its_columns_in_front_and_names_every_seed(record):
    row = reversal.reversal_row(reversal.standings(record)["none"], positions="none")
    assert list(row) == ["positions", "letters, %", "words, %", "step"]
    assert row["step"] == ", ".join(["never"] * record.parameters["seeds"])


def test_a_short_row_has_the_columns_of_the_long_one_and_one_number_in_each(record):
    standing = reversal.standings(record)["none"]
    short, long = (make(standing, positions="none") for make in (reversal.short_row, reversal.reversal_row))
    assert list(short) == list(long)
    for column in ("letters, %", "words, %"):
        assert long[column].startswith(f"{float(short[column]):.1f} ")


def test_letters_by_position_are_those_of_the_runs(record):
    shares, rows = reversal.by_position(record), reversal.standings(record)
    assert np.shape(shares["base"]) == (record.parameters["seeds"], record.parameters["length"])
    for arm in ("base", "target"):
        assert np.mean(shares[arm], axis=1) == pytest.approx(rows[arm]["by_seed"], abs=1e-4)


def test_rows_of_both_trials_are_named_by_how_their_networks_were_built(record):
    rate = record.parameters["learning_rate"]
    slow, fast = f"{rate / 3:.2g}", f"{rate:.2g}"
    names = [f"{scores}, {one}" for one in (slow, fast) for scores in ("divided", "not divided")]
    assert [row["scores, rate"] for row in reversal.division_rows(record)] == names
    norms = ["post-norm, warm-up", "post-norm, no warm-up", "pre-norm, warm-up", "pre-norm, no warm-up"]
    assert [row["norm"] for row in reversal.norm_rows(record)] == norms


def test_the_maps_are_of_the_word_of_the_record_and_sum_to_one(record):
    shown = reversal.shown_maps(record)
    assert shown["word"] == record.parameters["word"]
    for weights in shown["weights"].values():
        assert np.shape(weights) == (2, 8, 8)
        assert np.allclose(np.sum(weights, axis=-1), 1, atol=0.01)
