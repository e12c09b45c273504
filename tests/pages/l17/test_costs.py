"""What lab 17 measures: verdicts of parity, networks handed weights or trained, and what is made of their answers."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.measure.accuracy import paired_difference
from helpers.models.pretrained import build_model
from helpers.pages.l17 import costs, figures, report
from helpers.pages.l17.faulty import FAULTS, SOUND, build, load_what_fits
from helpers.pages.l17.headline import headline

PARAMETERS = {"batch_size": 50, "epochs": 1, "learning_rate": 0.005}
LABELS = np.arange(200) % 4


def named(right):
    return np.where(np.arange(200) < right, LABELS, (LABELS + 1) % 4).tolist()


def run(fault, right, seed=0, **more):
    return {"fault": fault, "seed": seed, "predictions": named(right)} | more


@pytest.fixture(scope="module")
def judged():
    return costs.judged(list(FAULTS))


@pytest.fixture(scope="module")
def dogs():
    return costs.dogs(2)


@pytest.fixture(scope="module")
def digits():
    return costs.digits(100)


def test_parity_names_the_place_of_each_fault_or_the_loading_is_refused(judged):
    places = {fault: costs.enters_at(row["places"]) for fault, row in judged.items() if not row["refused"]}
    assert places == {
        SOUND: None,
        "no_scale": "block 1",
        "post_norm": "block 1",
        "flatten": "embedding",
        "batch_mean": "logits",
        "dropout_on": "block 1",
        "no_positions": "embedding",
    }
    refused = {fault: row["refused"] for fault, row in judged.items() if row["refused"]}
    assert "positions.table" in refused["late_class"]
    assert "attention.qkv.weight" in refused["wide_keys"]
    assert costs.enters_at({"a": 0.0, "b": float("nan")}) == "b", "what is no number agrees with nothing"


def test_the_sound_network_answers_as_the_shipped_one_whose_weights_it_got(dogs):
    shipped = build_model("vit_mini", 120, weights="shipped", with_head=True).model
    expected = costs.named(shipped, costs.pixels_of(dogs.test), outputs=costs.BREEDS)
    row = costs.handed(SOUND, dogs.test)
    assert row["predictions"] == expected.tolist()
    assert row["left"] == []
    assert len(set(row["predictions"])) > 5, "it does not name one breed for all"


def test_a_mean_over_the_batch_depends_on_the_company_and_alone_it_is_blind(dogs):
    row = costs.handed("batch_mean", dogs.test)
    assert len(set(row["alone"])) == 1
    assert row["sorted"] != row["predictions"]


def test_mixed_and_sorted_a_batch_has_one_size(dogs, monkeypatch):
    sizes = []
    monkeypatch.setattr(costs, "named", lambda net, pixels, rows, outputs: sizes.append(rows) or np.zeros(len(pixels)))
    costs.handed("batch_mean", dogs.test)
    assert sizes == [2, 2, 1], "two dogs of each breed: mixed, breed by breed, alone"


def test_a_class_token_without_a_position_has_a_price_of_its_own_and_one_of_the_loading_rule(dogs):
    row, sound = costs.handed("late_class", dogs.test), costs.handed(SOUND, dogs.test)["predictions"]
    assert row["folded"] == sound
    assert row["left"] == ["positions.table"]
    agree = {how: np.mean(np.equal(row[how], sound)) for how in ("predictions", "by_rule")}
    assert agree["predictions"] > 0.9 > agree["by_rule"], "the fault alters few answers, losing all positions many"


def test_the_table_says_what_stays_fresh(dogs):
    rows = report.standings(
        [costs.handed(fault, dogs.test) for fault in (SOUND, "late_class", "wide_keys")], np.arange(40)
    )
    assert {(row.fault, row.asked): report.stays_fresh(row) for row in rows} == {
        (SOUND, "predictions"): "nothing",
        ("late_class", "predictions"): "nothing; one position left out",
        ("late_class", "by_rule"): "all positions",
        ("late_class", "folded"): "nothing",
        ("wide_keys", "predictions"): "attention, all blocks",
    }
    wide = build("wide_keys", **costs.MINI)
    left = load_what_fits(wide, build(SOUND, **costs.MINI).state_dict())
    assert {name.split(".")[1] for name in left} == set("012345"), "every block"
    assert {name.split(".")[2] for name in left} == {"attention"}


def test_digits_are_split_once_and_every_one_is_used(digits):
    assert (len(digits.train), len(digits.val), len(digits.test)) == (100, 0, 1697)
    assert len({*digits.train.names, *digits.test.names}) == 1797
    assert digits.train.images.max() == 255
    assert costs.pixels_of(digits.train).shape == (100, 3, 8, 8)
    assert costs.pixels_of(digits.train).min() == -1
    assert digits.fingerprint != costs.digits(200).fingerprint


@pytest.mark.parametrize("fault", [SOUND, "batch_mean"])
def test_training_changes_the_weights_and_asks_in_every_way(fault):
    data = costs.digits(1700)
    row = costs.train_one(fault, 1, data, PARAMETERS)
    assert len(row["predictions"]) == 97
    assert row["fit_s"] > 0
    assert row["updates"] == 34, "1,700 digits in batches of 50"
    assert set(row) & set(report.EXTRA) == ({"alone"} if fault == "batch_mean" else set())
    fresh = costs.named(build(fault, seed=1, **costs.DIGITS), costs.pixels_of(data.test))
    assert row["predictions"] != fresh.tolist()
    again = costs.train_one(fault, 1, data, PARAMETERS)
    assert again["predictions"] == row["predictions"], "a seed repeats it"
    if fault == "batch_mean":
        assert len(set(row["alone"])) == 1


def test_dropout_is_drawn_by_a_seed_and_leaves_the_callers_random_state():
    net, pixels = build("dropout_on", **costs.DIGITS), torch.randn(300, 3, 8, 8)
    before = torch.get_rng_state()
    first, same, other = (costs.named(net, pixels, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.tolist() == same.tolist() != other.tolist()


# ------------------------------------------------------------------------------------------------- what is made of it

RUNS = [
    *(run(SOUND, right, seed) for seed, right in enumerate((160, 162))),
    *(run("flatten", right, seed) for seed, right in enumerate((196, 198))),
    *(run("batch_mean", 150, seed, sorted=named(160), alone=named(140)) for seed in (0, 1)),
    *(run("no_positions", right, seed) for seed, right in enumerate((80, 82))),
]


def test_standings_hold_every_way_of_asking_the_sound_network_first():
    rows = report.standings(RUNS, LABELS)
    assert [(row.fault, row.asked) for row in rows] == [
        (SOUND, "predictions"),
        ("flatten", "predictions"),
        ("batch_mean", "predictions"),
        ("batch_mean", "sorted"),
        ("batch_mean", "alone"),
        ("no_positions", "predictions"),
    ]
    assert rows[0].by_seed == (0.8, 0.81)
    assert rows[0].behind is None
    assert rows[1].behind.value == pytest.approx(0.18)
    assert [report.verdict(row) for row in rows] == ["–", "better", "worse", "not told apart", "worse", "worse"]
    assert rows[4].label == "mean over the batch axis, one image at a time"
    assert report.of(rows, "batch_mean", "alone").top1.value == 0.7
    assert report.verdicts(rows, "worse") == ["mean over the batch axis", "no positions"]
    with pytest.raises(ValueError, match="the sound network"):
        report.standings(RUNS[2:], LABELS)


def test_differences_are_widened_for_the_number_of_rows_and_accuracies_are_not():
    few, many = (report.standings(rows, LABELS) for rows in (RUNS[:4], RUNS))
    assert few[1].top1 == many[1].top1
    assert few[1].behind == paired_difference(*(np.stack([np.equal(r["predictions"], LABELS) for r in RUNS[k : k + 2]])
                                                for k in (2, 0)))  # fmt: skip
    assert many[1].behind.low < few[1].behind.low < few[1].behind.high < many[1].behind.high


def test_a_test_that_convicts_the_sound_network_is_a_false_alarm():
    results = {"right": {"A": True, "B": False}, "wrong": {"A": False, "B": True}, "later": {"A": None, "B": None}}
    assert report.false_alarms(results, "A") == ["wrong"]


def test_the_record_holds_accuracies_and_no_answers():
    rows = report.record_rows(RUNS, LABELS)
    assert not {"predictions", "sorted", "alone"} & set().union(*rows)
    assert rows[4] == {
        "fault": "batch_mean",
        "seed": 0,
        "top1_predictions": 0.75,
        "top1_sorted": 0.8,
        "top1_alone": 0.7,
    }


def test_figures_show_what_they_are_given(judged):
    ax = figures.falling({"A": [2.3, 1.0], "B": [2.3, 0.5]}, 2.3).axes[0]
    assert [list(line.get_ydata()) for line in ax.lines[1:]] == [[2.3, 1.0], [2.3, 0.5]]
    ax = figures.board({"one": {"A": True, "B": False}, "later": {"A": None, "B": None}}).axes[0]
    assert [list(line.get_xdata()) for line in ax.lines] == [[0], [1], [], []]
    ax = figures.parity_map(judged, costs.AGREE).axes[0]
    assert [text.get_text() for text in ax.texts] == ["loading refused"] * 2
    assert list(ax.lines[0].get_xdata()) == [0, 1, 2, 3, 4, 5], "the sound network agrees everywhere"
    rows = report.standings(RUNS, LABELS)
    texts = [text.get_text() for text in figures.ladder(rows, 0.25, "right").axes[0].texts]
    assert texts[:4] == ["the sound network", "80.5", "reshaped, not transposed", "98.5"]
    for draw in (
        lambda: figures.falling({}, 1.0),
        lambda: figures.board({}),
        lambda: figures.parity_map({}, 1.0),
        lambda: figures.ladder([], 0.1, ""),
    ):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")


def test_the_headline_says_what_was_found_and_not_which_letter():
    others = [
        {"name": "one", "caught_by": ["unit scores"], "parity": {"drawn": 0.1, "fresh": 0.1}},
        {"name": "two", "caught_by": [], "parity": {"drawn": 0.1, "fresh": 1e-16}},
        {"name": "three", "caught_by": [], "parity": {"drawn": 1e-16, "fresh": 1e-16}},
    ]
    summary = {"faults": 8, "silent": 6, "tests": {"caught_by_popular": 0, "caught_by_ours": 8}}
    summary |= {"strangers": others, "agree": 1e-10}
    text = headline(SimpleNamespace(summary=json.loads(json.dumps(summary))))
    assert "catch **0 of 8**" in text
    assert "catch **8**" in text
    assert "**6 of 8** faults" in text
    assert "Of 3 further faults" in text
    assert "the nine tests catch **1**" in text
    assert "is right catches **2**" in text
