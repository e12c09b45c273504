"""The page's networks with several seeds: few images and many, order and shuffle, fractals first, rates.

First one rate and as many steps for all; then, in the arms "own rate", each network at the rate that suits it on other
digits and four times the steps, in order and shuffled; and, to tell the rate from the steps, in the arms "own rate,
short" at that rate with as few steps as at first.

`python -m helpers.pages.c12.study` records what the page quotes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.data.fractals import draw_fractals
from helpers.measure.accuracy import paired_difference, pooled
from helpers.pages.c12 import bias
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

STUDY = "12_bias"  # the record
SIZES = (1, 10, 100)  # images a class
SHUFFLES = ("none", "pixels")
RATES = (1e-4, 4e-4, 1.6e-3, 6.4e-3, 2.56e-2, 1.024e-1, 0.4096)
LONGER = 4  # times the steps, for a network at its own rate
TO_CHOOSE = 50  # digits of each class to choose a rate with; the rest of those that are drawn from judges
Key = tuple[str, str, str, int]  # arm, world, shuffle, images a class
Right = dict[Key, np.ndarray]  # bool (seeds, n)
# The differences that the page quotes: name -> arm, world and shuffle of both sides; at every size that both have.
DIFFERENCES: dict[str, tuple[tuple[str, str, str], tuple[str, str, str]]] = {
    "ViT minus CNN": (("vit", "centred", "none"), ("cnn", "centred", "none")),
    "convolutions first minus ViT": (("vit_stem", "centred", "none"), ("vit", "centred", "none")),
    "CNN, shuffled minus in order": (("cnn", "centred", "pixels"), ("cnn", "centred", "none")),
    "ViT, shuffled minus in order": (("vit", "centred", "pixels"), ("vit", "centred", "none")),
    "MLP, shuffled minus in order": (("mlp", "centred", "pixels"), ("mlp", "centred", "none")),
    "convolutions first, shuffled minus in order": (("vit_stem", "centred", "pixels"), ("vit_stem", "centred", "none")),
    "wandering: CNN, shuffled minus in order": (("cnn", "wandering", "pixels"), ("cnn", "wandering", "none")),
    "wandering: MLP, shuffled minus in order": (("mlp", "wandering", "pixels"), ("mlp", "wandering", "none")),
    "wandering: ViT, shuffled minus in order": (("vit", "wandering", "pixels"), ("vit", "wandering", "none")),
    "own rates: ViT minus CNN": (("vit, own rate", "centred", "none"), ("cnn, own rate", "centred", "none")),
    "own rates: convolutions first minus ViT": (
        ("vit_stem, own rate", "centred", "none"),
        ("vit, own rate", "centred", "none"),
    ),
    "own rates: convolutions first minus CNN": (
        ("vit_stem, own rate", "centred", "none"),
        ("cnn, own rate", "centred", "none"),
    ),
    "own rates: ViT minus MLP": (("vit, own rate", "centred", "none"), ("mlp, own rate", "centred", "none")),
    "own rates, few steps: ViT minus CNN": (
        ("vit, own rate, short", "centred", "none"),
        ("cnn, own rate, short", "centred", "none"),
    ),
    "own rates: CNN, shuffled minus in order": (
        ("cnn, own rate", "centred", "pixels"),
        ("cnn, own rate", "centred", "none"),
    ),
    "own rates: ViT, shuffled minus in order": (
        ("vit, own rate", "centred", "pixels"),
        ("vit, own rate", "centred", "none"),
    ),
    "own rates: convolutions first, shuffled minus in order": (
        ("vit_stem, own rate", "centred", "pixels"),
        ("vit_stem, own rate", "centred", "none"),
    ),
    "own rates, shuffled: convolutions first minus ViT": (
        ("vit_stem, own rate", "centred", "pixels"),
        ("vit, own rate", "centred", "pixels"),
    ),
    "fractals first minus ViT": (("vit, fractals first", "centred", "none"), ("vit", "centred", "none")),
    "twice the steps minus ViT": (("vit, twice the steps", "centred", "none"), ("vit", "centred", "none")),
    "ViT, shifted minus plain": (("vit, shifted", "centred", "none"), ("vit", "centred", "none")),
    "CNN, shifted minus plain": (("cnn, shifted", "centred", "none"), ("cnn", "centred", "none")),
}


def fractals(seed: int = 0, per_class: int = 40) -> tuple[Tensor, Tensor]:
    """Ten fractals drawn by our code, made as small as the digits: images (10 per_class, 3, 8, 8), labels."""
    drawn, labels = draw_fractals(bias.CLASSES, per_class, image_size=16, seed=seed)
    images = torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1
    return F.avg_pool2d(images, 2), torch.from_numpy(labels)


def fresh_head(model: nn.Module) -> nn.Module:
    """The last layer set to zero, for other classes."""
    head = model.get_submodule("head")
    assert isinstance(head, nn.Linear)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return model


def prepared(arm: str, world: str, seed: int, steps: int) -> nn.Module:
    """The network of an arm before its first digit."""
    model = bias.build(arm.split(",")[0], seed, world)
    if "fractals" in arm:
        fresh_head(bias.train(model, *fractals(seed), steps=steps, seed=seed))
    return model


def grid(sizes: Sequence[int]) -> list[Key]:
    """What is trained."""
    plain = list(product(bias.NETWORKS, ("centred",), SHUFFLES, sizes))
    plain += product(("mlp", "cnn", "vit"), ("wandering",), SHUFFLES, sizes)
    helped = ["vit, fractals first", "vit, twice the steps", "vit, shifted", "cnn, shifted"]
    helped += [f"{name}, own rate{short}" for short in (", short", "") for name in bias.NETWORKS]
    plain += [(arm, "centred", "none", size) for arm, size in product(helped, sizes)]
    return plain + [(f"{name}, own rate", "centred", "pixels", size) for name, size in product(bias.NETWORKS, sizes)]


def rates_chosen(rates: Sequence[float], steps: int, seed: int = 99) -> list[dict[str, Any]]:
    """Each network at each rate, `LONGER` times the steps, on digits that no test holds: what it named rightly of those
    not drawn, and the rate that was best (`chosen`; of equals the smallest)."""
    data, rows = bias.digits(), []
    images, labels = data.draw(TO_CHOOSE, seed)
    others = ~(data.images[:, None] == images[None]).flatten(2).all(2).any(1)  # (pool,): not drawn, nor equal to one
    for name in bias.NETWORKS:
        own: list[dict[str, Any]] = []
        for rate in rates:
            model = bias.train(bias.build(name, seed), images, labels, steps=LONGER * steps, seed=seed, rate=rate)
            right = bias.answers(model, data.images[others]) == data.labels[others].numpy()
            own.append({"network": name, "rate": rate, "val_top1": float(right.mean()), "n_val": len(right)})
        best = max(own, key=lambda row: row["val_top1"])
        rows += [row | {"chosen": row is best} for row in own]
    return rows


def one(key: Key, seed: int, steps: int, own_rates: Mapping[str, float]) -> tuple[np.ndarray, dict[str, Any]]:
    """Train and ask: which test digits it names rightly, bool (n,), and a row for the record.

    Parameters
    ----------
    own_rates
        Network -> its rate in the arm "own rate".
    """
    arm, world, kind, size = key
    data, model = bias.digits(world), prepared(arm, world, seed, steps)
    images, labels = data.draw(size, seed)
    images, many, rate = bias.shuffle(images, kind), steps * (2 if "twice" in arm else 1), bias.RATE
    if "own rate" in arm:
        many, rate = steps * (1 if "short" in arm else LONGER), own_rates[arm.split(",")[0]]
    bias.train(model, images, labels, steps=many, seed=seed, rate=rate, moving="shifted" in arm)
    right = bias.answers(model, bias.shuffle(data.test_images, kind)) == data.test_labels.numpy()
    learned = float((bias.answers(model, images) == labels.numpy()).mean())
    row = {"arm": arm, "world": world, "shuffle": kind, "size": size, "seed": seed, "train_top1": learned}
    return right, row | {"test_top1": float(right.mean())}


def rate_rows(rates: Sequence[float], seeds: Sequence[int], size: int, steps: int) -> list[dict[str, Any]]:
    """CNN and ViT at each rate: share right, and the share of test digits that get the commonest answer."""
    data, rows = bias.digits(), []
    for name, rate, seed in product(("cnn", "vit"), rates, seeds):
        model = bias.train(bias.build(name, seed), *data.draw(size, seed), steps=steps, seed=seed, rate=rate)
        named = bias.answers(model, data.test_images)
        most = np.bincount(named, minlength=bias.CLASSES).max() / len(named)
        right = float((named == data.test_labels.numpy()).mean())
        rows.append({"network": name, "rate": rate, "seed": seed, "test_top1": right, "commonest": float(most)})
    return rows


def summary_of(right: Right) -> dict[str, Any]:
    """Accuracies and the differences of `DIFFERENCES`, with intervals over seeds and test digits."""
    points = [
        {"arm": arm, "world": world, "shuffle": kind, "size": size} | pooled(rows).as_dict()
        for (arm, world, kind, size), rows in right.items()
    ]
    sizes = sorted({key[3] for key in right})
    differences = [
        {"name": name, "size": size} | paired_difference(right[(*plus, size)], right[(*minus, size)]).as_dict()
        for name, (plus, minus) in DIFFERENCES.items()
        for size in sizes
        if (*plus, size) in right and (*minus, size) in right
    ]
    return {"points": points, "differences": differences}


def study(
    steps: int, seeds: Sequence[int], sizes: Sequence[int], rates: Sequence[float], rate_seeds: Sequence[int]
) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
    """All of it: rows of the runs, and the summary."""
    chosen = rates_chosen(rates, steps)
    own_rates = {row["network"]: row["rate"] for row in chosen if row["chosen"]}
    print(own_rates, flush=True)
    right, rows = {}, []
    for key in grid(sizes):
        found = [one(key, seed, steps, own_rates) for seed in seeds]
        right[key] = np.stack([named for named, _ in found])
        rows += [row for _, row in found]
        print(*key, [round(row["test_top1"], 3) for _, row in found], flush=True)
    swept = rate_rows(rates, rate_seeds, max(sizes), steps)
    return rows, summary_of(right) | {"rates": swept, "own_rates": chosen}


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"steps": 250, "seeds": (0, 1, 2), "sizes": SIZES, "rates": RATES, "rate_seeds": (0,)}
    runs, summary = study(**how)
    record = make_record(
        STUDY,
        "cpu",
        parameters=how | {"command": "python -m helpers.pages.c12.study"},
        runs=runs,
        summary=dict(summary),
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")
