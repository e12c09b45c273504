"""The page's networks with several seeds: few images and many, order and shuffle, fractals first, rates.

First one rate and as many steps for all; then, in the arms "own rate", each network at the rate that suits it on other
digits of the same world and four times the steps, in order and shuffled; and, to tell the rate from the steps, in the
arms "own rate, short" at that rate with as few steps as at first. What the ViT lacks beside an MLP is sought with
controls: a linear classifier, positions that start large, a head that reads all patches but no places, and one that
reads each patch at its place, at its own rate and at the ViT's.

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
Side = tuple[str, str, str]  # arm, world, shuffle


def _pair(plus: str, minus: str, world: str = "centred", kind: str = "none") -> tuple[Side, Side]:
    return (plus, world, kind), (minus, world, kind)


def _shuffled(arm: str, world: str = "centred") -> tuple[Side, Side]:
    return (arm, world, "pixels"), (arm, world, "none")


# The differences that the page quotes: name -> both sides; at every size that both have.
DIFFERENCES: dict[str, tuple[Side, Side]] = {
    "ViT minus CNN": _pair("vit", "cnn"),
    "convolutions first minus ViT": _pair("vit_stem", "vit"),
    "CNN, shuffled minus in order": _shuffled("cnn"),
    "ViT, shuffled minus in order": _shuffled("vit"),
    "MLP, shuffled minus in order": _shuffled("mlp"),
    "convolutions first, shuffled minus in order": _shuffled("vit_stem"),
    "wandering: CNN, shuffled minus in order": _shuffled("cnn", "wandering"),
    "wandering: MLP, shuffled minus in order": _shuffled("mlp", "wandering"),
    "wandering: ViT, shuffled minus in order": _shuffled("vit", "wandering"),
    "own rates: ViT minus CNN": _pair("vit, own rate", "cnn, own rate"),
    "own rates: convolutions first minus ViT": _pair("vit_stem, own rate", "vit, own rate"),
    "own rates: convolutions first minus CNN": _pair("vit_stem, own rate", "cnn, own rate"),
    "own rates: ViT minus MLP": _pair("vit, own rate", "mlp, own rate"),
    "own rates, few steps: ViT minus CNN": _pair("vit, own rate, short", "cnn, own rate, short"),
    "own rates: CNN, shuffled minus in order": _shuffled("cnn, own rate"),
    "own rates: ViT, shuffled minus in order": _shuffled("vit, own rate"),
    "own rates: convolutions first, shuffled minus in order": _shuffled("vit_stem, own rate"),
    "own rates, shuffled: convolutions first minus ViT": _pair("vit_stem, own rate", "vit, own rate", kind="pixels"),
    "own rates: large positions minus ViT": _pair("vit_wide, own rate", "vit, own rate"),
    "own rates: mean of patches minus ViT": _pair("vit_mean, own rate", "vit, own rate"),
    "own rates: each patch at its place minus ViT": _pair("vit_places, own rate", "vit, own rate"),
    "the ViT's rate: each patch at its place minus ViT": _pair("vit_places, the ViT's rate", "vit, own rate"),
    "own rates: each patch at its place minus linear": _pair("vit_places, own rate", "linear, own rate"),
    "the ViT's rate: each patch at its place minus linear": _pair("vit_places, the ViT's rate", "linear, own rate"),
    "own rates: each patch at its place minus MLP": _pair("vit_places, own rate", "mlp, own rate"),
    "own rates, shuffled: each patch at its place minus ViT": _pair(
        "vit_places, own rate", "vit, own rate", kind="pixels"
    ),
    "own rates, wandering: ViT minus CNN": _pair("vit, own rate", "cnn, own rate", "wandering"),
    "own rates, wandering: ViT minus MLP": _pair("vit, own rate", "mlp, own rate", "wandering"),
    "own rates, wandering: each patch at its place minus ViT": _pair(
        "vit_places, own rate", "vit, own rate", "wandering"
    ),
    "the ViT's rate, wandering: each patch at its place minus ViT": _pair(
        "vit_places, the ViT's rate", "vit, own rate", "wandering"
    ),
    "own rates, wandering: large positions minus ViT": _pair("vit_wide, own rate", "vit, own rate", "wandering"),
    "own rates, wandering: convolutions first minus ViT": _pair("vit_stem, own rate", "vit, own rate", "wandering"),
    "own rates, wandering, shuffled: convolutions first minus ViT": _pair(
        "vit_stem, own rate", "vit, own rate", "wandering", "pixels"
    ),
    "own rates: fractals first minus ViT": _pair("vit, own rate, fractals first", "vit, own rate"),
    "twice the steps minus ViT": _pair("vit, twice the steps", "vit"),
    "four times the steps minus ViT": _pair("vit, four times the steps", "vit"),
    "own rates: ViT, shifted minus plain": _pair("vit, own rate, shifted", "vit, own rate"),
    "own rates: CNN, shifted minus plain": _pair("cnn, own rate, shifted", "cnn, own rate"),
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


ALL = (*bias.NETWORKS, *bias.CONTROLS)
# What is trained at its own rate: world, shuffle -> networks.
AT_OWN_RATE = {
    ("centred", "none"): ALL,
    ("centred", "pixels"): (*bias.NETWORKS, "vit_places"),
    ("wandering", "none"): tuple(name for name in ALL if name != "vit_mean"),
    ("wandering", "pixels"): ("vit", "vit_stem"),
}
TIMES = {"twice": 2, "four times": LONGER}  # the steps, in the name of an arm


def grid(sizes: Sequence[int]) -> list[Key]:
    """What is trained."""
    plain = list(product(bias.NETWORKS, ("centred",), SHUFFLES, sizes))
    plain += product(("mlp", "cnn", "vit"), ("wandering",), SHUFFLES, sizes)
    helped = [f"vit, {times} the steps" for times in TIMES]
    helped += ["vit, own rate, fractals first", "vit, own rate, shifted", "cnn, own rate, shifted"]
    helped += [f"{name}, own rate, short" for name in bias.NETWORKS]
    plain += [(arm, "centred", "none", size) for arm, size in product(helped, sizes)]
    for (world, kind), names in AT_OWN_RATE.items():
        plain += [(f"{name}, own rate", world, kind, size) for name, size in product(names, sizes)]
    return plain + [("vit_places, the ViT's rate", world, "none", size) for world, size in product(bias.SIDES, sizes)]


def rates_chosen(world: str, rates: Sequence[float], steps: int, seed: int = 99) -> list[dict[str, Any]]:
    """Each network at each rate, `LONGER` times the steps, on digits that no test holds: what it named rightly of those
    not drawn, and the rate that was best (`chosen`; of equals the smallest)."""
    data, rows = bias.digits(world), []
    images, labels = data.draw(TO_CHOOSE, seed)
    others = ~(data.images[:, None] == images[None]).flatten(2).all(2).any(1)  # (pool,): not drawn, nor equal to one
    for name in AT_OWN_RATE[world, "none"]:
        own: list[dict[str, Any]] = []
        for rate in rates:
            model = bias.build(name, seed, world)
            bias.train(model, images, labels, steps=LONGER * steps, seed=seed, rate=rate)
            right = bias.answers(model, data.images[others]) == data.labels[others].numpy()
            row = {"network": name, "world": world, "rate": rate}
            own.append(row | {"val_top1": float(right.mean()), "n_val": len(right)})
        best = max(own, key=lambda row: row["val_top1"])
        rows += [row | {"chosen": row is best} for row in own]
        print(world, name, best, flush=True)
    return rows


def one(
    key: Key, seed: int, steps: int, own_rates: Mapping[tuple[str, str], float]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Train and ask: which test digits it names rightly, bool (n,), and a row for the record.

    Parameters
    ----------
    own_rates
        Network, world -> its rate in the arm "own rate".
    """
    arm, world, kind, size = key
    data, model = bias.digits(world), prepared(arm, world, seed, steps)
    images, labels = data.draw(size, seed)
    images, rate = bias.shuffle(images, kind), bias.RATE
    many = steps * next((times for name, times in TIMES.items() if name in arm), 1)
    if "own rate" in arm or "the ViT's rate" in arm:
        whose = "vit" if "the ViT's rate" in arm else arm.split(",")[0]
        many, rate = steps * (1 if "short" in arm else LONGER), own_rates[whose, world]
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
    chosen = [row for world in bias.SIDES for row in rates_chosen(world, rates, steps)]
    own_rates = {(row["network"], row["world"]): row["rate"] for row in chosen if row["chosen"]}
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
