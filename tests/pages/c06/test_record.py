"""What chapter 6 says of lab 2's records follows from their numbers."""

import pytest

from helpers.pages.c06 import record, story
from helpers.pages.c06.depth import DEPTHS, KINDS
from helpers.records import read_record


@pytest.fixture
def run():
    return read_record(record.LAB, "cpu").model_copy(deep=True)


def verdict(run, a, b, **changed):
    row = next(row for row in run.summary["verdicts"] if (row["a"], row["b"]) == (a, b))
    row |= {"verdict": changed["verdict"], "difference": row["difference"] | {"value": changed["value"]}}
    return record.said_of(run, a, b)


def test_a_pair_is_ahead_behind_or_open(run):
    pair = ("resnet_like", "vgg_like")
    assert verdict(run, *pair, verdict="holds", value=0.12) == "is 12 points ahead of VGG-like"
    assert verdict(run, *pair, verdict="the opposite holds", value=-0.03) == "is 3 points behind VGG-like"
    assert verdict(run, *pair, verdict="undecided", value=0.03) == "cannot be told from VGG-like"
    with pytest.raises(ValueError, match="expected a pair of the lab's statements"):
        record.said_of(run, "knn", "vit_mini")


def test_rows_come_by_year_and_the_table_leaves_out_what_is_no_network(run):
    rows = record.rows_of(run)
    assert [row.year for row in rows] == sorted(row.year for row in rows)
    table = {row["method"]: row for row in record.table_of(run)}
    assert table["nearest neighbours"]["parameters"] is None
    assert table["LeNet-5"]["parameters"] > 60_000
    assert table["VGG-like"]["right (%)"].count(",") == 1


def test_words_name_the_first_and_the_last(run):
    for row in run.summary["methods"]:
        row["test_top1"]["value"] = {"lenet": 0.9, "vgg_like": 0.01}.get(row["model"], 0.5)
    words = record.words(run, photographs=False)
    assert "First is LeNet-5 (1998), last is VGG-like (2014)." in words["ladder_words"]
    assert words["ladder_words"].startswith("Of the ten steps from one year to the next, 2 go up.")
    assert "dogs drawn" in words["data_words"]
    assert "photographs" in record.words(run, photographs=True)["data_words"]


def test_photographs_are_read_where_there_are_any(run, monkeypatch):
    def read(lab, edition, variant=None):
        if variant and not there:
            raise FileNotFoundError
        return (lab, edition, variant)

    monkeypatch.setattr(record, "read_record", read)
    there = True
    assert record.equal_budget() == ((record.LAB, "cpu", record.PHOTOGRAPHS), True)
    there = False
    assert record.equal_budget() == ((record.LAB, "cpu", None), False)


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
