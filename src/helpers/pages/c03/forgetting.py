"""The five lines of a training step, each forgotten once: what it costs on digits."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.plots.tables import NBSP, markdown_table

RATE, EPOCHS, BATCH_SIZE = 0.2, 15, 50
LINES = {  # what is forgotten -> the line, what it is for, what happens without it
    "zero_grad": ("`optimizer.zero_grad()`", "forgets the gradients of the step before", "they pile up"),
    "cross_entropy": (
        "`F.cross_entropy(logits, y)`",
        "softmax and −log in one, from *logits*",
        "softmax is taken twice",
    ),
    "backward": ("`loss.backward()`", "puts the gradient of each weight into its `.grad`", "nobody knows where to go"),
    "step": ("`optimizer.step()`", "takes η times the gradient off each weight", "all is computed and nothing learned"),
    "eval": (
        "`model.eval()`",
        "switches dropout off, BatchNorm to what it has learned",
        "nothing here: it has neither",
    ),
}


def accuracy_without(line: str | None, x: Tensor, y: Tensor, x_test: Tensor, y_test: Tensor, seed: int = 0) -> float:
    """Test accuracy of the page's network, trained as on the page but for one line.

    Parameters
    ----------
    line
        A key of `LINES`; None forgets nothing.
    x, y, x_test, y_test
        Digits, (N, 64), and their labels, (N,).

    Raises
    ------
    ValueError
        For a line that there is not.
    """
    if line is not None and line not in LINES:
        raise ValueError(f"line: expected one of {', '.join(LINES)}, got {line!r}")
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        model.train()
        for batch in torch.randperm(len(x)).split(BATCH_SIZE):
            if line != "zero_grad":
                optimizer.zero_grad()
            scores = model(x[batch])
            loss = F.cross_entropy(scores.softmax(1) if line == "cross_entropy" else scores, y[batch])
            if line != "backward":
                loss.backward()
            if line != "step":
                optimizer.step()
    if line != "eval":
        model.eval()
    with torch.no_grad():
        return float((model(x_test).argmax(1) == y_test).double().mean())


def forgetting_table(x: Tensor, y: Tensor, x_test: Tensor, y_test: Tensor) -> Any:
    """A row a line: what it is for, and what the network of the page reaches without it; one seed."""
    whole = accuracy_without(None, x, y, x_test, y_test)
    rows = [
        {
            "line": text,
            "what it does": does,
            "without it, or done wrong": what,
            "right": _right(accuracy_without(line, x, y, x_test, y_test)),
        }
        for line, (text, does, what) in LINES.items()
    ]
    return markdown_table(rows, caption=f"With every line {100 * whole:.1f} % are right; one seed.")


def _right(share: float) -> str:
    return f"{100 * share:.1f}{NBSP}%"
