"""Figures and pictures of chapter 2 show what they are given."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from helpers.pages.c02 import figures, pictures

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 64, 64, 3), dtype=np.uint8)
SEEN = RNG.integers(0, 4, (12, 15, 15))


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def titles(figure, loc="left"):
    return [ax.get_title(loc=loc) for ax in figure.axes]


def test_a_place_is_shown_with_its_pixels_and_its_numbers():
    numbers = RNG.random(32)
    figure = pictures.described(IMAGES[0], (2, 3), numbers)
    left, right = figure.subfigs[0].axes
    assert np.array_equal(right.images[0].get_array(), IMAGES[0][8:16, 12:20])
    assert left.patches[0].get_xy() == (11.5, 7.5)
    assert [bar.get_height() for bar in figure.subfigs[1].axes[0].patches] == pytest.approx(numbers.tolist())


def test_a_row_of_a_word_has_a_patch_of_each_of_eight_pictures():
    rows = pictures.rows_of_words(IMAGES, SEEN, [1, 3], np.array([0.5, 1.25, -1, -2.0]))
    assert [said for said, _, _ in rows] == ["word 1: +1.2", "word 3: −2.0"]
    assert [colour for _, colour, _ in rows] == [pictures.FOR, pictures.AGAINST]
    patches = {patch.tobytes() for patch in rows[0][2]}
    assert len(patches) == 8
    places = {pictures.patch_of(IMAGES[i], r, c).tobytes() for i, r, c in np.argwhere(SEEN == 1)}
    assert patches <= places
    assert "100 %" in pictures.rows_of_words(IMAGES, SEEN, [0])[0][0]
    assert len(pictures.word_patches(rows).subfigs[1].axes) == 8
    with pytest.raises(ValueError, match="word 9: expected 8 pictures that have it, got 0"):
        pictures.rows_of_words(IMAGES, SEEN, [9])


def test_votes_are_squares_blue_for_and_orange_against():
    votes = np.zeros((15, 15))
    votes[2, 3], votes[5, 5] = 1.0, -0.25
    figure = pictures.votes_on([(IMAGES[0], votes, "a dog")])
    squares = [patch for patch in figure.axes[1].patches if isinstance(patch, Rectangle) and patch.get_width()]
    assert [patch.get_width() for patch in squares] == [4, 2]  # the area is the vote
    assert squares[0].get_xy() == (13.5, 9.5)
    assert squares[0].get_facecolor() != squares[1].get_facecolor()
    with pytest.raises(ValueError, match="at least one picture"):
        pictures.votes_on([])


def test_words_are_mapped_and_counted_in_the_same_colours():
    colours = pictures.word_map(IMAGES[0], SEEN[0], [2]).axes[1].images[0].get_array()
    assert (np.asarray(colours)[SEEN[0] == 2] == np.asarray(colours)[SEEN[0] == 2][0]).all()
    heights = [bar.get_height() for bar in pictures.counted(SEEN[0], 4, [2]).axes[0].patches]
    assert heights == sorted(np.bincount(SEEN[0].ravel()), reverse=True)


def test_a_wrong_one_in_the_list_is_marked():
    figure = pictures.ranked_list([("first", [(1, IMAGES[0], True), (2, IMAGES[1], False)])])
    assert titles(figure, "center") == ["1", "✗ 2"]


def test_readers_have_their_bars_and_guessing():
    figure = figures.readers({"build": [("bag", 0.9), ("bag, shuffled", 0.8)]}, {"build": 1 / 3})
    ax = figure.axes[0]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([90, 80])
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert ax.lines[0].get_xdata()[0] == pytest.approx(100 / 3)


def test_soft_words_have_a_row_a_temperature():
    figure = figures.soft_bars({"hot": [0.4, 0.3, 0.3], "cold": [1, 0, 0]})
    assert [[bar.get_height() for bar in ax.patches] for ax in figure.axes] == [[0.4, 0.3, 0.3], [1, 0, 0]]


def test_curves_are_in_per_cent_and_named():
    figure = figures.precision_by_recall([("a", [0.5, 1.0], [1.0, 0.8], 0.25)])
    line = figure.axes[0].lines[0]
    assert line.get_xdata().tolist() == [50, 100]
    assert line.get_ydata().tolist() == [100, 80]
    assert [text.get_text() for text in figure.axes[0].texts] == ["a"]


def test_sizes_have_two_lines_with_intervals():
    point = SimpleNamespace(value=0.3, low=0.2, high=0.4)
    ax = figures.vocabularies([10, 50], {"k-means": [point, point], "by lot": [point, point]}, 0.05).axes[0]
    assert len(ax.containers) == 2
    assert [text.get_text() for text in ax.texts] == ["k-means", "by lot"]


@pytest.mark.parametrize("draw", [figures.survived, figures.precision_by_recall])
def test_nothing_is_not_drawn(draw):
    with pytest.raises(ValueError, match="at least one"):
        draw([])


def test_what_survived_stands_in_pairs():
    figure = figures.survived([("old", "new", "asked?")])
    assert {"2006", "2020", "old", "new", "asked?"} == {text.get_text() for text in figure.axes[0].texts}
