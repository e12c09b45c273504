"""What each part of a bag of words is worth on photographs: one thing changed at a time, several vocabularies each.

20 classes of Tiny ImageNet, those of lab 2, at 64 px: 100 photographs of each to learn from, all others to test.
`python -m helpers.pages.c02.study` records what the page quotes.
"""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import hstack, issparse
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.svm import LinearSVC

from helpers.data.base import Dataset
from helpers.measure.accuracy import paired_difference, pooled
from helpers.pages.c02 import words as w
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

STUDY = "02_words"
LEARN = 100  # photographs of each class; a fifth of them is held back to choose C, another one for each vocabulary
COSTS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
Rows: TypeAlias = Any  # a numpy array, or sparse


@dataclass(frozen=True)
class Arm:
    """One way to make a bag: words V, made by k-means or by lot, hard or at a temperature, a kernel, levels."""

    words: int = 200
    made: str = "k-means"
    temperature: float = 0.0
    kernel: str = "linear"
    levels: int = 1


ARMS: dict[str, Arm] = {
    "base": Arm(),
    "10 words": Arm(words=10),
    "50 words": Arm(words=50),
    "800 words": Arm(words=800),
    "10 words by lot": Arm(words=10, made="by lot"),
    "50 words by lot": Arm(words=50, made="by lot"),
    "200 words by lot": Arm(made="by lot"),
    "800 words by lot": Arm(words=800, made="by lot"),
    "soft, 0.02": Arm(temperature=0.02),
    "soft, 0.1": Arm(temperature=0.1),
    "square root": Arm(kernel="root"),
    "chi-squared": Arm(kernel="chi2"),
    "intersection": Arm(kernel="intersection"),
    "2 levels": Arm(levels=2),
    "3 levels": Arm(levels=3),
    "3 levels, intersection": Arm(levels=3, kernel="intersection"),
}
VOTER = Arm(words=100)  # whose votes the page draws


@dataclass(frozen=True)
class Photographs:
    """Descriptors float32 (n, rows, columns, 32) and labels (n,), to learn from and to test."""

    learn: np.ndarray
    learn_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


def photographs(data: Dataset, learn: int) -> Photographs:
    """The first `learn` training photographs of each class to learn from, all others and the test's to test."""
    labels, own = data.train.labels, np.zeros(len(data.train.labels), dtype=int)
    for label in range(data.num_classes):
        own[labels == label] = np.arange(np.sum(labels == label))  # its number within its class
    order = np.lexsort((labels, own))  # classes take turns
    first, rest = order[own[order] < learn], order[own[order] >= learn]
    test = np.concatenate([data.train.images[rest], data.test.images])
    test_labels = np.concatenate([labels[rest], data.test.labels])
    return Photographs(w.describe(data.train.images[first]), labels[first], w.describe(test), test_labels)


def vocabulary(arm: Arm, descriptors: np.ndarray, seed: int) -> np.ndarray:
    """Words of an arm, (V, 32)."""
    make = {"k-means": w.clustered_words, "by lot": w.words_by_lot}[arm.made]
    return make(descriptors, arm.words, seed)


def features(arm: Arm, words: np.ndarray, descriptors: np.ndarray) -> Rows:
    """What the SVM is given of each image, (n, F)."""
    if arm.temperature:
        return np.stack([w.soft_words(one, words, arm.temperature).mean(axis=(0, 1)) for one in descriptors])
    seen = w.nearest_word(descriptors, words)
    if arm.kernel == "intersection":
        return pyramid_of_occurrences(seen, len(words), arm.levels)
    rows = w.histograms(seen, len(words), arm.levels)
    if arm.kernel == "root":
        return np.sqrt(rows)
    return AdditiveChi2Sampler(sample_steps=2).fit_transform(rows) if arm.kernel == "chi2" else rows


def pyramid_of_occurrences(seen: np.ndarray, count: int, levels: int) -> Rows:
    """Rows whose dot product is the intersection of two pyramids, weighted as in `pyramid_histogram`."""
    blocks, finest = [], levels - 1
    for level in range(levels):
        weight = 2.0 ** (max(level, 1) - 1 - finest) if finest else 1.0
        for band in np.array_split(seen, 2**level, axis=1):
            blocks += [np.sqrt(weight) * w.occurrences(cell, count) for cell in np.array_split(band, 2**level, axis=2)]
    return hstack(blocks).tocsr()


def lengths(rows: Rows) -> float:
    """Mean length of rows."""
    squares = rows.multiply(rows) if issparse(rows) else rows**2
    return float(np.sqrt(np.asarray(squares.sum(axis=1))).mean())


def chosen_cost(rows: Rows, labels: np.ndarray, seed: int) -> float:
    """C with the best accuracy on a fifth of the images, another fifth for each seed; of equals the smallest."""
    held = np.arange(len(labels)) // len(np.unique(labels)) % 5 == 4 - seed % 5
    scores = [_svm(rows[~held], labels[~held], cost, seed).score(rows[held], labels[held]) for cost in COSTS]
    return COSTS[int(np.argmax(scores))]


def _svm(rows: Rows, labels: np.ndarray, cost: float, seed: int) -> LinearSVC:
    return LinearSVC(C=cost, random_state=seed, max_iter=5000).fit(rows, labels)


def one(arm: Arm, data: Photographs, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Learn and test: which photographs are named rightly, bool (n,), and a row for the record."""
    begun = time.process_time()
    words = vocabulary(arm, data.learn, seed)
    rows = features(arm, words, data.learn)
    scale = 1 / lengths(rows)
    rows = rows * scale
    cost = chosen_cost(rows, data.learn_labels, seed)
    svm = _svm(rows, data.learn_labels, cost, seed)
    right = svm.predict(features(arm, words, data.test) * scale) == data.test_labels
    row = {"seed": seed, "cost": cost, "test_top1": float(right.mean())}
    row["train_top1"] = float(svm.score(rows, data.learn_labels))
    return right, row | {"features": int(rows.shape[1]), "processor_s": round(time.process_time() - begun, 1)}


def voter(data: Photographs, classes: int) -> dict[str, Any]:
    """A linear SVM on plain counts, rounded as it is recorded, and where the photographs of each class stand in its
    ranking of all test photographs."""
    words = vocabulary(VOTER, data.learn, 0).round(3)
    seen = w.nearest_word(data.learn, words)
    rows = w.histograms(seen, len(words))
    cost = chosen_cost(rows / lengths(rows), data.learn_labels, 0)
    fitted = w.fit_voter(words, seen, data.learn_labels, cost)
    found = w.Voter(words, fitted.weights.round(3), fitted.bias.round(4))
    scores = found.scores(w.nearest_word(data.test, words))  # (n, K)
    places = np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0)  # (n, K), 0 is the first
    ranks = [np.sort(places[data.test_labels == label, label]).tolist() for label in range(classes)]
    top1 = float((scores.argmax(axis=1) == data.test_labels).mean())
    parts = {"words": found.words.tolist(), "weights": found.weights.tolist(), "bias": found.bias.tolist()}
    return parts | {"ranks": ranks, "cost": cost, "right": top1}


def study(data: Photographs, classes: int, seeds: int, arms: dict[str, Arm]) -> tuple[list[dict[str, Any]], Any]:
    """All arms with their vocabularies: rows of the runs, and the summary."""
    right, runs = {}, []
    for name, arm in arms.items():
        named = []
        for seed in range(seeds):
            answers, row = one(arm, data, seed)
            named.append(answers)
            runs.append({"arm": name} | asdict(arm) | row)
        right[name] = np.stack(named)
        print(name, [row["test_top1"] for row in runs[-seeds:]], runs[-1]["processor_s"], flush=True)
    pairs = [(name, "base") for name in arms if name != "base"]
    pairs += [(name, name.replace(" by lot", "")) for name in arms if "by lot" in name and name != "200 words by lot"]
    summary = {
        "arms": [{"arm": name} | pooled(rows).as_dict() for name, rows in right.items()],
        "differences": [
            {"plus": plus, "minus": minus} | paired_difference(right[plus], right[minus]).as_dict()
            for plus, minus in pairs
        ],
    }
    return runs, summary | {"voter": voter(data, classes)}


if __name__ == "__main__":
    from helpers.data.chosen_classes import chosen_classes
    from helpers.data.tiny_imagenet import load_tiny_imagenet

    begun = datetime.now(UTC)
    chosen = chosen_classes(load_tiny_imagenet(), 20, 1)  # as lab 2
    ready = photographs(chosen, LEARN)
    rows, told = study(ready, chosen.num_classes, 3, ARMS)
    names = [name.split(",")[0] for name in chosen.class_names]
    record = make_record(
        STUDY,
        "cpu",
        parameters={
            "classes": 20, "class_seed": 1, "learn": LEARN, "seeds": 3, "costs": COSTS,
            "command": "python -m helpers.pages.c02.study",
        },
        runs=rows,
        summary=told | {"class_names": names, "n_learn": len(ready.learn), "n_test": len(ready.test)},
        started_at=begun,
        script=Path(__file__),
    )  # fmt: skip
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")
