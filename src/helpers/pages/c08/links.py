"""How often the largest weight, or the diagonal, is on a word linked by hand: the course's own sentences, by model."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.measure.bleu import bootstrap, share_of
from helpers.measure.intervals import Estimate
from helpers.plots.tables import NBSP, percent, points

Row = Mapping[str, Any]  # one sentence of the record: "source", "target", "weights", "erasure", "links"
Guess = Callable[[Row, int], int]  # sentence and number of its English word -> number of a French word
PLACES = {  # name -> sentence, English word, French word: weights that the text quotes
    "w_black_noir": (2, "black", "noir"),
    "w_red_voiture": (0, "red", "voiture"),
    "w_is_petite": (0, "is", "petite"),
}


def diagonal(row: Row, i: int) -> int:
    """First word to first word, last to last, evenly in between."""
    return round(i * (len(row["source"]) - 1) / (len(row["target"]) - 1))


def largest(key: str) -> Guess:
    """Where the largest of a row of `key` stands."""
    return lambda row, i: int(np.argmax(row[key][i]))


def hits(sentences: Sequence[Row], guess: Guess, stops: bool = True) -> np.ndarray:
    """What each sentence adds, (n, 2): linked words whose guessed place is a link, and linked words."""
    table = []
    for row in sentences:
        linked = [i for i, link in enumerate(row["links"]) if link and (stops or row["target"][i] != ".")]
        table.append([sum(guess(row, i) in row["links"][i] for i in linked), len(linked)])
    return np.array(table)


def paired(ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """Share of hits of one guess minus that of another, on the same words; interval over sentences."""
    both = np.column_stack([ours[:, 0], theirs[:, 0], ours[:, 1]])
    return bootstrap(both, lambda counts: (counts[..., 0] - counts[..., 1]) / counts[..., 2])


def share_near(sentences: Sequence[Row], guess: Guess) -> float:
    """Percent of linked words whose guessed place is at most one away from a link."""
    linked = [(row, i, link) for row in sentences for i, link in enumerate(row["links"]) if link]
    return 100 * float(np.mean([min(abs(guess(row, i) - j) for j in link) <= 1 for row, i, link in linked]))


def table_cell(cell: Row) -> str:
    """A share with its interval, which may stand below it."""
    return percent(SimpleNamespace(**cell)).replace(f"{NBSP}[", " [")


def link_table(by_model: Mapping[str, Sequence[Row]], agreement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each guess: linked words that it hits, how many more than the diagonal, and without full stops.

    Raises
    ------
    ValueError
        If the sentences do not give the record's own count.
    """
    ruler = hits(by_model["additive"], diagonal)
    rows = []
    for name in ("additive", "dot", "diagonal"):
        model, guess = ("additive", diagonal) if name == "diagonal" else (name, largest("weights"))
        known = agreement[model]["diagonal" if name == "diagonal" else "attention"]
        found, without = hits(by_model[model], guess), hits(by_model[model], guess, stops=False)
        if abs(share_of(found.sum(0)) - known["value"]) > 1e-12:
            raise ValueError(f"{name}: expected the record's {known['value']}, counted {share_of(found.sum(0))}")
        ahead = points(paired(found, ruler)).replace(f"{NBSP}points{NBSP}", " ")
        rows.append(
            {
                "guess": name,
                "linked": table_cell(known),
                "− diagonal": None if name == "diagonal" else ahead,
                "no stops": f"{100 * share_of(without.sum(0)):.1f} %",
            }
        )
    return rows


def link_figures(by_model: Mapping[str, Sequence[Row]], agreement: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that the text quotes, by the name under which it does.

    Raises
    ------
    ValueError
        If the diagonal misses a full stop: the text says that it finds all.
    """
    own, read = by_model["additive"], largest("weights")
    stops = hits(own, diagonal) - hits(own, diagonal, stops=False)
    if not (stops[:, 0] == stops[:, 1]).all():
        raise ValueError(f"expected every full stop on the diagonal, got {stops.tolist()}; the text must change")
    shares = {f"agree_{model}": agreement[model]["attention"] for model in ("additive", "dot")}
    shares["agree_diagonal"] = agreement["additive"]["diagonal"]
    return {
        "n_words": agreement["additive"]["attention"]["words"],
        "n_own": agreement["additive"]["attention"]["n"],
        **{name: Markdown(percent(SimpleNamespace(**share))) for name, share in shares.items()},
        "stops": int(stops[:, 1].sum()),
        "stops_found": int((hits(own, read) - hits(own, read, stops=False))[:, 0].sum()),
        **{name: _weight(own[k], english, french) for name, (k, english, french) in PLACES.items()},
        "near_additive": share_near(own, read),
        "near_diagonal": share_near(own, diagonal),
    }


def _weight(row: Row, english: str, french: str) -> float:
    return row["weights"][row["target"].index(english)][row["source"].index(french)]
