"""Pictures of chapter 2 with images in them: from a dog to a count, words and their patches, votes, ranked lists."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.plots.style import FAINT, FAMILY_COLOURS, INK, ON_PICTURE, QUIET, check_some

WIDTH = 3.8  # inches: letters of 10.5 points stay readable on a phone
FOR, AGAINST = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
MARKS = ("#2563c9", "#c8550a", "#0f7f74", "#7b4bc4", "#b3261e", "#8a6d00")
CELL = 4  # pixels of a HOG cell; a descriptor covers two by two


def bare(ax: Axes) -> None:
    """No ticks, no grid, no frame."""
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def patch_of(image: np.ndarray, row: int, column: int) -> np.ndarray:
    """The 8 x 8 pixels that a descriptor describes."""
    return image[CELL * row : CELL * (row + 2), CELL * column : CELL * (column + 2)]


def _outline(ax: Axes, row: int, column: int) -> None:
    corner = (CELL * column - 0.5, CELL * row - 0.5)
    for colour, line in ((ON_PICTURE, 3.4), ("black", 1.5)):
        ax.add_patch(Rectangle(corner, 2 * CELL, 2 * CELL, fill=False, edgecolor=colour, lw=line))


def described(image: np.ndarray, place: tuple[int, int], descriptor: np.ndarray) -> Figure:
    """A picture with one place marked, the place, and its 32 numbers: four cells of eight directions.

    Parameters
    ----------
    image, place, descriptor
        uint8 (64, 64, 3), row and column of the descriptor, (32,).
    """
    figure = plt.figure(figsize=(WIDTH, 3.3))
    above, below = figure.subfigures(2, 1, height_ratios=[1.5, 1], squeeze=False)[:, 0]
    left, right = above.subplots(1, 2)
    left.imshow(image, interpolation="nearest")
    _outline(left, *place)
    left.set_title("a dog, 64 × 64 pixels", loc="left")
    right.imshow(patch_of(image, *place), interpolation="nearest")
    right.plot([3.5, 3.5], [-0.5, 7.5], color=ON_PICTURE, lw=1.4)
    right.plot([-0.5, 7.5], [3.5, 3.5], color=ON_PICTURE, lw=1.4)
    right.set_title("one place: four cells", loc="left")
    for ax in (left, right):
        bare(ax)
    ax = below.subplots()
    ax.bar(np.arange(32), descriptor, color=np.repeat([INK, QUIET, INK, QUIET], 8), width=0.8)
    ax.set_xticks([3.5, 11.5, 19.5, 27.5], ["upper left", "upper right", "lower left", "lower right"])
    ax.set(yticks=[], ylabel="edges")
    ax.tick_params(axis="x", length=0)
    return figure


def word_map(image: np.ndarray, seen: np.ndarray, marked: Sequence[int]) -> Figure:
    """A picture, and beside it the word at each place; a few words have a colour, all others are grey."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 1.95))
    left.imshow(image, interpolation="nearest")
    colours = np.full((*seen.shape, 3), to_rgb(FAINT))
    for colour, word in zip(MARKS, marked, strict=False):
        colours[seen == word] = to_rgb(colour)
    right.imshow(colours, interpolation="nearest")
    left.set_title(f"{seen.size} places", loc="left")
    right.set_title("their words", loc="left")
    for ax in (left, right):
        bare(ax)
    return figure


def counted(seen: np.ndarray, count: int, marked: Sequence[int]) -> Figure:
    """How often each word occurs in a picture, the marked words in the colours of `word_map`."""
    figure, ax = plt.subplots(figsize=(WIDTH, 1.9))
    heights = np.bincount(seen.ravel(), minlength=count)
    order = np.argsort(-heights, kind="stable")
    colours = dict(zip(marked, MARKS, strict=False))
    ax.bar(range(count), heights[order], color=[colours.get(int(word), "#c3cad3") for word in order], width=0.85)
    ax.set(xticks=[], xlabel=f"the {count} words, most frequent first", ylabel="places")
    return figure


def rows_of_words(
    images: np.ndarray, seen: np.ndarray, words: Sequence[int], weights: np.ndarray | None = None, count: int = 8
) -> list[tuple[str, str, list[np.ndarray]]]:
    """Rows for `word_patches`: for each word one patch of each of the first pictures that have it.

    Parameters
    ----------
    images, seen
        uint8 (n, 64, 64, 3), and the words at their places, int (n, 15, 15).
    words, weights
        Which words; with weights (V,) each row says its word's, else it says in how many pictures it occurs.

    Raises
    ------
    ValueError
        If a word occurs in too few pictures.
    """
    rows, rng = [], np.random.default_rng(0)
    for number, word in enumerate(words):
        have = np.flatnonzero((seen == word).any(axis=(1, 2)))
        if len(have) < count:
            raise ValueError(f"word {word}: expected {count} pictures that have it, got {len(have)}")
        chosen = rng.choice(have, count, replace=False)
        places = [rng.choice(np.argwhere(seen[i] == word)) for i in chosen]
        patches = [patch_of(images[i], *place) for i, place in zip(chosen, places, strict=True)]
        if weights is None:
            said, colour = f"word {word}: in {100 * len(have) / len(seen):.0f} % of the pictures", MARKS[number]
        else:
            sign = "+" if weights[word] > 0 else "−"
            said, colour = f"word {word}: {sign}{abs(weights[word]):.1f}", FOR if weights[word] > 0 else AGAINST
        rows.append((said, colour, patches))
    return rows


def word_patches(rows: Sequence[tuple[str, str, Sequence[np.ndarray]]]) -> Figure:
    """Patches that got the same word, a row a word: (what is said, its colour, patches uint8 (8, 8, 3)).

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "word")
    figure = plt.figure(figsize=(WIDTH, 0.78 * len(rows)))
    parts = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    for part, (said, colour, patches) in zip(parts, rows, strict=True):
        part.suptitle(said, fontsize=10.5, color=colour, x=0.02, ha="left")
        for ax, patch in zip(part.subplots(1, len(patches), squeeze=False)[0], patches, strict=True):
            ax.imshow(patch, interpolation="nearest")
            bare(ax)
    return figure


def votes_on(panels: Sequence[tuple[np.ndarray, np.ndarray, str]]) -> Figure:
    """Pictures above, and below what each place votes: blue for, orange against, stronger is more.

    Parameters
    ----------
    panels
        Picture uint8 (64, 64, 3), votes (15, 15), what is said.

    Raises
    ------
    ValueError
        Without a picture.
    """
    check_some(panels, "picture")
    figure, axes = plt.subplots(2, len(panels), figsize=(WIDTH, 2.9), squeeze=False)
    most = max(float(np.abs(votes).max()) for _, votes, _ in panels)
    for (above, below), (image, votes, said) in zip(axes.T, panels, strict=True):
        above.imshow(image, interpolation="nearest")
        above.set_title(said, fontsize=10.5, loc="left")
        draw_votes(below, image, votes, most)
        for ax in (above, below):
            bare(ax)
    return figure


def draw_votes(ax: Any, image: np.ndarray, votes: np.ndarray, most: float) -> None:
    """The picture in grey, with a square at the middle of each place."""
    grey = image.mean(axis=2)
    ax.imshow(255 - 0.45 * (255 - grey), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for (row, column), vote in np.ndenumerate(votes):
        side = CELL * min(1.0, abs(float(vote)) / most) ** 0.5
        middle = np.array([column + 1, row + 1]) * CELL - 0.5
        corner = tuple(middle - side / 2)
        ax.add_patch(Rectangle(corner, side, side, facecolor=FOR if vote > 0 else AGAINST, lw=0))


def ranked_list(rows: Sequence[tuple[str, Sequence[tuple[int, np.ndarray, bool]]]]) -> Figure:
    """Pictures in the order of a score: rows of (title, (place, picture, is it one?)); a wrong one is marked.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure = plt.figure(figsize=(WIDTH, 1.2 * len(rows)))
    parts = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    for part, (title, row) in zip(parts, rows, strict=True):
        part.suptitle(title, fontsize=10.5, color=QUIET, x=0.02, ha="left")
        for ax, (place, image, right) in zip(part.subplots(1, len(row), squeeze=False)[0], row, strict=True):
            ax.imshow(image, interpolation="nearest")
            bare(ax)
            mark = "" if right else "✗ "
            ax.set_title(f"{mark}{place}", fontsize=10.5, loc="center", color=INK if right else AGAINST)
    return figure
