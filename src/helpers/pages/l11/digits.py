"""Lab 11, trained on handwritten digits: small networks, several seeds each, and their paired differences.

`trainings` says what is trained; each question has a function that reads its own answers from what came of it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from helpers.measure import attention_maps as maps
from helpers.measure.accuracy import over_seeds, paired_difference, pooled
from helpers.pages.l11 import small_runs as small
from helpers.pages.l11.findings import Findings

TOOLS: dict[str, dict[str, Any]] = {
    "none": {"build": partial(small.digit_mlp, "none")},
    "tanh": {"build": partial(small.digit_mlp, "tanh")},
    "relu": {"build": partial(small.digit_mlp, "relu")},
    "relu + dropout": {"build": partial(small.digit_mlp, "relu", 0.5)},
    "relu + weight decay": {"build": partial(small.digit_mlp, "relu"), "weight_decay": 20.0},
}
VIT_VARIANTS = {
    "sinusoidal positions": partial(small.digit_vit, "sinusoidal"),
    "no positions": partial(small.digit_vit, "none"),
    "mean of the patches": partial(small.digit_vit, "learned", "mean"),
}
OPTIMISERS = ("SGD", "Adam")
MEMORY = {"32": None, "16 x 2": 2}  # a batch of 32 at once, and in parts of two

Key = tuple[str, ...]
All = Mapping[Key, small.Trained]
Rows = list[dict[str, Any]]


def trainings(
    *,
    digit_sizes: Sequence[int],
    seeds: int,
    steps: int,
    mlp_digits: int,
    mlp_seeds: int,
    mlp_steps: int,
    wrong_labels: float,
    micro_steps: int,
    pixel_steps: int,
) -> dict[Key, dict[str, Any]]:
    """What the lab trains, by study and variant: arguments of `train_seeds`; the longest first."""
    few: dict[str, Any] = {"seeds": range(seeds), "batch_size": 32}
    most: dict[str, Any] = {**few, "count": max(digit_sizes), "learning_rate": 4e-3}
    plan: dict[Key, dict[str, Any]] = {
        ("pixels",): {**most, "build": partial(small.digit_vit, "sinusoidal", "class", 1), "steps": pixel_steps}
    }
    for count in digit_sizes:
        for name, build in (("vit", small.digit_vit), ("cnn", small.digit_cnn)):
            plan["size", name, str(count)] = {**most, "count": count, "build": build, "steps": steps}
    plan |= {("variant", name): {**most, "build": build, "steps": steps} for name, build in VIT_VARIANTS.items()}
    for name in OPTIMISERS:
        own = {"build": small.digit_vit, "steps": steps, "default_of": getattr(torch.optim, name)}
        plan["default", name] = {**few, "count": max(digit_sizes), **own}
    for name, options in TOOLS.items():
        own = {"count": mlp_digits, "seeds": range(mlp_seeds), "steps": mlp_steps, **options}
        plan |= {("tool", name): own, ("tool", name, "wrong labels"): {**own, "wrong_labels": wrong_labels}}
    for norm in ("batch", "layer"):
        for name, micro in MEMORY.items():
            own = {"build": partial(small.digit_cnn, norm), "steps": micro_steps, "micro_batch": micro}
            plan["memory", norm, name] = {**few, "count": max(digit_sizes), **own}
    return plan


def overfitting_findings(trained: All, count: int, wrong: float) -> tuple[Findings, Rows]:
    """Does a ReLU limit over-fitting? Its train-test gap and what it memorises, against tanh, none, and dropout."""
    gaps, learnt, rows = {}, {}, []
    for name in TOOLS:
        clean, noisy = trained["tool", name], trained["tool", name, "wrong labels"]
        gaps[name], learnt[name] = clean.gap, small.memorised(noisy, count, wrong)
        rows += clean.rows(study="overfitting", variant=name)
        rows += noisy.rows(study="overfitting, wrong labels", variant=name)
    findings = {f"gap, {name} minus relu": over_seeds(gaps[name] - gaps["relu"]) for name in TOOLS if name != "relu"}
    findings |= {
        f"wrong labels learnt, {name} minus relu": over_seeds(learnt[name] - learnt["relu"])
        for name in TOOLS
        if name != "relu"
    }
    findings["gap of relu"] = over_seeds(gaps["relu"])
    findings["wrong labels learnt by relu"] = over_seeds(learnt["relu"])
    return findings, rows


def size_findings(trained: All, sizes: Sequence[int]) -> tuple[Findings, Rows]:
    """A small CNN and a small ViT from fresh weights on nested draws of digits: accuracies, gaps, differences."""
    findings: Findings = {}
    rows = []
    for count in sizes:
        cnn, vit = (trained["size", name, str(count)] for name in ("cnn", "vit"))
        for name, one in (("cnn", cnn), ("vit", vit)):
            rows += one.rows(study="data size", variant=name, n_train=count)
            findings[f"{name}, {count} digits: test top-1"] = pooled(one.test)
        findings[f"vit minus cnn, {count} digits"] = paired_difference(vit.test, cnn.test)
        findings[f"gap of vit minus gap of cnn, {count} digits"] = over_seeds(vit.gap - cnn.gap)
    few, many = (_low_distance(trained["size", "vit", str(count)]) for count in (sizes[0], sizes[-1]))
    findings["attention distance in block 1, most digits minus fewest"] = over_seeds(many - few)
    return findings, rows


def _low_distance(trained: small.Trained) -> np.ndarray:
    """Mean attention distance of the most local head of the first block, over that of uniform attention, (S,)."""
    images = small.digits().test_images[:200]
    uniform = float(maps.patch_distances(4, 2).mean())
    weights = [maps.attention_weights(model, images)[:1] for model in trained.models]
    return np.array([maps.mean_attention_distance(w, 2, 4)[0].mean(0).min().item() / uniform for w in weights])


def variant_findings(trained: All, count: int) -> tuple[Findings, Rows]:
    """Positions learned, sinusoidal or none; class token or mean: each against the ViT as it is."""
    learned = trained["size", "vit", str(count)]
    findings, rows = {"learned positions: test top-1": pooled(learned.test)}, []
    for name in VIT_VARIANTS:
        other = trained["variant", name]
        rows += other.rows(study="vit variants", variant=name, n_train=count)
        findings[f"{name}: test top-1"] = pooled(other.test)
        findings[f"{name} minus the ViT as it is"] = paired_difference(other.test, learned.test)
    return findings, rows


def default_findings(trained: All, count: int) -> tuple[Findings, Rows]:
    """The same ViT, left to the defaults of two optimisers of torch."""
    findings, rows = {}, []
    for name in OPTIMISERS:
        one = trained["default", name]
        rows += one.rows(study="defaults", variant=name, n_train=count)
        findings[f"torch's default {name}: test top-1"] = pooled(one.test)
    sgd, adam = (trained["default", name].test for name in OPTIMISERS)
    findings["torch's default Adam minus default SGD"] = paired_difference(adam, sgd)
    return findings, rows


def memory_findings(trained: All) -> tuple[Findings, Rows]:
    """What a memory for two images costs: a batch of 32 in parts of 2 against the whole, by kind of norm."""
    findings, rows = {}, []
    for norm in ("batch", "layer"):
        whole, parts = (trained["memory", norm, name] for name in MEMORY)
        for name, one in zip(MEMORY, (whole, parts), strict=True):
            rows += one.rows(study="micro-batches", variant=f"{norm} norm, {name}")
        findings[f"{norm} norm: parts of 2 minus whole batches"] = paired_difference(parts.test, whole.test)
    return findings, rows


def pixel_findings(trained: All) -> tuple[Findings, Rows]:
    """A Transformer on the raw grid: every pixel of a digit is a token."""
    one = trained["pixels",]
    return {"every pixel a token: test top-1": pooled(one.test)}, one.rows(study="pixels", variant="pixels")
