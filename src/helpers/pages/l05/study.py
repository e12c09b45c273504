"""What lab 5 trains and how: words drawn without end, the one recipe of all arms, and one run of the grid."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.decoding import greedy_decode
from helpers.pages.l05.arms import ARMS, DIVISION, HEADS, POSITIONS, QUESTIONS, RATE, arms_of
from helpers.pages.l05.networks import Attend, Reverser, attention_maps, build
from helpers.training import TrainingConfig, TrainingDiverged, fit
from helpers.training.schedules import cosine_with_warmup

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BEGIN, FIRST = 1, 2  # number 0 is padding; the letters follow
VOCABULARY = FIRST + len(LETTERS)
TEST_SEED, TRAIN_SEED = 20_170_612, 1000
EVERY = 10  # steps between two points of a curve
WATCHED = 200  # test words of which a curve is made
STEPS_AS = {HEADS: POSITIONS, RATE: DIVISION}  # compared with arms of another question
BUDGETS = tuple(question for question in QUESTIONS if question not in STEPS_AS)
Parameters = Mapping[str, Any]


class Key(NamedTuple):
    """One part of the grid: which arm and which seed."""

    arm: str
    seed: int

    @property
    def name(self) -> str:
        """As a piece is called, `base/0`."""
        return f"{self.arm}/{self.seed}"


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For a length of which there are no words of different letters; steps for a question that there is not, none for
        one that there is, or steps that do not fill the points of a curve; a word that is not one of ours.
    """
    given = parameters
    if not 2 <= given["length"] <= len(LETTERS):
        raise ValueError(f"length: expected 2 to {len(LETTERS)} letters, got {given['length']}")
    if set(given["steps"]) != set(BUDGETS):
        raise ValueError(f"steps: expected {', '.join(BUDGETS)}, got {', '.join(given['steps'])}")
    for question, steps in given["steps"].items():
        if steps % EVERY:
            raise ValueError(f"steps: expected a multiple of {EVERY} for {question}, got {steps}")
    if set(given["word"]) - set(LETTERS):
        raise ValueError(f"word: expected letters from a to z, got {given['word']!r}")


def grid(parameters: Parameters) -> dict[str, Key]:
    """Name -> part of the grid: every arm of the questions with every seed."""
    keys = [Key(arm, seed) for arm, seed in product(arms_of(parameters["questions"]), range(parameters["seeds"]))]
    return {key.name: key for key in keys}


def draw_words(n: int, length: int, generator: torch.Generator, repeats: bool = False) -> Tensor:
    """n words of different letters, or with `repeats` of any, () -> (n, length)."""
    if repeats:
        return torch.randint(len(LETTERS), (n, length), generator=generator) + FIRST
    return torch.rand(n, len(LETTERS), generator=generator).argsort(dim=1)[:, :length] + FIRST


def asked_words(n: int, length: int, repeats: bool = False) -> Tensor:
    """The words that every network is asked, (n, length), always the same."""
    return draw_words(n, length, torch.Generator().manual_seed(TEST_SEED), repeats)


def spelled(word: str) -> Tensor:
    """A word as the network reads it, (1, M)."""
    return torch.tensor([[FIRST + LETTERS.index(letter) for letter in word]])


def as_text(numbers: Tensor) -> str:
    """What the network wrote, (N,) -> text; signs that are no letters become ?."""
    return "".join(LETTERS[i - FIRST] if i >= FIRST else "?" for i in numbers.tolist())


def opened(answer: Tensor) -> Tensor:
    """The decoder's input: the opening sign, then all but the last letter, (B, N) -> (B, N)."""
    return torch.cat([torch.full_like(answer[:, :1], BEGIN), answer[:, :-1]], dim=1)


class Words:
    """Fresh words without end: epoch e has the EVERY batches that follow those of epoch e - 1.

    Parameters
    ----------
    length, batch_size
        Letters of a word, words of a batch.
    seed
        Of the draw.
    """

    def __init__(self, length: int, batch_size: int, seed: int) -> None:
        self.length, self.batch_size, self.seed = length, batch_size, seed

    def __len__(self) -> int:
        return EVERY

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Tensor]:
        """Batches (B, M) from number `start` of an epoch."""
        for k in range(start, EVERY):
            generator = torch.Generator().manual_seed(TRAIN_SEED + 1_000_003 * self.seed + epoch * EVERY + k)
            yield draw_words(self.batch_size, self.length, generator)


def say_backwards(model: nn.Module, words: Tensor) -> tuple[Tensor, Tensor, int]:
    """A step of training, counted in letters."""
    answer = words.flip(1)  # (B, N)
    logits = model(words, opened(answer)).float()  # (B, N, V)
    loss = F.cross_entropy(logits.flatten(0, 1), answer.flatten(), reduction="sum")
    return loss, (logits.argmax(-1) == answer).sum(), answer.numel()


@torch.no_grad()
def right_letters(model: nn.Module, words: Tensor) -> np.ndarray:
    """Which letters are right when the right ones before them are given, bool (n, N)."""
    model.eval()
    words = words.to(next(model.parameters()).device)
    answer = words.flip(1)
    return (model(words, opened(answer)).argmax(-1) == answer).cpu().numpy()


def steps_of(arm: str, parameters: Parameters) -> int:
    """Updates of an arm: its first question's, of heads those of positions, of the rate those of the division."""
    question = ARMS[arm].asked[0]
    return parameters["steps"][STEPS_AS.get(question, question)]


def training_config(parameters: Parameters, arm: str, seed: int) -> TrainingConfig:
    """The recipe: no decay, no clipping, full precision; the number of steps is the question's."""
    return TrainingConfig(
        epochs=steps_of(arm, parameters) // EVERY,
        learning_rate=parameters["learning_rate"] * ARMS[arm].rate,
        weight_decay=0.0,
        clip_norm=None,
        precision="fp32",
        seed=seed,
        progress=False,
    )


def train(key: Key, parameters: Parameters, attend: Attend | None = None) -> tuple[Reverser, dict[str, Any]]:
    """Train one network: Adam with the paper's constants, a warm-up and a cosine; ask it the test words.

    Parameters
    ----------
    attend
        Another attention than the arm's, for the reader's own.

    Returns
    -------
    tuple
        The network, and `arm`, `seed`, `right` (letters right of each test word, a list of n counts), `by_place` (share
        right of each letter), `words_right`, `curve` (steps, loss, share of letters), `parameters`, `fit_s`, and
        `diverged` (None, or what happened). Of one block a side also `pointed`, see `pointed`; of the arm "base"
        `elsewhere`, see `asked_elsewhere`, and `maps` of the lab's word.
    """
    arm, length = ARMS[key.arm], parameters["length"]
    model = build(arm, VOCABULARY, length, key.seed, attend)
    words = asked_words(parameters["n_test"], length)
    watched = words[:WATCHED]
    start, curve, diverged = time.perf_counter(), [], None
    try:
        history = fit(
            model,
            Words(length, parameters["batch_size"], key.seed),
            training_config(parameters, key.arm, key.seed),
            step=say_backwards,
            unit="letters",
            evaluate=lambda model: {"letters": float(right_letters(model, watched).mean())},
            optimizer=partial(torch.optim.Adam, betas=(0.9, 0.98), eps=1e-9),
            schedule=lambda step, total: cosine_with_warmup(step + 1, total, arm.warmup * total),
        )
        curve = [
            {"step": (k + 1) * EVERY, "loss": round(row.train_loss, 4), "letters": round(row.evaluation["letters"], 4)}
            for k, row in enumerate(history.epochs)
        ]
    except TrainingDiverged as failure:
        diverged = str(failure)
    model.cpu()  # `fit` trains on a GPU where there is one; what follows is asked here
    found = right_letters(model, words)  # (n, N)
    return model, look(model, key, parameters) | {
        **key._asdict(),
        "right": found.sum(1).tolist(),
        "by_place": found.mean(0).round(4).tolist(),
        "words_right": float(found.all(1).mean()),
        "curve": curve,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "fit_s": round(time.perf_counter() - start, 2),
        "diverged": diverged,
    }


# --- looking inside a trained network --------------------------------------------------------------------------------


def look(model: Reverser, key: Key, parameters: Parameters) -> dict[str, Any]:
    """What is asked of a trained network besides the test words; see `train`."""
    length = parameters["length"]
    found: dict[str, Any] = {}
    if ARMS[key.arm].depth == 1:
        found["pointed"] = pointed(model, asked_words(parameters["n_test"], length))
    if key.arm == "base":
        found["elsewhere"] = asked_elsewhere(model, parameters["n_test"], length)
        found["maps"] = word_maps(model, parameters["word"])
    return found


def pointed(model: Reverser, words: Tensor, length: int | None = None) -> float:
    """Share of written letters at which the cross-attention, mean over heads, is largest on the letter to be written.

    Words (n, N); the right place is known, so the map can be graded. With another `length` the right place is that of
    words so long, and steps at which these words have no such place are left out.
    """
    answer = words.flip(1)
    cross = attention_maps(model, words, opened(answer))["cross"].mean(1)  # (n, N, M)
    places = (length or words.shape[1]) - 1 - torch.arange(words.shape[1])  # (N,)
    there = (places >= 0) & (places < words.shape[1])
    return float((cross.argmax(-1) == places)[:, there].float().mean())


def asked_elsewhere(model: Reverser, n: int, length: int) -> list[dict[str, Any]]:
    """Words of other lengths, and words with repeated letters: none is like those that it was trained on.

    Returns
    -------
    list
        Of each kind `length`, `repeats`, `letters` (share right, the right ones before told), `words` (whole words),
        `pointed` (see there) and `as_trained`: the same, graded against the place that is right in a word of the
        trained length, at the steps at which the word has that place.
    """
    shortest = max(2, length - 2, (length + 2) // 2)  # shorter words have none of the places that are right in these
    kinds = [(other, False) for other in range(shortest, length + 3)] + [(length, True)]
    rows: list[dict[str, Any]] = []
    for other, repeats in kinds:
        words = asked_words(n, other, repeats)
        right = right_letters(model, words)
        rows.append({"length": other, "repeats": repeats})
        rows[-1] |= {"letters": float(right.mean()), "words": float(right.all(1).mean())}
        rows[-1] |= {"pointed": pointed(model, words), "as_trained": pointed(model, words, length)}
    return rows


@torch.no_grad()
def word_maps(model: Reverser, word: str) -> dict[str, Any]:
    """The three attentions on one word, each (h, N, M) rounded to three digits, and what the network writes."""
    source = spelled(word)
    said = greedy_decode(model, source, begin=BEGIN, end=-1, max_length=len(word))[0]  # (N,)
    maps = attention_maps(model, source, opened(source.flip(1)))
    rounded = {name: np.round(weights[0].numpy(), 3).tolist() for name, weights in maps.items()}
    return {"word": word, "said": as_text(said), "weights": rounded}
