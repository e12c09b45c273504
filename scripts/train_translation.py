"""Train three translators, French to English, and measure where a fixed context fails.

    HELPERS_DATA=/folder/that/holds/fra_eng python scripts/train_translation.py

Three models of one size and one budget differ in the attention alone: none, dot products, additive. Each is trained on
the same passages of one to three Tatoeba sentences, then translates held-out passages; what it reads for each word of
sentences that we wrote ourselves is kept. The record goes to `results/cpu/08_translation.json`. No sentence of the
corpus enters it, and no weights are kept but the checkpoints in `_build/translation/`, by which a run that was cut off
goes on where it was.
"""

import argparse
import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.data.registry import REGISTRY
from helpers.data.text import (
    BEGIN,
    END,
    PADDING,
    UNKNOWN,
    Pair,
    PairBatches,
    Vocabulary,
    load_fra_eng,
    read_pairs,
    split_pairs,
)
from helpers.measure.bleu import bleu_counts, bleu_of, bootstrap, share_of
from helpers.models.decoding import greedy_decode
from helpers.models.seq2seq import ATTENTIONS, Seq2Seq
from helpers.progress import progress_bar
from helpers.records import (
    build_folder,
    make_record,
    project_root,
    write_atomically,
)
from helpers.training import TrainingConfig, fit

LAB = "08_translation"
LENGTH_BINS = ((1, 5), (6, 8), (9, 11), (12, 14), (15, 17), (18, 20), (21, 23), (24, 99))  # source tokens

# Ours, none of the corpus (checked below): French, English, and for each English word the French words linked to it.
OWN_SENTENCES: tuple[tuple[str, str, tuple[tuple[int, ...], ...]], ...] = (
    ("la voiture rouge est petite .", "the red car is small .", ((0,), (2,), (1,), (3,), (4,), (5,))),
    (
        "mon frère a acheté une voiture rouge .",
        "my brother bought a red car .",
        ((0,), (1,), (2, 3), (4,), (6,), (5,), (7,)),
    ),
    ("elle porte un chapeau noir .", "she is wearing a black hat .", ((0,), (1,), (1,), (2,), (4,), (3,), (5,))),
    ("le vin rouge n' est pas cher .", "red wine is not expensive .", ((2,), (1,), (4,), (3, 5), (6,), (7,))),
    (
        "voici une question vraiment difficile .",
        "here is a really difficult question .",
        ((0,), (0,), (1,), (3,), (4,), (2,), (5,)),
    ),
    (
        "je lis un livre intéressant ce soir .",
        "i am reading an interesting book tonight .",
        ((0,), (1,), (1,), (2,), (4,), (3,), (5, 6), (7,)),
    ),
    ("je le vois chaque matin .", "i see him every morning .", ((0,), (2,), (1,), (3,), (4,), (5,))),
    ("il me donne une pomme rouge .", "he gives me a red apple .", ((0,), (2,), (1,), (3,), (5,), (4,), (6,))),
    ("je ne leur parle jamais .", "i never speak to them .", ((0,), (1, 4), (3,), (2,), (2,), (5,))),
    (
        "le petit garçon n' aime pas le lait froid .",
        "the little boy does not like cold milk .",
        ((0,), (1,), (2,), (), (3, 5), (4,), (8,), (7,), (9,)),
    ),
    ("nous avons une porte blanche .", "we have a white door .", ((0,), (1,), (2,), (4,), (3,), (5,))),
    (
        "les deux chiens noirs sont fatigués .",
        "the two black dogs are tired .",
        ((0,), (1,), (3,), (2,), (4,), (5,), (6,)),
    ),
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What defines a run."""

    pairs: int = 50_000  # training pairs
    sentences: int = 3  # a passage has 1 to this many sentences
    min_count: int = 3  # rarer words are <unk>
    embed_dim: int = 96
    hidden_dim: int = 128
    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 1.5e-3
    seed: int = 0


def make_passages(pairs: Sequence[Pair], sentences: int, seed: int) -> list[Pair]:
    """Put pairs in a random order and join 1, 2, ... or `sentences` that follow one another; each pair is used once.

    Sentences of the corpus are short; passages show what length does to a translator.
    """
    rng = np.random.default_rng(seed)
    order = list(rng.permutation(len(pairs)))
    passages = []
    while order:
        chosen = [pairs[order.pop()] for _ in range(min(int(rng.integers(1, sentences + 1)), len(order)))]
        passages.append((sum((s for s, _ in chosen), ()), sum((t for _, t in chosen), ())))
    return passages


class TrainingPairs:
    """Batches in the form that `helpers.training.fit` asks for: words (B, 2, T) and the n words to predict.

    Row 0 is the source, row 1 the target behind <begin>; labels are the words that follow, padding left out.
    """

    def __init__(self, batches: PairBatches) -> None:
        self.batches = batches
        self.num_images, self.batch_size, self.seed = batches.num_images, batches.batch_size, batches.seed

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in self.batches.batches(epoch, start):
            longest = max(batch.source.shape[1], batch.target_in.shape[1])
            both = [F.pad(words, (0, longest - words.shape[1])) for words in (batch.source, batch.target_in)]
            yield torch.stack(both, dim=1), batch.target_out[batch.target_out != PADDING]  # (B, 2, T), (n,)


class TeacherForced(nn.Module):
    """A translator as `fit` sees it: words (B, 2, T) -> logits (n, V) of the n words to predict."""

    def __init__(self, translator: Seq2Seq) -> None:
        super().__init__()
        self.translator = translator

    def forward(self, words: Tensor) -> Tensor:
        source, target = (cut_padding(row) for row in words.unbind(dim=1))  # (B, M), (B, N)
        return self.translator(source, target)[target != PADDING]  # (n, V)


def cut_padding(words: Tensor) -> Tensor:
    """Leave out the columns that hold padding only, (B, T) -> (B, longest)."""
    return words[:, : int((words != PADDING).sum(dim=1).max())]


@torch.no_grad()
def measure_sentences(
    translator: Seq2Seq, batches: PairBatches, vocabulary: Vocabulary, references: list[list[tuple[str, ...]]]
) -> tuple[np.ndarray, np.ndarray]:
    """What each sentence adds: right and all tokens under teacher forcing (n, 2), BLEU counts decoding (n, 10)."""
    translator.eval()
    tokens, bleu = np.zeros((len(references), 2)), np.zeros((len(references), 10))
    with progress_bar(len(batches), "translating", unit="batch") as bar:
        for batch in batches.batches():
            real = batch.target_out != PADDING
            right = (translator(batch.source, batch.target_in).argmax(-1) == batch.target_out) & real
            rows = batch.rows.numpy()
            tokens[rows] = torch.stack([right.sum(1), real.sum(1)], dim=1).numpy()
            words = greedy_decode(translator, batch.source, BEGIN, END, max_length=batch.source.shape[1] + 5)
            for row, numbers in zip(rows, words.tolist(), strict=True):
                bleu[row] = bleu_counts(vocabulary.decode(numbers), references[row])
            bar.update()
    return tokens, bleu


def by_length(lengths: np.ndarray, tokens: np.ndarray, bleu: np.ndarray) -> list[dict]:
    """Token accuracy and BLEU with intervals over sentences, for each bin of source length and for all."""
    rows = []
    for low, high in (*LENGTH_BINS, (1, int(lengths.max()))):
        chosen = (low <= lengths) & (lengths <= high)
        if not chosen.any():
            continue
        rows.append(
            {
                "from_tokens": low,
                "to_tokens": int(min(high, lengths.max())),
                "mean_tokens": float(lengths[chosen].mean()),
                "n": int(chosen.sum()),
                "token_accuracy": bootstrap(tokens[chosen], share_of).as_dict(),
                "bleu": bootstrap(bleu[chosen], bleu_of).as_dict(),
            }
        )
    return rows


@torch.no_grad()
def own_alignments(translator: Seq2Seq, french: Vocabulary, english: Vocabulary) -> list[dict]:
    """What the model reads for each word of our own sentences: of our translation (forced) and of its own; and what
    each word of ours loses by the erasure of each French one."""
    translator.eval()
    rows = []
    for source_text, target_text, links in OWN_SENTENCES:
        source_words, target_words = source_text.split(), target_text.split()
        source = torch.tensor([french.encode(source_words)])
        given = torch.tensor([[BEGIN, *english.encode(target_words)]])
        decoded = greedy_decode(translator, source, BEGIN, END, max_length=20)
        row = {
            "source": source_words,
            "target": target_words,
            "decoded": english.decode(decoded[0].tolist()),
            "links": [list(link) for link in links],
            "unknown": [word for word in source_words if word not in french]
            + [word for word in target_words if word not in english],
        }
        words = torch.tensor(english.encode(target_words))
        row["erasure"] = [[round(x, 3) for x in line] for line in erase_each_word(translator, source, words).tolist()]
        if translator.attention is not None:
            spoken = torch.cat([torch.tensor([[BEGIN]]), decoded], dim=1)[:, :-1]
            for name, words in (("weights", given), ("decoded_weights", spoken)):
                weights = translator(source, words, return_attention=True)[1][0]  # (N, M)
                row[name] = [[round(x, 3) for x in line] for line in weights.tolist()]
        rows.append(row)
    return rows


@torch.no_grad()
def erase_each_word(translator: Seq2Seq, source: Tensor, target: Tensor) -> Tensor:
    """By how much the log-probability of each target word falls when one source word becomes <unk>.

    source (1, M), target (N,), true words before each -> (N, M); negative where the word gets more likely.
    """
    M, N = source.shape[1], len(target)
    variants = source.repeat(M + 1, 1)  # (M + 1, M), the last one whole
    variants[torch.arange(M), torch.arange(M)] = UNKNOWN
    before = torch.cat([torch.tensor([BEGIN]), target[:-1]]).expand(M + 1, N)
    log_p = translator(variants, before).log_softmax(dim=-1)  # (M + 1, N, V)
    said = log_p[:, torch.arange(N), target]  # (M + 1, N)
    return (said[-1] - said[:-1]).T  # (N, M)


def agreement(rows: list[dict]) -> dict:
    """Share of the hand-linked English words for which a guess at their French word is one of the links.

    Guesses: the largest weight, the word whose erasure costs most, and the diagonal, which knows no word;
    "attention_is_erasure" asks the first two for the same word. Intervals over sentences.
    """
    counts = defaultdict(list)
    for row in rows:
        linked = [i for i, link in enumerate(row["links"]) if link]
        N, M = len(row["target"]), len(row["source"])
        guesses = {
            "diagonal": [round(i * (M - 1) / max(N - 1, 1)) for i in range(N)],
        }
        for name, key in (("attention", "weights"), ("erasure", "erasure")):
            if key in row:
                guesses[name] = [int(np.argmax(line)) for line in row[key][:N]]
        if {"attention", "erasure"} <= set(guesses):
            same = [guesses["attention"][i] == guesses["erasure"][i] for i in linked]
            counts["attention_is_erasure"].append([sum(same), len(linked)])
        for name, guess in guesses.items():
            counts[name].append([sum(guess[i] in row["links"][i] for i in linked), len(linked)])
    return {
        name: bootstrap(table, share_of).as_dict() | {"words": int(np.sum(table, axis=0)[1])}
        for name, table in counts.items()
    }


@dataclasses.dataclass(frozen=True)
class Task:
    """What the three runs share: numbered passages of the three splits, the vocabularies, the test's references."""

    settings: Settings
    french: Vocabulary
    english: Vocabulary
    train: list[tuple[list[int], list[int]]]
    val: list[tuple[list[int], list[int]]]
    test: list[tuple[list[int], list[int]]]
    references: list[list[tuple[str, ...]]]
    sizes: dict


def prepare(pairs: list[Pair], settings: Settings) -> Task:
    """Split, choose, join to passages, number."""
    seed = settings.seed
    for source, _, _ in OWN_SENTENCES:
        if any(source == " ".join(french) for french, _ in pairs):
            raise ValueError(f"{source!r} is a sentence of the corpus; the record may only hold our own")
    train, val, test = split_pairs(pairs, val_fraction=0.02, test_fraction=0.06, seed=seed)
    chosen = np.random.default_rng(seed).permutation(len(train))[: settings.pairs]
    train = [train[i] for i in sorted(chosen)]
    french, english = (Vocabulary((pair[side] for pair in train), settings.min_count) for side in (0, 1))
    parts = [make_passages(part, settings.sentences, seed) for part in (train, val, test)]
    numbered = [[(french.encode(s), english.encode(t)) for s, t in part] for part in parts]
    sizes = {
        "n_train": len(train),
        "n_val": len(val),
        "n_test": len(test),
        "passages": [len(part) for part in parts],
        "source_vocabulary": len(french),
        "target_vocabulary": len(english),
        "test_unknown_share": float(np.mean([word not in french for source, _ in parts[2] for word in source])),
    }
    return Task(settings, french, english, *numbered, [[target] for _, target in parts[2]], sizes)


def train_and_measure(attention: str, task: Task, folder: Path, threads: int) -> dict:
    """One model, trained or continued from its checkpoint, then measured once on the test passages."""
    torch.set_num_threads(threads)
    settings = task.settings
    torch.manual_seed(settings.seed)
    translator = Seq2Seq(len(task.french), len(task.english), settings.embed_dim, settings.hidden_dim, attention)
    config = TrainingConfig(
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        weight_decay=0.01,
        seed=settings.seed,
    )
    held_out = TrainingPairs(PairBatches(task.val, 128, shuffle=False))
    history = fit(
        TeacherForced(translator),
        TrainingPairs(PairBatches(task.train, settings.batch_size, settings.seed)),
        config,
        evaluate=lambda model: validate(model, held_out),
        checkpoint_dir=folder / attention,
    )
    test = PairBatches(task.test, 128, shuffle=False)
    tokens, bleu = measure_sentences(translator, test, task.english, task.references)
    curve = [
        {"epoch": row.epoch, "train_loss": row.train_loss, "train_token_accuracy": row.train_accuracy, **row.evaluation}
        for row in history.epochs
    ]
    return {
        "seed": settings.seed,
        "attention": attention,
        "parameters": sum(parameter.numel() for parameter in translator.parameters()),
        "updates": history.steps,
        "train_s": round(history.working_seconds, 1),
        "curve": curve,
        "by_length": by_length(test.lengths[:, 0], tokens, bleu),
        "own_sentences": own_alignments(translator, task.french, task.english),
    }


def run(task: Task, folder: Path, workers: int, threads: int) -> tuple[list[dict], dict]:
    """The three models side by side, the slowest first: the runs, and what our own sentences show."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {
            attention: pool.submit(train_and_measure, attention, task, folder, threads)
            for attention in reversed(ATTENTIONS)
        }
        runs = [waiting[attention].result() for attention in ATTENTIONS]
    own = {row["attention"]: row.pop("own_sentences") for row in runs}
    agreements = {name: agreement(rows) for name, rows in own.items()}
    return runs, {"own_sentences": own, "agreement": agreements, "sizes": task.sizes}


@torch.no_grad()
def validate(model: nn.Module, batches: TrainingPairs) -> dict[str, float]:
    """Loss and token accuracy under teacher forcing, means over words."""
    model.eval()
    loss, right, words = 0.0, 0, 0
    for inputs, labels in batches.epoch(0):
        logits = model(inputs)
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        right += int((logits.argmax(-1) == labels).sum())
        words += len(labels)
    return {"val_loss": loss / words, "val_token_accuracy": right / words}


def main(arguments: Sequence[str] | None = None) -> Path:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in dataclasses.fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    parser.add_argument("--workers", type=int, default=2, help="models trained side by side")
    parser.add_argument("--threads", type=int, default=1, help="threads of each; more than the cores slow it down")
    parser.add_argument("--file", type=Path, help="a zip file of your own that holds fra.txt")
    parser.add_argument("--out", type=Path, help="where the record goes; by default results/cpu/")
    parser.add_argument("--edition", choices=("smoke", "cpu"), default="cpu")
    options = vars(parser.parse_args(arguments))
    settings = Settings(**{field.name: options[field.name] for field in dataclasses.fields(Settings)})
    started_at = datetime.now(UTC)
    if options["file"] is not None:
        pairs, digest = read_pairs(options["file"]), hashlib.sha256(options["file"].read_bytes()).hexdigest()
        files = [{"name": options["file"].name, "sha256": digest, "local_variant": True}]
    else:
        pairs, found = load_fra_eng()
        files = [found.provenance()]
    name = hashlib.sha256(repr((settings, files)).encode()).hexdigest()[:12]
    task = prepare(pairs, settings)
    runs, summary = run(task, build_folder() / "translation" / name, options["workers"], options["threads"])
    source = REGISTRY["fra_eng"]
    record = make_record(
        LAB,
        options["edition"],
        parameters=dataclasses.asdict(settings) | {key: options[key] for key in ("workers", "threads")},
        data={
            "name": source.name,
            "fingerprint": files[0]["sha256"],
            **{key: task.sizes[key] for key in ("n_train", "n_val", "n_test")},
            "num_classes": task.sizes["target_vocabulary"],
            "image_size": {},
            "terms": "restricted",
            "local_variant": files[0]["local_variant"],
            "skipped": 0,
            "provenance": {"files": files, "licence": source.licence, "citation": source.citation},
        },
        runs=runs,
        summary=summary,
        started_at=started_at,
        script=Path(__file__),
    )
    folder = options["out"] or (project_root() or Path.cwd()) / "results" / options["edition"]
    path = Path(folder) / f"{LAB}.json"
    write_atomically(path, record.model_dump_json(indent=1) + "\n")
    print(f"{path}: {record.wall_s:.0f} s")
    return path


if __name__ == "__main__":
    main()
