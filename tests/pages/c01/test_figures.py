"""Figures and pictures of chapter 1 show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.pages.c01 import figures, pictures

IMAGES = np.random.default_rng(0).integers(0, 17, (6, 8, 8))


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(figure):
    inside = [part for sub in figure.subfigs for part in (sub, *sub.axes)]
    return [text.get_text() for part in (figure, *figure.axes, *inside) for text in part.texts]


def test_the_steps_end_in_the_numbers_of_the_spark():
    photograph = np.random.default_rng(0).integers(0, 256, (300, 451, 3), dtype=np.uint8)
    spark = photograph[pictures.SPARK]
    assert pictures.cat_step(photograph, 1).axes[0].get_title(loc="left") == "300 × 451 pixels"
    assert "\n".join(map(str, spark[0, 1])) in words(pictures.cat_step(photograph, 3))
    sheets = pictures.cat_step(photograph, 4)
    assert [ax.get_title(loc="left") for ax in sheets.axes] == ["0: red", "1: green", "2: blue"]
    assert [text.get_text() for text in sheets.axes[2].texts] == [str(value) for value in spark[..., 2].ravel()]
    with pytest.raises(ValueError, match="step: expected 1 to 4, got 5"):
        pictures.cat_step(photograph, 5)


def test_three_cats_say_their_distance():
    said = words(
        pictures.three_cats([("the cat", np.zeros((4, 6, 3)), ""), ("a card", np.ones((4, 6, 3)), "distance 3")])
    )
    assert said == ["the cat", "", "a card", "distance 3"]


def test_a_neighbour_of_another_class_is_marked():
    figure = pictures.nearest_pairs(IMAGES, [[0, 1], [2, 3]], np.array([4, 5, 4, 6, 0, 0]), ["asked", "nearest"])
    titles = [ax.get_title() for sub in figure.subfigs for ax in sub.axes]
    assert titles == ["4", "5", "4", "✗ 6"]


def test_every_confusion_has_its_image_and_its_count():
    labels, given = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 2, 2, 2, 2])
    ax = pictures.confusion_of_images(IMAGES, given, labels, classes=3).axes[0]
    assert sorted(text.get_text() for text in ax.texts) == ["0", "1", "2", "2"]  # the diagonal, and two errors alike
    shown = {
        tuple(np.round(np.mean(np.reshape(picture.get_extent(), (2, 2)), axis=1)).astype(int)) for picture in ax.images
    }
    assert shown == {(1, 0), (2, 1)}  # column, row
    assert ax.yaxis_inverted()
    with pytest.raises(ValueError, match="at least one error"):
        pictures.confusion_of_images(IMAGES, labels, labels)


def test_heaps_show_a_second_digit_only_where_it_is_near():
    labels, heaps = np.array([0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    figure = pictures.heap_means(IMAGES, heaps, labels)
    assert [ax.get_xlabel() for ax in figure.axes[:2]] == ["0: 2\n1: 1", "1: 3\n "]


def test_the_best_coin_is_marked():
    ax = figures.coins([0.4, 0.6, 0.5], [0.51, 0.49, 0.5], 100, 1000).axes[0]
    marked = [line for line in ax.lines if line.get_markersize() == 10]
    assert [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marked] == [(60, 49)]
    assert ax.texts[0].get_text() == "the winner: 60 %,\nthen 49.0 %"


def test_promised_stands_above_kept():
    ax = figures.promised_and_kept([1, 10, 100], [0.5, 0.6, 0.7], [0.5, 0.55, 0.6], 50).axes[0]
    assert np.allclose([line.get_ydata() for line in ax.lines], [[50, 60, 70], [50, 55, 60]])
    assert ax.texts[0].get_text() == "on the 50 that chose"


def test_every_set_has_its_question_and_its_breach():
    said = words(
        figures.three_sets([("training", "what?", "often", "like this"), ("test", "how?", "once", "like that")])
    )
    assert said == ["training", "often", "what?", "like this", "test", "once", "how?", "like that"]


def test_what_people_made_is_dashed_and_what_is_learned_is_filled():
    rows = [("2004", "#6b7280", "counts", "SVM", False), ("2012", "#c8550a", "layers", "layer", True)]
    ax = figures.pipelines(rows).axes[0]
    assert [patch.get_linestyle() != "solid" for patch in ax.patches] == [False, True, False, False, False, False]
    said = [text.get_text() for text in ax.texts if text.get_text()]
    assert said == ["2004", "pixels", "counts", "SVM", "2012", "pixels", "layers", "layer"]


def test_a_square_for_each_image_on_which_one_is_right():
    ax = figures.only_one_right("one", "other", 13, 4).axes[0]
    assert len(ax.patches) == 17
    assert [text.get_text() for text in ax.texts] == ["13 only by one", "4 only by other"]


def test_lines_of_scores_and_points_of_classifiers_carry_their_names():
    ax = figures.heaps_by_count([2, 10, 40], {"purity": [0.1, 0.5, 1], "ARI": [0.1, 0.6, 0]}).axes[0]
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.1, 0.5, 1], [0.1, 0.6, 0]]
    ax = figures.truth_and_labels({"never wrong": (1.0, 0.9), "A": (0.96, 0.91)}, 0.9).axes[0]
    placed = [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in ax.lines if line.get_marker() == "o"]
    assert placed == [(100, 90), (96, 91)]
    assert {"never wrong: the share of\nlabels that are right", "A"} <= {text.get_text() for text in ax.texts}


@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (lambda: figures.coins([], [], 1, 1), "classifier"),
        (lambda: figures.promised_and_kept([], [], [], 1), "number of tries"),
        (lambda: figures.three_sets([]), "set"),
        (lambda: figures.pipelines([]), "row"),
        (lambda: figures.heaps_by_count([1], {}), "score"),
        (lambda: figures.truth_and_labels({}, 0.9), "classifier"),
        (lambda: pictures.three_cats([]), "image"),
        (lambda: pictures.nearest_pairs(IMAGES, [[]], [], []), "digit"),
    ],
)
def test_nothing_is_not_drawn(draw, kind):
    with pytest.raises(ValueError, match=f"at least one {kind}"):
        draw()
