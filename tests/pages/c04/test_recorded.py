"""What chapter 4 quotes comes from its records, and is refused where it was not recorded."""

import numpy as np
import pytest

from helpers.pages.c04 import curves, recorded, study


def test_gains_are_those_of_the_runs():
    rows = [dict(row) for row in recorded.measures_record().runs]
    own = {(row["measure"], row["seed"]): row["test_top1"] for row in rows if row.get("chosen") and row["wrong"] == 0.2}
    seeds = sorted({seed for _, seed in own})
    by_hand = np.mean([own["dropout", seed] - own["plain", seed] for seed in seeds])
    gain = recorded.gain("dropout", 0.2)
    assert gain.value == pytest.approx(by_hand)
    assert gain.n == len(seeds) >= 12
    assert gain.low < gain.value < gain.high
    assert recorded.mean("plain", 0.2) == pytest.approx(np.mean([own["plain", seed] for seed in seeds]))
    assert len(recorded.strengths("dropout", 0.2)) == len(seeds)


def test_gains_come_in_order_and_hold_every_measure():
    values = [gain.value for gain in recorded.gains(0.0).values()]
    assert values == sorted(values, reverse=True)
    assert set(recorded.gains(0.0)) == {*study.GRID, "early stopping", "all together"}


def test_sums_of_gains_and_half_widths_are_those_of_the_interval():
    gain = recorded.gain("dropout", 0.2)
    alone = recorded.minus(["dropout"], [], 0.2)
    assert (alone.value, alone.low) == pytest.approx((gain.value, gain.low))
    assert recorded.minus(["dropout"], ["dropout"], 0.2).value == 0
    assert recorded.half_width("dropout", 0.2, gain.n) == pytest.approx(gain.high - gain.value)
    assert recorded.half_width("dropout", 0.2, 3) > 3 * recorded.half_width("dropout", 0.2, gain.n)


def test_the_contest_says_where_a_choice_lies_at_an_end():
    rows = {row["measure"]: row for row in recorded.contest(study.GRID | {"all together": (0.5, 1.0)})}
    assert len(rows) == 9
    dropout = recorded.strengths("dropout", 0.2)
    ends = sum(strength in (0.2, 0.6) for strength in dropout)
    assert rows["dropout"]["chosen, wrong"] == f"{np.median(dropout):g} ({ends} of {len(dropout)})"
    assert rows["early stopping"]["list"] == rows["twice the data"]["chosen, right"] == "–"


def test_activations_were_stopped_at_equal_fit():
    for wrong in study.WORLDS:
        for name in study.VARIANTS:
            assert max(recorded.of_activation(name, wrong, "train_loss")) <= study.FIT
    gaps = [recorded.of_activation(name, 0.2, "gap") for name in ("tanh", "ReLU")]
    assert recorded.minus_relu("tanh", 0.2).value == pytest.approx(np.mean(gaps[0]) - np.mean(gaps[1]))


def test_patients_and_schedules_are_there():
    assert len(recorded.patients()) == 3 * len(curves.DISEASES)
    assert recorded.patient("dead units", 2)["dose"] == "biases at -4"
    assert len(recorded.scheduled()) == len(curves.RATES) * len(curves.SCHEDULES)
    assert recorded.against_constant(0.016, "both").n >= 8
    assert recorded.best_against_best("constant").value == 0
    assert recorded.best_against_best("both").n >= 8


def test_what_was_not_recorded_is_refused():
    with pytest.raises(ValueError, match="no test_top1 of 'prayer'"):
        recorded.gain("prayer", 0.0)
    with pytest.raises(ValueError, match="no 'both' at 7"):
        recorded.against_constant(7, "both")
