"""What a fault costs: in a network that is trained with it, and in one that is handed good weights.

Trained: handwritten digits of 8 x 8 grey values, scikit-learn's copy of a test set of 1,797 scans (Alpaydin and Kaynak
1998), in patches of 2 x 2. Handed weights: those of the ViT-mini that ships with the package, on drawn dogs that it has
not seen.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.data import Dataset, Split, load_dataset
from helpers.data.batches import Batches
from helpers.models.parity import difference, module_outputs
from helpers.models.pretrained import build_model
from helpers.models.vit import ViT
from helpers.pages.l17.checks import Ready, loud
from helpers.pages.l17.faulty import FAULTS, SIZE, SOUND, Suspect, build, load_what_fits
from helpers.training import TrainingConfig, fit

DIGITS: dict[str, Any] = {
    "image_size": 8,
    "patch_size": 2,
    "num_classes": 10,
    "embed_dim": 48,
    "depth": 2,
    "num_heads": 4,
}
MINI: dict[str, Any] = {
    "image_size": 64,
    "patch_size": 8,
    "num_classes": 120,
    "embed_dim": 128,
    "depth": 6,
    "num_heads": 4,
}
BREEDS = slice(100, 120)  # of the outputs of ViT-mini; the hundred before them are fractals
DRAWN_SEED = 17  # another than that of the dogs which it learnt from
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
ROWS = 100  # digits of a batch that is asked
TRAINED = (SOUND, "flatten", "batch_mean", "no_positions")  # the networks that learn digits
AGREE = 1e-10  # float64 rounds far below
Parameters = Mapping[str, Any]

# ------------------------------------------------------------------------------------------ asking, in company or alone


def pixels_of(part: Split) -> Tensor:
    """Images as a network reads them, float32 (n, 3, S, S) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(part.images)).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def named(net: nn.Module, pixels: Tensor, rows: int = ROWS, outputs: slice = slice(None), seed: int = 0) -> np.ndarray:
    """The classes that a network names, int (n,), asked in batches of `rows` images; dropout, if any, by a seed."""
    net.eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        logits = torch.cat([net(part)[:, outputs] for part in pixels.split(rows)])  # (n, K)
    return logits.argmax(dim=1).numpy()


# ---------------------------------------------------------------------------------------------------- parity judges


def judged(faults: list[str], ready: Ready = loud) -> dict[str, dict[str, Any]]:
    """Every network with the weights of a plain `ViT`, drawn by `loud` or not, compared place by place in float64.

    Returns
    -------
    dict[str, dict]
        Fault -> `refused` (what a strict loading says, or None) and `places`, place -> difference; None where refused.
    """
    reference, images = _reference(ready)
    expected = outputs_by_place(reference, images)
    found: dict[str, dict[str, Any]] = {}
    for fault in faults:
        net = build(fault).double().eval()
        try:
            net.load_state_dict(reference.state_dict())
        except RuntimeError as error:
            found[fault] = {"refused": str(error).splitlines()[1].strip(), "places": None}
            continue
        outputs = outputs_by_place(net, images)
        places = {place: difference(outputs[place], value) for place, value in expected.items()}
        found[fault] = {"refused": None, "places": places}
    return found


@torch.no_grad()
def apart(break_it: Any, ready: Ready = loud) -> float:
    """Largest difference of the logits to a plain `ViT` of the same weights, once a sound network is broken."""
    reference, images = _reference(ready)
    net = build(SOUND).double().eval()
    net.load_state_dict(reference.state_dict())
    return difference(net.spoil(break_it)(images), reference(images))


def _reference(ready: Ready) -> tuple[ViT, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        reference = ready(ViT(**SIZE))
    return reference, torch.randn(4, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def outputs_by_place(net: Any, images: Tensor) -> dict[str, Tensor]:
    """What a ViT computes: patches, embedded tokens, after each block, logits."""
    names = ["patches", *(f"blocks.{k}" for k in range(len(net.blocks)))]
    outputs = module_outputs(net, names, images)
    blocks = {f"block {k + 1}": outputs[f"blocks.{k}"] for k in range(len(net.blocks))}
    return {"patches": outputs["patches"], "embedding": net.embed(images), **blocks, "logits": outputs[""]}


def enters_at(places: Mapping[str, float]) -> str | None:
    """The first place that differs by more than rounding, or None."""
    return next((place for place, value in places.items() if not value < AGREE), None)


# ------------------------------------------------------------------------------------------------ given good weights


def dogs(count: int) -> Dataset:
    """Drawn dogs of the twenty breeds that ViT-mini knows, `count` of each, in a drawn order."""
    return load_dataset(
        "breeds", image_size=64, classes="pretrain", seed=DRAWN_SEED, difficulty=0.4, n_train_per_class=1,
        n_val_per_class=0, n_test_per_class=count, progress=False,
    )  # fmt: skip


def handed(fault: str, test: Split) -> dict[str, Any]:
    """Load the released weights of ViT-mini, forced where they are refused, and ask about dogs.

    Returns
    -------
    dict
        `fault`; `left`, the names of tensors that did not fit and stayed fresh; `predictions`, asked in a drawn order
        in batches as large as a breed. Of a mean over the batch also `sorted`, asked breed by breed in batches of the
        same size, and `alone`, one by one. Of a class token without a position, `predictions` with the positions of the
        patches; also `by_rule`, where the whole table stays fresh, and `folded`, where the position of the class token
        is added to the token itself.
    """
    weights = build_model("vit_mini", 120, weights="shipped", with_head=True).model.state_dict()
    net, pixels = build(fault, **MINI), pixels_of(test)
    row: dict[str, Any] = {"fault": fault, "left": load_what_fits(net, weights)}
    size = int(np.bincount(test.labels).max())  # images of a breed
    order = np.random.default_rng(0).permutation(len(test))

    def answers(asked: nn.Module) -> list[int]:
        return named(asked, pixels[order], rows=size, outputs=BREEDS)[np.argsort(order)].tolist()

    if fault == "late_class":
        row["by_rule"] = answers(net)
        row["folded"] = answers(folded(net, weights))
        net.load_state_dict(weights | {"positions.table": weights["positions.table"][:, 1:]})
    row["predictions"] = answers(net)
    if fault == "batch_mean":
        row["sorted"] = named(net, pixels, rows=size, outputs=BREEDS).tolist()  # the test list is sorted by breed
        row["alone"] = named(net, pixels, rows=1, outputs=BREEDS).tolist()
    return row


def folded(net: Suspect, weights: dict[str, Tensor]) -> Suspect:
    """The position of the class token added to the token itself: two vectors that are always added are one."""
    table = weights["positions.table"]  # (1, N, D)
    moved = {"positions.table": table[:, 1:], "class_token": weights["class_token"] + table[:, :1]}
    net.load_state_dict(weights | moved)
    return net


# ------------------------------------------------------------------------------------------------- trained with it


def digits(train: int, seed: int = 0) -> Dataset:
    """The 1,797 digits, split by a seed into `train` to learn from and the rest to be asked about."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(seed).permutation(len(found.target))
    grey = np.round(found.images[order] * 255 / 16).astype(np.uint8)
    images, labels = np.repeat(grey[..., None], 3, axis=-1), found.target[order].astype(np.int64)

    def part(rows: slice) -> Split:
        return Split(images[rows], labels[rows], tuple(f"digit/{k}" for k in order[rows]))

    digest = hashlib.sha256(images.tobytes() + labels.tobytes() + str(train).encode()).hexdigest()
    about = {"source": "sklearn.datasets.load_digits", "licence": "CC BY 4.0", "citation": "Alpaydin and Kaynak (1998)"}
    provenance = {**about, "files": [], "local_variant": False, "skipped": 0, "terms": "drawn"}
    parts = part(slice(train)), part(slice(0)), part(slice(train, None))
    return Dataset("digits", tuple("0123456789"), *parts, 8, digest, provenance)


def train_one(fault: str, seed: int, data: Dataset, parameters: Parameters) -> dict[str, Any]:
    """Train a network with its fault on digits, AdamW with warm-up and cosine, and ask about every test image.

    Returns
    -------
    dict
        `fault`, `name`, `seed`, `updates`, `fit_s`, `predictions` in batches of 100; of a mean over the batch also
        `alone`, one image at a time.
    """
    net = build(fault, seed=seed, **DIGITS)
    batches = Batches(
        data.train.images, data.train.labels, batch_size=parameters["batch_size"], mean=NORM[0], std=NORM[1],
        seed=seed, augment=False,
    )  # fmt: skip
    config = TrainingConfig(
        epochs=parameters["epochs"], learning_rate=parameters["learning_rate"], warmup_fraction=0.1, seed=seed,
        progress=False,
    )  # fmt: skip
    history = fit(net, batches, config)
    pixels = pixels_of(data.test)
    row: dict[str, Any] = {"fault": fault, "name": FAULTS[fault].name, "seed": seed}
    row["updates"] = parameters["epochs"] * len(batches)
    row["fit_s"] = history.seconds["data"] + history.seconds["training"]
    row["predictions"] = named(net, pixels).tolist()
    if fault == "batch_mean":
        row["alone"] = named(net, pixels, rows=1).tolist()
    return row
