"""One visual language for the whole book: a colour and a name for each model family, quiet axes."""

from collections.abc import Sized
from typing import Any

import matplotlib as mpl

FAMILY_COLOURS = {
    "classical": "#6b7280",
    "cnn": "#c8550a",
    "vit": "#2563c9",
    "deit": "#0f7f74",
    "cait": "#7b4bc4",
}
INK, QUIET, GRID = "#1f2933", "#5b6673", "#d9dee5"
RC: Any = {  # matplotlib types every key on its own
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


def use_style() -> None:
    """Set matplotlib's defaults for the figures of this session."""
    mpl.rcParams.update(RC)


def check_some(what: Sized, kind: str) -> None:
    """Refuse to draw nothing.

    Raises
    ------
    ValueError
        If `what` is empty; the message names the `kind` that is missing: panel, row, series.
    """
    if not len(what):
        raise ValueError(f"a figure needs at least one {kind}, got none")


def family_of(name: str) -> str:
    """Model family of a model name, e.g. `vit_mini` -> `vit`, `legacy_xception` -> `cnn`.

    Raises
    ------
    ValueError
        For a name that belongs to no family of the book.
    """
    lowered = name.lower()
    for family in ("deit", "cait", "vit"):
        if lowered.startswith(family):
            return family
    convolutional = ("xception", "efficientnet", "resnet", "vgg", "lenet", "alexnet", "googlenet", "cnn")
    if any(part in lowered for part in convolutional):
        return "cnn"
    if any(part in lowered for part in ("bow", "svm", "knn")):
        return "classical"
    raise ValueError(f"no family for the model name {name!r}; families: {', '.join(FAMILY_COLOURS)}")


def colour_of(name: str) -> str:
    """Colour of the family of a model name, as #rrggbb."""
    return FAMILY_COLOURS[family_of(name)]
