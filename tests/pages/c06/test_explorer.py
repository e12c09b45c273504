"""The block explorer's data are the blocks of the package."""

import matplotlib.pyplot as plt

from helpers.pages.c06.bricks import NAMES, brick
from helpers.pages.c06.explorer import FIRST, BlockExplorer, packed


def test_its_data_give_the_counts_of_the_package():
    for name in NAMES:
        _, residual, convs = packed(name)
        weights = 0
        for kernel, inputs, outputs, alone, _ in convs:
            weights += kernel**2 * inputs * 10 * (1 if alone else outputs * 10)
        assert weights == brick(name, 160).weights
        assert bool(residual) == brick(name, 160).residual


def test_its_still_picture_and_its_words():
    explorer = BlockExplorer()
    assert "69,632 weights" in explorer.alt
    assert explorer.data["first"] == list(FIRST)
    figure = explorer.still()
    assert "69,632 weights" in figure.axes[0].get_title(loc="center")
    plt.close(figure)
