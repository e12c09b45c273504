"""What chapter 12 reads of records."""

from types import SimpleNamespace

import pytest

from helpers.pages.c12 import contests, recorded, says, study
from helpers.records import read_record


def test_every_difference_of_the_study_is_there_and_is_that_of_its_accuracies():
    for name, (plus, minus) in study.DIFFERENCES.items():
        for size in study.SIZES:
            found = recorded.difference(name, size)
            arms = [recorded.accuracy(arm, size, world, shuffle) for arm, world, shuffle in (plus, minus)]
            assert found.value == pytest.approx(arms[0] - arms[1])
    with pytest.raises(ValueError, match="no difference"):
        recorded.difference("ViT minus CNN", 7)
    with pytest.raises(ValueError, match="no 'svm'"):
        recorded.accuracy("svm", 1)


def test_cards_go_from_few_images_to_many():
    assert [card[0] for card in says.cards()] == ["1", "10", "100", "1,000"]


def test_without_a_record_the_page_says_so():
    assert "Not recorded yet: lab 7" in recorded.shown((), "lab 7", lambda records: records).data


def gap(size, value):
    return {"size": size, "value": value, "low": value - 0.1, "high": value + 0.1, "n": 90, "covers": "both"}


@pytest.mark.parametrize(("dataset", "what"), list(recorded.PICTURES.items()))
def test_lab_7_is_told_as_its_record_says(dataset, what):
    summary = {"num_classes": 12, "gaps": {"scratch": [gap(3, -0.3), gap(100, 0.02)]}}
    summary["gaps"] |= {"strong": [gap(3, 0.3), gap(100, 0.2)], "pretrained": [gap(3, 0.02)]}
    summary |= {"findings": [{"statement": "more images help the ViT more than the CNN", "verdict": "holds"}]}
    summary["points"] = [
        {"arm": "scratch", "model": name, "size": size, "test_top1": {"value": value}}
        for name, size, value in (("xception_mini", 3, 0.4), ("vit_mini", 3, 0.1), ("xception_mini", 100, 0.6))
    ]
    summary["points"].append({"arm": "scratch", "model": "vit_mini", "size": 100, "test_top1": {"value": 0.62}})
    record = SimpleNamespace(parameters={"dataset": dataset}, summary=summary)
    text = recorded.told(record)
    ahead = "the CNN is ahead at 1 of 2 sizes, and at the other the two cannot be told apart"
    assert text.startswith(f"**On {what} of 12 classes.** From scratch {ahead}: of 3 images a class")
    assert "With a stronger recipe (a part of chapter 13's) the ViT is ahead at each of 2 sizes." in text
    assert f"Pre-trained on {recorded.EARLIER[dataset]}, the two cannot be told apart at any size." in text
    assert "the CNN learns to name 40.0\xa0% and the ViT 10.0\xa0%, of 100 60.0\xa0%" in text
    assert text.endswith("at any size. More images help the ViT more than the CNN.")
    assert recorded.verdict(record, "no such statement") == ""
    assert [row["size"] for row in recorded.gaps(record)["scratch"]] == [3, 100]


def test_lab_7s_own_record_can_be_told():
    records = recorded.lab7()
    assert records, "lab 7 is recorded: make record NAME=07_where_they_cross EDITION=cpu"
    assert all("From scratch" in recorded.told(record) for record in records)


def test_who_is_ahead_at_which_sizes():
    assert recorded.ahead([gap(3, -0.3), gap(9, 0.0), gap(30, 0.3)]) == (
        "the CNN is ahead up to 3 images a class and the ViT from 30 on"
    )
    assert recorded.ahead([gap(3, 0.3), gap(9, -0.3)]) == "the order turns more than once"
    assert recorded.ahead([gap(3, 0.3)]) == "the ViT is ahead at the one size"


def test_all_contests_of_the_small_pair_stand_side_by_side():
    rows = contests.table()
    places = [row["where"] for row in rows]
    assert {"lab 7", "lab 8, chapter 11", "chapter 13", "lab 2, chapter 14"} == set(places)
    of_lab_8 = [row["CNN minus ViT"] for row in rows if row["where"].startswith("lab 8")]
    assert of_lab_8[1].startswith(f"+{-100 * recorded.pair('full').value:.1f}")
    (shipped,) = (row for row in rows if row["where"] == "chapter 13")
    assert (shipped["classes"], shipped["of each"], shipped["pixels"]) == (194, 180, 64)
    assert all("[" in row["CNN minus ViT"] for row in rows)
    rates = [record.parameters["learning_rate"] for record in recorded.lab7()]
    rates.append(read_record("02_twenty_years", "cpu", "tiny20.other").parameters["learning_rate"])
    rates.append(read_record("08_xception_vs_vit", "cpu", "dogs12000").parameters["learning_rates"]["full"])
    assert set(rates) == {0.001}, "the page says that all have this rate"
