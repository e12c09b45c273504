"""Lab 9: the search stops, repeats itself and goes on where it was; what is found; sentences and figures."""

import json
import subprocess
import sys
import threading
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.pages.l09 import figures, report, says, study
from helpers.pages.l09.headline import headline
from helpers.pages.l09.methods import BEST, CNN, DEFAULT, DEFAULTS, SPACE, STATEMENTS, VIT
from helpers.pages.l09.search import closes, search
from helpers.training import TrainingDiverged

LABELS = np.arange(400) % 4
PARAMETERS = {
    "edition": "smoke",
    "dataset": "breeds",
    "start": "scratch",
    "models": [CNN, VIT],
    "trials": 2,
    "workers": 1,
    "epochs": 2,
    "search_seed": 0,
    "seeds": 1,
    "image_size": 32,
    "batch_size": 12,
    "train_fraction": 1.0,
    "breeds": {"n_train_per_class": 1, "n_val_per_class": 1, "n_test_per_class": 1, "difficulty": 0.0},
    "piece": None,
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


# ------------------------------------------------------------------------------------------------------------ search


def made_up(passes=8, cut=None, calls=None):
    """A training whose accuracy is better the nearer its rate is to 0.01; `cut` breaks the so many-th off half-way."""

    def train(settings, after_a_pass):
        if calls is not None:
            calls.append(dict(settings))
        for done in range(passes):
            if calls is not None and len(calls) == cut and done == 1:
                raise KeyboardInterrupt
            after_a_pass(SimpleNamespace(value=1 / (1 + abs(np.log10(settings["learning_rate"]) + 2))))

    return train


def test_the_defaults_come_first_and_every_point_lies_in_its_range(tmp_path):
    trials = search(made_up(), lambda net: net.value, 16, 3, tmp_path / "a")
    assert len(trials) == 16
    assert trials[0]["settings"] == DEFAULTS
    for name, (low, high, _) in SPACE.items():
        values = [trial["settings"][name] for trial in trials[1:]]
        assert low <= min(values) < max(values) <= high
        assert len(set(values)) == 15  # each setting is tried at as many values as there are points
    json.dumps(trials)


def test_the_worse_half_is_stopped_and_the_best_runs_to_its_end(tmp_path):
    trials = search(made_up(), lambda net: net.value, 16, 3, tmp_path / "a")
    stopped = [trial for trial in trials if trial["stopped"]]
    assert 4 <= len(stopped) <= 12
    assert {len(trial["val_top1"]) for trial in stopped} <= {3, 4, 5, 6, 7, 8}
    assert not any(trial["stopped"] for trial in trials[:4])
    best = study.best_of(trials)
    assert best["val_top1"][-1] == max(value for trial in trials for value in trial["val_top1"])
    with pytest.raises(ValueError, match="no trial ran to its end"):
        study.best_of(stopped)


def test_a_search_repeats_itself_and_goes_on_where_it_was_cut_off(tmp_path):
    whole = search(made_up(), lambda net: net.value, 8, 3, tmp_path / "a")
    again = search(made_up(), lambda net: net.value, 8, 3, tmp_path / "b")
    calls = []
    with pytest.raises(KeyboardInterrupt):
        search(made_up(cut=5, calls=calls), lambda net: net.value, 8, 3, tmp_path / "c")
    resumed = search(made_up(calls=calls), lambda net: net.value, 8, 3, tmp_path / "c")

    def told(trials):
        return [(trial["settings"], trial["val_top1"], trial["stopped"]) for trial in trials]

    assert told(again) == told(whole)
    assert len(resumed) == 8
    assert calls[4] == calls[5]  # the trial that was cut off begins anew
    assert told(resumed) == told(whole)
    assert search(None, None, 8, 3, tmp_path / "c") == resumed  # a finished search trains nothing


def test_a_training_that_diverges_is_counted_not_dropped(tmp_path):
    def train(settings, after_a_pass):
        if settings["learning_rate"] > 3e-3:
            raise TrainingDiverged("the loss is not a number")
        made_up()(settings, after_a_pass)

    trials = search(train, lambda net: net.value, 8, 3, tmp_path / "a")
    bad = [trial for trial in trials if trial["settings"]["learning_rate"] > 3e-3]
    assert bad
    assert all(trial["diverged"] and trial["stopped"] and trial["val_top1"] == [] for trial in bad)


# --------------------------------------------------------------------------------------------------- several workers


def test_a_trial_is_stopped_by_what_another_worker_has_finished(tmp_path):
    """Worker 1 is held in the first trial, the defaults, until worker 0 has run all the others."""
    started, go_on, found = threading.Event(), threading.Event(), {}

    def held(settings, after_a_pass):
        started.set()
        assert go_on.wait(60)
        for _ in range(8):
            after_a_pass(SimpleNamespace(value=0.1))

    def first():
        found[1] = search(held, lambda net: net.value, 8, 3, tmp_path / "two", worker=1)

    thread = threading.Thread(target=first)
    thread.start()
    assert started.wait(60)
    found[0] = search(made_up(), lambda net: net.value, 8, 3, tmp_path / "two", worker=0)
    assert [trial["number"] for trial in found[0]] == list(range(1, 8)), "the held one has not ended"
    go_on.set()
    thread.join()
    assert [(one["number"], one["worker"]) for one in found[1]] == [(0, 1)] + [(k, 0) for k in range(1, 8)]
    assert found[1][0]["stopped"], "though it is the only one that its worker ever ran"
    assert len(found[1][0]["val_top1"]) == 3
    alone = search(made_up(), lambda net: net.value, 8, 3, tmp_path / "alone")
    assert not alone[0]["stopped"], "in turn the first is compared with none"
    assert [one["settings"] for one in alone] == [one["settings"] for one in found[1]], "the points are the same"


def test_what_one_worker_was_cut_off_in_stays_its_own_and_the_others_go_on(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        search(made_up(cut=3, calls=[]), lambda net: net.value, 8, 3, tmp_path, worker=0)
    other = search(made_up(), lambda net: net.value, 8, 3, tmp_path, worker=1)
    assert [(trial["number"], trial["worker"]) for trial in other] == [(0, 0), (1, 0)] + [(k, 1) for k in range(3, 8)]
    again = search(made_up(), lambda net: net.value, 8, 3, tmp_path, worker=0)
    assert [trial["number"] for trial in again] == list(range(8))
    assert again[2]["worker"] == 0
    assert [closes(tmp_path, worker) for worker in (0, 1, 0)] == [True, False, True]


WORKER = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from helpers.pages.l09.search import search

def train(settings, after_a_pass):
    for _ in range(4):
        after_a_pass(SimpleNamespace(value=settings["learning_rate"]))

print(json.dumps(search(train, lambda net: net.value, 12, 0, Path(sys.argv[1]), int(sys.argv[2]))))
"""


@pytest.mark.slow
def test_of_two_processes_none_runs_a_trial_that_the_other_runs(tmp_path):
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    both = [subprocess.Popen([*command, str(k)], stdout=subprocess.PIPE, text=True) for k in (0, 1)]
    rows = [json.loads(one.communicate(timeout=600)[0]) for one in both]
    last = max(rows, key=len)
    assert [trial["number"] for trial in last] == list(range(12)), "as many as planned, none twice"
    alone = search(made_up(4), lambda net: net.value, 12, 0, tmp_path / "alone")
    assert [trial["settings"] for trial in last] == [trial["settings"] for trial in alone]


def test_of_two_workers_one_closes_the_search_of_a_network(drawn, tmp_path):
    parameters = PARAMETERS | {"models": [VIT], "workers": 2}
    assert list(study.grid(parameters)) == ["vit_mini/0", "vit_mini/1"]
    runs = [study.run_one(VIT, drawn, parameters, tmp_path, worker) for worker in (0, 1)]
    assert [len(run["trials"]) for run in runs] == [2, 2]
    assert [len(run["finals"]) for run in runs] == [2, 0]
    assert study.whole(runs[::-1], parameters) == runs[:1]
    for some in (runs[1:], [*runs, runs[0]]):
        with pytest.raises(ValueError, match="one whole search for each of vit_mini is needed; found: "):
            study.whole(some, parameters)
    assert report.findings(runs[1:], drawn.test.labels) == []
    assert report.founds(runs[1:], drawn.test.labels, 1, 2) == []


# -------------------------------------------------------------------------------------------------------------- study


@pytest.fixture(scope="module")
def drawn():
    return load_dataset("breeds", image_size=32, **PARAMETERS["breeds"])


def test_one_network_is_searched_trained_anew_and_asked_once(drawn, tmp_path):
    torch.manual_seed(0)
    run = study.run_one(VIT, drawn, PARAMETERS, tmp_path / "vit")
    assert [(row["setting"], row["seed"]) for row in run["finals"]] == [(DEFAULT, 100), (BEST, 100)]
    assert all(len(row["predictions"]) == len(drawn.test) for row in run["finals"])
    assert len(run["trials"]) == 2
    json.dumps(run)


def test_nothing_is_chosen_on_the_test_images():
    without = PARAMETERS | {"breeds": PARAMETERS["breeds"] | {"n_val_per_class": 0}}
    with pytest.raises(ValueError, match="no validation images"):
        study.load(without)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"image_size": 30}, "image_size: expected a multiple"), ({"trials": 1}, "trials: expected")]
    + [({"workers": wrong}, "workers: expected 1 to 2, the trials") for wrong in (0, 3)],
)
def test_wrong_settings_are_refused_before_any_work(wrong, message):
    with pytest.raises(ValueError, match=message):
        study.check(PARAMETERS | wrong)


# ------------------------------------------------------------------------------------------------------------- report


def trial(number, rate, values, stopped=False, diverged=False):
    settings = DEFAULTS | {"learning_rate": rate}
    row = {"number": number, "settings": settings, "val_top1": values, "stopped": stopped}
    return row | {"diverged": diverged, "seconds": 1.0}


def run(model, default, best, seeds=(100,), chosen=2):
    finals = [
        {"setting": setting, "seed": seed}
        | {"predictions": np.where(np.roll(np.arange(400) < right, seed), LABELS, (LABELS + 1) % 4).tolist()}
        for setting, right in ((DEFAULT, default), (BEST, best))
        for seed in seeds
    ]
    trials = [
        trial(0, 1e-3, [0.3, 0.4, 0.5, 0.5]),
        trial(1, 1e-2, [0.1, 0.1], stopped=True),
        trial(2, 3e-5, [0.4, 0.5, 0.6, 0.7]),
        trial(3, 3e-2, [], stopped=True, diverged=True),
    ]
    return {"model": model, "seed": 9, "trials": trials, "best": chosen, "finals": finals}


@pytest.fixture(params=[(100,), (100, 101)])
def runs(request):
    return [run(CNN, 200, 210, request.param), run(VIT, 120, 240, request.param)]


def test_verdicts_follow_from_the_answers(runs):
    found = {one.statement.text: one for one in report.findings(runs, LABELS)}
    assert len(found) == len(STATEMENTS)
    assert found["the search helps the ViT"].sum.value == pytest.approx(0.3)
    assert found["the search helps the ViT"].as_expected == "as expected"
    assert found["at the defaults the CNN is ahead"].verdict == "holds"
    assert found["after the search the CNN is ahead"].as_expected == "against it"
    json.dumps([one.as_row() for one in found.values()])
    assert len(report.findings(runs[:1], LABELS)) == 1


def test_what_a_search_found_and_what_it_cost(runs):
    cnn, vit = report.founds(runs, LABELS, n_val=50, epochs=4)
    assert (cnn.trials, cnn.stopped, cnn.diverged, cnn.passes, cnn.all_passes) == (4, 2, 1, 10, 16)
    assert (vit.val.value, vit.default_val, vit.is_default) == (0.7, 0.5, False)
    assert vit.val.low < 0.7 < vit.val.high
    assert vit.test.value == pytest.approx(0.6)
    assert vit.default_test.value == pytest.approx(0.3)
    assert says.edges(vit, SPACE) == ["learning rate", "label smoothing"]  # at the lower end; 0 is an end as well
    json.dumps(vit.as_row())


def test_sentences_name_what_they_found(runs):
    founds, found = report.founds(runs, LABELS, 50, 4), report.findings(runs, LABELS)
    lines = says.says(founds, found)
    assert "2 of 4 trials were stopped early, 1 of them since they diverged; 62 % of the passes" in lines[0]
    assert "learning rate 3e-05" in lines[0]
    assert "Xception-mini: 70.0" in lines[-3]
    assert "the defaults 50.0 % and 50.0" in lines[-3].replace("\xa0", " ")
    rows = {row["question"][:1]: row["this run"] for row in says.predictions(found, founds)}
    assert rows["1"].startswith("ViT-mini +30.0")
    rate = "3e-05 (below half of it)"
    assert rows["2"] == f"Xception-mini {rate}; ViT-mini {rate}; the default is 0.001"
    assert rows["3"] == "Xception-mini +20.0 points, then +2.5: smaller; ViT-mini +20.0 points, then +30.0: larger"
    assert says.rate_told(0.0019) == "0.0019 (between)"
    assert says.rate_told(0.0021) == "0.0021 (above its double)"
    told = headline(SimpleNamespace(summary={"findings": [f.as_row() for f in found], "says": lines}))
    assert f"Of {len(STATEMENTS)} statements" in told
    won = [run(CNN, 200, 200, chosen=0)]
    assert "nothing to compare" in says.says(report.founds(won, LABELS, 50, 4), [])[0]
    assert report.findings(won, LABELS) == []


def test_figures_draw_each_trial_and_refuse_nothing(runs):
    assert [len(ax.lines) for ax in figures.halving(runs).axes] == [4, 4]
    assert [text.get_text() for text in figures.rates(runs).axes[0].texts] == ["defaults", "best"]
    assert [text.get_text() for text in figures.surface(runs).axes[0].texts] == ["50", "10", "70"]
    for draw in (figures.halving, figures.rates, figures.surface):
        with pytest.raises(ValueError, match="a figure needs at least one search"):
            draw([])


def test_a_records_row_leaves_the_predictions_out(runs):
    (row,) = report.record_rows(runs[:1], LABELS, keep_predictions=False)
    assert "predictions" not in row["finals"][0]
    assert row["finals"][0]["right"] == 0.5
    (row,) = report.record_rows(runs[:1], LABELS, keep_predictions=True)
    assert len(row["finals"][0]["predictions"]) == 400
