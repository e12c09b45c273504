"""Twelve sentences of the course's own, linked by hand: what a translator of the corpus says, reads and needs for them.

Chapter 8 shows them. None is a sentence of the corpus, so they may stand in a record.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from helpers.data.text import BEGIN, END, UNKNOWN, Pair
from helpers.measure.bleu import bootstrap, share_of
from helpers.models.decoding import greedy_decode
from helpers.pages.l04.answers import diagonal_of
from helpers.pages.l04.networks import Translator, read_map

if TYPE_CHECKING:
    from helpers.pages.l04.study import Task

LONGEST = 20  # words of an answer
Row = Mapping[str, Any]

# French, English, and for each English word the French words linked to it.
SENTENCES: tuple[tuple[str, str, tuple[tuple[int, ...], ...]], ...] = (
    ("la voiture rouge est petite .", "the red car is small .", ((0,), (2,), (1,), (3,), (4,), (5,))),
    (
        "mon frère a acheté une voiture rouge .",
        "my brother bought a red car .",
        ((0,), (1,), (2, 3), (4,), (6,), (5,), (7,)),
    ),
    ("elle porte un chapeau noir .", "she is wearing a black hat .", ((0,), (1,), (1,), (2,), (4,), (3,), (5,))),
    ("le vin rouge n' est pas cher .", "red wine is not expensive .", ((2,), (1,), (4,), (3, 5), (6,), (7,))),
    (
        "voici une question vraiment difficile .",
        "here is a really difficult question .",
        ((0,), (0,), (1,), (3,), (4,), (2,), (5,)),
    ),
    (
        "je lis un livre intéressant ce soir .",
        "i am reading an interesting book tonight .",
        ((0,), (1,), (1,), (2,), (4,), (3,), (5, 6), (7,)),
    ),
    ("je le vois chaque matin .", "i see him every morning .", ((0,), (2,), (1,), (3,), (4,), (5,))),
    ("il me donne une pomme rouge .", "he gives me a red apple .", ((0,), (2,), (1,), (3,), (5,), (4,), (6,))),
    ("je ne leur parle jamais .", "i never speak to them .", ((0,), (1, 4), (3,), (2,), (2,), (5,))),
    (
        "le petit garçon n' aime pas le lait froid .",
        "the little boy does not like cold milk .",
        ((0,), (1,), (2,), (), (3, 5), (4,), (8,), (7,), (9,)),
    ),
    ("nous avons une porte blanche .", "we have a white door .", ((0,), (1,), (2,), (4,), (3,), (5,))),
    (
        "les deux chiens noirs sont fatigués .",
        "the two black dogs are tired .",
        ((0,), (1,), (3,), (2,), (4,), (5,), (6,)),
    ),
)


def refuse_known(pairs: Iterable[Pair]) -> None:
    """Refuse a corpus that holds one of our sentences: a record may hold no sentence of a corpus.

    Raises
    ------
    ValueError
        Naming the sentence.
    """
    ours = {tuple(source.split()): source for source, _, _ in SENTENCES}
    for french, _ in pairs:
        if french in ours:
            raise ValueError(f"{ours[french]!r} is a sentence of the corpus; the record may only hold our own")


@torch.no_grad()
def own_answers(model: Translator, task: "Task") -> list[dict[str, Any]]:
    """What a translator makes of each of our sentences.

    Returns
    -------
    list
        Of each sentence `source`, `target`, `links`; `unknown` (words that are in no vocabulary); `decoded`, its own
        translation; `erasure`, see `erase_each_word`; with attention `weights`, the map (N + 1, M) of our translation.
        Numbers are rounded to three digits.
    """
    model.eval()
    rows = []
    for source_text, target_text, links in SENTENCES:
        french, english = source_text.split(), target_text.split()
        source, target = task.french.encode(french), task.english.encode(english)
        said = greedy_decode(model, torch.tensor([source]), BEGIN, END, max_length=LONGEST)[0].tolist()
        decoded = task.english.decode(said)
        unknown = [word for words, known in ((french, task.french), (english, task.english)) for word in words
                   if word not in known]  # fmt: skip
        row: dict[str, Any] = {"source": french, "target": english, "links": [list(link) for link in links]}
        row |= {"unknown": unknown, "decoded": decoded}
        row["erasure"] = _rounded(erase_each_word(model, torch.tensor([source]), torch.tensor(target)))
        weights = read_map(model, source, target)
        if weights is not None:
            row["weights"] = _rounded(weights)
        rows.append(row)
    return rows


def _rounded(table: Tensor) -> list[list[float]]:
    return [[round(number, 3) for number in line] for line in table.tolist()]


@torch.no_grad()
def erase_each_word(model: Translator, source: Tensor, target: Tensor) -> Tensor:
    """By how much the log-probability of each target word falls when one source word becomes <unk>.

    source (1, M), target (N,), true words before each -> (N, M); negative where the word gets more likely.
    """
    M, N = source.shape[1], len(target)
    variants = source.repeat(M + 1, 1)  # (M + 1, M), the last one whole
    variants[torch.arange(M), torch.arange(M)] = UNKNOWN
    before = torch.cat([torch.tensor([BEGIN]), target[:-1]]).expand(M + 1, N)
    log_p = model(variants, before).log_softmax(dim=-1)  # (M + 1, N, V)
    said = log_p[:, torch.arange(N), target]  # (M + 1, N)
    return (said[-1] - said[:-1]).T  # (N, M)


def agreement(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Share of the hand-linked English words for which a guess at their French word is one of the links.

    Guesses: the largest weight, the word whose erasure costs most, and the diagonal, which knows no word;
    "attention_is_erasure" asks the first two for the same word. Intervals over sentences.
    """
    counts = defaultdict(list)
    for row in rows:
        linked = [i for i, link in enumerate(row["links"]) if link]
        N = len(row["target"])
        guesses = {"diagonal": diagonal_of(len(row["source"]), N)}
        for name, key in (("attention", "weights"), ("erasure", "erasure")):
            if key in row:
                guesses[name] = [int(np.argmax(line)) for line in row[key][:N]]
        if {"attention", "erasure"} <= set(guesses):
            same = [guesses["attention"][i] == guesses["erasure"][i] for i in linked]
            counts["attention_is_erasure"].append([sum(same), len(linked)])
        for name, guess in guesses.items():
            counts[name].append([sum(guess[i] in row["links"][i] for i in linked), len(linked)])
    return {
        name: bootstrap(table, share_of).as_dict() | {"words": int(np.sum(table, axis=0)[1])}
        for name, table in counts.items()
    }
