"""Train tiny Transformers to say a word backwards, and write the record that chapter 9 reads.

The task: eight different letters in, the same letters out in the opposite order. It cannot be solved without knowing
where a letter stands, so it shows what positions are for. Three questions, each with a few conditions:

- positions on both sides (sinusoids, or learned), on one side, on none (1 block a side, 2 heads of 32);
- the division by sqrt(d) or not, at two learning rates (1 block a side, 1 head of 256);
- post-norm or pre-norm, with warm-up or without (8 blocks a side, 2 heads of 16).

    python scripts/train_reversal.py [--seeds S] [--only CONDITION ...]

Everything follows from the seeds; about a quarter of an hour on one core. Writes `results/cpu/09_reversal.json`.
"""

import argparse
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.layers.attention import MultiHeadAttention
from helpers.measure.accuracy import over_seeds, pooled
from helpers.models.decoding import greedy_decode
from helpers.models.transformer import Transformer
from helpers.progress import progress_bar
from helpers.records import make_record, project_root, write_atomically
from helpers.training.schedules import cosine_with_warmup

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BEGIN, FIRST = 1, 2  # word 0 is padding; the letters follow
VOCABULARY = FIRST + len(LETTERS)
LENGTH = 8
N_TEST, TEST_SEED = 1000, 20_170_612
BATCH = 128
EVERY = 10  # steps between two points of a curve
SHOWN = ("computer", "question")  # eight different letters each; their maps go into the record


@dataclass(frozen=True)
class Condition:
    """One way to build and train the model."""

    question: str
    source: bool = True  # positions on the source
    target: bool = True  # positions on the target
    learned: bool = False  # a table of parameters instead of sinusoids
    embed_dim: int = 64
    num_heads: int = 2
    depth: int = 1
    pre_norm: bool = False
    scaled: bool = True  # scores divided by sqrt(d)
    warmup: float = 0.1  # share of the steps
    steps: int = 600
    peak: float = 2e-3  # learning rate


WIDE: dict[str, Any] = {"question": "scaling", "embed_dim": 256, "num_heads": 1, "steps": 120}
DEEP: dict[str, Any] = {"question": "norm", "embed_dim": 32, "depth": 8, "steps": 400}
CONDITIONS = {
    "both": Condition("positions"),
    "learned": Condition("positions", learned=True),
    "source only": Condition("positions", target=False),
    "target only": Condition("positions", source=False),
    "none": Condition("positions", source=False, target=False),
    "scaled, 1e-3": Condition(**WIDE, peak=1e-3),
    "unscaled, 1e-3": Condition(**WIDE, peak=1e-3, scaled=False),
    "scaled, 2e-3": Condition(**WIDE),
    "unscaled, 2e-3": Condition(**WIDE, scaled=False),
    "post-norm, warm-up": Condition(**DEEP, warmup=0.2),
    "post-norm, no warm-up": Condition(**DEEP, warmup=0.0),
    "pre-norm, warm-up": Condition(**DEEP, warmup=0.2, pre_norm=True),
    "pre-norm, no warm-up": Condition(**DEEP, warmup=0.0, pre_norm=True),
}


def draw_words(n: int, generator: torch.Generator) -> Tensor:
    """n words of eight different letters, () -> (n, 8)."""
    return torch.rand(n, len(LETTERS), generator=generator).argsort(dim=1)[:, :LENGTH] + FIRST


def opened(answer: Tensor) -> Tensor:
    """The decoder's input: the opening word, then all but the last letter, (B, N) -> (B, N)."""
    return torch.cat([torch.full((len(answer), 1), BEGIN), answer[:, :-1]], dim=1)


class OneSided(Transformer):
    """The course's Transformer, whose positions can be learned, or left out on either side."""

    def place(self, condition: "Condition") -> None:
        """Take the positions that the condition asks for; learned ones begin small, as in ViT."""
        self.condition = condition
        if condition.learned:
            self.tables = torch.nn.Parameter(0.02 * torch.randn(2, LENGTH, condition.embed_dim))

    def embed(self, words: Tensor, embedding: torch.nn.Embedding) -> Tensor:
        is_source = embedding is self.source_embedding
        vectors = embedding(words) * embedding.embedding_dim**0.5
        if self.condition.learned:
            return vectors + self.tables[0 if is_source else 1, : words.shape[1]]
        wanted = self.condition.source if is_source else self.condition.target
        return self.positions(vectors) if wanted else vectors


def without_scaling(attention: MultiHeadAttention) -> None:
    """Multiply the queries by sqrt(d), which undoes the division of the scores."""
    project = attention.project
    root = (attention.embed_dim // attention.num_heads) ** 0.5

    def unscaled(self: MultiHeadAttention, tokens: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = project(tokens, memory)
        return query * root, key, value

    attention.project = MethodType(unscaled, attention)  # type: ignore[method-assign]


def build(condition: Condition, seed: int) -> OneSided:
    torch.manual_seed(seed)
    D = condition.embed_dim
    model = OneSided(
        VOCABULARY, VOCABULARY, D, condition.num_heads, condition.depth, hidden_dim=2 * D, pre_norm=condition.pre_norm
    )
    model.place(condition)
    if not condition.scaled:
        for module in model.modules():
            if isinstance(module, MultiHeadAttention):
                without_scaling(module)
    return model


def train(condition: Condition, seed: int, test: Tensor, name: str) -> tuple[OneSided, list[dict]]:
    """Adam as in the paper, a warm-up and a cosine; the curve is the accuracy by letter on the test words."""
    model = build(condition, seed)
    optimiser = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), eps=1e-9)
    generator = torch.Generator().manual_seed(1000 + seed)
    curve: list[dict] = []
    with progress_bar(condition.steps, f"{name}, seed {seed}", unit="step") as bar:
        for step in range(1, condition.steps + 1):
            rate = cosine_with_warmup(step, condition.steps, condition.warmup * condition.steps, condition.peak)
            optimiser.param_groups[0]["lr"] = rate
            words = draw_words(BATCH, generator)
            answer = words.flip(1)
            loss = F.cross_entropy(model(words, opened(answer)).flatten(0, 1), answer.flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            bar.update()
            if step % EVERY == 0:
                accuracy = round(float(by_letter(model, test).mean()), 4)
                curve.append({"step": step, "loss": round(loss.item(), 4), "letter_top1": accuracy})
                bar.set_postfix(letter=f"{accuracy:.3f}")
    return model, curve


@torch.no_grad()
def by_letter(model: OneSided, words: Tensor) -> np.ndarray:
    """Which letters are right when the right ones before them are given, (B, N) of True/False."""
    answer = words.flip(1)
    return (model(words, opened(answer)).argmax(-1) == answer).numpy()


@torch.no_grad()
def by_word(model: OneSided, words: Tensor) -> np.ndarray:
    """Which words are right to the last letter when the model reads its own letters, (B,) of True/False."""
    said = greedy_decode(model, words, begin=BEGIN, end=-1, max_length=LENGTH)
    return (said == words.flip(1)).all(1).numpy()


@torch.no_grad()
def maps(model: OneSided, word: str) -> dict:
    """The weights of the three attentions on one word, each (h, N, M), rounded to three digits."""
    source = torch.tensor([[FIRST + LETTERS.index(letter) for letter in word]])
    target = opened(source.flip(1))
    block, found = model.core, {}
    modules = {
        "encoder self": block.encoder_blocks[0].self_attention,
        "decoder masked self": block.decoder_blocks[0].self_attention,
        "cross": block.decoder_blocks[0].cross_attention,
    }
    handles = []
    for name, module in modules.items():

        def keep(module: MultiHeadAttention, args: tuple, kwargs: dict, output: Tensor, name: str = name) -> None:
            memory, mask = kwargs.get("memory"), kwargs.get("mask")
            found[name] = MultiHeadAttention.forward(module, args[0], memory, mask, return_weights=True)[1][0]

        handles.append(module.register_forward_hook(keep, with_kwargs=True))
    said = model(source, target).argmax(-1)[0]
    for handle in handles:
        handle.remove()
    return {
        "word": word,
        "said": "".join(LETTERS[i - FIRST] if i >= FIRST else "?" for i in said.tolist()),
        "weights": {name: np.round(weights.numpy(), 3).tolist() for name, weights in found.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="a few conditions, for a trial without record")
    options = parser.parse_args()
    torch.set_num_threads(1)
    started = datetime.now(UTC)
    test = draw_words(N_TEST, torch.Generator().manual_seed(TEST_SEED))
    runs, summary, shown = [], {}, []
    for name in options.only or CONDITIONS:
        letters, whole = [], []
        for seed in range(options.seeds):
            begun = time.perf_counter()
            model, curve = train(CONDITIONS[name], seed, test, name)
            letters.append(by_letter(model, test))
            whole.append(by_word(model, test))
            row = {
                "condition": name,
                "seed": seed,
                "letter_top1": float(letters[-1].mean()),
                "letter_top1_by_position": letters[-1].mean(0).round(4).tolist(),
                "word_top1": float(whole[-1].mean()),
                "parameters": sum(p.numel() for p in model.parameters()),
                "seconds": round(time.perf_counter() - begun, 1),
            }
            print(row, flush=True)
            runs.append(row | {"curve": curve})
            if name == "both" and seed == 0:
                shown = [maps(model, word) for word in SHOWN]
        summary[name] = {
            "letter_top1": over_seeds([letter.mean() for letter in letters]).as_dict(),
            "word_top1": pooled(np.stack(whole)).as_dict(),
            "n_test": N_TEST,
            "n_seeds": options.seeds,
            **asdict(CONDITIONS[name]),
        }
    if options.only:
        return
    write(runs, {"conditions": summary, "maps": shown}, started, options.seeds)


def write(runs: list[dict], summary: dict, started: datetime, seeds: int) -> None:
    """The committed record; its source hash is that of this file."""
    record = make_record(
        "09_reversal",
        "cpu",
        parameters={
            "length": LENGTH, "letters": LETTERS, "batch": BATCH, "seeds": seeds, "n_test": N_TEST,
            "test_seed": TEST_SEED, "every": EVERY, "command": "python scripts/train_reversal.py",
        },
        runs=runs,
        summary=summary,
        started_at=started,
        script=Path(__file__),
    )  # fmt: skip
    root = project_root()
    assert root is not None
    path = root / "results" / "cpu" / "09_reversal.json"
    write_atomically(path, record.model_dump_json(indent=None) + "\n")
    print(f"wrote {path.relative_to(root)}")


if __name__ == "__main__":
    main()
