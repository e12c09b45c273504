"""Lab 11, the two shipped networks from inside: probes, places, distances, shifts, positions, explanations."""

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from helpers.measure import attention_maps as maps
from helpers.measure.accuracy import paired_difference, pooled
from helpers.measure.faithfulness import perturbation_curve
from helpers.measure.grad_cam import grad_cam
from helpers.models.vit import ViT
from helpers.pages.l11 import probes
from helpers.pages.l11.findings import Findings

LAYERS = {"cnn": ("entry.5", "entry.7", "entry.8", "middle", "exit"), "vit": ("blocks.0", "blocks.2", "blocks.5")}
TESTS: tuple[Literal["deletion", "insertion"], ...] = ("deletion", "insertion")


def _mean(output: Tensor) -> Tensor:
    """Global mean: of a map (n, C, H, W) over places, of tokens (n, N, D) over patches."""
    return output.mean((2, 3)) if output.ndim == 4 else output[:, 1:].mean(1)


def breed_findings(model: nn.Module, kind: str, train: Any, test: Any) -> Findings:
    """Linear probes for the drawn breed at growing depth, and what shuffled tiles do to each cue at the end."""
    one, two = probes.as_tensor(train.images), probes.as_tensor(test.images)
    learnt, seen = probes.features(model, one, LAYERS[kind]), probes.features(model, two, LAYERS[kind])
    findings, answers = {}, {}
    for layer in LAYERS[kind]:
        probe = probes.class_probe(_mean(learnt[layer]), train.labels)
        answers[layer] = (probe.predict(_mean(seen[layer]).numpy()) == test.labels)[None]
        findings[f"{kind}, {layer}: breed read by a linear probe"] = pooled(answers[layer])
    first, last = LAYERS[kind][0], LAYERS[kind][-1]
    findings[f"{kind}: breed at the end minus at the start"] = paired_difference(answers[last], answers[first])
    pixels = [torch.nn.functional.avg_pool2d(x, 4) for x in (one, two)]
    raw = probes.class_probe(pixels[0], train.labels).predict(pixels[1].flatten(1).numpy()) == test.labels
    findings[f"{kind}: breed at the end minus from pixels"] = paired_difference(answers[last], raw[None])
    moved = probes.features(model, probes.shuffle_tiles(two, 32, seed=0), [last])[last]
    for cue in ("texture", "proportion"):
        probe = probes.class_probe(_mean(learnt[last]), train.factors[cue])
        whole, cut = (probe.predict(_mean(x).numpy()) == test.factors[cue] for x in (seen[last], moved))
        findings[f"{kind}: {cue} read"] = pooled(whole[None])
        findings[f"{kind}: {cue} lost when quarters are shuffled"] = paired_difference(whole, cut)
    return findings


def place_findings(models: dict[str, nn.Module], train: np.ndarray, test: np.ndarray, canvas: int = 64) -> Findings:
    """Where does a pasted dog stand? Linear probes on the features before and after the global mean."""
    (one, places), (two, truth) = probes.paste(train, canvas, seed=0), probes.paste(test, canvas, seed=1)
    findings: Findings = {}
    for kind, model in models.items():
        layer = LAYERS[kind.split()[0]][-1]
        a, b = (probes.features(model, probes.as_tensor(x), [layer])[layer] for x in (one, two))
        for what, read in (("map", lambda x: x), ("global mean", _mean), ("class token", lambda x: x[:, 0])):
            if what == "class token" and a.ndim == 4:
                continue
            findings[f"{kind}: place read from the {what}"] = probes.place_probe(read(a), places, read(b), truth)
    return findings


def distance_findings(models: dict[str, nn.Module], images: Tensor) -> Findings:
    """Mean attention distance of the first and the last block, and of the most local head, over that of uniform."""
    uniform = float(maps.patch_distances(8, 8).mean())
    findings: Findings = {}
    for name, model in models.items():
        distance = maps.mean_attention_distance(maps.attention_weights(model, images), 8, 8) / uniform  # (L, B, h)
        local = int(distance[0].mean(0).argmin())
        shown = {"first block": distance[0].mean(1), "last block": distance[-1].mean(1)}
        shown["most local head of the first block"] = distance[0][:, local]
        findings |= {f"{name}, {where}: distance": probes.mean_over_images(d.numpy()) for where, d in shown.items()}
    return findings


def shift_findings(models: dict[str, nn.Module], images: Tensor, steps: Sequence[int] = (1, 4, 8)) -> Findings:
    """Share of answers that stay when the picture moves, per image the mean over shifts to the four sides."""
    findings, stays = {}, {}
    for name, model in models.items():
        with torch.no_grad():
            before = model.eval()(images).argmax(1)
            moves = [(s * y, s * x) for s in steps for y, x in ((0, 1), (0, -1), (1, 0), (-1, 0))]
            same = [model(probes.shifted(images, *move)).argmax(1) == before for move in moves]
        stays[name] = torch.stack(same).double().mean(0).numpy()
        findings[f"{name}: answers that survive a shift"] = probes.mean_over_images(stays[name])
    a, b = stays.values()
    return findings | {"{} minus {}: answers that survive a shift".format(*stays): probes.mean_over_images(a - b)}


def position_findings(model: ViT, train: Any, test: Any) -> Findings:
    """The shipped ViT with its positions as they are, shuffled among the patches, and taken away."""
    one, two = probes.as_tensor(train.images), probes.as_tensor(test.images)
    table = model.positions.table
    kept, order = table.detach().clone(), torch.randperm(64, generator=torch.Generator().manual_seed(0)) + 1
    probe = probes.class_probe(probes.features(model, one, ["norm"])["norm"], train.labels)
    findings, answers = {}, {}
    with torch.no_grad():
        for name in ("kept", "shuffled", "removed"):
            if name == "shuffled":
                table[:, 1:] = kept[:, order]
            elif name == "removed":
                table[:, 1:] = 0.0
            read = probes.features(model, two, ["norm"])["norm"]
            answers[name] = probe.predict(read.numpy()) == test.labels
            table.copy_(kept)
            findings[f"positions {name}: breed read from the class token"] = pooled(answers[name][None])
    for name in ("shuffled", "removed"):
        findings[f"positions {name} minus kept"] = paired_difference(answers[name], answers["kept"])
    return findings


def faithfulness_findings(models: dict[str, nn.Module], images: Tensor, steps: int = 12) -> Findings:
    """Deletion and insertion of four maps against random ones of the same grid; of the predicted class, per image.

    The gain is what a map saves over a random one: area under the deletion curve, random minus map, and under the
    insertion curve, map minus random; both as a share of the probability of the intact image. Positive is faithful.
    All maps of a network are set against the same random one, which has their grid.
    """
    generator = torch.Generator().manual_seed(0)
    gains: dict[str, np.ndarray] = {}
    for kind, model in models.items():
        with torch.no_grad():
            chances, classes = model.eval()(images).softmax(-1).max(1)
        found = _saliency(kind, model, images, classes)
        noise = torch.rand(next(iter(found.values())).shape, generator=generator)
        curve = partial(perturbation_curve, model, images, classes, steps=steps)
        at_random = {test: curve(noise, test).area for test in TESTS}
        for (name, saliency), test in product(found.items(), TESTS):
            saved = at_random[test] - curve(saliency, test).area
            gains[f"{kind}, {name}, {test}"] = (saved if test == "deletion" else -saved) / chances.double().numpy()
    findings = {f"{what}: gain over a random map": probes.mean_over_images(gain) for what, gain in gains.items()}
    for test in TESTS:
        rollout = gains[f"vit, rollout, {test}"]
        for other in ("vit, Grad-CAM", "cnn, Grad-CAM"):
            difference = probes.mean_over_images(rollout - gains[f"{other}, {test}"])
            findings[f"rollout minus {other}, {test}"] = difference
    return findings


def _saliency(kind: str, model: nn.Module, images: Tensor, classes: Tensor) -> dict[str, Tensor]:
    if kind == "cnn":
        return {"Grad-CAM": grad_cam(model, images, classes, "middle")}
    attention, grid = maps.attention_weights(model, images), 8  # of vit_mini
    return {
        "rollout": maps.class_map(maps.rollout(attention), grid),
        "last attention": maps.class_map(attention[-1].mean(1), grid),
        "Grad-CAM": grad_cam(model, images, classes, "blocks.5.norm1"),
    }
