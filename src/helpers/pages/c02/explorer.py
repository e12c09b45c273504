"""Which words vote for this image: each place's share of a linear SVM's score, drawn on the picture.

Two voters: one trained on the page, on drawn dogs; one recorded on photographs. The score is the sum of all votes and
the bias; the script adds them up from the words and the weights that it is given.
"""

import base64
import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.data.samples import sample_photographs
from helpers.pages.c02 import recorded
from helpers.pages.c02.dogs import BUILDS, Dogs
from helpers.pages.c02.pictures import bare, draw_votes
from helpers.pages.c02.words import Voter, describe
from helpers.plots.style import RC
from helpers.widgets.base import Explorer, pack, pack_image

SHOWN = 64  # pixels of a picture
ASKED = (  # photographs, and the class that is asked about first
    ("a cat", "tabby"),
    ("a cup of coffee", "water jug"),
    ("an astronaut", "neck brace"),
    ("galaxies", "comic book"),
)


def described(name: str, classes: Sequence[str], voter: Voter, pictures: Sequence[tuple[str, str, np.ndarray]],
              seen: np.ndarray) -> dict[str, Any]:  # fmt: skip
    """What the explorer is told of one voter.

    Parameters
    ----------
    name, classes, voter
        Of the group of pictures, of the K classes, and whose votes are drawn.
    pictures
        Name, class that is asked about first, picture uint8 (64, 64, 3).
    seen
        Words at the places, int (n, rows, columns).
    """
    return {
        "name": name,
        "classes": list(classes),
        "thousandths": [[round(1000 * float(value)) for value in row] for row in voter.weights],  # of a weight
        "bias": [round(float(value), 4) for value in voter.bias],
        "pictures": [
            {
                "name": own,
                "first": classes.index(first),
                "image": pack_image(image)["src"],
                "words": pack(places.ravel(), 0, 255),  # one byte each, as they are
            }
            for (own, first, image), places in zip(pictures, seen, strict=True)
        ],
        "side": int(seen.shape[1]),
    }  # fmt: skip


def drawn_group(voter: Voter, dogs: Dogs, seen: np.ndarray) -> dict[str, Any]:
    """Two new dogs of each build, and the first two that the voter takes for something else."""
    named = voter.scores(seen).argmax(axis=1)
    chosen = [int(i) for k in range(len(BUILDS)) for i in np.flatnonzero((dogs.build == k) & (named == k))[5:7]]
    chosen += [int(i) for i in np.flatnonzero(named != dogs.build)[:2]]
    pictures = []
    for number, i in enumerate(chosen, start=1):
        build = BUILDS[dogs.build[i]]
        pictures.append((f"{number}, a {build}", BUILDS[named[i]], dogs.images[i]))
    return described("dog", BUILDS, voter, pictures, seen[chosen])


def photograph_group() -> dict[str, Any]:
    """Photographs that may be shown, and the recorded voter."""
    voter, photographs = recorded.voter(), sample_photographs(SHOWN)
    pictures = [(name, first, photographs[name]) for name, first in ASKED]
    seen = voter.seen(describe(np.stack([image for _, _, image in pictures])))
    return described("photograph", recorded.class_names(), voter, pictures, seen)


def words_of(group: dict[str, Any], picture: int) -> np.ndarray:
    """The words of a picture, int (rows x columns,)."""
    return np.frombuffer(base64.b64decode(group["pictures"][picture]["words"]["bytes"]), dtype=np.uint8).astype(int)


def weights_of(group: dict[str, Any], label: int) -> np.ndarray:
    """What each word weighs for a class, (V,)."""
    return np.array(group["thousandths"][label]) / 1000


def votes_of(group: dict[str, Any], picture: int, label: int) -> tuple[np.ndarray, float]:
    """Votes (rows, columns) for a class and its score, as the script adds them."""
    words = words_of(group, picture)
    votes = weights_of(group, label)[words] / len(words)
    return votes.reshape(group["side"], -1), float(votes.sum() + group["bias"][label])


def by_vote(group: dict[str, Any], picture: int, label: int) -> list[tuple[int, float, int]]:
    """Words of a picture, from the strongest for to the strongest against: index, sum of its votes, its places."""
    words, weights = words_of(group, picture), weights_of(group, label)
    counts = np.bincount(words, minlength=len(weights))
    totals = [(int(v), float(weights[v] * counts[v] / len(words)), int(counts[v])) for v in np.unique(words)]
    return sorted(totals, key=lambda row: (-row[1], row[0]))


def signed(value: float) -> str:
    """A number with its sign, two digits, halves away from zero as the script has them; a true minus."""
    digits = Decimal(abs(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{'−' if math.floor(100 * value + 0.5) < 0 else '+'}{digits}"


def told(group: dict[str, Any], picture: int, label: int, rank: int = 0) -> str:
    """What the explorer says of a picture, a class and the word at a place of `by_vote`."""
    votes, score = votes_of(group, picture, label)
    scores = [votes_of(group, picture, k)[1] for k in range(len(group["classes"]))]
    place = 1 + sum(other > score for other in scores)
    word, total, places = by_vote(group, picture, label)[rank]
    best = group["classes"][int(np.argmax(scores))]
    asked = f"{group['pictures'][picture]['name']}, asked for “{group['classes'][label]}”"
    return (
        f"{asked}: for {signed(votes[votes > 0].sum())}, "
        f"against {signed(votes[votes < 0].sum())}, bias {signed(group['bias'][label])}, score {signed(score)}: "
        f"place {place} of {len(scores)}. Its answer: “{best}”. "
        f"Outlined: word {word}, {places} of {votes.size} places, {signed(total)} in all."
    )


class VoteExplorer(Explorer):
    """Pick a picture and a class; walk through its words from those for to those against."""

    script = "explorer.js"

    def __init__(self, groups: Sequence[dict[str, Any]]) -> None:
        first = groups[0]
        label = first["pictures"][0]["first"]
        super().__init__(
            {"groups": list(groups), "shown": SHOWN},
            alt="A picture with squares at 225 places: blue ones vote for a class, orange ones against. "
            + told(first, 0, label),
        )

    def still(self) -> Figure:
        """The first picture's votes for its class."""
        group = self.data["groups"][0]
        label = group["pictures"][0]["first"]
        votes, _ = votes_of(group, 0, label)
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(3.4, 3.4))
            draw_votes(ax, np.full((SHOWN, SHOWN, 3), 255), votes, float(np.abs(votes).max()))
            bare(ax)
            ax.set_title(f"{group['pictures'][0]['name']}: “{group['classes'][label]}”?", loc="left")
        return figure
