"""Which backbones are at hand, what they say of every photograph, and how the best of them is trained further."""

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from helpers.data import Dataset, Split
from helpers.data.batches import Batches
from helpers.measure.cost import macs
from helpers.measure.linear_probe import FrozenFeatures
from helpers.measure.logistic_probe import Probe, choose_probe
from helpers.models import pretrained as pre
from helpers.models.pretrained.hub import is_here
from helpers.models.pretrained.package import package_file
from helpers.pages.l16.report import LEARNED, Candidate
from helpers.training import History, TrainingConfig, fit, predict, training_device

HUB = ("cached", "download", "no")
PARTS = ("train", "val", "test")
BATCH = 32
NOT_HERE = "not on this machine"


def at_hand(
    names: Sequence[str], hub: str, weights_dir: str | None, photographs: bool = True
) -> tuple[dict[str, str], dict[str, str]]:
    """Of the backbones that are asked for, those with weights on this machine, and why the others are left out.

    Parameters
    ----------
    names
        Out of `helpers.models.pretrained.MODELS`.
    hub
        "cached" takes models of the hub that were downloaded before, "download" fetches them, "no" leaves them out.
    weights_dir
        A folder of `<model>.safetensors`, which comes first.
    photographs
        Whether the data are photographs, and not drawn: of the small models the pair pre-trained on such is taken.

    Returns
    -------
    tuple[dict[str, str], dict[str, str]]
        Name -> weights, as `build_model` takes them; name -> reason.

    Raises
    ------
    ValueError
        If none is left.
    """
    found, without = {}, {}
    for name in names:
        sources = pre.MODELS[name].sources
        if weights_dir is not None and (Path(weights_dir) / f"{name}.safetensors").is_file():
            found[name] = weights_dir
        elif "shipped" in sources:
            found[name] = pre.suited_weights("shipped", photographs)
        elif "package" in sources:
            try:
                package_file()
                found[name] = "package"
            except FileNotFoundError as error:
                without[name] = str(error)
        elif hub == "download" or (hub == "cached" and is_here(pre.MODELS[name].timm_name or "")):
            found[name] = "hub"
        else:
            without[name] = f"{NOT_HERE}: -p hub download fetches it (once, from the internet), and weights_dir"
            without[name] += " names a folder where it lies"
    if not found:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in without.items())
        raise ValueError(f"backbones: none of them is at hand. {reasons}")
    return found, without


@dataclass(frozen=True)
class Features:
    """What one backbone says of every photograph, by part, and what asking it cost.

    Attributes
    ----------
    by_part
        "train", "val", "test" -> float32 (n, D).
    seconds
        Of asking; near 0 where the answers were in the cache.
    engine
        "onnxruntime" or "eager", or "cache" where nothing was computed.
    macs
        Multiply-accumulates a picture.
    """

    ready: pre.Pretrained
    by_part: Mapping[str, np.ndarray]
    seconds: float
    engine: str
    macs: int


def ask(name: str, weights: str, data: Dataset, seed: int = 0) -> Features:
    """Build a backbone and compute its features of all photographs, or take them from the cache.

    Raises
    ------
    ConnectionError
        If the hub cannot be reached.
    """
    ready = pre.build_model(name, data.num_classes, weights=weights, image_size=data.image_size, seed=seed)
    store = FrozenFeatures(training_device())
    began = time.perf_counter()
    by_part = {part: np.asarray(store(ready, getattr(data, part))[0], dtype=np.float32) for part in PARTS}
    seconds = time.perf_counter() - began
    engine = store.work[0]["engine"].split(" ")[0] if store.work else "cache"
    return Features(ready, by_part, seconds, engine, macs(ready.model, ready.image_size))


def batches_of(ready: pre.Pretrained, split: Split, train: bool = False, seed: int = 0) -> Batches:
    """Batches as the model wants them; shuffled and augmented for training alone."""
    return Batches(
        split.images,
        split.labels,
        batch_size=BATCH,
        mean=ready.mean,
        std=ready.std,
        device=training_device(),
        seed=seed,
        shuffle=train,
        augment=train,
    )


@torch.no_grad()
def with_head(ready: pre.Pretrained, probe: Probe) -> pre.Pretrained:
    """The same model with the probe as its head, so that its logits are the probe's."""
    layer = ready.model.get_submodule(pre.MODELS[ready.name].head)
    layer.weight.copy_(torch.from_numpy(probe.weight))  # type: ignore[operator, union-attr]
    layer.bias.copy_(torch.from_numpy(probe.bias))  # type: ignore[operator, union-attr]
    return ready


def copied(ready: pre.Pretrained) -> pre.Pretrained:
    """The same model once more, to be changed alone."""
    return replace(ready, model=copy.deepcopy(ready.model))


def logits_of(ready: pre.Pretrained, images: np.ndarray) -> np.ndarray:
    """Logits of pictures, uint8 (n, S, S, 3) -> float32 (n, K)."""
    split = Split(images, np.zeros(len(images), dtype=np.int64), tuple(map(str, range(len(images)))))
    return predict(ready.model.to(training_device()), batches_of(ready, split))


def probe_candidate(asked: Features, data: Dataset, weights: str) -> tuple[Probe, Candidate]:
    """The probe on a backbone's features, and what speaks for it."""
    began = time.perf_counter()
    train, val = (asked.by_part["train"], data.train.labels), (asked.by_part["val"], data.val.labels)
    probe = choose_probe(*train, *val, data.num_classes)
    seconds = asked.seconds + time.perf_counter() - began
    candidate = Candidate(
        backbone=asked.ready.name,
        tuning="probe",
        weights=weights if weights in pre.WEIGHTS else "folder",
        val=probe.logits(asked.by_part["val"]),
        test=probe.logits(asked.by_part["test"]),
        seconds=seconds,
        seconds_a_picture=seconds_a_picture(asked.ready, data.train),
        macs=asked.macs,
        trained=probe.weight.size + probe.bias.size,
        engine=asked.engine,
    )
    return probe, candidate


def top_candidate(
    ready: pre.Pretrained, best: Candidate, data: Dataset, steps: int, learning_rate: float, seed: int
) -> tuple[pre.Pretrained, History, Candidate]:
    """Train the head and the last tenth of the layers of a model with a probe as its head.

    It takes as many whole epochs as fit into `steps` steps, at least one.
    """
    trainable = pre.select_trainable(ready, "top10")
    batches = batches_of(ready, data.train, train=True, seed=seed)
    epochs = max(1, steps // len(batches))
    began = time.perf_counter()
    ready.model.to(training_device())
    history = fit(ready.model, batches, TrainingConfig(epochs=epochs, learning_rate=learning_rate, seed=seed))
    seconds = time.perf_counter() - began
    val, test = (predict(ready.model, batches_of(ready, split)) for split in (data.val, data.test))
    more = replace(best, tuning="top10", val=val, test=test, seconds=best.seconds + seconds, engine="eager")
    return ready, history, replace(more, trained=trainable.trained)


def seconds_a_picture(ready: pre.Pretrained, split: Split, pictures: int = 4) -> float:
    """Seconds that the whole model takes for one picture of a small batch, as `make classify` asks it."""
    few = Split(split.images[:pictures], split.labels[:pictures], split.names[:pictures])
    batches = batches_of(ready, few)
    ready.model.to(training_device())
    times = []
    for _ in range(2):
        began = time.perf_counter()
        predict(ready.model, batches)
        times.append(time.perf_counter() - began)
    return min(times) / len(few)


def not_tried(skipped: Mapping[str, str]) -> list[str]:
    """The backbones that are left out, a line for those of the hub, with what their download weighs, and one for each
    other."""
    hub = [name for name, why in skipped.items() if NOT_HERE in why]
    told = [f"not tried: {name} ({why})" for name, why in skipped.items() if name not in hub]
    if hub:
        with torch.device("meta"):
            built = [pre.MODELS[name].build(2, pre.MODELS[name].image_size) for name in hub]
        weight = 4 * sum(tensor.numel() for model in built for tensor in model.state_dict().values()) / 1e9
        told.append(f"not tried: {', '.join(hub)}; -p hub download fetches {weight:.1f} GB, once")
    return told


def plan(found: Mapping[str, str], count: int) -> list[dict[str, Any]]:
    """What each backbone will cost, before any work: rows of name, what it learned from, size, and seconds to expect.

    They are for `count` pictures, from timing four of them on a network of that form."""
    rows = []
    for name, weights in found.items():
        size = pre.MODELS[name].image_size
        ready = pre.Pretrained(pre.MODELS[name].build(2, size), name, size, (0.5,) * 3, (0.5,) * 3)
        few = Split(np.zeros((4, size, size, 3), np.uint8), np.zeros(4, np.int64), tuple("abcd"))
        learned = LEARNED[weights if weights in pre.WEIGHTS else "folder"][0]
        seconds = count * seconds_a_picture(ready, few)
        rows.append(
            {"backbone": name, "learned from": learned, "image (px)": size, "seconds to expect": round(seconds)}
        )
    return rows
