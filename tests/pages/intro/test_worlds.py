"""What the landing page says of the slides, the recorded runs and the claims."""

import pytest

from helpers.pages.intro.worlds import claim_figures, slides, steps_of, world_figures
from helpers.records import read_record


def test_the_slides_gap_has_the_interval_of_two_independent_accuracies():
    reported = slides()
    assert reported.value == pytest.approx(0.0971)
    assert reported.high - reported.value == pytest.approx(reported.half) == pytest.approx(0.0124, abs=1e-4)


def test_a_world_tells_its_own_record():
    records = {world: read_record("08_xception_vs_vit", "cpu", variant) for world, variant in
               (("drawn", None), ("photographs", "dogs2400"))}  # fmt: skip
    figures = world_figures(records)
    for world, record in records.items():
        assert figures[f"n_train_{world}"] == record.data.n_train
    assert figures["n_train_photographs"] != figures["n_train_drawn"]
    assert figures["photographs_low"] < figures["photographs_high"] < 100
    corner, tuning = (steps_of(records["drawn"])[step].value for step in ("corner", "tuning"))
    assert corner != tuning


def test_every_claim_is_judged_once():
    figures = claim_figures()
    for group in "SF":
        kinds = sum(figures[f"{key}_{group}"] for key in ("hold", "conditions", "contested", "wrong"))
        assert 0 < kinds <= figures[f"measured_{group}"] <= figures[f"claims_{group}"]
