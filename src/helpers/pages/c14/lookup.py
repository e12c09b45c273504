"""Two questions to a row of tokens, one about a place and one about a content, and three ways to mix tokens.

Each token is a card: one of eight names, and one of four colours. The names of a row are all different, in random
order. "By place": which colour has the third card? "By content": which colour has the card with the name that an
extra token in front asks for? A Mixer block mixes tokens by weights that are learnt once, attention by weights that it
makes from what it sees, a convolution by weights of its neighbours. The answer is read from the token in front, as in
a ViT, or from the mean of all, as in a Mixer.

`python -m helpers.pages.c14.lookup` records the study that the page quotes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.mixer import MixerBlock
from helpers.models.vit import Block
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

STUDY = "14_lookup"  # the record
CARDS, COLOURS, WIDTH, DEPTH = 8, 4, 32, 2
QUESTIONS = ("by place", "by content")
KINDS, READERS = ("attention", "mixer", "convolution"), ("token", "mean")
PLACE = 3  # the card that is asked for "by place"; token 0 is the question


def draw(question: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Rows of tokens (n, 1 + 8, 13) and the colours to name (n,); the 13th number marks the question's token.

    Raises
    ------
    ValueError
        For another question.
    """
    if question not in QUESTIONS:
        raise ValueError(f"question: expected one of {', '.join(QUESTIONS)}; got {question!r}")
    rng = torch.Generator().manual_seed(seed)
    names = torch.rand(count, CARDS, generator=rng).argsort(1)  # (n, 8), a permutation each
    colours = torch.randint(COLOURS, (count, CARDS), generator=rng)
    asked = torch.randint(CARDS, (count,), generator=rng)
    where = (names == asked[:, None]).float().argmax(1) if question == "by content" else torch.full((count,), PLACE - 1)
    cards = torch.cat([F.one_hot(names, CARDS), F.one_hot(colours, COLOURS), torch.zeros(count, CARDS, 1)], dim=2)
    ask = torch.zeros(count, 1, CARDS + COLOURS + 1)
    ask[:, 0, :CARDS] = F.one_hot(asked, CARDS)
    ask[:, 0, -1] = 1
    return torch.cat([ask, cards], dim=1), colours[torch.arange(count), where]


class Convolution(nn.Module):
    """A depthwise convolution over three neighbours, then an MLP, as in a ConvNeXt block, (B, N, D) -> same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 3, padding=1, groups=width)
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return x + self.mlp(self.norm(self.depthwise(x.transpose(1, 2)).transpose(1, 2)))


class Reader(nn.Module):
    """Tokens and positions through two blocks; the token in front, or the mean of all, names a colour.

    Parameters
    ----------
    blocks
        Modules (B, N, D) -> same.
    read
        "token" or "mean".
    """

    def __init__(self, blocks: Sequence[nn.Module], read: str) -> None:
        super().__init__()
        self.read = read
        self.embed = nn.Linear(CARDS + COLOURS + 1, WIDTH)
        self.positions = nn.Parameter(0.5 * torch.randn(1, 1 + CARDS, WIDTH))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, COLOURS)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, 9, 13) -> logits (B, 4)."""
        x = self.norm(self.blocks(self.embed(tokens) + self.positions))  # (B, 9, D)
        return self.head(x[:, 0] if self.read == "token" else x.mean(1))


def build(kind: str, read: str, seed: int = 0) -> Reader:
    """Fresh weights; the caller's random state stays.

    Raises
    ------
    ValueError
        For a kind or a reader that is not one of `KINDS` and `READERS`.
    """
    for name, value, known in (("kind", kind, KINDS), ("read", read, READERS)):
        if value not in known:
            raise ValueError(f"{name}: expected one of {', '.join(known)}; got {value!r}")
    makers = {
        "attention": lambda: Block(WIDTH, 4),
        "mixer": lambda: MixerBlock(1 + CARDS, WIDTH, WIDTH, 0.0),
        "convolution": lambda: Convolution(WIDTH),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Reader([makers[kind]() for _ in range(DEPTH)], read)


def train(net: Reader, question: str, steps: int, seed: int = 0, rate: float = 0.003) -> list[float]:
    """64 fresh rows at every step, the rate rises and falls; the loss of every step."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    tokens, colours = draw(question, 64 * steps, seed)
    losses = []
    for batch, labels in zip(tokens.split(64), colours.split(64), strict=True):
        loss = F.cross_entropy(net(batch), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def right(net: Reader, question: str, seed: int = 10_000) -> float:
    """Share of 2,000 new rows that is answered rightly."""
    tokens, colours = draw(question, 2000, seed)
    with torch.no_grad():
        return (net(tokens).argmax(1) == colours).double().mean().item()


def counting_loss(seed: int = 10_000) -> float:
    """The mean loss of one who answers with a row's shares of colours, whatever is asked by content."""
    tokens, colours = draw("by content", 2000, seed)
    shares = tokens[:, 1:, CARDS : CARDS + COLOURS].mean(1)  # (n, 4)
    return -shares.gather(1, colours[:, None]).log().mean().item()


def most_frequent(seed: int = 10_000) -> float:
    """Share of new questions by content that are answered rightly by the colour that most cards of a row have."""
    tokens, colours = draw("by content", 2000, seed)
    shown = tokens[:, 1:, CARDS : CARDS + COLOURS].sum(1)  # (n, 4) cards of each colour
    return (shown.argmax(1) == colours).double().mean().item()


def study(steps: int, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Every kind and reader, at both questions, from every seed."""
    rows = []
    for question in QUESTIONS:
        for kind in KINDS:
            for read in READERS:
                for seed in seeds:
                    net = build(kind, read, seed)
                    losses = train(net, question, steps, seed)
                    row: dict[str, Any] = {"question": question, "kind": kind, "read": read, "seed": seed}
                    rows.append(row | {"loss": sum(losses[-20:]) / 20, "right": right(net, question)})
                    print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"steps": 600, "seeds": (0, 1)}
    record = make_record(
        STUDY,
        "cpu",
        parameters=how | {"command": "python -m helpers.pages.c14.lookup"},
        runs=study(**how),
        summary={},
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")
