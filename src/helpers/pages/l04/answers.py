"""What a trained translator of lab 4 answers: words, sentences, BLEU, beams, and where its map points."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from helpers.data.text import BEGIN, END, PADDING, PairBatches
from helpers.measure.bleu import bleu_counts, corpus_bleu
from helpers.models.beam import beam_decode
from helpers.models.decoding import greedy_decode
from helpers.pages.l04.networks import Translator, read_map

if TYPE_CHECKING:
    from helpers.pages.l04.study import Task

MORE = 8  # words that an answer may be longer than its source
Parameters = Mapping[str, Any]


def measure(model: Translator, task: "Task", parameters: Parameters, beam: bool) -> dict[str, Any]:
    """Everything that is asked of a translator after its training.

    Parameters
    ----------
    beam
        Whether beams are tried too, on the first `n_beam` sentences.

    Returns
    -------
    dict
        Of each test sentence `tokens` (right and all words, the right ones before told; n, 2), `bleu` (n, 10) and
        `exact` (right to the last word; n bools); `said`, the answers; `bleu_check`, see `bleu_checked`; `links`
        (kind -> n, 2), where there is a map and an alignment; `beam`, where it was asked.
    """
    found = answers(model, task)
    found["bleu_check"] = bleu_checked(found["said"], [target for _, target in task.test])
    if task.phrases and model.attention is not None:
        found["links"] = pointing(model, task)
    if beam:
        found["beam"] = beams(model, task, parameters["n_beam"], parameters["beam_width"])
    return found


@torch.no_grad()
def answers(model: Translator, task: "Task") -> dict[str, Any]:
    """Words under teacher forcing, and greedy translations."""
    model.eval()
    batches = PairBatches(task.numbered(task.test), 128, shuffle=False)
    n = len(task.test)
    tokens, bleu, said = np.zeros((n, 2), int), np.zeros((n, 10), int), [[""]] * n
    for batch in batches.batches():
        real = batch.target_out != PADDING
        right = (model(batch.source, batch.target_in).argmax(-1) == batch.target_out) & real
        rows = batch.rows.numpy()
        tokens[rows] = torch.stack([right.sum(1), real.sum(1)], dim=1).numpy()
        words = greedy_decode(model, batch.source, BEGIN, END, max_length=batch.source.shape[1] + MORE)
        for row, numbers in zip(rows, words.tolist(), strict=True):
            said[row] = task.english.decode(numbers)
            bleu[row] = bleu_counts(said[row], [task.test[row][1]])
    exact = [tuple(own) == target for own, (_, target) in zip(said, task.test, strict=True)]
    return {"tokens": tokens.tolist(), "bleu": bleu.tolist(), "exact": exact, "said": said}


def pointing(model: Translator, task: "Task") -> dict[str, list[list[int]]]:
    """Kind of word -> of each test sentence the linked words at which the largest weight is on a link, and
    all linked words, (n, 2). The true translation is told; "all" counts every kind."""
    found: dict[str, list[list[int]]] = {}
    for row, phrase in enumerate(task.phrases):
        source, target = task.french.encode(phrase.french), task.english.encode(phrase.english)
        weights = read_map(model, source, target)
        assert weights is not None
        largest = weights.argmax(-1).tolist()  # (N + 1,)
        for kind, counts in hits(phrase, largest[: len(target)]).items():
            found.setdefault(kind, [[0, 0] for _ in task.phrases])[row] = counts
    return found


def hits(phrase: Any, guess: Sequence[int]) -> dict[str, list[int]]:
    """Kind -> linked English words whose guessed French word is one of their links, and linked words; "all" too."""
    counts: dict[str, list[int]] = {}
    for place, links, kind in zip(guess, phrase.links, phrase.kinds, strict=True):
        if links:
            for name in ("all", kind):
                own = counts.setdefault(name, [0, 0])
                own[0] += place in links
                own[1] += 1
    return counts


def diagonal(phrase: Any) -> list[int]:
    """The guess that knows no word: first to first, last to last, evenly in between."""
    return diagonal_of(len(phrase.french), len(phrase.english))


def diagonal_of(M: int, N: int) -> list[int]:
    """The same for M French and N English words."""
    return [round(i * (M - 1) / max(N - 1, 1)) for i in range(N)]


def beams(model: Translator, task: "Task", n: int, width: int) -> dict[str, Any]:
    """Greedy against a beam on the first n test sentences.

    Returns
    -------
    dict
        `n`; `width`; `greedy` and `beam`, BLEU counts of each sentence (n, 10); `exact_greedy`, `exact_beam`; `other`
        (sentences for which the beam says something else) and `likelier` (those of them that the model finds more
        probable than the greedy one).
    """
    found: dict[str, Any] = {"n": min(n, len(task.test)), "width": width, "other": 0, "likelier": 0}
    found |= {name: [] for name in ("greedy", "beam", "exact_greedy", "exact_beam")}
    for source, target in task.test[:n]:
        french = torch.tensor([task.french.encode(source)])
        most = french.shape[1] + MORE
        one, p_one = beam_decode(model, french, BEGIN, END, width=1, max_length=most)
        best, p_best = beam_decode(model, french, BEGIN, END, width=width, max_length=most)
        for name, words in (("greedy", one), ("beam", best)):
            said = task.english.decode(words[0].tolist())
            found[name].append(bleu_counts(said, [target]).tolist())
            found[f"exact_{name}"].append(tuple(said) == target)
        if not torch.equal(one, best):
            found["other"] += 1
            found["likelier"] += p_best > p_one
    return found


@torch.no_grad()
def translate(model: Translator, task: "Task", words: Sequence[str], width: int = 1) -> tuple[list[str], Any]:
    """A French sentence in English, and the map of its attention (N + 1, M), None without one."""
    source = task.french.encode(words)
    said, _ = beam_decode(model, torch.tensor([source]), BEGIN, END, width=width, max_length=len(source) + MORE)
    english = task.english.decode(said[0].tolist())
    weights = read_map(model, source, task.english.encode(english))
    return english, None if weights is None else weights.numpy()


def bleu_checked(said: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> dict[str, float | None]:
    """Our BLEU of a corpus beside sacrebleu's of the same tokens; its place is None where it is not installed.

    sacrebleu must neither tokenise again nor smooth, or it would measure another thing.
    """
    found: dict[str, float | None] = {"ours": corpus_bleu(said, [[reference] for reference in references])}
    found["sacrebleu"] = None
    if find_spec("sacrebleu") is not None:
        import sacrebleu

        texts, wanted = ([" ".join(words) for words in side] for side in (said, references))
        scored = sacrebleu.corpus_bleu(texts, [wanted], tokenize="none", smooth_method="none", force=True)
        found["sacrebleu"] = scored.score / 100
    return found
