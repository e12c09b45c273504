"""A judge for an attention function that a learner wrote: right, or which mistake it is.

The function gets query (..., N, d), key (..., M, d), value (..., M, dv), and a mask of booleans that broadcasts to
(..., N, M), True where a query may read, or None. It returns (..., N, dv). The reference is torch's own.
"""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.pages.l05.networks import Attend

TOLERANCE = 1e-10  # float64
RIGHT, UNWRITTEN = "right", "not written yet"
INFINITE = float("-inf")


def solution(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """What the lab prints as a solution."""
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5  # (..., N, M)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(dim=-1) @ value  # (..., N, dv)


def cases() -> dict[str, tuple[Tensor, Tensor, Tensor, Tensor | None]]:
    """What is asked: without a mask, with the decoder's mask, with one that hides padding; all sizes differ."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    later = torch.ones(5, 5, dtype=torch.bool).tril()
    padded = torch.arange(5) < torch.tensor([5, 3])[:, None, None, None]  # (B, 1, 1, M)
    return {
        "no mask": (draw(2, 3, 4, 6), draw(2, 3, 5, 6), draw(2, 3, 5, 7), None),
        "a mask over the future": (draw(2, 3, 5, 6), draw(2, 3, 5, 6), draw(2, 3, 5, 7), later),
        "a mask over padding": (draw(2, 3, 4, 6), draw(2, 3, 5, 6), draw(2, 3, 5, 7), padded),
    }


def _made(divisor: float = 2.0, softmax_over: int = -1, masked: str = "before") -> Attend:
    """An attention with one mistake: `divisor` is the root taken of d (0 takes none away)."""

    def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        d = query.shape[-1]
        scores = query @ key.transpose(-2, -1) / (d ** (1 / divisor) if divisor else 1.0)
        if mask is not None and masked in ("before", "inverted", "zero", "added"):
            hidden = mask if masked == "inverted" else ~mask
            fill = 0.0 if masked == "zero" else INFINITE
            scores = scores + mask if masked == "added" else scores.masked_fill(hidden, fill)
        weights = scores.softmax(dim=softmax_over)
        if mask is not None and masked == "after":
            weights = weights * mask
        return weights @ value

    return attend


MISTAKES: Mapping[str, Attend] = {
    "the division by √d is missing": _made(divisor=0),
    "divided by d, not by its root": _made(divisor=1),
    "the softmax runs over the queries, not over the keys": _made(softmax_over=-2),
    "the mask is not used": _made(masked="ignored"),
    "the mask comes after the softmax: the rest no longer sums to 1": _made(masked="after"),
    "the mask is turned round: True may be read": _made(masked="inverted"),
    "hidden scores are set to 0, which is no small weight: e⁰ = 1": _made(masked="zero"),
    "the mask is added as it is: True adds 1 to the score": _made(masked="added"),
}


def says(attend: Attend) -> dict[str, str]:
    """Case -> what the judge says: `RIGHT`, `UNWRITTEN`, or what is wrong."""
    return {name: _says(attend, case) for name, case in cases().items()}


def all_right(said: Mapping[str, str]) -> bool:
    """Whether every case is."""
    return set(said.values()) == {RIGHT}


def _says(attend: Attend, case: tuple[Tensor, Tensor, Tensor, Tensor | None]) -> str:
    try:
        found = attend(*(None if part is None else part.clone() for part in case))  # type: ignore[arg-type]
    except Exception as error:  # whatever a learner's code raises is news for the learner
        return f"it stops, {type(error).__name__}: {error}"
    if found is None:
        return UNWRITTEN
    query, key, value, mask = case
    right = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    if not isinstance(found, Tensor) or found.shape != right.shape:
        got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        return f"expected a tensor of the shape {tuple(right.shape)}, got {got}"
    if _close(found, right):
        return RIGHT
    named = [name for name, wrong in MISTAKES.items() if _close(found, wrong(*case))]
    if named:
        return named[0]
    gap = (found - right).abs().max().item()
    return f"wrong by up to {gap:.1g}, and not by a mistake that we know" if math.isfinite(gap) else "not a number"


def _close(one: Tensor, other: Tensor) -> bool:
    """Equal up to rounding; NaN on both sides counts as equal, since the inverted mask may leave nothing to read."""
    return one.shape == other.shape and torch.allclose(one.double(), other, rtol=0, atol=TOLERANCE, equal_nan=True)
