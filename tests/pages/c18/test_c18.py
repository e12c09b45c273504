"""Chapter 18: the table and its weights, calibration, foreign pictures, alarms, export, the grid, the template."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.measure import calibration
from helpers.pages.c18 import candidates as table
from helpers.pages.c18 import drift, figures, trust
from helpers.pages.c18.card import model_card
from helpers.pages.c18.export import run, session, to_int8, to_onnx
from helpers.pages.c18.foreign import foreign_pictures
from helpers.pages.c18.nearest import features_and_logits, nearness
from helpers.pages.c18.ranking import RankingExplorer, ranked, told
from helpers.pages.c18.scaling import plan
from helpers.pages.c18.service import answers, trained_service
from helpers.pages.c18.watching import DriftExplorer, first_alarm
from helpers.pages.c18.watching import told as drift_told

ROOT = Path(__file__).resolve().parents[3]
NAMES = ["one", "two"]
SCORES = np.array([[1.0, 0.0, 0.0, 0.0], [0.5, 1.0, 1.0, 1.0]])


@pytest.fixture(scope="module")
def dogs():
    return load_dataset(
        "breeds", image_size=64, progress=False, n_train_per_class=3, n_val_per_class=0, n_test_per_class=2
    )


# --- the decision ----------------------------------------------------------------------------------------------------


def test_every_candidate_has_a_cell_in_every_row_and_what_is_unknown_is_marked():
    rows = table.candidates()
    cells = table.matrix(rows)
    assert {len(row) for row in cells.values()} == {5}
    assert all((text == "?") == (known == table.UNKNOWN) for row in cells.values() for text, known in row)
    assert [row.clean for row in rows] == [False, False, False, True, True]
    assert rows[0].ratio[0].value == rows[0].ratio[1].value == 1
    assert (table.times(1.43), table.times(0.0786), table.times(0.21)) == ("1.4×", "0.079×", "0.21×")
    assert (table.part(1.43), table.part(0.0786)) == ("1.4×", "1/13")


def test_scores_are_best_at_one_and_shares_of_weightings_sum_to_one():
    scores = table.scores(table.candidates())
    assert scores.shape == (5, 4)
    assert scores.max(0).tolist() == [1, 1, 1, 1]
    assert scores[:, 1:].min() == 0
    assert table.win_shares(scores).sum() == pytest.approx(1)
    # on two candidates and two criteria: the first wins where its weight exceeds one third
    assert table.win_shares(np.array([[1.0, 0.0], [0.5, 0.25]])) == pytest.approx([2 / 3, 1 / 3], abs=0.01)


def test_the_ranking_explorer_weighs():
    assert ranked(NAMES, SCORES, (1, 0, 0, 0)) == [("one", 1.0), ("two", 0.5)]
    assert ranked(NAMES, SCORES, (0, 0, 0, 0)) == [("two", 0.875), ("one", 0.25)]
    explorer = RankingExplorer(NAMES, SCORES, np.array([0.25, 0.75]))
    assert json.loads(json.dumps(explorer.data)) == explorer.data
    assert told(NAMES, SCORES, (5, 0, 0, 0), explorer.shares) in told(NAMES, SCORES, (1, 0, 0, 0), explorer.shares)


# --- what a probability is worth -------------------------------------------------------------------------------------


def test_the_calibration_error_of_the_example_by_hand():
    sure = np.array([0.9] * 5 + [0.6] * 5)
    right = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0], dtype=bool)
    assert calibration.calibration_error(sure, right) == pytest.approx(0.15)
    assert calibration.calibration_error(np.ones(3), np.ones(3, dtype=bool)) == 0
    with pytest.raises(ValueError, match="as many verdicts"):
        calibration.calibration_error(sure, right[:3])


def test_a_temperature_undoes_a_factor():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 5))
    labels = np.array([rng.choice(5, p=p) for p in torch.from_numpy(logits).softmax(1).numpy()])
    assert trust.fit_temperature(3 * logits, labels) == pytest.approx(3, rel=0.06)
    assert trust.confidence(np.array([[2.0, 0.0]]), 2) == pytest.approx(1 / (1 + np.exp(-1)))


def test_the_area_counts_pairs_and_pieces_of_one_photograph_stay_together():
    home, foreign = np.array([3.0, 2.0, 2.0]), np.array([1.0, 2.0])
    pairs = [(a > b) + 0.5 * (a == b) for a in home for b in foreign]
    assert trust.auroc(home, foreign) == pytest.approx(np.mean(pairs))
    many = np.random.default_rng(1).normal(0, 1, 64)
    apart = trust.auroc_estimate(many, many + 0.3)
    together = trust.auroc_estimate(many, np.repeat(many[:4] + 0.3, 16), np.repeat(np.arange(4), 16))
    assert (apart.n, together.n) == (64, 4)
    assert together.high - together.low > apart.high - apart.low


def test_foreign_pictures_are_of_one_size_and_told_apart_by_nearness(dogs):
    kinds = foreign_pictures()
    assert {images.shape[1:] for images, _ in kinds.values()} == {(64, 64, 3)}
    assert all(images.dtype == np.uint8 and len(images) > 100 for images, _ in kinds.values())
    whole = kinds["pieces of photographs"][0][:16].reshape(4, 4, 64, 64, 3).swapaxes(1, 2).reshape(256, 256, 3)
    jumps = np.abs(np.diff(whole.astype(int), axis=1)).mean((0, 2))
    assert jumps[63] < 3 * jumps.mean(), "pieces do not fit together"
    service = trained_service("xception_mini", dogs.train)
    features, logits = features_and_logits(service, dogs.train.images)
    assert np.abs(logits - answers(service, dogs.train.images)).max() < 1e-4
    assert nearness(features, features) == pytest.approx(np.ones(len(features)), abs=1e-5)


# --- alarms ----------------------------------------------------------------------------------------------------------


def calm(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 12))
    logits[:, 0] += shift
    images = rng.integers(0, 200, (n, 4, 4, 3)).astype(np.uint8)
    return drift.seen(images, logits, rng.integers(0, 12, n))


def test_an_alarm_is_quiet_when_nothing_changes_and_rings_when_outputs_do():
    reference, rng = calm(600, 0), np.random.default_rng(2)
    bars = drift.thresholds(reference, 50, rng)
    assert drift.false_alarms(calm(600, 1), reference, 50, bars, rng).max() < 0.1
    pools = {kind: calm(600, 1) for kind in drift.KINDS} | {"darker lamp": calm(600, 1, shift=6)}
    told_of, accuracy = drift.story("darker lamp", pools, np.arange(5), reference, 50, bars, 0)
    assert len(told_of) == 3
    assert len(accuracy) == drift.DAYS
    assert first_alarm(told_of[drift.WATCHES.index("all outputs")]) is not None
    assert (drift.share(1), drift.share(drift.CALM), drift.share(drift.DAYS)) == (0, 0, 1)


def test_names_that_are_swapped_change_no_distance():
    labels = np.arange(12)
    assert drift.renamed(labels)[list(drift.SWAPPED)].tolist() == list(drift.SWAPPED)[::-1]
    assert (drift.renamed(labels) != labels).sum() == 2
    a = calm(50, 3)
    b = drift.Seen(a.brightness, a.outputs, ~a.right)
    assert drift.distances(a, a).tolist() == drift.distances(b, a).tolist()


def test_pictures_change_as_said():
    images = np.full((2, 16, 16, 3), 100, dtype=np.uint8)
    assert drift.PIXELS["darker lamp"](images).max() == 55
    assert drift.PIXELS["lens out of focus"](images).tolist() == images.tolist()
    assert 15 < drift.PIXELS["noisy camera"](images).std() < 35


def test_two_days_in_a_row_ring_and_the_truth_stays_hidden():
    days = [2.0] * 3 + [0.5] * 9 + [2.0, 0.5, 2.0, 2.0] + [0.5] * 24
    assert first_alarm(days) == 16
    assert first_alarm([0.5] * 40) is None
    truth = [0.7] * 20 + [0.4] * 20
    assert "hidden" in drift_told(days, truth, revealed=False)
    assert "70.0 % right at first, 70.0 % on the day of the alarm, 40.0 % on day 40" in drift_told(days, truth, True)
    stories = [[([days] * 3, truth)] * len(drift.SIZES)] * len(drift.KINDS)
    explorer = DriftExplorer(stories)
    assert json.loads(json.dumps(explorer.data)) == explorer.data
    assert "Alarm on day 16" in explorer.alt


# --- out of PyTorch --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["xception_mini", "vit_mini"])
def test_the_graph_gives_the_same_answers_at_any_batch_and_8_bits_are_smaller(name, dogs, tmp_path):
    service = trained_service(name, dogs.train)
    inside = answers(service, dogs.test.images)
    path = to_onnx(service, dogs.test.images, tmp_path / "dogs.onnx")
    for batch in (1, 7, 60):
        assert np.abs(run(session(path), dogs.test.images, batch) - inside).max() < 1e-4
    small = to_int8(path, dogs.train.images)
    assert small.stat().st_size < path.stat().st_size / 2.5
    assert (run(session(small), dogs.test.images).argmax(1) == inside.argmax(1)).mean() > 0.6
    with pytest.raises(ValueError, match="at least two examples"):
        to_onnx(service, dogs.test.images[:1], tmp_path / "one.onnx")


# --- the rest --------------------------------------------------------------------------------------------------------


def test_no_number_of_gpus_goes_below_one_trial():
    assert plan([10, 20, 30], 1).hours == pytest.approx(60 / 3600)
    assert plan([10, 20, 30], 2).hours == pytest.approx(30 / 3600)
    assert plan([10, 20, 30], 99).hours == pytest.approx(30 / 3600)
    assert plan([5.0] * 90, 64).busy == pytest.approx(90 / 128)
    with pytest.raises(ValueError, match="at least one trial"):
        plan([], 2)


def test_the_card_is_filled_from_the_file_and_says_what_is_not_known():
    rows = model_card()
    assert sum("not known" in row["and is told"] for row in rows) >= 5
    assert any("34,919 photographs" in row["and is told"] for row in rows)


def test_the_template_runs_and_names_no_winner_while_a_question_is_open(capsys):
    notebook = nbformat.read(ROOT / "labs" / "templates" / "proof_of_concept.ipynb", as_version=4)
    nbformat.validate(notebook)
    told_parts = [cell.source.split("\n")[0] for cell in notebook.cells if cell.source.startswith("## ")]
    assert [part.split(".")[0] for part in told_parts] == ["## I", "## II", "## III", "## IV", "## V"]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.get("outputs") for cell in notebook.cells)
    exec("\n\n".join(code), {})
    assert "verdict: stay with today" in capsys.readouterr().out
    text = (
        "\n\n".join(code).replace('"test_unseen": None', '"test_unseen": True').replace('("new", 0.84)', '("new", 0.9)')
    )
    exec(text, {})
    assert "verdict: new" in capsys.readouterr().out


def test_figures_refuse_nothing_and_draw_what_they_are_given():
    with pytest.raises(ValueError, match="at least one row"):
        figures.decision_matrix(["a"], {})
    with pytest.raises(ValueError, match="expected 1 cells, got 2"):
        figures.decision_matrix(["a"], {"x": [("1", table.MEASURED)] * 2})
    figure = figures.decision_matrix(["a"], {"x": [("?", table.UNKNOWN)]})
    assert "?" in [text.get_text() for text in figure.axes[0].texts]
    with pytest.raises(ValueError, match="at least one bin"):
        figures.reliability([], [(0.5, 0.5, 3)])
    with pytest.raises(ValueError, match="at least one row"):
        figures.foreign_rows({})
    plt.close("all")
