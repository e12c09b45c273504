"""What chapter 15 says of the slides' two leads: every number is the records', and so is every verdict."""

import re

import pytest

from helpers.pages.c15 import leads
from helpers.records import read_record


@pytest.fixture
def both():
    """The recordings on drawn dogs, which have the same statements."""
    return read_record("09_search", "cpu"), read_record("10_augmentation", "cpu")


def finding(record, statement):
    (row,) = (row for row in record.summary["findings"] if row["statement"] == statement)
    return row["sum"]


def test_every_change_is_drawn_with_its_difference(both):
    effects = leads.effects(both)
    assert len(effects) == 8
    assert effects["searched settings, ViT-mini"].value == finding(both[0], "the search helps the ViT")["value"]
    assert effects["and Mixup on top, ViT-mini"].low == finding(both[1], "Mixup on top helps the ViT")["low"]


def test_the_words_follow_the_intervals(both):
    for name, low, high in (("RandAugment", 0.01, 0.03), ("Mixup", -0.03, -0.01), ("CutMix", -0.01, 0.03)):
        finding(both[1], f"{name} on top helps the ViT").update(value=(low + high) / 2, low=low, high=high)
    finding(both[1], "random erasing on top helps the ViT").update(value=0.02, low=0.01, high=0.03)
    told = re.sub(r"\s", " ", leads.leads_told(both))
    assert "RandAugment and random erasing helped; Mixup cost accuracy; CutMix cannot be told from nothing." in told
    assert f"Of {both[0].parameters['trials']} settings for each network" in told
    finding(both[1], "mirror and crop help the ViT").update(value=-0.012, low=-0.02, high=-0.004)
    assert "ViT-mini −1.2 points. On top of them" in leads.leads_told(both)
    finding(both[0], "the search helps the CNN").update(value=0.04, low=0.031, high=0.049)
    assert "Xception-mini +4.0 points [+3.1, +4.9]" in re.sub(r"\s", " ", leads.leads_told(both))


def test_a_search_that_kept_the_defaults_says_so(both):
    rows = both[0].summary["findings"]
    rows.remove(next(row for row in rows if row["statement"] == "the search helps the ViT"))
    told = leads.leads_told(both)
    assert "; for ViT-mini none did better on validation than the defaults. After the search the CNN" in told
    assert len(leads.effects(both)) == 7
    rows.remove(next(row for row in rows if row["statement"] == "the search helps the CNN"))
    assert "each network for Xception-mini and ViT-mini none did better" in leads.leads_told(both)


def test_recordings_that_differ_are_not_told_together(both):
    search, augmentation = both
    augmentation.parameters["epochs"] = search.parameters["epochs"]
    assert f"{search.data.n_test:,} test photographs" in leads.limits_told(both)
    known = [row["train_top1"] for row in augmentation.summary["points"] if row["arm"] == "flip_crop"]
    told = f"alone {100 * known[0]:.0f} % and {100 * known[1]:.0f} % of the training photographs"
    assert told in leads.limits_told(both)
    augmentation.parameters["epochs"] += 1
    with pytest.raises(ValueError, match="the same seeds, passes"):
        leads.limits_told(both)
