"""Figures of the Transformer chapter: what they draw, and what they refuse."""

import matplotlib as mpl
import numpy as np
import pytest

from helpers.pages.c09 import figures as transformer

mpl.use("Agg")


def texts(figure):
    return [text.get_text().replace("\n", " ") for ax in figure.axes for text in ax.texts]


def test_the_drawing_holds_three_attentions_in_two_colours():
    figure = transformer.transformer_drawing()
    words = texts(figure)
    assert [word for word in words if "attention" in word] == [
        "self-attention",
        "masked self- attention",
        "cross-attention",
    ]
    assert words.count("add & norm") == 5
    faces = [mpl.colors.to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    assert faces.count(transformer.OWN) == 2
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 1


def test_a_grid_fills_what_may_be_read():
    mask = np.tril(np.ones((3, 3), dtype=bool))
    panel = {"title": "masked", "mask": mask, "queries": list("abc"), "keys": list("abc"), "own": True}
    figure = transformer.who_reads_whom([panel])
    faces = [mpl.colors.to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    assert faces.count(transformer.OWN) == 6
    with pytest.raises(ValueError, match="at least one panel"):
        transformer.who_reads_whom([])


def test_saturation_has_two_lines_a_panel():
    quartiles = {"low": 1e-3, "median": 1e-2, "high": 1e-1}
    rows = [
        {"d": d, "scaled": scaled, "largest": 0.3, "weight": quartiles, "output": quartiles}
        for d in (4, 64)
        for scaled in (True, False)
    ]
    top, *probes = transformer.saturation(rows, keys=16).axes
    assert len(top.lines) == 3  # two curves and the uniform weight
    assert [len(ax.lines) for ax in probes] == [2, 2]
    with pytest.raises(ValueError, match="at least one row"):
        transformer.saturation([], keys=16)


def test_curves_of_positions_lie_over_their_offsets():
    figure = transformer.sinusoid_figure(np.random.default_rng(0).normal(size=(20, 6)), [2, 5, 9])
    curves = figure.axes[1].lines
    assert [line.get_xdata()[0] for line in curves] == [-2, -5, -9]


def test_letters_gradients_schedules_and_cost():
    curves = {name: [[0.1, 1.0], [0.2, 1.0]] for name in "abcd"}
    figure = transformer.letters_by_position(curves, [0.5, 1.0], {name: name.upper() for name in "abcd"})
    assert [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes] == list("ABCD")
    assert all(len(ax.lines) == 3 for ax in figure.axes)
    assert figure.axes[0].lines[0].get_ydata().tolist() == [10, 100]

    norms = {(norm, depth): np.ones((2, depth)) for norm in ("pre", "post") for depth in (2, 4)}
    assert len(transformer.gradients_by_block(norms).axes[0].lines) == 4

    steps = np.arange(1, 11)
    (ax,) = transformer.schedule_figure({"a": (steps, steps / 10), "b": (steps, 1 / steps)}, warmup=4).axes
    assert ax.lines[0].get_ydata()[-1] == pytest.approx(1e4)

    rows = [{"tokens": n, "linear": 12 * n, "mlp": 8 * n, "quadratic": n * n} for n in (4, 16)]
    assert len(transformer.cost_figure(rows, 2).axes[0].lines) == 5  # three counts and two marks
