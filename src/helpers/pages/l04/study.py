"""What lab 4 trains and how: the sentences, the one recipe of all translators, and one run of the grid."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.data.phrases import Phrase, draw_phrases
from helpers.data.text import PADDING, Pair, PairBatches, Vocabulary, load_fra_eng, split_pairs
from helpers.pages.l04.answers import measure
from helpers.pages.l04.arms import ARMS
from helpers.pages.l04.networks import Translator, build
from helpers.pages.l04.own import own_answers, refuse_known
from helpers.training import TrainingConfig, fit

DATASETS = ("phrases", "fra_eng")
TRAIN_SEED, TEST_SEED = 1, 2
Parameters = Mapping[str, Any]


class Key(NamedTuple):
    """One part of the grid: which arm and which seed."""

    arm: str
    seed: int

    @property
    def name(self) -> str:
        """As a piece is called, `dot/0`."""
        return f"{self.arm}/{self.seed}"


@dataclass(frozen=True)
class Task:
    """What all runs share.

    Attributes
    ----------
    french
        The vocabulary of the training sentences.
    english
        That of their translations.
    train
        Pairs of tokens.
    test
        Others.
    phrases
        The test sentences with their true alignment; empty of a corpus.
    about
        Name, fingerprint, terms, licence: what the record says of the data.
    """

    french: Vocabulary
    english: Vocabulary
    train: list[Pair]
    test: list[Pair]
    phrases: list[Phrase]
    about: dict[str, Any]

    def numbered(self, pairs: Sequence[Pair]) -> list[tuple[list[int], list[int]]]:
        """Pairs as the networks read them."""
        return [(self.french.encode(source), self.english.encode(target)) for source, target in pairs]


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For bins that do not rise, or a setting of the training outside its limits.
    """
    bins = parameters["length_bins"]
    if sorted(set(bins)) != bins:
        raise ValueError(f"length_bins: expected numbers that rise, got {bins}")
    training_config(parameters, seed=0)


def grid(parameters: Parameters) -> dict[str, Key]:
    """Name -> part of the grid: every arm with every seed."""
    arms = [arm for arm in ARMS if arm in parameters["arms"]]
    keys = [Key(arm, seed) for arm, seed in product(arms, range(parameters["seeds"]))]
    return {key.name: key for key in keys}


def load(parameters: Parameters) -> Task:
    """Our own phrases, or passages of the corpus; no test sentence, in French, was trained on."""
    n_train, n_test, most = (parameters[name] for name in ("n_train", "n_test", "most_clauses"))
    if parameters["dataset"] == "phrases":
        drawn = draw_phrases(n_train, TRAIN_SEED, most)
        phrases = draw_phrases(n_test, TEST_SEED, most, without=drawn)
        train, test = ([phrase.pair for phrase in part] for part in (drawn, phrases))
        about = {"name": "phrases", "terms": "drawn", "local_variant": False, "licence": "of the course"}
        about |= {"fingerprint": hashlib.sha256(repr((train, test)).encode()).hexdigest(), "files": []}
        return _task(train, test, phrases, about, parameters["min_count"])
    pairs, found = load_fra_eng()
    refuse_known(pairs)
    parts = split_pairs(pairs, val_fraction=0.0, test_fraction=0.06, seed=TEST_SEED)
    chosen = np.random.default_rng(TRAIN_SEED).permutation(len(parts[0]))[:n_train]
    train = passages([parts[0][i] for i in chosen], TRAIN_SEED, most)
    test = passages(parts[2], TEST_SEED, most)[:n_test]
    file = found.provenance()
    about = {"name": "fra_eng", "terms": "restricted", "local_variant": file["local_variant"], "files": [file]}
    about |= {"fingerprint": file["sha256"], "licence": "sentences of Tatoeba, CC BY 2.0 FR"}
    about["pairs"] = {"train": len(chosen), "held_out": len(parts[2])}
    return _task(train, test, [], about, parameters["min_count"])


def _task(train: list[Pair], test: list[Pair], phrases: list[Phrase], about: dict, min_count: int) -> Task:
    french, english = (Vocabulary((pair[side] for pair in train), min_count) for side in (0, 1))
    return Task(french, english, train, test, phrases, about)


def passages(pairs: Sequence[Pair], seed: int, most: int) -> list[Pair]:
    """Pairs in a random order, joined by 1 to `most`; each is used once. Sentences of the corpus are short."""
    rng = np.random.default_rng(seed)
    order = list(rng.permutation(len(pairs)))
    found = []
    while order:
        chosen = [pairs[order.pop()] for _ in range(min(int(rng.integers(1, most + 1)), len(order)))]
        found.append((sum((s for s, _ in chosen), ()), sum((t for _, t in chosen), ())))
    return found


def describe(task: Task) -> dict[str, Any]:
    """The data as the record tells it; no sentence of a corpus is in it."""
    about = task.about
    return {
        "name": about["name"],
        "fingerprint": about["fingerprint"],
        "n_train": len(task.train),
        "n_val": 0,
        "n_test": len(task.test),
        "num_classes": len(task.english),
        "image_size": {},
        "terms": about["terms"],
        "local_variant": about["local_variant"],
        "skipped": 0,
        "provenance": {"files": about["files"], "licence": about["licence"]},
    }


def sizes(task: Task) -> dict[str, Any]:
    """Words of both vocabularies, passages, the pairs of a corpus that they are made of, and the share of French test
    words that are read as <unk>."""
    strange = [word not in task.french for source, _ in task.test for word in source]
    return {
        "french": len(task.french),
        "english": len(task.english),
        "train": len(task.train),
        "test": len(task.test),
        "pairs": task.about.get("pairs"),
        "unknown": float(np.mean(strange)),
    }


class TrainingPairs:
    """Batches for `helpers.training.fit`: source (B, M), target_in (B, N), target_out (B, N).

    Parameters
    ----------
    batches
        Of numbered sentences.
    """

    def __init__(self, batches: PairBatches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Batches from number `start` of an epoch."""
        for batch in self.batches.batches(epoch, start):
            yield batch.source, batch.target_in, batch.target_out


def translation_step(translator: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Under teacher forcing: loss, right words and words, padding left out."""
    source, target_in, target_out = batch
    logits = translator(source, target_in).float()  # (B, N, V)
    real = target_out != PADDING
    loss = F.cross_entropy(logits[real], target_out[real], reduction="sum")
    return loss, (logits.argmax(-1) == target_out)[real].sum(), real.sum()


def training_config(parameters: Parameters, seed: int) -> TrainingConfig:
    """The recipe, the same for all: AdamW, a warm-up, a cosine, clipped gradients."""
    return TrainingConfig(
        epochs=parameters["epochs"],
        learning_rate=parameters["learning_rate"],
        weight_decay=0.01,
        precision="fp32",
        seed=seed,
        progress=False,
    )


def train(key: Key, task: Task, parameters: Parameters) -> tuple[Translator, dict[str, Any]]:
    """One translator, trained, then asked every test sentence.

    Returns
    -------
    tuple
        The translator, and `arm`, `seed`, `curve` (loss and words right of each pass), `parameters`, `fit_s`, and what
        `helpers.pages.l04.answers.measure` says. Of the first seed on a corpus also `own`, see
        `helpers.pages.l04.own.own_answers`.
    """
    sizes = (parameters["embed_dim"], parameters["hidden_dim"])
    model = build(ARMS[key.arm], len(task.french), len(task.english), sizes, key.seed)
    batches = PairBatches(task.numbered(task.train), parameters["batch_size"], key.seed)
    start = time.perf_counter()
    history = fit(
        model, TrainingPairs(batches), training_config(parameters, key.seed), step=translation_step, unit="words"
    )
    fit_s = time.perf_counter() - start
    model.cpu()  # `fit` trains on a GPU where there is one; sentences are asked one by one
    own = {"own": own_answers(model, task)} if key.seed == 0 and not task.phrases else {}
    return model, own | {
        **key._asdict(),
        "curve": [{"loss": round(row.train_loss, 4), "words": round(row.train_accuracy, 4)} for row in history.epochs],
        "updates": history.steps,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "fit_s": round(fit_s, 2),
        **measure(model, task, parameters, beam=key.seed == 0),
    }
