"""Figures of parity show the differences they are given, exact zeros included."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest

from helpers.pages.l06.figures import ZERO, blind_test, differences_by_block, trap_panels

BLOCKS = ["patches.projection", "positions", "blocks.0", "logits"]


def test_a_line_is_the_median_over_draws_and_an_exact_zero_stands_on_its_own_tick() -> None:
    draws = [[0.0, 0.0, 1e-15, 3e-15], [0.0, 0.0, 2e-15, 5e-15], [0.0, 0.0, 9e-15, 4e-15]]
    (ax,) = differences_by_block(BLOCKS, {"float64": draws}, {"float64": 2.2e-16}).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [ZERO, ZERO, 2e-15, 4e-15])
    labels = dict(zip(ax.get_yticks(), [tick.get_text() for tick in ax.get_yticklabels()], strict=True))
    assert labels[ZERO] == "0"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["patches", "+ positions", "block 0", "logits"]


def test_every_mistake_has_its_panel_beside_the_intact_pair() -> None:
    intact = [[0.0, 0.0, 1e-15, 1e-15]]
    broken = {f"mistake {i}": [[0.0, 10.0**-i, 10.0**-i, 10.0**-i]] for i in range(4)}
    panels = trap_panels(BLOCKS, intact, broken).axes
    assert [ax.get_title(loc="left") or ax.get_title() for ax in panels] == list(broken)
    for i, ax in enumerate(panels):
        np.testing.assert_allclose(ax.lines[0].get_ydata(), [ZERO, ZERO, 1e-15, 1e-15])
        np.testing.assert_allclose(ax.lines[1].get_ydata()[1:], 10.0**-i)


def test_the_blind_test_draws_each_seed_of_both_kinds_of_weights() -> None:
    (ax,) = blind_test({"bias": {"fresh": [0.0, 0.0], "drawn": [0.1, 0.2]}}).axes
    _, fresh, drawn = ax.lines
    np.testing.assert_allclose(fresh.get_xdata(), [ZERO, ZERO])
    np.testing.assert_allclose(drawn.get_xdata(), [0.1, 0.2])


@pytest.mark.parametrize(
    "draw",
    [lambda: differences_by_block(BLOCKS, {}, {}), lambda: trap_panels(BLOCKS, [[1.0]], {}), lambda: blind_test({})],
)
def test_nothing_to_draw_is_refused(draw) -> None:
    with pytest.raises(ValueError, match="at least one"):
        draw()
