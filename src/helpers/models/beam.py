"""Beam search: keep several beginnings of a translation, and go on from each.

Greedy decoding (`helpers.models.decoding`) takes the most likely word at each step and cannot take
it back: a sentence whose first word is only the second best is never found.
"""

import torch
from torch import Tensor, nn

from helpers.layers.eval_mode import eval_mode
from helpers.models.decoding import PADDING
from helpers.shapes import check_shape


@torch.no_grad()
def beam_decode(
    model: nn.Module,
    source: Tensor,
    begin: int,
    end: int,
    width: int = 4,
    max_length: int = 50,
    length_power: float = 0.0,
) -> tuple[Tensor, float]:
    """Keep the `width` most likely beginnings of one translation, and go on from each.

    A beginning's worth is its log-probability. What is finished competes at
    log p / N^length_power: with 0 the most probable sentence wins, with 1 the one with the best
    mean. With a width of 1 this is `greedy_decode`.

    Parameters
    ----------
    model
        `model(source, target)` gives logits (B, N, V): `Seq2Seq` or `Transformer`.
    source
        Word indices of one sentence, (1, M).
    begin, end
        Indices of the words that open and close a sentence.
    width
        Beginnings kept.
    max_length
        Longest answer, in words.
    length_power
        0 for the sum of log-probabilities, 1 for their mean.

    Returns
    -------
    tuple
        Word indices (1, N) without the opening word, closed by `end` unless cut at `max_length`;
        and the log-probability, the closing word counted.

    Raises
    ------
    ValueError
        For more than one sentence, or a width below 1.
    """
    check_shape(source, "B M", name="source", B=1)
    if width < 1:
        raise ValueError(f"width: expected at least 1, got {width}")
    target = torch.full((1, 1), begin, device=source.device)  # (K, N + 1), K beginnings
    worth = torch.zeros(1, device=source.device)  # (K,)
    finished: list[tuple[float, float, Tensor]] = []  # what competes, log-probability, words
    with eval_mode(model):
        for n in range(1, max_length + 1):
            logits = model(source.expand(len(target), -1), target)[:, -1].float().clone()  # (K, V)
            logits[:, PADDING] = float("-inf")  # no word, and the answer is not over
            total = worth[:, None] + logits.log_softmax(dim=-1)  # (K, V)
            best = total.flatten().topk(min(width, total.numel()))
            rows, words = best.indices // total.shape[1], best.indices % total.shape[1]
            possible = best.values > float("-inf")  # a beginning that cannot be has no next word
            rows, words, worth = rows[possible], words[possible], best.values[possible]
            target = torch.cat([target[rows], words[:, None]], dim=1)  # (K, N + 1)
            over = (words == end) | (n == max_length)
            for k in over.nonzero()[:, 0].tolist():
                finished.append((float(worth[k]) / n**length_power, float(worth[k]), target[k, 1:]))
            target, worth = target[~over], worth[~over]
            if not len(target):
                break
            # With the plain sum no beginning gains from more words: a finished one that leads wins.
            if length_power == 0 and finished and max(finished, key=_first)[0] >= worth.max():
                break
    _, log_probability, words = max(finished, key=_first)
    return words[None], log_probability


def _first(row: tuple[float, float, Tensor]) -> float:
    return row[0]
