"""What the landing page says of the slides, the recorded runs and the claims."""

import pytest

from helpers.pages.intro import evidence
from helpers.records import read_record


@pytest.fixture
def records():
    variants = {"drawn": None, "square": "dogs12000", "released": "dogs2400.released"}
    return {name: read_record("08_xception_vs_vit", "cpu", variant) for name, variant in variants.items()}


def test_the_steps_add_up_to_the_gap_of_the_corners(records):
    steps = evidence.steps_of(records["square"])
    assert steps["corner"].value == pytest.approx(steps["tuning"].value + steps["architecture"].value)
    figures = evidence.question_figures(**records)
    assert figures["slides_gap"].data == "+9.7 points"
    assert figures["n_test"] == records["square"].data.n_test != figures["n_never_trained"]


def test_every_bar_is_drawn_and_spoken(records):
    shown = evidence.experiments(records["square"], records["released"])
    assert [len(one["rows"]) for one in shown] == [2, 4, 1]
    words = evidence.spoken(shown)
    for one in shown:
        for row in one["rows"]:
            assert f"{100 * row['top1'].value:.1f}" in words


def test_a_network_that_does_not_beat_the_slides_is_refused(records):
    summary = records["released"].summary | {"zero_training_top1": {"value": 0.83, "low": 0.81, "high": 0.85}}
    with pytest.raises(ValueError, match=r"above 0\.8243"):
        evidence.zero_training(records["released"].model_copy(update={"summary": summary}))


def test_every_claim_is_judged_once():
    figures = evidence.claim_figures()
    for group in "SF":
        kinds = sum(figures[f"{key}_{group}"] for key in ("hold", "conditions", "contested", "wrong"))
        assert 0 < kinds <= figures[f"measured_{group}"] <= figures[f"claims_{group}"]
