"""Answers of a saved model, put into columns."""

import numpy as np

from helpers.measure.classify import COLUMNS, NOTE, Answers, in_columns

ANSWERS = Answers(np.array([[0.25, 0.5, 0.25], [0.1, 0.2, 0.7]]), np.array([1.0, 9.0]), np.array([True, False]))


def test_the_likeliest_classes_come_first_and_of_equals_the_last() -> None:
    assert ANSWERS.best(0) == [(1, 0.5), (2, 0.25), (0, 0.25)]
    assert ANSWERS.best(1, 1) == [(2, 0.7)]


def test_a_row_names_two_classes_and_notes_what_looks_like_none() -> None:
    assert in_columns(ANSWERS, 0, ("cat", "dog", "bird")) == ["dog", "0.5000", "bird", "0.2500", NOTE]
    assert in_columns(ANSWERS, 1, ("cat", "dog", "bird")) == ["bird", "0.7000", "dog", "0.2000", ""]
    assert len(in_columns(ANSWERS, 1, ("cat", "dog", "bird"))) == len(COLUMNS)
