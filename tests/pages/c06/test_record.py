"""What chapter 6 says of lab 2's records follows from their numbers."""

import pytest

from helpers.pages.c06 import record, story
from helpers.pages.c06.depth import DEPTHS, KINDS


@pytest.fixture
def runs():
    return [record.equal_budget(variant).model_copy(deep=True) for variant in (record.FIRST, record.OTHER)]


def set_verdict(run, a, b, verdict, value):
    row = next(row for row in run.summary["verdicts"] if (row["a"], row["b"]) == (a, b))
    row |= {"verdict": verdict, "difference": row["difference"] | {"value": value}}


@pytest.mark.parametrize(
    ("first", "second", "cells", "said"),
    [
        (("holds", 0.12), ("holds", 0.2), ("+12.0", "+20.0"), "ahead, both times"),
        (("the opposite holds", -0.03), ("the opposite holds", -0.04), ("−3.0", "−4.0"), "behind, both times"),
        (("undecided", 0.03), ("undecided", -0.2), ("+3.0", "−20.0"), "open, both times"),
        (("undecided", 0.03), ("holds", 0.2), ("+3.0", "+20.0"), "open, then ahead"),
        (("the opposite holds", -0.3), ("holds", 0.2), ("−30.0", "+20.0"), "behind, then ahead"),
    ],
)
def test_a_pair_in_two_runs(runs, first, second, cells, said):
    for run, (verdict, value) in zip(runs, (first, second), strict=True):
        set_verdict(run, "resnet_like", "vgg_like", verdict, value)
    row = record.pairs_table(runs)[1]
    assert (row["pair"], row["verdict"]) == ("ResNet-like − VGG-like", said)
    for column, cell in zip(("20 classes", "20 others"), cells, strict=True):
        assert row[column].startswith(cell)
        assert "points" not in row[column]


def test_a_pair_of_no_statement_is_refused(runs):
    runs[1].summary["verdicts"] = [row for row in runs[1].summary["verdicts"] if row["a"] != "vgg_like"]
    with pytest.raises(ValueError, match="expected a pair of the lab's statements"):
        record.pairs_table(runs)


def test_verdicts_of_two_runs_are_counted(runs):
    for run in runs:
        for row in record.statements_of(run).values():
            set_verdict(run, row.a, row.b, "undecided", 0.01)
    assert record.twice_words(runs)["same"] == "11"
    set_verdict(runs[0], "bow_svm", "knn", "holds", 0.2)
    set_verdict(runs[0], "lenet", "mlp", "holds", 0.2)
    set_verdict(runs[1], "lenet", "mlp", "the opposite holds", -0.2)
    for run in runs:
        set_verdict(run, "convnext_mini", "resnet_like", "the opposite holds", -0.2)
    words = record.twice_words(runs)
    assert [words[key] for key in ("asked", "same", "half_open", "against", "settled")] == ["11", "9", "1", "1", "1"]
    assert words["settled_words"] == "ResNet-like is ahead of ConvNeXt-mini"
    assert words["open_twice"] == "8"


def test_what_all_classes_say_is_set_beside_the_twenties(runs):
    whole = record.equal_budget(record.ALL).model_copy(deep=True)
    for run in (*runs, whole):
        set_verdict(run, "xception_mini", "resnet_like", "undecided", 0.01)
        set_verdict(run, "convnext_mini", "resnet_like", "the opposite holds", -0.1)
        set_verdict(run, "xception_mini", "vit_mini", "holds", 0.1)
    set_verdict(runs[0], "xception_mini", "vit_mini", "the opposite holds", -0.1)
    set_verdict(runs[1], "xception_mini", "vit_mini", "undecided", 0.0)
    words = record.all_words(whole, runs)
    assert [words[key] for key in ("all_asked", "all_met", "all_turned")] == ["3", "1", "1"]
    first = max(whole.summary["methods"], key=lambda row: row["test_top1"]["value"])
    assert words["all_order"].startswith(record.LABELS[first["model"]])


def test_rows_come_by_year_without_what_chapter_14_shows_and_the_table_leaves_out_what_is_no_network(runs):
    for run in runs:
        rows = record.rows_of(run)
        assert len(rows) == 11
        assert [row.year for row in rows] == sorted(row.year for row in rows)
    table = {row["method"]: row for row in record.table_of(runs[0])}
    assert table["nearest neighbours"]["parameters"] is None
    assert table["LeNet-5"]["parameters"] > 60_000
    assert table["VGG-like"]["right (%)"].count(",") == 1


def test_words_name_the_first_and_the_last(runs):
    for row in runs[0].summary["methods"]:
        row["test_top1"]["value"] = {"lenet": 0.9, "vgg_like": 0.01}.get(row["model"], 0.5)
    words = record.words(runs)
    assert "First is LeNet-5 (1998), last is VGG-like (2014)." in words["ladder_words"]
    assert words["ladder_words"].startswith("Of the ten steps from one row to the next, 2 go up, ")


def test_one_network_stands_twice_among_the_released():
    names = [row["network"] for row in story.released()]
    assert names.count("ResNet-50") == 2
    assert all(float(row["top-1 (%)"]) > 50 for row in story.released())


def test_the_study_of_depth_has_three_seeds_of_everything():
    for kind in KINDS:
        found = record.by_depth(kind)
        assert list(found) == list(DEPTHS)
        assert record.depth_steps() > 200
        assert {estimate.n for estimate in found.values()} == {3}
    assert record.by_depth("plain")[32].value < 0.2 < 0.9 < record.by_depth("residual, batch norm")[8].value
