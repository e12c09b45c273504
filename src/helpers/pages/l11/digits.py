"""Lab 11, trained on handwritten digits: small networks, several seeds each, and their paired differences."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from helpers.measure import attention_maps as maps
from helpers.measure.accuracy import over_seeds, paired_difference, pooled
from helpers.pages.l11 import small_runs as small
from helpers.pages.l11.findings import Findings


def overfitting_findings(count: int, seeds: int, steps: int, wrong: float) -> tuple[Findings, list[dict[str, Any]]]:
    """Does a ReLU limit over-fitting? Its train-test gap and what it memorises, against tanh, none, and dropout."""
    variants: dict[str, dict[str, Any]] = {
        "none": {"build": partial(small.digit_mlp, "none")},
        "tanh": {"build": partial(small.digit_mlp, "tanh")},
        "relu": {"build": partial(small.digit_mlp, "relu")},
        "relu + dropout": {"build": partial(small.digit_mlp, "relu", 0.5)},
        "relu + weight decay": {"build": partial(small.digit_mlp, "relu"), "weight_decay": 20.0},
    }
    gaps, learnt, rows = {}, {}, []
    for name, options in variants.items():
        common: dict[str, Any] = {"count": count, "seeds": range(seeds), "steps": steps, **options}
        clean, noisy = small.train_seeds(**common), small.train_seeds(**common, wrong_labels=wrong)
        gaps[name], learnt[name] = clean.gap, small.memorised(noisy, count, wrong)
        rows += clean.rows(study="overfitting", variant=name)
        rows += noisy.rows(study="overfitting, wrong labels", variant=name)
    findings = {f"gap, {name} minus relu": over_seeds(gaps[name] - gaps["relu"]) for name in variants if name != "relu"}
    findings |= {
        f"wrong labels learnt, {name} minus relu": over_seeds(learnt[name] - learnt["relu"])
        for name in variants
        if name != "relu"
    }
    findings["gap of relu"] = over_seeds(gaps["relu"])
    findings["wrong labels learnt by relu"] = over_seeds(learnt["relu"])
    return findings, rows


def nested_sizes(
    sizes: Sequence[int], seeds: int, **training: Any
) -> tuple[Findings, list[dict[str, Any]], dict[tuple[str, int], small.Trained]]:
    """A small CNN and a small ViT from fresh weights on nested draws of digits: accuracies, gaps, differences."""
    findings: Findings = {}
    trained, rows = {}, []
    for count in sizes:
        for name, build in (("cnn", small.digit_cnn), ("vit", small.digit_vit)):
            trained[name, count] = small.train_seeds(build, count, range(seeds), **training)
            rows += trained[name, count].rows(study="data size", variant=name, n_train=count)
            findings[f"{name}, {count} digits: test top-1"] = pooled(trained[name, count].test)
        vit, cnn = trained["vit", count], trained["cnn", count]
        findings[f"vit minus cnn, {count} digits"] = paired_difference(vit.test, cnn.test)
        findings[f"gap of vit minus gap of cnn, {count} digits"] = over_seeds(vit.gap - cnn.gap)
    few, many = (_low_distance(trained["vit", count]) for count in (sizes[0], sizes[-1]))
    findings["attention distance in block 1, most digits minus fewest"] = over_seeds(many - few)
    return findings, rows, trained


def _low_distance(trained: small.Trained) -> np.ndarray:
    """Mean attention distance of the most local head of the first block, over that of uniform attention, (S,)."""
    images = small.digits().test_images[:200]
    uniform = float(maps.patch_distances(4, 2).mean())
    weights = [maps.attention_weights(model, images)[:1] for model in trained.models]
    return np.array([maps.mean_attention_distance(w, 2, 4)[0].mean(0).min().item() / uniform for w in weights])


def vit_variants(
    learned: small.Trained, count: int, seeds: int, **training: Any
) -> tuple[Findings, list[dict[str, Any]]]:
    """Positions learned, sinusoidal or none; class token or mean: each against the ViT as it is."""
    variants = {
        "sinusoidal positions": partial(small.digit_vit, "sinusoidal"),
        "no positions": partial(small.digit_vit, "none"),
        "mean of the patches": partial(small.digit_vit, "learned", "mean"),
    }
    findings, rows = {"learned positions: test top-1": pooled(learned.test)}, []
    for name, build in variants.items():
        other = small.train_seeds(build, count, range(seeds), **training)
        rows += other.rows(study="vit variants", variant=name, n_train=count)
        findings[f"{name}: test top-1"] = pooled(other.test)
        findings[f"{name} minus the ViT as it is"] = paired_difference(other.test, learned.test)
    return findings, rows


def default_findings(count: int, seeds: int, steps: int) -> tuple[Findings, list[dict[str, Any]]]:
    """The same ViT, left to the defaults of two optimisers of torch."""
    findings, rows, tests = {}, [], {}
    for name in ("SGD", "Adam"):
        trained = small.train_seeds(
            small.digit_vit, count, range(seeds), steps=steps, batch_size=32, default_of=getattr(torch.optim, name)
        )
        tests[name] = trained.test
        rows += trained.rows(study="defaults", variant=name, n_train=count)
        findings[f"torch's default {name}: test top-1"] = pooled(trained.test)
    findings["torch's default Adam minus default SGD"] = paired_difference(tests["Adam"], tests["SGD"])
    return findings, rows


def micro_batch_findings(count: int, seeds: int, steps: int) -> tuple[Findings, list[dict[str, Any]]]:
    """What a memory for two images costs: a batch of 32 in parts of 2 against the whole, by kind of norm."""
    findings, rows = {}, []
    for norm in ("batch", "layer"):
        whole, parts = (
            small.train_seeds(
                partial(small.digit_cnn, norm), count, range(seeds), steps=steps, batch_size=32, micro_batch=micro
            )
            for micro in (None, 2)
        )
        rows += whole.rows(study="micro-batches", variant=f"{norm} norm, 32")
        rows += parts.rows(study="micro-batches", variant=f"{norm} norm, 16 x 2")
        findings[f"{norm} norm: parts of 2 minus whole batches"] = paired_difference(parts.test, whole.test)
    return findings, rows


def pixel_findings(count: int, seeds: int, steps: int) -> tuple[Findings, list[dict[str, Any]]]:
    """A Transformer on the raw grid: every pixel of a digit is a token."""
    build = partial(small.digit_vit, "sinusoidal", "class", 1)
    trained = small.train_seeds(build, count, range(seeds), steps=steps, batch_size=32, learning_rate=4e-3)
    return {"every pixel a token: test top-1": pooled(trained.test)}, trained.rows(study="pixels", variant="pixels")
