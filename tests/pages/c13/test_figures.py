"""Figures of chapter 13 show what they are given."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.pages.c13 import figures
from helpers.pages.c13.paper import ABLATION, DEFAULT, METHODS, TEACHERS


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_the_steps_add_a_teacher_and_a_token_and_send_the_teacher_home():
    shown = [words(figures.lesson_step(step)) for step in (1, 2, 3, 4)]
    assert [sum(word == "head" for word in step) for step in shown] == [1, 1, 2, 2]
    assert ["it says: cat" in step for step in shown] == [False, True, True, False]
    assert "mean of both" in shown[3]
    with pytest.raises(ValueError, match="step: expected 1 to 4, got 5"):
        figures.lesson_step(5)


def test_every_teacher_is_a_point():
    ax = figures.teachers_and_students().axes[0]
    points = {(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in ax.lines if line.get_marker() == "o"}
    assert points == {(row.teacher_top1, row.student_top1) for row in TEACHERS}


def test_what_did_not_train_is_hatched_and_has_no_length_of_its_own():
    ax = figures.ablation().axes[0]
    bars = {label.get_text(): bar for label, bar in zip(ax.get_yticklabels(), ax.patches, strict=True)}
    for row in ABLATION[1:]:
        bar = bars[row.change]
        assert bool(bar.get_hatch()) == (not row.trained)
        lost = DEFAULT - row.top1
        assert bar.get_width() == (pytest.approx(lost) if row.trained else ax.get_xlim()[1])
    assert ABLATION[0].top1 == METHODS["labels alone"][2] == DEFAULT


def test_lookalikes_have_their_label_and_their_share():
    figure = figures.lookalikes(np.zeros((2, 8, 8)), [5, 8], [0.25, 0.5], "a 3")
    assert [ax.get_title("center") for ax in figure.axes] == ["a 5", "a 8"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["a 3: 25 %", "a 3: 50 %"]
    with pytest.raises(ValueError, match="at least one image"):
        figures.lookalikes(np.zeros((0, 8, 8)), [], [], "a 3")


def test_lines_of_labels_are_dashed():
    ax = figures.token_lines({"taught": [[0.1, 0.9]], "two with labels": [[0.2, 0.8], [0.3, 0.7]]}).axes[0]
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--", "--"]
    assert [text.get_text() for text in ax.texts] == ["taught", "two with labels"]
    (angles,) = figures.token_lines({"taught": [[0.0, 0.5, 1.0]]}).axes[0].lines
    assert np.allclose(angles.get_ydata(), (90, 60, 0))


def test_a_gain_that_may_be_nothing_is_hollow():
    rows = {
        "sure": SimpleNamespace(value=0.1, low=0.05, high=0.15),
        "open": SimpleNamespace(value=0.01, low=-0.05, high=0.07),
    }
    ax = figures.gains(rows, "points").axes[0]
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert faces == [figures.GREEN, "white"]
    for draw in (lambda: figures.gains({}, "points"), lambda: figures.token_lines({})):
        with pytest.raises(ValueError, match="at least one"):
            draw()
