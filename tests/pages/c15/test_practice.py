"""What chapter 15 says from the records of photographs: every number is the record's, and a missing record is said."""

import numpy as np
import pytest

from helpers.pages.c15 import figures, practice


def test_a_sweep_is_ordered_by_rate_and_told_by_its_best_and_its_last(rates):
    sweep = practice.sweep_of(rates)
    assert [run["learning_rate"] for run in sweep["vit_mini"]] == [0.001, 0.01, 0.1]
    told = practice.sweep_told(rates).data
    assert "Xception-mini does best at $\\eta = 0.001$ (20.0 %); at 0.1 it is left with 3.0 %" in told
    assert "ViT-mini does best at $\\eta = 0.001$ (10.0 %)" in told
    assert "one pass of 225 steps over 7,200 photographs, judged on 2,400 others; chance is 0.8 %" in told


def test_the_rates_are_drawn_with_their_intervals_and_the_models_at_their_best(rates):
    ax = figures.rate_curves(practice.sweep_of(rates), 1 / 120).axes[0]
    cnn, vit, _ = ax.lines
    assert np.allclose(cnn.get_ydata(), [20, 10, 3])
    assert np.allclose(vit.get_xdata(), [0.001, 0.01, 0.1])
    names = {text.get_text(): text.xy for text in ax.texts}
    assert names["ViT-mini"] == pytest.approx((0.001, 12))


def test_what_freeing_more_of_a_released_network_costs_and_brings(released):
    head, more = released.summary["cells"]
    more |= {"test_top1": head["test_top1"] | {"value": 0.7, "low": 0.68, "high": 0.72}}
    more["macs_per_image"] = 3 * head["macs_per_image"]
    told = practice.freeing_told(released).data
    assert "costs 3.0 times the arithmetic" in told
    assert told.endswith("70 % are right instead of 80.")
    more["test_top1"] |= {"high": 0.79}
    with pytest.raises(ValueError, match="below the head alone"):
        practice.freeing_told(released)


def test_the_curve_is_told_by_its_ends(released):
    assert "With 1 photograph a breed" in (told := practice.curve_told(released).data)
    assert "right on 40 %" in told
    assert told.endswith("with 18 on 80 %.")
    assert [practice.estimate_of(row).value for row in practice.curve_of(released)] == [0.4, 0.8]


def test_a_record_without_a_curve_is_refused(released):
    released.summary["curve"] = {}
    with pytest.raises(ValueError, match="curve of one network"):
        practice.curve_of(released)


def test_the_network_that_was_never_trained_must_beat_the_slides_for_sure(released):
    assert practice.zero_training_told(released).data.startswith("It names **90.0\xa0%\xa0[88.0,\xa092.0]** of 1,200")
    released.summary["zero_training_top1"] |= {"value": 0.83, "low": 0.82, "high": 0.84}
    with pytest.raises(ValueError, match="text must change with the record"):
        practice.zero_training_told(released)


def step(record, name):
    (found,) = (d["difference"] for d in record.summary["differences"] if d["name"].startswith(name))
    return found


def test_the_square_is_told_by_its_steps_and_one_interval(square):
    told = practice.square_told(square).data
    for name in ("opposite corners", "xception_mini: full – top10", "full: vit_mini – xception_mini"):
        assert f"{100 * step(square, name)['value']:+.1f}".replace("-", "−") in told
    for name in ("top10: vit_mini – xception_mini", "vit_mini: full – top10"):  # the other way round
        assert f"{100 * step(square, name)['value']:+.1f}".replace("-", "−") in told
    assert told.count("[") == 1  # that of the corners; the table has all
    whole = step(square, "full: vit_mini – xception_mini")
    assert ("leaves zero out" if whole["low"] * whole["high"] > 0 else "holds zero") in told
    assert "the winner is the same" in told


def test_the_square_says_when_the_winner_changes_and_when_it_is_undecided(square):
    whole = step(square, "full: vit_mini – xception_mini")
    whole |= {"value": 0.01, "low": -0.01, "high": 0.03}
    told = practice.square_told(square).data
    assert "the interval holds zero" in told
    assert "depends on which comparison" in told


def test_the_square_says_when_two_steps_hide_each_other(square):
    corner = step(square, "opposite corners")
    corner |= {"value": -0.005, "low": -0.015, "high": 0.005}
    whole = step(square, "full: vit_mini – xception_mini")
    whole |= {"value": -0.08, "low": -0.09, "high": -0.07}
    assert "cancel" in practice.square_told(square).data


def test_the_budget_is_the_records(square, doubled):
    (full,) = (c for c in square.summary["cells"] if (c["model"], c["tuning"]) == ("xception_mini", "full"))
    told = practice.budget_told(square, doubled).data
    assert "saw the 10,800 photographs 6 times at a rate of 0.001, with 2 seeds" in told
    before = f"{100 * full['test_top1']['value']:.1f}"
    assert f"with 12 passes Xception-mini, everything trained, goes from {before} % to 98.7" in told


def test_pre_training_is_told_against_fresh_weights(square):
    told = practice.pretraining_told(square).data
    (full,) = (c for c in square.summary["cells"] if (c["model"], c["tuning"]) == ("vit_mini", "full"))
    assert f"to {100 * full['test_top1']['value']:.1f} %" in told
    assert told.count("rises from") == 2


def test_the_ladder_gives_the_head_the_full_rate_and_the_input_the_least():
    frozen, rates, head = figures.tuning_ladder(decay=0.5).axes[2].containers
    widths = [bar.get_width() for bar in rates]
    assert widths == pytest.approx([0.5**k for k in range(6, -1, -1)])
    assert len(frozen) == 7
    assert len(head) == 1


def test_live_curves_are_named_at_their_ends_and_no_name_lies_on_another():
    ax = figures.live_curves({"a": [0.5, 0.71], "b": [0.1, 0.1], "c": [0.4, 0.7]}, 1 / 12).axes[0]
    assert list(ax.lines[0].get_xdata()) == [0, 1]  # from the common start
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert heights["c"] == pytest.approx(70)
    assert heights["b"] == pytest.approx(10)
    assert heights["a"] == pytest.approx(79)
