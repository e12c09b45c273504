"""From answers to table, verdicts and the comparison of two runs; the figures of lab 02; its headline."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from helpers.measure.accuracy import pooled
from helpers.pages.l02 import figures, report
from helpers.pages.l02.headline import headline
from helpers.pages.l02.methods import STATEMENTS

LABELS = np.arange(200) % 4
COUNTED = {
    name: {"parameters": 1000, "macs": 2e6, "training_macs": 6e6, "kept_mib": 0.5}
    for name in ("vit_mini", "deit_mini", "xception_mini")
}


def run(model, seed, right, **more):
    """A made-up run that answers the first `right` images rightly."""
    guesses = np.where(np.arange(200) < right, LABELS, (LABELS + 1) % 4)
    row = {"model": model, "seed": seed, "predictions": guesses.tolist(), "fit_s": 3.0, "answer_s": 0.4}
    history = {"epochs": [{"train_accuracy": 0.1}, {"train_accuracy": 0.5 + 0.2 * seed}]}
    return row | {"images_seen": 1200, "history": history} | more


RUNS = [
    run("vit_mini", 0, 80),
    run("knn", 0, 50, numbers=77, macs=77, history=None, images_seen=400),
    run("deit_mini", 0, 82),
    run("xception_mini", 0, 150),
]


def test_the_table_is_in_the_order_of_the_years_and_knows_what_was_counted():
    table = report.standings(RUNS, LABELS, COUNTED)
    assert [row.model for row in table] == ["knn", "xception_mini", "vit_mini", "deit_mini"]
    knn, xception = table[:2]
    assert (knn.numbers, knn.macs, knn.training_macs, knn.kept_mib) == (77, 77, None, None)
    assert (xception.numbers, xception.macs, xception.kept_mib) == (1000, 2e6, 0.5)
    assert xception.top1.value == 0.75
    assert xception.answer_ms == pytest.approx(2.0)


def test_seeds_are_pooled_and_each_keeps_its_own_accuracy():
    runs = [run("vit_mini", 1, 120), run("vit_mini", 0, 80)]
    (row,) = report.standings(runs, LABELS, COUNTED)
    assert [seed.value for seed in row.by_seed] == [0.4, 0.6]
    right = np.stack([np.arange(200) < 80, np.arange(200) < 120])
    assert row.top1 == pooled(right)


def test_every_model_needs_every_seed():
    with pytest.raises(ValueError, match="every model needs every seed"):
        report.standings([run("vit_mini", 0, 10), run("knn", 1, 10, numbers=1, macs=1)], LABELS, COUNTED)


def test_a_statement_holds_falls_or_stays_open_by_its_interval():
    found = {one.statement: one for one in report.verdicts(RUNS, LABELS)}
    assert set(found) == {s for s, a, b in STATEMENTS if {a, b} <= {"vit_mini", "knn", "deit_mini", "xception_mini"}}
    assert found["from scratch, a CNN beats a ViT of its size"].verdict == report.HOLDS
    assert found["from scratch, a CNN beats a ViT of its size"].difference.value == pytest.approx(0.35)
    assert found["a ViT taught by a CNN beats one that is not"].verdict == report.UNDECIDED
    turned = report.verdicts([run("vit_mini", 0, 150), run("xception_mini", 0, 80)], LABELS)
    assert turned[0].verdict == report.OPPOSITE


def test_two_runs_agree_contradict_or_leave_it_open():
    mine = report.verdicts(RUNS, LABELS)
    same = [one.as_row() for one in mine]
    assert {row["so they"] for row in report.agreement(mine, same)} == {"agree"}
    turned = [row | {"verdict": report.OPPOSITE} for row in same]
    words = [row["so they"] for row in report.agreement(mine, turned)]
    assert sorted(words) == ["contradict", "one is open"]
    assert report.agreement(mine, []) == []


def test_the_record_holds_answers_of_pieces_alone():
    (whole,) = report.record_rows(RUNS[:1], LABELS, keep_predictions=False)
    (piece,) = report.record_rows(RUNS[:1], LABELS, keep_predictions=True)
    assert "predictions" not in whole
    assert piece["predictions"] == RUNS[0]["predictions"]
    assert whole["test_top1"]["value"] == 0.4


def test_the_ladder_has_a_mark_an_interval_and_ticks_for_seeds():
    runs = [run("vit_mini", 0, 80), run("vit_mini", 1, 120), run("knn", 0, 50, numbers=1, macs=1)]
    runs.append(runs[-1] | {"seed": 1})
    ax = figures.ladder(report.standings(runs, LABELS, COUNTED), chance=0.25).axes[0]
    drawn = [sorted(line.get_xdata()) for line in ax.lines]
    assert any(np.allclose(x, [40, 60]) for x in drawn if len(x) == 2)
    assert any(np.allclose(x, [25]) for x in drawn if len(x) == 1)
    assert any(np.allclose(x, [25, 25]) for x in drawn if len(x) == 2)  # chance
    assert [label.get_text() for label in ax.get_yticklabels()] == ["nearest neighbours · 1967", "ViT-mini · 2020"]
    assert ax.yaxis_inverted()
    plt.close("all")


def test_a_panel_leaves_out_what_was_not_counted():
    table = report.standings(RUNS, LABELS, COUNTED)
    panels = figures.against_costs(table).axes
    assert [len(ax.texts) for ax in panels] == [4, 4, 3, 4]
    assert panels[1].get_xlabel() == "million MACs an answer"
    plt.close("all")


def test_equal_speed_lies_on_the_line_and_speeds_are_macs_over_seconds():
    table = report.standings(RUNS, LABELS, COUNTED)
    ax = figures.macs_and_seconds(table).axes[0]
    line, *marks = ax.lines
    slope = np.diff(np.log(line.get_ydata())) / np.diff(np.log(line.get_xdata()))
    assert slope == pytest.approx(1.0)
    assert len(marks) == 3
    assert figures.speeds(table) == pytest.approx(dict.fromkeys(COUNTED, 6e6 * 1200 / 3.0 / 1e9))
    with pytest.raises(ValueError, match="at least one network"):
        figures.macs_and_seconds(table[:1])
    plt.close("all")


def test_the_headline_names_best_and_worst_and_counts_the_verdicts():
    table = report.standings(RUNS, LABELS, COUNTED)
    summary = {"methods": report.summary_rows(table), "chance": 0.25, "num_classes": 4}
    summary["verdicts"] = [one.as_row() for one in report.verdicts(RUNS, LABELS)]
    summary["order"] = report.order(RUNS, LABELS, ["knn", "xception_mini", "vit_mini", "deit_mini"])
    text = headline(SimpleNamespace(summary=summary))
    assert "Xception-mini (2016) names **75.0" in text
    assert "nearest neighbours (1967) **25.0" in text
    assert "Of 2 statements written down beforehand: **1 as expected, 0 against, 1 open**." in text
    assert "one training of each" in text
    assert "cannot be told from" not in text
    summary["order"] = [["xception_mini", "vit_mini"], ["deit_mini", "knn"]]
    assert "the first cannot be told from ViT-mini." in headline(SimpleNamespace(summary=summary))


def test_the_order_groups_what_cannot_be_told_from_the_first_of_its_group():
    names = ["knn", "vit_mini", "deit_mini", "xception_mini"]
    assert report.order(RUNS, LABELS, names) == [["xception_mini"], ["deit_mini", "vit_mini"], ["knn"]]
    assert report.order(RUNS, LABELS, ["mlp"]) == []


def test_the_order_in_words_tells_neighbour_from_neighbour():
    names = ["knn", "vit_mini", "deit_mini", "xception_mini"]
    text = report.order_of(RUNS, LABELS, names)
    assert text.startswith("Xception-mini  >  ")
    assert "DeiT-mini, taught  ≈  ViT-mini" in text
    assert report.order_of(RUNS, LABELS, ["mlp"]) == ""


def test_the_slowest_is_named_among_all_and_among_those_that_multiply_much():
    def row(model, speed, macs):
        return SimpleNamespace(model=model, training_macs=speed * 1e9, images_seen=1, fit_s=1.0, macs=macs)

    rows = [row("lenet", 2, 0.7e6), row("vgg_like", 50, 40e6), row("convnext_mini", 10, 15e6)]
    assert figures.slowest_text(rows).endswith("above 5 million MACs ConvNeXt-mini")
    assert "VGG-like 50.0, LeNet-5 2.00: 25 times less. Of those above 5" in figures.speeds_text(rows)
    assert figures.slowest_text(rows[1:]) == "ConvNeXt-mini"
    assert figures.speeds_text([]) == ""


def test_training_accuracy_is_that_of_the_last_pass_over_the_seeds():
    assert report.last_pass([run("vit_mini", 0, 80), run("vit_mini", 1, 80)]) == pytest.approx(0.6)
    assert report.last_pass([run("knn", 0, 80, history=None)]) is None


def test_labels_cover_neither_each_other_nor_a_mark():
    runs = [run(name, 0, 100 + k) for k, name in enumerate(COUNTED)]
    ax = figures.macs_and_seconds(report.standings(runs, LABELS, COUNTED)).axes[0]  # three marks at one place
    ax.figure.canvas.draw()
    renderer = ax.figure.canvas.get_renderer()
    boxes = [Text.get_window_extent(text, renderer) for text in ax.texts]  # without the line to the mark
    assert len(boxes) == 3
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])
    (x, y) = ax.transData.transform((6.0, 2.5))
    assert not any(box.contains(x, y) for box in boxes)
    plt.close("all")
