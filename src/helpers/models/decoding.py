"""Greedy decoding: say the most likely word, read it back, go on until the end word."""

import torch
from torch import Tensor, nn

from helpers.shapes import check_shape

PADDING = 0  # the word that fills short sentences, in every vocabulary of the course


@torch.no_grad()
def greedy_decode(
    model: nn.Module, source: Tensor, begin: int, end: int, max_length: int = 50
) -> Tensor:
    """Translate word by word, always the most likely.

    The whole sentence so far is read again at each step: O(N) passes, simple and slow.

    Parameters
    ----------
    model
        `model(source, target)` gives logits (B, N, V): `Seq2Seq` or `Transformer`.
    source
        Word indices (B, M), padded with 0.
    begin, end
        Indices of the words that open and close a sentence.
    max_length
        Longest answer, in words.

    Returns
    -------
    Word indices (B, N), N <= max_length, without the opening word; padding after the closing word.
    """
    B = check_shape(source, "B M", name="source")["B"]
    target = torch.full((B, 1), begin, device=source.device)  # (B, 1)
    finished = torch.zeros(B, dtype=torch.bool, device=source.device)
    for _ in range(max_length):
        word = model(source, target)[:, -1].argmax(dim=-1)  # (B,)
        word = word.masked_fill(finished, PADDING)
        target = torch.cat([target, word[:, None]], dim=1)  # (B, N + 1)
        finished |= word == end
        if finished.all():
            break
    return target[:, 1:]  # (B, N)
