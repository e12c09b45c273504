"""The probe is scikit-learn's, folded into one layer; the curve's law is found again where it holds."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from helpers.measure.learning_curve import Point, curve_rows, forecast, learning_curve
from helpers.measure.logistic_probe import STRENGTHS, choose_probe, fit_probe, negative_log_likelihood


def blobs(classes, each, seed, spread=1.0, dimensions=6):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(0, 2, (classes, dimensions))
    labels = np.repeat(np.arange(classes), each)
    return (centres[labels] + rng.normal(0, spread, (len(labels), dimensions)) * [1, 10, 1, 1, 0.1, 1] + 3), labels


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_layer_gives_scikit_learns_probabilities(classes):
    features, labels = blobs(classes, 12, 1)
    probe = fit_probe(features, labels, classes, 0.1)
    scaled = (features - features.mean(0)) / np.sqrt(features.var(0).mean())
    reference = LogisticRegression(C=0.1, max_iter=1000).fit(scaled, labels)
    logits = probe.logits(features)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert logits.shape == (len(labels), classes)
    assert np.allclose(shares, reference.predict_proba(scaled), atol=1e-4)
    assert np.allclose(logits.sum(1), logits.sum(1)[0], atol=1e-3), "no class is favoured by a common offset"


def test_a_feature_that_hardly_varies_makes_no_other_picture_certain():
    """Scaled by its own deviation it would: logits of a picture in which it is 1 would be in the hundreds."""
    features, labels = blobs(3, 20, 1)
    quiet = 1e-3 * np.random.default_rng(0).normal(labels - 1, 1)
    probe = fit_probe(np.c_[features, quiet], labels, 3, 1.0)
    others = np.c_[features, np.ones(len(features))]
    assert np.abs(probe.logits(others)).max() < 1.5 * np.abs(probe.logits(np.c_[features, quiet])).max()


def test_features_that_do_not_vary_at_all_are_no_error():
    probe = fit_probe(np.ones((6, 4), np.float32), np.arange(6) % 2, 2, 1.0)
    assert np.isfinite(probe.weight).all()


def test_the_strength_is_the_likeliest_of_validation():
    (features, labels), (val, val_labels) = blobs(4, 10, 1, 3.0), blobs(4, 10, 2, 3.0)
    chosen = choose_probe(features, labels, val, val_labels, 4)
    costs = {s: negative_log_likelihood(fit_probe(features, labels, 4, s).logits(val), val_labels) for s in STRENGTHS}
    assert chosen.strength == min(costs, key=costs.get)
    assert len(set(costs.values())) == len(STRENGTHS)


def test_a_class_without_an_example_is_refused():
    features, labels = blobs(3, 5, 1)
    with pytest.raises(ValueError, match=r"example of each of 4 classes, got none of \[3\]"):
        fit_probe(features, labels, 4, 1.0)


def test_the_curve_climbs_and_its_sizes_are_what_was_drawn():
    train, test = blobs(4, 30, 1, 3.0), blobs(4, 50, 2, 3.0)
    keep = np.r_[0:18, 30:120]  # the first class has 18 only
    points = learning_curve((train[0][keep], train[1][keep]), test, 4, 0.1, draws=3)
    assert [round(p.per_class, 2) for p in points] == [1, 2, 5, 10, 19.5, 27]
    assert [len(p.correct) for p in points] == [3, 3, 3, 3, 3, 1]
    assert points[-1].top1.value > points[0].top1.value
    again = learning_curve((train[0][keep], train[1][keep]), test, 4, 0.1, draws=3)
    assert all(np.array_equal(a.correct, b.correct) for a, b in zip(points, again, strict=True))


def made_up(level, slope, sizes, n=4000, draws=3, seed=0):
    """Points whose odds of a mistake follow the law exactly, but for chance."""
    rng = np.random.default_rng(seed)
    errors = [expit(level - slope * np.log(size)) for size in sizes]
    return [Point(size, rng.random((draws, n)) >= error) for size, error in zip(sizes, errors, strict=True)]


def test_the_law_is_found_again_where_it_holds():
    ahead = forecast(made_up(1.5, 0.7, (2, 5, 10, 20)), 10)
    truth = expit(1.5 - 0.7 * np.log(20)) - expit(1.5 - 0.7 * np.log(30))
    assert ahead.gain.low <= truth <= ahead.gain.high
    assert ahead.gain.high - ahead.gain.low < 0.02
    assert abs(ahead.predicted - ahead.measured.value) < 0.03
    assert (ahead.now, ahead.more) == (20, 10)


def test_the_check_of_the_law_never_sees_the_last_size():
    points = made_up(1.5, 0.7, (1, 2, 5, 10, 20))
    ruined = [*points[:-1], Point(20, np.zeros_like(points[-1].correct))]
    assert forecast(ruined, 10).predicted == forecast(points, 10).predicted
    assert forecast(ruined, 10).measured.value == 0


def test_too_few_sizes_give_no_forecast():
    assert forecast(made_up(1.5, 0.7, (2, 5, 10)), 10) is None


@pytest.mark.parametrize("right", [True, False])
def test_answers_that_are_all_alike_end_with_finite_numbers(right):
    points = [Point(size, np.full((2, 30), right)) for size in (1, 2, 5, 10)]
    ahead = forecast(points, 10)
    assert np.isfinite([ahead.gain.value, ahead.gain.low, ahead.gain.high, ahead.predicted]).all()
    assert ahead.gain.low <= ahead.gain.value <= ahead.gain.high
    assert abs(ahead.gain.value) < 0.01


def test_the_sizes_asked_for_are_drawn_and_the_last_point_is_all_there_are():
    rows = curve_rows(learning_curve(blobs(3, 18, 1), blobs(3, 10, 2), 3, 0.1, draws=2, sizes=(1, 5, 18, 30)))
    assert [(row["images_a_class"], row["draws"], row["test_top1"]["n"]) for row in rows] == [
        (1, 2, 30),
        (5, 2, 30),
        (18, 1, 30),
    ]
