"""The leak: does what a teacher knows by heart reach its student?

A part of the test images is given to one teacher, with labels, as its training set; the other teacher learns from as
many other images. Both then teach a student on a third set that neither has seen, and the student sees no test image.
The test images of that part are compared with the rest, which nobody has seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers.data import Dataset, Split, take
from helpers.data.views import FixedViews, LessonBatches
from helpers.measure.accuracy import Estimate, paired_difference
from helpers.models.pretrained import build_model
from helpers.pages.l15.methods import LEAK
from helpers.pages.l15.study import NORM, asked, passes, training_config
from helpers.pages.l15.teachers import answers, learner
from helpers.training import fit
from helpers.training.lessons import Lesson

STUDENT = "vit_mini"


@dataclass(frozen=True)
class Parts:
    """Four sets that share no image.

    Attributes
    ----------
    lesson
        What students learn from.
    other
        What the clean teacher learns from, as many images of each class as `seen`.
    seen
        Indices of the test images that the other teacher learns from.
    unseen
        Indices of the other test images.
    """

    lesson: Split
    other: Split
    seen: np.ndarray
    unseen: np.ndarray


def parts(data: Dataset, seed: int = 0) -> Parts:
    """A part of the test images of each class, as many training images, and the rest of both.

    The part is half of the smaller of the two sets, in each class.

    Raises
    ------
    ValueError
        For a class with fewer than two images of a kind.
    """
    rng = np.random.default_rng(seed)
    lesson, other, seen, unseen = [], [], [], []
    for label in range(data.num_classes):
        train = rng.permutation(np.flatnonzero(data.train.labels == label))
        test = rng.permutation(np.flatnonzero(data.test.labels == label))
        half = min(len(train), len(test)) // 2
        if half < 1:
            raise ValueError(f"leak: expected two images of {data.class_names[label]} in train and in test")
        other.append(train[:half])
        lesson.append(train[half:])
        seen.append(test[:half])
        unseen.append(test[half:])
    rows = [np.sort(np.concatenate(found)) for found in (lesson, other, seen, unseen)]
    return Parts(take(data.train, rows[0]), take(data.train, rows[1]), rows[2], rows[3])


def run_one(name: str, seed: int, data: Dataset, parameters: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Train a teacher on one of the two sets, let it teach a student, and ask both about every test image.

    Returns
    -------
    dict
        `student`, `seed`, `predictions`, `teacher_predictions` (lists of n classes), `images_seen`, `fit_s`, `history`.
    """
    own = parts(data)
    taught_by = take(data.test, own.seen) if name == "leak_seen" else own.other
    budget = parameters["leak_teacher_images"]
    teacher = learner(
        "xception_mini", taught_by, data, parameters, budget, folder / "teacher", seed=seed, augment=False
    )
    views = FixedViews(own.lesson, passes(parameters, len(own.lesson), "leak_images"))
    weights = "shipped" if data.name == "breeds" else "photographs"
    model = build_model(STUDENT, data.num_classes, weights=weights, image_size=data.image_size, seed=seed).model
    batches = LessonBatches(
        views, answers(teacher, views), batch_size=parameters["batch_size"], mean=NORM[0], std=NORM[1], seed=seed
    )
    lesson = Lesson(LEAK[name].lesson, False, parameters["temperature"], parameters["leak_weight"])
    config = training_config(parameters, seed, len(views.pixels), name)
    history = fit(model, batches, config, step=lesson, checkpoint_dir=folder / "student")
    row = {"student": name, "seed": seed, "images_seen": history.seen, "history": asdict(history)}
    row["fit_s"] = history.seconds["data"] + history.seconds["training"]
    by_heart = answers(teacher, FixedViews(data.test, views=0))[0].argmax(axis=1)
    return row | asked(model, data, two_tokens=False) | {"teacher_predictions": by_heart.tolist()}


def effects(runs: Sequence[Mapping[str, Any]], labels: np.ndarray, own: Parts) -> dict[str, Estimate]:
    """Points that a teacher's knowledge of a part of the test images is worth, to itself and to its student.

    Returns
    -------
    dict
        "teacher, seen", "teacher, unseen", "student, seen", "student, unseen": accuracy with the teacher that saw them
        minus that with the other, on these images; "travelled": the student's on seen images minus on unseen ones.
        Empty where one of the two was not run.
    """
    found: dict[str, Estimate] = {}
    if not {"leak_seen", "leak_clean"} <= {run["student"] for run in runs}:
        return found
    for who, key in (("teacher", "teacher_predictions"), ("student", "predictions")):
        for which, rows in (("seen", own.seen), ("unseen", own.unseen)):
            right = {name: _right(runs, name, key, labels, rows) for name in LEAK}
            found[f"{who}, {which}"] = paired_difference(right["leak_seen"], right["leak_clean"])
    return found | {"travelled": minus(found["student, seen"], found["student, unseen"])}


def arrived(found: Mapping[str, Estimate]) -> tuple[float, float, float] | None:
    """Of the points that knowing test images is worth to the teacher the share that arrives at its student: value, low,
    high. The teacher's own points, many times their interval, are taken as they are.

    None without an interval, or where the teacher gained nothing.
    """
    if not found:
        return None
    worth, student = found["teacher, seen"].value - found["teacher, unseen"].value, found["travelled"]
    if student.low is None or student.high is None or worth <= 0:
        return None
    return student.value / worth, student.low / worth, student.high / worth


def arrived_text(share: tuple[float, float, float]) -> str:
    """What arrives, and which of all, half and none its interval excludes; `share` as of `arrived`."""
    value, low, high = share
    numbers = f"{100 * value:.0f} % [{100 * low:.0f}, {100 * high:.0f}]".replace("-", "−")
    out = [name for name, at in (("all", 1.0), ("half", 0.5), ("none", 0.0)) if not low <= at <= high]
    verb = "is" if len(out) == 1 else "are"
    told = f"{' and '.join(out)} {verb} excluded" if out else "nothing is excluded"
    return f"{numbers}: at most {100 * max(high, 0.0):.0f} % arrives; {told}"


def minus(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two estimates of different images; their half intervals are squared and added.

    low = d - sqrt((d1 - low1)^2 + (high2 - d2)^2), as in Newcombe's method 10; no interval where one of them has none.
    """
    value, n = one.value - other.value, min(one.n, other.n)
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Estimate(value, None, None, n, "nothing")
    low = value - np.hypot(one.value - one.low, other.high - other.value)
    high = value + np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, float(low), float(high), n, one.covers)


def accuracies(runs: Sequence[Mapping[str, Any]], labels: np.ndarray, own: Parts) -> list[dict[str, Any]]:
    """For the table: who, of which teacher, and the mean accuracy over seeds on seen and on unseen images."""
    rows = []
    for name in LEAK:
        for who, key in (("teacher", "teacher_predictions"), ("student", "predictions")):
            if any(run["student"] == name for run in runs):
                seen = _right(runs, name, key, labels, own.seen).mean()
                unseen = _right(runs, name, key, labels, own.unseen).mean()
                rows.append({"who": who, "teacher": name, "seen": float(seen), "unseen": float(unseen)})
    return rows


def _right(runs: Sequence[Mapping[str, Any]], name: str, key: str, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Right or wrong, bool (seeds, len(rows)), in the order of the seeds."""
    mine = sorted((run for run in runs if run["student"] == name), key=lambda run: run["seed"])
    return np.stack([np.asarray(run[key])[rows] == labels[rows] for run in mine])
