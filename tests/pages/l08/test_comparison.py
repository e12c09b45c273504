"""A crossed comparison: paired differences, the gap as the sum of its steps."""

import numpy as np
import pytest

from helpers.pages.l08.comparison import Comparison

N, K = 60, 4
MODELS, TUNINGS, SEEDS = ("xception_mini", "vit_mini"), ("top10", "full", "scratch"), (0, 1)


def make_logits(rng, accuracy):
    labels = np.arange(N) % K
    guess = np.where(rng.random(N) < accuracy, labels, (labels + 1) % K)
    return np.eye(K)[guess] + 0.01 * rng.random((N, K))


@pytest.fixture
def comparison():
    rng = np.random.default_rng(0)
    logits = {
        (m, t, s): make_logits(rng, 0.4 + 0.1 * (m == "vit_mini") + 0.2 * (t == "full"))
        for m in MODELS
        for t in TUNINGS
        for s in SEEDS
    }
    return Comparison(np.arange(N) % K, K, logits)


def test_the_gap_between_opposite_corners_is_the_sum_of_its_two_steps(comparison):
    by_name = {c.name: c.difference.value for c in comparison.contrasts()}
    tuning = by_name["xception_mini: full – top10"]
    architecture = by_name["full: vit_mini – xception_mini"]
    assert by_name["opposite corners: vit_mini full – xception_mini top10"] == pytest.approx(
        tuning + architecture, abs=1e-12
    )


def test_both_ways_round_the_square_give_the_whole_gap(comparison):
    by_name = {c.name: 100 * c.difference.value for c in comparison.contrasts()}
    ways = comparison.two_ways()
    assert [way.count("points = ") for way in ways] == [1, 1]
    for way, (one, other) in zip(
        ways,
        [
            ("xception_mini: full – top10", "full: vit_mini – xception_mini"),
            ("top10: vit_mini – xception_mini", "vit_mini: full – top10"),
        ],
        strict=True,
    ):
        assert f"({one})" in way
        assert f"({other})" in way
        whole = by_name["opposite corners: vit_mini full – xception_mini top10"]
        assert by_name[one] + by_name[other] == pytest.approx(whole)
    alone = Comparison(comparison.labels, K, {("vit_mini", "full", 0): np.eye(K)[comparison.labels]})
    assert alone.two_ways() == alone.predictions() == []


def test_the_three_predictions_are_taken_up(comparison):
    rows = comparison.predictions()
    assert [row["question"][0] for row in rows] == ["1", "2", "3"]
    assert rows[0]["this run"].count("  ") == 6, "four cells, a sign between each two"
    assert "scratch" not in rows[0]["this run"]
    assert "both top10: " in rows[1]["this run"]
    assert "both full: " in rows[1]["this run"]
    assert rows[2]["this run"].endswith("points from end to end")


def test_the_control_is_compared_with_full_fine_tuning_of_the_same_model(comparison):
    names = [c.name for c in comparison.contrasts()]
    assert "vit_mini: full – scratch" in names
    assert not any("scratch – " in name for name in names)


def test_accuracies_are_those_of_the_logits(comparison):
    for row in comparison.accuracies():
        shares = [(comparison.guesses[row.model, row.tuning, s] == comparison.labels).mean() for s in SEEDS]
        assert row.top1.value == pytest.approx(np.mean(shares))
        assert [e.value for e in row.by_seed] == pytest.approx(shares)
        assert row.top1.covers == "both"
        assert row.top1.low < row.top1.value < row.top1.high


def test_mcnemar_counts_add_up_to_the_difference(comparison):
    rows = comparison.mcnemar_rows()
    assert len(rows) == len(comparison.contrasts()) * len(SEEDS)
    for contrast in comparison.contrasts():
        mine = [row for row in rows if row["comparison"] == contrast.name]
        assert np.mean([(row["b"] - row["c"]) / N for row in mine]) == pytest.approx(contrast.difference.value)


def test_a_cell_without_one_of_the_seeds_is_refused(comparison):
    logits = {("vit_mini", "full", 0): np.zeros((N, K)), ("vit_mini", "top10", 1): np.zeros((N, K))}
    with pytest.raises(ValueError, match="every cell needs every seed"):
        Comparison(np.arange(N) % K, K, logits)


def test_logits_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"expected \(60, 4\), got \(59, 4\)"):
        Comparison(np.arange(N) % K, K, {("vit_mini", "full", 0): np.zeros((59, K))})


def test_with_classes_of_equal_size_both_accuracies_have_the_same_interval(comparison):
    for row in comparison.accuracies():
        assert row.per_class.value == pytest.approx(row.top1.value)
        assert (row.per_class.low, row.per_class.high) == pytest.approx((row.top1.low, row.top1.high))


def test_a_contrast_reads_its_interval(comparison):
    for contrast in comparison.contrasts():
        holds_zero = contrast.difference.low <= 0 <= contrast.difference.high
        assert contrast.reading.startswith("undecided") == holds_zero
