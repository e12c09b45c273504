"""One visual language for the whole book: a colour and a name for each model family, quiet axes."""

from collections.abc import Sized
from typing import Any

import matplotlib as mpl
from IPython import get_ipython
from matplotlib_inline.config import InlineBackend

FAMILY_COLOURS = {
    "classical": "#6b7280",
    "cnn": "#c8550a",
    "vit": "#2563c9",
    "deit": "#0f7f74",
    "cait": "#7b4bc4",
}
INK, QUIET, GRID = "#1f2933", "#5b6673", "#d9dee5"
FAINT, PALE_BLUE, SOFT_BLUE, DIM = "#eef1f5", "#dbe7f8", "#8fb4ea", "#c3cad3"  # faces behind ink
GREEN, RED = "#1b7f3b", "#b3261e"
ON_PICTURE = "#fefefe"  # white that stays white: drawn over a photograph or a heat map
DARK = {  # what the book puts in the place of a colour on a dark page
    "#ffffff": "#121212",
    "#000000": "#e6ebf1",
    INK: "#e6ebf1",
    QUIET: "#a9b4c0",
    GRID: "#2c3542",
    FAINT: "#222b36",
    PALE_BLUE: "#1f3050",
    SOFT_BLUE: "#3d5f99",
    DIM: "#465263",
    GREEN: "#6fce8f",
    RED: "#ff8f85",
    FAMILY_COLOURS["classical"]: "#b4bdc7",
    FAMILY_COLOURS["cnn"]: "#f79a5b",
    FAMILY_COLOURS["vit"]: "#8fb4ff",
    FAMILY_COLOURS["deit"]: "#4fd1c0",
    FAMILY_COLOURS["cait"]: "#cfa4ff",
}
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
    "svg.hashsalt": "the same figure, the same file",
}


def use_style() -> None:
    """Set matplotlib's defaults for the figures of this session; a notebook draws them as SVG, which a page can show
    in its own size and colours."""
    mpl.rcParams.update(RC)
    shell = get_ipython()
    if shell is not None and hasattr(shell, "kernel"):
        backend = InlineBackend.instance(parent=shell)
        backend.figure_formats = {"svg"}
        backend.print_figure_kwargs = {"bbox_inches": "tight", "dpi": RC["figure.dpi"]}  # of pictures in it


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
    if lowered.startswith("swin"):
        return "vit"
    convolutional = ("xception", "efficientnet", "convnext", "resnet", "vgg", "lenet", "alexnet", "googlenet", "cnn")
    if any(part in lowered for part in convolutional):
        return "cnn"
    if any(part in lowered for part in ("bow", "svm", "knn", "mlp", "mixer")):
        return "classical"
    raise ValueError(f"no family for the model name {name!r}; families: {', '.join(FAMILY_COLOURS)}")


def colour_of(name: str) -> str:
    """Colour of the family of a model name, as #rrggbb."""
    return FAMILY_COLOURS[family_of(name)]
