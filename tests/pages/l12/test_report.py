"""From runs to verdicts: a map that always tells, one that never does, one that tells backwards."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.pages.l12 import report, says
from helpers.pages.l12.methods import METHODS, STATEMENTS, VIT

COAT_OF, BUILD_OF = np.arange(30) % 3, (np.arange(30) + 1) % 3


@pytest.fixture(scope="module")
def runs():
    return runpy.run_path(str(Path(__file__).with_name("made_up.py")))["runs"](COAT_OF, BUILD_OF)


def test_what_a_map_tells_is_one_zero_or_minus_one(runs):
    assert report.tells(runs, VIT, "gradient").value == 1
    assert report.tells(runs, VIT, "rollout").value == -1
    assert report.tells(runs, VIT, "attention").value == 0
    blob = report.tells(runs, VIT, "blob")
    assert (blob.value, blob.low) == (0, None), "no interval: it is no matter of sampling"
    assert report.tells_in_pairs(runs, VIT, "gradient").value == 1


def test_verdicts_follow_the_intervals(runs):
    found = {one.statement: one for one in report.findings(runs)}
    assert len(found) == len(STATEMENTS)
    assert found["ViT: the gradient tells the cue"].agrees == "as expected"
    assert found["ViT: rollout tells the cue"].verdict == report.OPPOSITE
    assert found["ViT: rollout tells the cue"].agrees == "otherwise"
    assert found["ViT: attention of the last block tells the cue"].agrees == "not refuted"
    apart = found["ViT: the gradient tells more than attention"].as_row()
    assert apart["contrast"]["value"] == 1
    assert "difference" not in apart


def test_a_network_that_chose_the_build_is_named_by_the_map_that_knows(runs):
    rows = report.choice_rows(runs, COAT_OF, BUILD_OF)
    assert {row["uses"] for row in rows} == {"build"}
    assert report.found_by(rows, VIT, "gradient") == (2, 2)
    assert report.found_by(rows, VIT, "blob") == (0, 2), "it says neither"


def test_answers_that_tie_are_named_by_no_map(runs):
    rows = [{"network": VIT, "uses": "ties", "said": {"blob": "ties"}}]
    assert report.found_by(rows, VIT, "blob") == (0, 1)


def test_the_places_are_right_where_painting_hurts_the_own_cue(runs):
    rows = report.place_rows(runs, COAT_OF, BUILD_OF)
    for row in rows:
        assert report.verdict(row["difference"]) == (report.HOLDS if row["lesson"] == "build" else report.OPPOSITE)
    said = says.conclusions(report.map_rows(runs), report.used_rows(runs, COAT_OF, BUILD_OF), [], rows)
    assert not any("trust no line" in line for line in said)
    turned = [row | {"lesson": {"coat": "build", "build": "coat"}[row["lesson"]]} for row in rows]
    said = says.conclusions(report.map_rows(runs), report.used_rows(runs, COAT_OF, BUILD_OF), [], turned)
    assert any("trust no line" in line for line in said)


def test_the_run_in_words_names_the_map_that_tells_and_no_other(runs):
    table = report.map_rows(runs)
    assert says.order_told(table, VIT).startswith("gradient at the pixels +1.00; (")
    assert "attention rollout −1.00" in says.order_told(table, VIT)
    told = says.conclusions(table, report.used_rows(runs, COAT_OF, BUILD_OF), [], [])
    (line,) = [text for text in told if text.startswith("**ViT.**")]
    assert line.startswith("**ViT.** One map, one network in hand: the cue is told by")
    assert f"shuffled weights: {METHODS['gradient'].label}" in line or f"told by {METHODS['gradient'].label}" in line
    assert (
        f"not above zero: {METHODS['attention'].label}" in line
        or METHODS["rollout"].label in line.split("not above zero")[1]
    )


def estimate(value, low, high):
    return Estimate(value, low, high, 12, "both")


@pytest.mark.parametrize(
    ("alone", "ruined", "clear"),
    [
        ((0.4, 0.2, 0.6), (0.0, -0.1, 0.1), True),
        ((0.19, 0.03, 0.36), (0.14, 0.0, 0.28), False),
        ((0.4, 0.1, 0.7), (0.0, -1.0, 1.0), False),
        ((1.0, None, None), (0.0, -0.1, 0.1), False),
        ((0.4, 0.2, 0.6), (0.1, None, None), True),
        ((0.4, 0.2, 0.6), None, False),
    ],
)
def test_a_map_is_told_only_above_the_same_map_with_shuffled_weights(alone, ruined, clear):
    control = None if ruined is None else estimate(*ruined)
    row = report.MapRow(VIT, "attention", estimate(*alone), estimate(0, -1, 1), (0.5, 0.5), control, control, None)
    assert says.clears(row) is clear


def test_a_map_that_ties_with_the_blob_is_not_called_best_by_deletion():
    def row(method, cue, gain):
        return report.MapRow(VIT, method, estimate(*cue), estimate(0, -1, 1), (0.5, 0.5), None, None, estimate(*gain))

    maps = [row("gradient", (0.4, 0.2, 0.6), (0.25, 0.15, 0.36)), row("blob", (0.0, 0.0, 0.0), (0.24, 0.14, 0.36))]
    assert "not told from" in says.deletion_told(maps, VIT)
    maps[1] = row("blob", (0.0, 0.0, 0.0), (0.05, 0.0, 0.1))
    assert "is best by both" in says.deletion_told(maps, VIT)


def test_a_mean_without_variation_has_no_interval():
    assert report.mean_of(np.ones((2, 5))).low is None
    one = report.mean_of(np.array([[0.0, 1.0, 2.0]]))
    assert one.low < 1 < one.high
    assert one.covers == "test sampling"


def test_a_map_that_leans_one_way_in_any_case_may_know_the_cue_and_not_say_it(runs):
    changed = []
    for run in runs:
        leaning = {
            name: [0.5 + abs(v - 0.5) / 2 + (run["lesson"] == "coat") * 0.1 for v in rows]
            for name, rows in run["maps"]["leaning"].items()
        }
        changed.append(
            run | {"maps": run["maps"] | {"leaning": run["maps"]["leaning"] | {"gradient": leaning["gradient"]}}}
        )
    (row,) = [one for one in report.map_rows(changed) if (one.network, one.method) == (VIT, "gradient")]
    assert row.points == (1.0, 1.0)
    assert row.alone.value == 0
    assert row.pairs.value == 1
    told = says.conclusions(report.map_rows(changed), report.used_rows(changed, COAT_OF, BUILD_OF), [], [])
    assert any("known, and not said" in line and "gradient at the pixels (ViT)" in line for line in told)
