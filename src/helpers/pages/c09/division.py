"""What the division by √d does to a softmax at the start of training, on random queries and keys."""

from typing import Any

import torch


def scores_of(d: int, scaled: bool, queries: int = 2000, keys: int = 16, seed: int = 0) -> dict[str, Any]:
    """Scores and weights of random queries and keys of width `d`, and the gradient that reaches each query.

    Returns
    -------
    dict
        `d`, `scaled`; means over the queries of the largest weight (`largest`), the `entropy` in nats, and `p(1-p)`;
        the variance of the undivided scores (`Var(q·k)`); and for two probes, `weight` (the weight of one key, drawn
        at random, is to grow) and `output` (a random gradient of length 1 arrives at random values of variance 1), the
        size of the gradient at the query: quartiles `low`, `median`, `high`, the `mean`, and `all`, (queries,).
    """
    generator = torch.Generator().manual_seed(seed)
    q = torch.randn(queries, 1, d, generator=generator).requires_grad_()
    scores = (q * torch.randn(queries, keys, d, generator=generator)).sum(-1)
    p = (scores / d**0.5 if scaled else scores).softmax(-1)
    wanted = torch.randint(keys, (queries, 1), generator=generator)
    felt = torch.randn(queries, keys, generator=generator)  # g·v, |g| = 1, v random
    found: dict[str, Any] = {
        "d": d,
        "scaled": scaled,
        "Var(q·k)": scores.var().item(),
        "largest": p.max(-1).values.mean().item(),
        "entropy": -(p * p.clamp_min(1e-300).log()).sum(-1).mean().item(),
        "p(1-p)": (p * (1 - p)).mean().item(),
    }
    for probe, raised in {"weight": p.gather(1, wanted), "output": p * felt}.items():
        (gradient,) = torch.autograd.grad(raised.sum(), q, retain_graph=True)
        size = gradient.flatten(1).norm(dim=1)  # one a query
        quartiles = size.quantile(torch.tensor([0.25, 0.5, 0.75], dtype=size.dtype)).tolist()
        found[probe] = dict(zip(("low", "median", "high"), quartiles, strict=True))
        found[probe] |= {"mean": size.mean().item(), "all": size}
    return found
