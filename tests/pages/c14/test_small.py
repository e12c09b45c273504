"""Chapter 14's table of small networks follows from lab 2's record."""

import pytest

from helpers.pages.c14 import small


@pytest.fixture
def run():
    return small.recording().model_copy(deep=True)


def test_the_table_has_the_family_best_first_and_nobody_else(run):
    rows = small.table(run)
    assert {row["network"] for row in rows} == {name for name, _ in small.MIXES.values()}
    shares = [float(row["right (%)"].split()[0]) for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert set(small.accuracies(run)) == set(small.last_losses(run)) == set(small.MIXES)
    assert all(0 < loss < 3.1 for loss in small.last_losses(run).values())  # ln 20 is 3.0


def test_only_statements_about_the_family_are_drawn(run):
    said = small.statements(run)
    assert "a Swin beats a ResNet" in said
    assert not any("visual words" in name or "AlexNet" in name for name in said)


def test_the_sentence_counts_the_verdicts_on_the_later_three(run):
    for row in run.summary["verdicts"]:
        row["verdict"] = "undecided"
    assert small.said_of_later(run).startswith("Five of the five stay open: *a CaiT")
    for row in run.summary["verdicts"]:
        if row["b"] == "mixer_mini":
            row["verdict"] = "the opposite holds"
        if (row["a"], row["b"]) == ("swin_mini", "vit_mini"):
            row["verdict"] = "holds"
    told = small.said_of_later(run)
    assert told.startswith(
        "One of the five holds: *a Swin (windows, three scales) beats a ViT*. One comes out the other way round: *a ViT"
    )
    assert "Three stay open" in told
