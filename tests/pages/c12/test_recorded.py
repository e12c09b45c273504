"""What chapter 12 reads of records."""

from types import SimpleNamespace

import pytest

from helpers.pages.c12 import recorded, says, study


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
    summary |= {"crossing": {"scratch": "no crossing", "strong": "they cross"}}
    summary |= {"findings": [{"statement": "more images help the ViT more than the CNN", "verdict": "holds"}]}
    summary["points"] = [
        {"arm": "scratch", "model": name, "size": size, "test_top1": {"value": value}}
        for name, size, value in (("xception_mini", 3, 0.4), ("vit_mini", 3, 0.1), ("xception_mini", 100, 0.6))
    ]
    summary["points"].append({"arm": "scratch", "model": "vit_mini", "size": 100, "test_top1": {"value": 0.62}})
    record = SimpleNamespace(parameters={"dataset": dataset}, summary=summary)
    text = recorded.told(record)
    assert text.startswith(f"**On {what} of 12 classes**, from scratch: no crossing.")
    assert "*Strong recipe*: they cross." in text
    assert "Of 3 images a class the CNN learns to name 40.0\xa0% and the ViT 10.0\xa0%, of 100 60.0\xa0%" in text
    assert text.endswith("*More images help the ViT more than the CNN*: holds.")
    assert recorded.verdict(record, "no such statement") == ""
    assert [row["size"] for row in recorded.gaps(record)["scratch"]] == [3, 100]


def test_lab_7s_own_record_can_be_told():
    records = recorded.lab7()
    assert records, "lab 7 is recorded: make record NAME=07_where_they_cross EDITION=cpu"
    assert all("from scratch" in recorded.told(record) for record in records)
