"""A street of 32 houses, where distance decides: one house asks, another answers, the rest distract.

Four houses have a lamp, each of another shape, in one of four colours drawn freely. A fifth, the asker, shows a shape
and no colour. Asked, at the asker's place: the colour of the lamp that has its shape. That colour is independent of all
else in the street, so whoever cannot see the lamp is right one time in four. Whoever sees it may do better without
looking at the question: `by_counting`. `ask_another` finds such guessers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.pages.c07.blocks import Attend, MeanOfAll, Residual, SqueezeExcite
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

HOUSES, SHAPES, COLOURS, FARTHEST = 32, 4, 4, 20
CHANNELS = SHAPES + COLOURS + 1  # which shape, which colour, and whether this house asks
WIDTH = 24
LONGER = "07_streets"  # the record of ten times the page's training
BODIES = ("4 convolutions", "10 convolutions", "4 dilated", "squeeze", "mean", "attention")


@dataclass(frozen=True)
class Streets:
    """n streets: `images` (n, 9, 32), and for each the `asker`'s place, the right `colour`, and its `distance`."""

    images: Tensor
    asker: Tensor
    colour: Tensor
    distance: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def part(self, start: int, stop: int) -> "Streets":
        """Streets start to stop - 1."""
        where = slice(start, stop)
        return Streets(self.images[where], self.asker[where], self.colour[where], self.distance[where])


def draw_streets(count: int, seed: int) -> Streets:
    """Draw streets whose lamp stands 1 to 20 houses from the asker, every distance equally often."""
    rng = torch.Generator().manual_seed(seed)
    distance = torch.randint(1, FARTHEST + 1, (count,), generator=rng)
    left = (torch.rand(count, generator=rng) * (HOUSES - distance)).long()
    asks_left = torch.rand(count, generator=rng) < 0.5
    asker = torch.where(asks_left, left, left + distance)
    lamp = torch.where(asks_left, left + distance, left)
    every = torch.arange(count)
    free = torch.rand(count, HOUSES, generator=rng)
    free[every, asker] = free[every, lamp] = 2  # taken
    places = torch.cat([lamp[:, None], free.argsort(1)[:, : SHAPES - 1]], dim=1)  # (n, 4), the right lamp first
    shapes = torch.rand(count, SHAPES, generator=rng).argsort(1)  # (n, 4)
    colours = torch.randint(0, COLOURS, (count, SHAPES), generator=rng)  # (n, 4)
    images = torch.zeros(count, CHANNELS, HOUSES)
    for k in range(SHAPES):
        images[every, shapes[:, k], places[:, k]] = 1
        images[every, SHAPES + colours[:, k], places[:, k]] = 1
    images[every, shapes[:, 0], asker] = 1
    images[every, -1, asker] = 1
    return Streets(images, asker, colours[:, 0], distance)


def ask_another(streets: Streets, seed: int = 0) -> Streets:
    """The same lamps, askers that show another shape, drawn from the three others: another lamp is asked for."""
    rng, every = torch.Generator().manual_seed(seed), torch.arange(len(streets))
    images = streets.images.clone()
    shape = images[every, :SHAPES, streets.asker].argmax(1)
    shape = (shape + torch.randint(1, SHAPES, shape.shape, generator=rng)) % SHAPES
    images[every, :SHAPES, streets.asker] = F.one_hot(shape, SHAPES).float()
    colours = images[:, SHAPES : SHAPES + COLOURS]  # (n, 4, 32)
    lamp = (images[every, shape] * colours.sum(1)).argmax(1)  # (n,)
    return Streets(images, streets.asker, colours[every, :, lamp].argmax(1), (lamp - streets.asker).abs())


def most_seen(streets: Streets, reach: int) -> Tensor:
    """Which colours are those of most lamps that the asker sees, `reach` houses to either side; (n, 4) of bool."""
    seen = (torch.arange(HOUSES) - streets.asker[:, None]).abs() <= reach  # (n, 32)
    counts = (streets.images[:, SHAPES : SHAPES + COLOURS] * seen[:, None]).sum(2)  # (n, 4)
    return counts == counts.amax(1, keepdim=True)


def by_counting(streets: Streets, reach: int) -> Tensor:
    """How often it is right, (n,), to name the colour of which most lamps are seen: 1, 0, or a share where colours tie.

    Who counts never looks at the asker's shape.
    """
    most = most_seen(streets, reach).double()
    return most[torch.arange(len(streets)), streets.colour] / most.sum(1)


class StreetNet(nn.Module):
    """A place-by-place layer, the `body`, a place-by-place MLP; then four logits at the asker's place."""

    def __init__(self, *body: nn.Module) -> None:
        super().__init__()
        self.embed = nn.Conv1d(CHANNELS, WIDTH, kernel_size=1)
        self.body = nn.Sequential(*body)
        self.think = place_by_place()
        self.head = nn.Linear(WIDTH, COLOURS)

    def forward(self, images: Tensor, asker: Tensor) -> Tensor:
        """(B, 9, N) and the askers' places (B,) -> logits (B, 4)."""
        x = self.think(self.body(self.embed(images)))  # (B, C, N)
        return self.head(x[torch.arange(len(x)), :, asker])  # (B, 4)


def place_by_place() -> nn.Module:
    """A residual MLP that sees one place at a time."""
    return Residual(nn.Sequential(nn.Conv1d(WIDTH, 2 * WIDTH, 1), nn.ReLU(), nn.Conv1d(2 * WIDTH, WIDTH, 1)))


def convolution(dilation: int = 1) -> nn.Module:
    """A residual convolution over three places, `dilation` apart."""
    return Residual(nn.Sequential(nn.Conv1d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation), nn.ReLU()))


def build(body: str, seed: int = 0) -> StreetNet:
    """A network with fresh weights; raises ValueError for a body that is not one of `BODIES`."""
    if body not in BODIES:
        raise ValueError(f"body: expected one of {', '.join(BODIES)}; got {body!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if body == "attention":
            return StreetNet(Residual(Attend(WIDTH)))
        if body == "mean":
            return StreetNet(Residual(MeanOfAll(WIDTH)))
        if body == "squeeze":
            return StreetNet(place_by_place(), Residual(SqueezeExcite(WIDTH)))
        if body == "4 dilated":
            return StreetNet(*(convolution(dilation) for dilation in (1, 2, 4, 8)))
        return StreetNet(*(convolution() for _ in range(int(body.split()[0]))))


def reach(body: str) -> int:
    """How many houses to either side a body's field extends, HOUSES where it is the whole street."""
    return {"4 convolutions": 4, "10 convolutions": 10, "4 dilated": 1 + 2 + 4 + 8}.get(body, HOUSES)


def train(
    model: StreetNet,
    steps: int = 300,
    batch: int = 64,
    rate: float = 0.005,
    seed: int = 0,
) -> list[float]:
    """Train on streets that are never seen twice; Adam, the rate falling by a cosine. The loss of every step."""
    streets = draw_streets(steps * batch, seed + 1)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    losses = []
    for step in range(steps):
        part = streets.part(step * batch, (step + 1) * batch)
        loss = F.cross_entropy(model(part.images, part.asker), part.colour)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def answers(model: StreetNet, streets: Streets) -> Tensor:
    """The colour that the network names for each street, (n,)."""
    with torch.no_grad():
        return model(streets.images, streets.asker).argmax(1)


def correct(model: StreetNet, streets: Streets) -> Tensor:
    """Which streets are answered right, (n,) of bool."""
    return answers(model, streets) == streets.colour


def two_questions(model: StreetNet, streets: Streets, reach: int) -> dict[str, float]:
    """The same lamps, asked for two of them, of the streets whose two lamps stand within `reach` of the asker.

    Returns
    -------
    dict
        Shares of streets: `same`, the two answers are one colour; `both_right`; `most_seen`, the first answer is a
        colour of which no other is seen more often; and `streets`, their number.
    """
    other = ask_another(streets)
    one, two = answers(model, streets), answers(model, other)
    counted = most_seen(streets, reach)[torch.arange(len(streets)), one]
    visible = (streets.distance <= reach) & (other.distance <= reach)
    found = {"same": one == two, "both_right": (one == streets.colour) & (two == other.colour), "most_seen": counted}
    shares = {name: hits[visible].double().mean().item() for name, hits in found.items()}
    return shares | {"streets": int(visible.sum())}


def by_distance(right: Tensor, distance: Tensor) -> list[float]:
    """Share of right answers, or mean of shares, at distances 1 to 20."""
    return [right[distance == d].double().mean().item() for d in range(1, FARTHEST + 1)]


def gradient_by_distance(model: StreetNet, streets: Streets) -> np.ndarray:
    """Share of the squared gradient of the logits that comes from houses at distance 0 to 31 of the asker, (32,).

    Each logit's gradient is squared on its own; sums are over logits, channels, both sides, and streets.
    """
    images = streets.images.clone().requires_grad_()
    logits = model(images, streets.asker)  # (n, 4)
    squared = torch.zeros(len(streets), HOUSES)
    for k in range(COLOURS):
        (gradient,) = torch.autograd.grad(logits[:, k].sum(), images, retain_graph=True)
        squared += gradient.square().sum(1)  # (n, 32)
    distance = (torch.arange(HOUSES) - streets.asker[:, None]).abs()  # (n, 32)
    total = np.bincount(distance.flatten().numpy(), weights=squared.flatten().numpy(), minlength=HOUSES)
    shares: np.ndarray = total / total.sum()
    return shares


def study(steps: int, seeds: Sequence[int], test: int) -> list[dict[str, Any]]:
    """Every body trained for `steps` from every seed: shares of right answers at each distance, on the same streets."""
    streets = draw_streets(test, seed=10_000)
    rows = []
    for seed in seeds:
        for body in BODIES:
            model = build(body, seed)
            losses = train(model, steps, seed=100_000 * seed)
            right = correct(model, streets)
            row = {"body": body, "seed": seed, "loss": sum(losses[-20:]) / 20}
            row |= two_questions(model, streets, reach(body))
            rows.append(row | {"by_distance": by_distance(right, streets.distance)})
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"steps": 3000, "seeds": (0, 1, 2), "test": 8000}
    record = make_record(
        LONGER,
        "cpu",
        parameters=how | {"command": "python -m helpers.pages.c07.street"},
        runs=study(**how),
        summary={},
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), LONGER, "cpu"), record.model_dump_json(indent=None) + "\n")
