"""Chapter 17's figures and explorer: what they draw is what they are given."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.measure.verification import compare, roc
from helpers.pages.c17 import figures, recorded
from helpers.pages.c17.explorer import SquareExplorer, told


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def pairs():
    rng, person = np.random.default_rng(0), np.repeat(np.arange(6), 3)
    rows = rng.standard_normal((6, 8))[person] + 0.7 * rng.standard_normal((18, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return compare(rows, rows, person)


@pytest.mark.parametrize(("number", "pictures"), [(1, 6), (2, 4), (3, 6), (4, 6)])
def test_each_step_is_drawn(number, pictures):
    assert sum(bool(ax.images) for ax in figures.step(number).axes) == pictures


def test_steps_and_galleries_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="step"):
        figures.step(5)
    with pytest.raises(ValueError, match="names"):
        figures.gallery(np.zeros((2, 8, 8, 3), np.uint8), ["one"])
    for draw in (
        lambda: figures.roc_bands({}),
        lambda: figures.two_lines([], [], "x"),
        lambda: figures.carried_over([], [], {}),
    ):
        with pytest.raises(ValueError, match="at least one"):
            draw()


def test_a_roc_with_equal_weights_is_the_roc(pairs):
    x, y = roc(pairs.scores, pairs.same)
    found = figures.weighted_roc(pairs, np.ones(len(pairs.scores)))
    corners = np.interp(figures.LEVELS, x, y)
    assert np.abs(found - corners).max() < 0.2  # between thresholds the two interpolate differently
    ax = figures.roc_bands({"clean": pairs}, draws=20).axes[0]
    assert any(text.get_text() == "clean" for text in ax.texts)


def test_worlds_that_miss_the_truth_are_red():
    found = {"truth": 0.5, "intervals": [[0.1, 0.2, 0.4, 0.6], [0.4, 0.6, 0.4, 0.6]]}
    left, right = figures.many_worlds(found).axes
    assert [line.get_color() == figures.RED for line in left.lines[:2]] == [True, False]
    assert [line.get_color() == figures.RED for line in right.lines[:2]] == [False, False]


def test_lines_go_through_the_means_of_the_seeds():
    rows = [{"network": name, "at": at, "auc": auc} for name in ("cnn", "vit") for at in (0, 1) for auc in (0.6, 0.8)]
    ax = figures.two_lines(rows, ["near", "far"], "distance").axes[0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 0.7)


def test_what_the_study_has_is_found_and_what_it_lacks_is_refused():
    both = [recorded.mean_of(name, "scarf") for name in ("vit", "cnn")]
    assert recorded.difference("scarf").value == pytest.approx(both[0] - both[1])
    assert recorded.difference("clean", "released", "released").n == 40
    assert len(recorded.along(recorded.distances())) == 2 * 5 * 2
    for wrong in (
        lambda: recorded.difference("hat"),
        lambda: recorded.mean_of("vgg", "clean"),
        lambda: recorded.covered(3),
    ):
        with pytest.raises(ValueError, match="no "):
            wrong()


def test_the_explorer_starts_with_a_probe_that_all_networks_know():
    explored = recorded.study().summary["explored"]
    assert explored["all_right"]
    explorer = SquareExplorer(explored)
    assert explorer.weight() < 60_000
    assert "Nothing is hidden. CNN: right" in told(explored, "plain", 0)
    assert len(explorer.still().axes) == 2


def test_a_difference_in_a_column_of_points_has_no_unit():
    number = r"[+−]\d+\.\d+"
    assert re.fullmatch(rf"{number}\s\[{number},\s{number}\]", recorded.in_points(recorded.difference("clean")))
    with pytest.raises(ValueError, match="no door"):
        recorded.at_door("vgg", "clean")
    with pytest.raises(ValueError, match="no door"):
        recorded.door_difference("hat")


@pytest.mark.parametrize("name", [None, "orl"])
def test_what_lab_13_says_of_sixteen_probes_agrees_with_its_values(name):
    leads = recorded.leads_of_lab(name)
    assert len({lead.probe for lead in leads}) == len(leads) == 16
    assert all(lead.value > 0 for lead in leads if lead.leader == "the ViT")
    assert all(lead.value < 0 for lead in leads if lead.leader == "the CNN")
    assert {lead.leader for lead in leads} == {"the ViT", "the CNN", "neither"}
    black = recorded.of_lab("half hidden, black: the ViT leads", name)
    assert black.value == pytest.approx(next(lead.value for lead in leads if lead.probe == "black 50"))


def test_a_statement_that_lab_13_does_not_have_is_told():
    with pytest.raises(ValueError, match="no statement 'cats'"):
        recorded.of_lab("cats")


def test_a_verdict_that_is_not_carried_over_is_a_ring():
    drawn = [recorded.Lead("clean", -0.1, "the CNN"), recorded.Lead("far", 0.1, "the ViT")]
    other = [recorded.Lead("clean", -0.2, "the CNN"), recorded.Lead("far", 0.02, "neither")]
    points = figures.carried_over(drawn, other, {"far": "afar"}).axes[0].lines[:2]
    assert [point.get_markerfacecolor() == "none" for point in points] == [False, True]
    assert [float(point.get_ydata()[0]) for point in points] == [-20.0, 2.0]
    with pytest.raises(ValueError, match="expected the probe 'clean', got 'far'"):
        figures.carried_over(drawn, other[::-1], {})
