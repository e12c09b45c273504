"""From made-up runs to tables, differences, verdicts and figures."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED
from helpers.pages.l05 import figures, report, says
from helpers.pages.l05.arms import ALIKE, ARMS, FULL, STATEMENTS
from helpers.pages.l05.headline import headline

LENGTH, N = 8, 300
SHARES = {"base": 1.0, "learned": 1.0, "source": 0.97, "target": 0.34, "none": 0.34, "wide": 0.98, "wide_raw": 0.3}


def made_up(arm, seed, share):
    rng = np.random.default_rng([list(ARMS).index(arm), seed])
    right = rng.binomial(LENGTH, share, size=N)
    row = {"arm": arm, "seed": seed, "right": right.tolist(), "by_place": [share] * LENGTH}
    curve = [{"step": 10 * k, "loss": 1.0, "letters": share * k / 4} for k in (1, 2, 3, 4)]
    row |= {"words_right": float((right == LENGTH).mean()), "curve": curve, "parameters": 7, "fit_s": 1.0}
    row |= {"diverged": None, "pointed": 0.5}
    if arm == "base":
        kinds = [(6, False), (7, False), (8, False), (8, True)]
        row["elsewhere"] = [
            {"length": n, "repeats": again, "letters": 1.0 if n == 8 else 0.1, "words": float(n == 8)}
            | {"pointed": float(n == 8), "as_trained": 0.9}
            for n, again in kinds
        ]
    return row


RUNS = [made_up(arm, seed, share) for arm, share in SHARES.items() for seed in (0, 1)]


def test_shares_are_those_of_the_runs_with_their_seeds():
    rows = {row.arm: row for row in report.standings(RUNS, LENGTH)}
    assert list(rows) == list(SHARES)
    assert rows["base"].letters.value == 1.0
    assert rows["base"].words.value == 1.0
    assert rows["base"].words.low < 1.0
    assert abs(rows["none"].letters.value - 0.34) < 0.04
    assert rows["none"].letters.low < rows["none"].letters.value < rows["none"].letters.high
    assert rows["base"].soon == (40, 40)
    assert rows["none"].soon == (None, None)
    assert rows["base"].pointed == 0.5


def test_findings_have_the_signs_that_the_shares_have():
    found = {one.statement: one for one in report.findings(RUNS, LENGTH)}
    assert found["positions on both sides help"].verdict == HOLDS
    assert found["positions on both sides help"].agrees == "as expected"
    assert found["learned ones get further in these steps"].verdict == ALIKE
    assert found["learned ones get further in these steps"].difference.high > 0, "no difference is not no doubt"
    assert found["the division helps at d = 128"].difference.value == pytest.approx(0.68, abs=0.05)
    assert len(found) == sum({arm for _, arm in one.terms} <= set(SHARES) for one in STATEMENTS)
    json.dumps([one.as_row() for one in found.values()])


def test_verdicts_follow_the_interval():
    def said(low, high):
        return report.verdict(Estimate((low + high) / 2, low, high, 10, "both"))

    assert said(0.1, 0.3) == HOLDS
    assert said(-0.3, -0.1) == OPPOSITE
    assert said(-0.1, 0.1) == UNDECIDED
    assert said(-0.015, 0.015) == said(0.001, 0.015) == ALIKE
    assert report.verdict(Estimate(0.0, None, None, 1, "nothing")) == UNDECIDED


def test_a_difference_of_differences_adds_up():
    tables = report.tables(RUNS, LENGTH)
    four = [(1, tables["wide"]), (-1, tables["wide_raw"]), (-1, tables["base"]), (1, tables["learned"])]
    two = [(1, tables["wide"]), (-1, tables["wide_raw"])]
    assert report.signed_mean(four).value == pytest.approx(report.signed_mean(two).value)
    one_seed = [(sign, table[:1]) for sign, table in two]
    assert report.signed_mean(one_seed).covers == "test sampling"


def test_every_arm_needs_every_seed():
    with pytest.raises(ValueError, match="every run needs every seed"):
        report.tables(RUNS[:-1], LENGTH)


def test_the_ceiling_is_that_of_the_proof():
    assert np.mean(report.ceiling(8)) == pytest.approx(0.3397, abs=1e-4)
    assert report.ceiling(3) == [1 / 3, 1 / 2, 1.0]


def test_other_words_are_told_as_they_are():
    rows = report.elsewhere(RUNS)
    assert [(row["length"], row["repeats"]) for row in rows] == [(6, False), (7, False), (8, False), (8, True)]
    assert "It mostly keeps the places of a word of 8, wherever" in says.about_elsewhere(rows, 8)
    assert "does not simply keep" in says.about_elsewhere([row | {"as_trained": 0.3} for row in rows], 8)
    kind = [row | {"words": 1.0} for row in rows]
    assert "holds beyond" in says.about_elsewhere(kind, 8)


def test_predictions_answer_what_was_asked():
    table, found = report.standings(RUNS, LENGTH), report.findings(RUNS, LENGTH)
    answers = says.predictions(table, found, report.elsewhere(RUNS), LENGTH)
    assert [row["question"][0] for row in answers] == ["1", "2", "4"], "narrow heads were not trained"
    assert answers[2]["this run"] == "10 % of the letters"


def test_two_arms_at_the_ceiling_are_not_called_alike():
    runs = [made_up(arm, seed, 1.0) for arm in ("base", "one_head", "learned") for seed in (0, 1)]
    found = {one.statement: one for one in report.findings(runs, LENGTH)}
    assert found["two heads beat one"].verdict == FULL
    assert found["two heads beat one"].agrees == "open"
    assert found["learned ones get further in these steps"].verdict == ALIKE, "it asks for no room"
    worse = [run | {"right": [4] * N} if run["arm"] == "one_head" else run for run in runs]
    assert {one.statement: one for one in report.findings(worse, LENGTH)}["two heads beat one"].verdict != FULL


def test_what_came_out_has_a_sentence_for_each_part_that_ran():
    table, found = report.standings(RUNS, LENGTH), report.findings(RUNS, LENGTH)
    told = says.came_out(table, found, report.elsewhere(RUNS), LENGTH)
    assert "where it reads, alone, give 97." in told
    assert "alike" in told
    assert "not one comes out right" in told
    assert "division" not in told, "narrow heads were not trained"
    assert "**rate**" not in told, "nor were slow ones"
    assert says.came_out([], [], [], LENGTH) == ""
    runs = [
        *RUNS,
        *(made_up(arm, seed, share) for arm, share in (("narrow", 0.99), ("narrow_raw", 0.9)) for seed in (0, 1)),
    ]
    runs += [
        made_up(arm, seed, share) for arm, share in (("wide_slow", 0.9), ("wide_raw_slow", 0.5)) for seed in (0, 1)
    ]
    for run in runs:
        run["pointed"] = 0.6 if run["arm"] == "narrow_raw" else 0.5
    told = says.came_out(report.standings(runs, LENGTH), found, [], LENGTH)
    assert "60 % of the steps" in told
    assert "At a third of the **rate** the wide head gets" in told


def test_figures_draw_and_refuse_nothing():
    assert len(figures.curves(RUNS, ["base", "none"]).axes[0].texts) == 2
    figures.places({"base": [1.0] * 8, "none": [0.3] * 8}, report.ceiling(8))
    figures.other_words(report.elsewhere(RUNS), 8)
    shown = {"word": "abc", "weights": {"cross": np.full((2, 3, 3), 0.3).tolist()}}
    assert len(figures.word_maps(shown).axes[0].texts) == 9
    with pytest.raises(ValueError, match="family: expected one of cross"):
        figures.word_maps(shown, "encoder self")
    for draw in (
        lambda: figures.curves([], ["base"]),
        lambda: figures.places({}, [1.0]),
        lambda: figures.other_words([], 8),
    ):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")


def test_the_record_forgets_single_words_but_in_a_piece():
    assert "right" not in report.record_rows(RUNS, keep_right=False)[0]
    assert "right" in report.record_rows(RUNS, keep_right=True)[0]


def test_the_headline_says_what_was_found():
    summary = {
        "standings": [row.as_row() for row in report.standings(RUNS, LENGTH)],
        "findings": [one.as_row() for one in report.findings(RUNS, LENGTH)],
        "elsewhere": report.elsewhere(RUNS),
        "length": LENGTH,
        "ceiling": 0.34,
    }
    text = headline(SimpleNamespace(summary=json.loads(json.dumps(summary))))
    assert text.count("\n") == 3
    assert "at most 34.0 % can be" in text
    assert "Asked for words of 7 letters, the network that learnt 8 gets **10 %**" in text
