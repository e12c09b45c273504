"""What lab 14 makes of its runs: made-up answers with known differences."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED
from helpers.pages.l14 import figures, report, says
from helpers.pages.l14.headline import headline
from helpers.pages.l14.methods import ARMS, DEEP, HIGH, SHALLOW, STATEMENTS, USUAL

LABELS = np.arange(200) % 4
COUNTED = {(arm, depth): {"parameters": 10 * depth, "macs": 100 * depth} for arm in ARMS for depth in (6, 24)}


def named(right):
    return np.where(np.arange(200) < right, LABELS, (LABELS + 1) % 4).tolist()


def blocks(*adds, gain=None):
    return {"adds": list(adds), "stream": [0.5, 2.0], "weights": [3.0, 4.0], "gain": [gain, gain]}


def run(arm, depth, right, rate=USUAL, seed=0, diverged=None, before=(0.1, 0.2), after=(0.3, 0.6), gain=None):
    row = {"arm": arm, "depth": depth, "rate": rate, "seed": seed, "predictions": named(right), "diverged": diverged}
    row |= {"before": blocks(*before, gain=gain), "after": None if diverged else blocks(*after, gain=gain)}
    history = None if diverged else {"epochs": [{"train_accuracy": 0.1}, {"train_accuracy": right / 400}]}
    return row | {"fit_s": 3.0, "history": history, "images_seen": None if diverged else 36}


RUNS = [
    run("plain", 6, 100),
    run("plain", 24, 60),
    run("scale", 6, 101, gain=0.1),
    run("scale", 24, 120, after=(0.3, 0.3), gain=0.1),
    run("plain", 24, 50, rate=HIGH, diverged="the loss became nan"),
    run("scale", 24, 119, rate=HIGH, gain=0.1),
]


def test_statements_speak_of_arms_depths_and_rates_that_exist():
    for one in STATEMENTS:
        for sign, (arm, depth, rate) in one.terms:
            assert arm in ARMS
            assert depth in (DEEP, SHALLOW)
            assert rate in (USUAL, HIGH)
            assert sign in (1, -1)
        assert sum(sign for sign, _ in one.terms) == 0
        assert len({side for _, side in one.terms}) == len(one.terms)
        assert one.expected in ("", HOLDS, OPPOSITE)
    assert len({one.text for one in STATEMENTS}) == len(STATEMENTS)


def test_standings_are_in_the_order_of_the_ladder_and_say_what_diverged():
    rows = report.standings(RUNS, LABELS, COUNTED)
    assert [(row.arm, row.depth, row.rate) for row in rows] == [
        ("plain", 6, USUAL),
        ("plain", 24, USUAL),
        ("plain", 24, HIGH),
        ("scale", 6, USUAL),
        ("scale", 24, USUAL),
        ("scale", 24, HIGH),
    ]
    broken = rows[2]
    assert (broken.diverged, broken.training, broken.top1.value) == (1, None, 0.25)
    assert rows[1].training == pytest.approx(0.15)
    assert (rows[0].parameters, rows[0].macs) == (60, 600)
    two = report.standings([*RUNS[:1], run("plain", 6, 80, seed=1)], LABELS, COUNTED)
    assert two[0].by_seed == (0.5, 0.4)
    assert two[0].top1.covers == "both"


def test_a_statement_holds_falls_or_stays_open():
    found = {one.statement: one for one in report.findings(RUNS, LABELS)}
    assert found["a plain ViT gains from depth"].verdict == OPPOSITE
    assert found["a plain ViT gains from depth"].agrees == "as the paper says"
    assert found["a plain ViT gains from depth"].difference.value == pytest.approx(-0.2)
    assert found["one with LayerScale gains from depth"].verdict == HOLDS
    assert found["LayerScale helps the shallowest"].agrees == "not said"
    assert found["LayerScale helps the deepest"].difference.value == pytest.approx(0.3)
    assert found["LayerScale helps the shallowest"].verdict == UNDECIDED
    harm = found["the high rate harms the deepest plain ViT"]
    assert harm.terms == ((1, ("plain", 24, USUAL)), (-1, ("plain", 24, HIGH)))
    apart = found["it harms the deepest more without LayerScale"]
    assert apart.difference.value == pytest.approx(harm.difference.value - (120 - 119) / 200)
    assert "class attention helps the deepest" not in found
    assert "it harms the plain ViT more when deep" not in found, "the shallow one did not meet the high rate"
    with pytest.raises(ValueError, match="every run needs every seed"):
        report.findings([RUNS[0], run("scale", 6, 9, seed=1)], LABELS)


def test_with_one_depth_nothing_is_said_of_depth():
    found = report.findings([run("plain", 6, 100), run("scale", 6, 120)], LABELS)
    assert [one.statement for one in found] == ["LayerScale helps the deepest", "LayerScale helps the shallowest"]


def test_the_deepest_arms_are_ordered_at_the_usual_rate_and_signs_are_those_of_neighbours():
    arms, leads = report.order(RUNS, LABELS)
    assert (arms, [lead.value for lead in leads]) == (["scale", "plain"], [pytest.approx(0.3)])
    assert says.order_told(arms, leads) == "LayerScale  >  plain ViT"
    close = [run("post", 24, 40), run("plain", 24, 100), run("scale", 24, 101)]
    assert says.order_told(*report.order(close, LABELS)) == "LayerScale  ≈  plain ViT  >  post-norm"
    assert says.order_told([], []) == ""


def test_a_run_is_told_in_words():
    runs = [*RUNS, run("plain", 6, 99, rate=HIGH)]
    found, table = report.findings(runs, LABELS), report.standings(runs, LABELS, COUNTED)
    text = "\n".join(says.conclusions(table, found, steps=270, chance=0.25))
    assert "LayerScale gained from it; plain ViT lost." in text
    assert "the LayerScale of 24 blocks, 60.0" in text
    assert "chance 25.0 %" in text
    assert "1 of 7 trainings" in text
    for words in ("than the one with LayerScale", "than the shallow plain one", "270 steps", "more than 30 %"):
        assert words in text
    assert "the plain one more" in says.high_told(found)
    assert says.conclusions([], [], steps=1, chance=0.25) == [
        "**Diverged** (a loss that is no number): 0 of 0 trainings."
    ]


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.1, 0.2, "more"), (-0.2, -0.1, "fewer"), (-0.1, 0.1, "cannot be told")]
)
def test_the_first_prediction_is_answered_in_its_own_words(low, high, word):
    assert says.more_or_fewer(Estimate((low + high) / 2, low, high, 100, "both")).startswith(word)


def test_profiles_leave_out_the_high_rate_and_what_diverged():
    found = report.profiles(RUNS, "adds", "after")
    assert found["plain", 24].tolist() == [[0.3, 0.6]]
    assert set(report.profiles(RUNS, "gain", "after")) == {("scale", 6), ("scale", 24)}
    lost = [run("plain", 24, 60, diverged="nan"), RUNS[3]]
    assert set(report.profiles(lost, "adds", "after")) == {("scale", 24)}


def test_rows_of_blocks_compare_the_strongest_with_the_weakest():
    plain, scaled = report.block_rows(RUNS)
    assert plain["spread"] == pytest.approx(2)
    assert scaled["spread"] == pytest.approx(1)
    assert plain["first_to_last"] == pytest.approx(0.25)
    assert (plain["before"], plain["after"], plain["gain"]) == (pytest.approx(0.15), pytest.approx(0.45), None)
    assert scaled["gain"] == pytest.approx(0.1)
    (lost,) = report.block_rows([run("plain", 24, 60, diverged="nan")])
    assert lost["after"] is lost["spread"] is None


def test_evenness_counts_seeds_where_layerscale_is_more_even():
    assert report.evenness(RUNS) == {"more_even": 1, "seeds": 1}
    uneven = [run("scale", 24, 120, seed=1, after=(0.1, 0.9)), run("plain", 24, 60, seed=1)]
    assert report.evenness([*RUNS, *uneven]) == {"more_even": 1, "seeds": 2}
    assert report.evenness(RUNS[:2]) is None
    assert report.evenness([run("plain", 24, 60, diverged="nan"), RUNS[3]]) is None


def test_the_record_holds_answers_of_pieces_alone():
    (whole,) = report.record_rows(RUNS[:1], LABELS, keep_predictions=False)
    assert "predictions" not in whole
    assert whole["before"]["adds"] == [0.1, 0.2]
    (piece,) = report.record_rows(RUNS[:1], LABELS, keep_predictions=True)
    assert piece["test_top1"]["value"] == 0.5
    assert len(piece["predictions"]) == piece["n_test"] == 200


def test_figures_show_what_they_are_given():
    rows = report.standings(RUNS, LABELS, COUNTED)
    ax = figures.depth_lines(rows, 0.25).axes[0]
    assert [text.get_text() for text in ax.texts] == ["LayerScale", "plain ViT"]
    lines = [line for line in ax.lines if line.get_marker() == "o"]
    assert [list(line.get_ydata()) for line in lines] == [[50, 30], [50.5, 60]]
    ax = figures.two_rates(rows, 0.25).axes[0]
    assert [text.get_text() for text in ax.texts] == ["30.0", "25.0, 1 diverged", "60.0", "59.5"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["plain ViT", "LayerScale"]
    quantity = {"plain": np.array([[1.0, 2.0], [3.0, 2.0]]), "late": np.array([[0.1, 0.2]])}
    figure = figures.gradients(quantity, quantity)
    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[2.0, 2.0], [0.1, 0.2]]
    figure = figures.added(quantity, {"plain": quantity["plain"]})
    assert [len(ax.lines) for ax in figure.axes] == [3, 2], "what diverged has no line after training"
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["plain ViT", "+ class attention"]
    empty = (lambda: figures.depth_lines([], 0.1), lambda: figures.two_rates(rows[:1], 0.1))
    for draw in (*empty, lambda: figures.gradients({}, {}), lambda: figures.added({}, {})):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")


def test_labels_of_lines_stand_apart():
    rows = [
        SimpleNamespace(arm=arm, depth=6, rate=USUAL, top1=SimpleNamespace(value=0.2, low=None, high=None))
        for arm in ARMS
    ]
    ax = figures.depth_lines(rows, 0.1).axes[0]
    heights = sorted(text.xy[1] for text in ax.texts)
    assert len(heights) == len(ARMS)
    assert min(np.diff(heights)) > 0.03
    assert heights[0] >= 0
    plt.close("all")


def test_the_headline_says_what_was_found():
    summary = {
        "standings": [row.as_row() for row in report.standings(RUNS, LABELS, COUNTED)],
        "findings": [one.as_row() for one in report.findings(RUNS, LABELS)],
        "num_classes": 4,
        "n_test": 200,
        "depths": [6, 24],
        "high_times": 4.0,
    }
    text = headline(SimpleNamespace(summary=json.loads(json.dumps(summary))))
    assert "a plain ViT of 6 blocks names **50.0" in text
    assert "one of 24 **30.0" in text
    assert "one training of each" in text
    assert "At 4 times the rate the 24 blocks reach **25.0" in text
    assert text.count("\n") == 2
    alone = headline(SimpleNamespace(summary=summary | {"standings": [], "findings": []}))
    assert alone == ""
