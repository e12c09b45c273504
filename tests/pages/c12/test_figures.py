"""Chapter 12's figures and sentences: what they draw is what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.measure.accuracy import Estimate
from helpers.pages.c12 import crossing, figures, says
from helpers.pages.c12.explorer import BiasExplorer, points_of, told


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_first_layers_have_the_numbers_that_they_say():
    counts = [len(np.unique(figures.first_layer(step)[figures.first_layer(step) > 0])) for step in range(1, 5)]
    assert counts == [256, 9, 9, 16]
    convolution, shuffled = figures.first_layer(2), figures.first_layer(3)
    assert sorted(convolution.ravel()) == sorted(shuffled.ravel())
    assert not np.array_equal(convolution, shuffled)
    with pytest.raises(ValueError, match="step"):
        figures.first_layer(5)


def test_the_convolution_that_is_drawn_is_a_convolution():
    kernel = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
    images = torch.randn(2, 1, 4, 4)
    expected = torch.nn.functional.conv2d(images, kernel, padding=1).flatten(1)
    matrix = torch.tensor(figures.first_layer(2), dtype=torch.float32)
    torch.testing.assert_close(images.flatten(1) @ matrix.T, expected)


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_each_step_is_drawn(step):
    ax = figures.bias_step(step).axes[0]
    assert figures.STEPS[step - 1] in {ax.get_title(loc=where) for where in ("left", "center")}


def test_table_5_has_a_line_a_network_and_none_where_there_is_no_number():
    lines = figures.table5_slopes().axes[0].lines
    assert [len(line.get_xdata()) for line in lines] == [3, 3, 3, 3, 2]


def row(arm, size, value, **more):
    base = {"arm": arm, "world": "centred", "shuffle": "none", "size": size}
    return base | {"value": value, "low": value - 0.05, "high": value + 0.05} | more


def test_accuracies_and_gaps_are_drawn_in_percent():
    ax = figures.accuracy_lines([row("cnn", 1, 0.5), row("cnn", 10, 0.9), row("vit", 1, 0.2)], 0.1).axes[0]
    assert ax.lines[0].get_ydata().tolist() == [50, 90]
    gaps = {"scratch": [row("x", 3, -0.2), row("x", 9, -0.1)]}
    gap = figures.gap_lines({"drawn dogs": gaps}, {"scratch": "from scratch"}).axes[0]
    assert [round(y) for y in gap.lines[-2].get_ydata()] == [-20, -10]
    for draw in (lambda: figures.accuracy_lines([], 0.1), lambda: figures.gap_lines({"a": {}}, {})):
        with pytest.raises(ValueError, match="at least one"):
            draw()


RATES = [
    {"network": name, "rate": rate, "seed": 0, "test_top1": top1, "commonest": commonest}
    for name, rate, top1, commonest in (
        ("cnn", 0.01, 0.9, 0.12), ("cnn", 0.1, 0.8, 0.2), ("vit", 0.01, 0.5, 0.2), ("vit", 0.1, 0.1, 1.0),
    )
]  # fmt: skip


def test_a_collapse_is_crossed_and_told():
    ax = figures.rate_curves(RATES, 0.1).axes[0]
    assert sum(line.get_marker() == "X" for line in ax.lines) == 1
    text = says.sweep_told(RATES).data
    assert "At 0.1 the CNN still names 80 %" in text
    assert "for 100 % of all digits" in text
    healthy = [one | {"commonest": 0.2} for one in RATES]
    assert "At no rate" in says.sweep_told(healthy).data


def test_the_words_for_a_gain():
    assert says.word(Estimate(0.1, 0.05, 0.15, 9, "both")) == "helps"
    assert says.word(Estimate(-0.1, -0.15, -0.05, 9, "both")) == "hurts"
    assert says.word(Estimate(0.1, -0.05, 0.15, 9, "both")) == "cannot be told from nothing"


def test_photographs_at_exact_chance_are_told():
    rows = [
        {"model": model, "learning_rate": rate, "val_top1": {"value": value}}
        for model, rate, value in (("vit_mini", 0.1, 0.25), ("vit_mini", 0.01, 0.6), ("xception_mini", 0.1, 0.4))
    ] + [{"model": "xception_mini", "learning_rate": 0.01, "val_top1": {"value": 0.7}}]
    assert "At 0.1 the small ViT names 25.00 %" in says.photographs_told(rows, 4).data
    assert "at no rate" in says.photographs_told(rows, 5).data


def test_two_learners_cards_and_colours_are_drawn():
    sizes = (20, 40)
    fine = np.array([20.0, 30, 40])
    figure = figures.two_learners(sizes, np.ones((2, 2)), fine, crossing.expected(fine, 0.1, 1.0), 175.0)
    assert any("175" in text.get_text() for text in figure.axes[0].texts)
    cards = figures.what_to_do([("1", "do", "why"), ("10", "do", "why")])
    assert len(cards.axes[0].patches) == 2
    assert len(figures.coloured(np.zeros((3, 8, 8, 3))).axes) == 3
    with pytest.raises(ValueError, match="card"):
        figures.what_to_do([])


def test_the_explorer_says_what_the_points_hold(light_with_a_still):
    rows = [
        row(arm, size, 0.4, world=world, shuffle=order)
        for arm in ("mlp", "cnn", "vit, shifted")
        for size in (1, 10)
        for world in ("centred", "wandering")
        for order in ("none", "pixels")
    ]
    explorer = BiasExplorer(rows)
    light_with_a_still(explorer)
    points = points_of(rows)
    assert {point["network"] for point in points} == {"mlp", "cnn"}
    said = told(points, "wandering", "pixels", 1)
    assert said.endswith("1 digit of each class: MLP 40 %, CNN 40 %")
    assert len(explorer.data["pictures"]) == 4
