"""Greedy decoding: say the most likely word, read it back, go on until the end word."""

import torch
from torch import Tensor, nn

from helpers.layers.eval_mode import eval_mode
from helpers.shapes import check_shape

PADDING = 0  # the word that fills short sentences, in every vocabulary of the course


def check_padding(words: Tensor, name: str) -> None:
    """Refuse sentences whose padding is not at their end: (B, N) word indices.

    A network that counts lengths or positions would read other words than are there, in silence.

    Raises
    ------
    ValueError
        That lists the rows in which a word follows padding.
    """
    if words.is_meta:  # shapes only: there is nothing to look at
        return
    wrong = ((words[:, :-1] == PADDING) & (words[:, 1:] != PADDING)).any(dim=1)
    if wrong.any():
        rows = wrong.nonzero()[:, 0].tolist()
        raise ValueError(
            f"{name}: expected padding on the right only, got words after padding in rows {rows}; "
            "move the words of these rows to the left"
        )


@torch.no_grad()
def greedy_decode(
    model: nn.Module, source: Tensor, begin: int, end: int, max_length: int = 50
) -> Tensor:
    """Translate word by word, always the most likely.

    The whole sentence so far is read again at each step: O(N) passes, simple and slow. The model
    decodes in eval mode, without dropout, and every module gets its own mode back.

    Parameters
    ----------
    model
        `model(source, target)` gives logits (B, N, V): `Seq2Seq` or `Transformer`.
    source
        Word indices (B, M), padded with 0 on the right.
    begin, end
        Indices of the words that open and close a sentence.
    max_length
        Longest answer, in words.

    Returns
    -------
    Tensor
        Word indices (B, N), N <= max_length, without the opening word; padding after the
        closing word.
    """
    B = check_shape(source, "B M", name="source")["B"]
    target = torch.full((B, 1), begin, device=source.device)  # (B, 1)
    finished = torch.zeros(B, dtype=torch.bool, device=source.device)
    with eval_mode(model):
        for _ in range(max_length):
            logits = model(source, target)[:, -1].clone()  # (B, V)
            logits[:, PADDING] = float("-inf")  # no word, and the answer is not over
            word = logits.argmax(dim=-1).masked_fill(finished, PADDING)  # (B,)
            target = torch.cat([target, word[:, None]], dim=1)  # (B, N + 1)
            finished |= word == end
            if finished.all():
                break
    return target[:, 1:]  # (B, N)
