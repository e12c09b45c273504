"""From runs to verdicts: a map that always tells, one that never does, one that tells backwards."""

import copy
import runpy
from pathlib import Path

import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, verdict
from helpers.pages.l12 import report, says, told
from helpers.pages.l12.methods import CNN, METHODS, MISPLACED, NETWORKS, STATEMENTS, VIT

COAT_OF, BUILD_OF = np.arange(30) % 3, (np.arange(30) + 1) % 3


@pytest.fixture(scope="module")
def runs():
    return runpy.run_path(str(Path(__file__).with_name("made_up.py")))["runs"](COAT_OF, BUILD_OF)


def changed(runs, change):
    """A copy of the runs, each with its maps changed in place."""
    found = copy.deepcopy(runs)
    for run in found:
        change(run, run["maps"])
    return found


def row_of(runs, method):
    return next(row for row in told.map_rows(runs) if (row.network, row.method) == (VIT, method))


def said_of(runs, places=()):
    used = report.used_rows(runs, COAT_OF, BUILD_OF)
    return says.conclusions(told.map_rows(runs), used, [], list(places), 3)


def test_what_a_map_tells_is_one_zero_or_minus_one(runs):
    values = {method: row_of(runs, method).alone.value for method in ("gradient", "rollout", "attention", "blob")}
    assert values == {"gradient": 1, "rollout": -1, "attention": 0, "blob": 0}
    assert row_of(runs, "blob").alone.low is None, "no interval: it is no matter of sampling"
    assert row_of(runs, "blob").answers[0].beyond is None


def test_only_the_map_that_passes_all_three_finds_the_cue(runs):
    assert [row.method for row in told.map_rows(runs) if row.finds] == ["gradient", "gradient"]


def test_a_map_that_moves_with_the_seed_is_no_odd_one_out(runs):
    odd = row_of(runs, "attention").answers[0].odd
    assert odd.low <= 0 <= odd.high
    rollout = row_of(runs, "rollout").answers[0]
    assert rollout.odd.value == 1, "it follows the lesson, backwards"
    assert not rollout.finds


@pytest.mark.parametrize("what", ["shuffled", "leaning"])
def test_a_control_or_another_outline_takes_the_verdict_away(runs, what):
    def change(run, maps):
        if run["lesson"] != "both":
            sure = [0.8 if run["lesson"] == "coat" else 0.2] * 24
            if what == "shuffled":
                maps["shuffled"]["gradient"] = [sure, sure]  # untrained networks tell as much
            else:
                maps["leaning"]["gradient"][1] = [0.6] * 24  # with the second outline it points one way

    other = changed(runs, change)
    row = row_of(other, "gradient")
    assert row.answers[0].tells.value == 1
    assert not row.finds
    (line,) = [text for text in said_of(other) if text.startswith("**ViT.**")]
    assert "by all three questions: no map" in line
    assert "at first sight: gradient at the pixels, but" in line
    assert ("shuffled weights may tell as much" in line) == (what == "shuffled" or not row.surely("beyond"))
    (statement,) = [one for one in told.findings(other, 2) if one.statement.text == "ViT: the gradient tells the cue"]
    assert statement.verdict == (HOLDS if what == "shuffled" else UNDECIDED)


def test_verdicts_follow_the_intervals(runs):
    found = {one.statement.text: one for one in told.findings(runs, 2)}
    assert len(found) == len(STATEMENTS)
    assert found["ViT: the gradient tells the cue"].as_expected == "as expected"
    assert found["ViT: rollout tells the cue"].verdict == OPPOSITE
    assert found["ViT: attention of the last block tells the cue"].as_expected == "open"
    apart = found["ViT: the gradient tells more than attention"].as_row()
    assert apart["sum"]["value"] == 1
    assert len(apart["others"]) == 1


def test_networks_that_chose_the_build_are_named_by_the_map_that_knows(runs):
    rows = report.choice_rows(runs, COAT_OF, BUILD_OF, 2)
    assert {row["uses"] for row in rows} == {"build"}
    assert report.found_by(rows, VIT, "gradient") == (3, 3)
    assert report.found_by(rows, VIT, "blob") == (0, 3), "it says neither"
    assert says.chooser_told(rows).startswith("CNN, in each of 3 trainings: gradient")


def test_answers_that_no_interval_decides_are_named_by_no_map(runs):
    mixed = copy.deepcopy(runs)
    for run in mixed:
        if run["lesson"] == "both":
            run["answers"]["as it is"] = [*COAT_OF[:16].tolist(), *BUILD_OF[16:].tolist()]
    rows = report.choice_rows(mixed, COAT_OF, BUILD_OF)
    assert {row["uses"] for row in rows} == {report.NEITHER}, "16 of 30 are no majority that one could rely on"
    assert report.found_by(rows, VIT, "gradient") == (0, 3)
    assert "not decided" in says.choice_told(report.used_rows(mixed, COAT_OF, BUILD_OF), rows)


def test_the_places_are_right_where_painting_hurts_the_own_cue(runs):
    rows = report.place_rows(runs, COAT_OF, BUILD_OF)
    for row in rows:
        assert verdict(row["difference"]) == (HOLDS if row["lesson"] == "build" else OPPOSITE)
    assert report.misplaced(rows) == {}
    assert not any("Not judged" in line for line in said_of(runs, rows))
    turned = [row | {"lesson": {"coat": "build", "build": "coat"}[row["lesson"]]} for row in rows]
    assert report.misplaced(turned) == {name: ["build", "coat"] for name in NETWORKS}
    assert sum("Not judged" in line for line in said_of(runs, turned)) == len(NETWORKS)


def test_of_a_network_whose_places_failed_the_check_no_map_is_judged(runs):
    table = told.map_rows(runs, [VIT])
    assert [(row.network, row.method) for row in table if row.finds] == [(CNN, "gradient")]
    found = told.findings(runs, 2, [VIT])
    assert {one.as_expected for one in found if one.statement.text.startswith("ViT")} == {"open"}
    assert any(one.as_expected == "as expected" for one in found if one.statement.text.startswith("CNN"))
    assert says.order_told(table, VIT) == MISPLACED
    assert says.deletion_told(table, VIT) == f"ViT: {MISPLACED}"
    choices = report.choice_rows(runs, COAT_OF, BUILD_OF, 2)
    assert says.chooser_told(choices, [VIT]).endswith(f"ViT: {MISPLACED}")
    assert {says.named_by(row, [VIT]) == MISPLACED for row in choices if row["network"] == VIT} == {True}


def test_two_trainings_are_printed_one_by_one(runs):
    used = report.used_rows([run for run in runs if run["seed"] < 2], COAT_OF, BUILD_OF)
    assert {says.share_told(row, "by the coat", "coat, each") for row in used} == {"100, 100 %", "0, 0 %"}
    three = report.used_rows(runs, COAT_OF, BUILD_OF)
    assert "[" in says.share_told(three[0], "by the coat", "coat, each")


def test_the_run_in_words_names_the_map_that_tells_and_no_other(runs):
    table = told.map_rows(runs)
    assert says.order_told(table, VIT).startswith("gradient at the pixels +1.00; (")
    assert "attention rollout −1.00" in says.order_told(table, VIT)
    (line,) = [text for text in said_of(runs) if text.startswith("**ViT.**")]
    assert f"by all three questions: {METHODS['gradient'].label};" in line
    assert METHODS["attention"].label in line.split("nothing shown")[1]


def test_fewer_than_three_trainings_are_said_to_be_too_few(runs):
    two = [run for run in runs if run["seed"] < 2]
    assert row_of(two, "gradient").answers[0].odd.low is None
    assert not row_of(two, "gradient").finds
    one = [run for run in runs if run["seed"] < 1]
    assert row_of(one, "gradient").answers[0].odd is None
    lines = says.conclusions(told.map_rows(one), report.used_rows(one, COAT_OF, BUILD_OF), [], [], 1)
    assert any("needs 3" in line for line in lines)


def test_a_map_that_leans_one_way_in_any_case_may_know_the_cue_and_not_say_it(runs):
    def change(run, maps):
        leans = maps["leaning"]["gradient"]
        maps["leaning"]["gradient"] = [[0.6 + 0.2 * (run["lesson"] == "coat")] * len(leans[0])] * 2

    other = changed(runs, change)
    row = row_of(other, "gradient")
    assert row.points == ((1.0,) * 3, (1.0,) * 3)
    assert (row.alone.value, row.answers[0].odd.value) == (0, 1)
    assert any("(*known, and not said*): gradient at the pixels" in line for line in said_of(other))


def estimate(value, low, high):
    return Estimate(value, low, high, 12, "both")


def made_row(method, gain, first, finds=False):
    sure, no = estimate(0.5, 0.2, 0.8), estimate(0.0, -0.1, 0.1)
    one = sure if finds else no
    return told.MapRow(VIT, method, (told.Answer(one, one, one),), ((0.5,), (0.5,)), estimate(*gain), first)


@pytest.mark.parametrize(
    ("first", "finds", "words"),
    [
        (
            ("gradient", "blob"),
            ("gradient",),
            "ViT: it cannot say: gradient at the pixels and a blob in the middle share",
        ),
        (("blob",), (), "ViT: no: a blob in the middle has the first place, and a blob in the middle asked no network"),
        (("gradient",), ("gradient",), "ViT: yes: gradient at the pixels has the first place"),
        (("gradient",), (), "ViT: not shown"),
        (("gradient",), ("rollout",), "ViT: no: gradient at the pixels"),
    ],
)
def test_what_deletion_picks_is_decided_by_intervals(first, finds, words):
    gains = {"gradient": (0.25, 0.2, 0.3), "blob": (0.24, 0.1, 0.3), "rollout": (0.1, 0.0, 0.2)}
    rows = [made_row(name, gain, name in first, name in finds) for name, gain in gains.items()]
    assert says.deletion_told(rows, VIT).startswith(words)


def test_the_first_by_deletion_are_those_that_its_interval_does_not_tell_from_the_best(runs):
    def change(run, maps):
        if maps["deletion"]:
            rng = np.random.default_rng([len(run["lesson"]), run["seed"]])
            maps["deletion"] = {
                name: (0.3 * (name in ("gradient", "blob")) + 0.02 * rng.normal(size=24)).tolist()
                for name in maps["deletion"]
            }

    assert told.first_by_deletion(changed(runs, change), VIT) == {"gradient", "blob"}


def test_a_mean_without_variation_has_no_interval():
    assert told.mean_of(np.ones((2, 5))).low is None
    one = told.mean_of(np.array([[0.0, 1.0, 2.0]]))
    assert one.low < 1 < one.high
    assert one.covers == "test sampling"
