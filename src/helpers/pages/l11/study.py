"""The measurements of lab 11: one function a question, each returns findings that a claim can be judged by.

A finding is an `Estimate`: a figure, its 95 % interval, n, and what the interval covers; exact figures have none. Which
figure would speak for a claim is written in `chapters/claims/`, not here.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.measure import attention_maps as maps
from helpers.measure.accuracy import Estimate, over_seeds, paired_difference, pooled
from helpers.measure.cost import count_parameters, macs, saved_activation_bytes
from helpers.measure.faithfulness import perturbation_curve
from helpers.measure.grad_cam import grad_cam
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.models.xception import Xception, XceptionModule
from helpers.pages.l11 import probes
from helpers.pages.l11 import small_runs as small

Findings = dict[str, Estimate]


def exact(value: float) -> Estimate:
    """A figure that is counted or computed, not sampled."""
    return Estimate(float(value), None, None, 1, "nothing")


# ------------------------------------------------------------------------------------------ counted, nothing trained


def cost_findings(networks: dict[str, tuple[Any, int]]) -> Findings:
    """MACs and activations kept for backward, {name: (build, image size)} -> figures by "name: what"."""
    findings = {}
    for name, (build, size) in networks.items():
        with torch.device("meta"):  # shapes without values
            model = build()
        kept = saved_activation_bytes(model.train(), size)
        findings[f"{name}: GMACs"] = exact(macs(model, size) / 1e9)
        findings[f"{name}: MiB kept"] = exact(kept / 2**20)
        findings[f"{name}: millions of parameters"] = exact(count_parameters(model)["total"] / 1e6)
    return findings


def ratios(findings: Findings, what: str, pairs: Sequence[tuple[str, str]]) -> Findings:
    """One figure over another, for "a / b: what"."""
    return {
        f"{a} / {b}: {what}": exact(findings[f"{a}: {what}"].value / findings[f"{b}: {what}"].value) for a, b in pairs
    }


def xception_findings() -> Findings:
    """What Xception is made of, and how often each of its layers runs in one pass."""
    model = Xception(num_classes=10, width=0.25, stem_stride=1).eval()
    runs: dict[nn.Module, int] = {}
    for layer in (m for m in model.modules() if not list(m.children())):
        layer.register_forward_hook(lambda module, args, output: runs.update({module: runs.get(module, 0) + 1}))
    with torch.no_grad():
        model(torch.zeros(1, 3, 64, 64))
    kinds = [type(m).__name__ for m in model.modules()]
    plain = sum(isinstance(m, nn.Conv2d) for m in model.entry)
    with_shortcut = sum(isinstance(m, XceptionModule) for m in model.modules())
    return {
        "separable layers": exact(kinds.count("SeparableConvolution")),
        "convolution layers": exact(kinds.count("SeparableConvolution") + plain),
        "modules with a sum around them": exact(with_shortcut),
        "most runs of one layer in a pass": exact(max(runs.values())),
        "recurrent layers": exact(sum(isinstance(m, nn.RNNBase | nn.RNNCellBase) for m in model.modules())),
    }


def vit_findings(image: Tensor) -> Findings:
    """Shapes and order of the ViT's six steps, read from the code that runs; `image` (1, 3, 64, 64)."""
    torch.manual_seed(0)
    model = ViT(image_size=64, patch_size=8, num_classes=10, embed_dim=128, depth=6, num_heads=4).double().eval()
    image = image.double()
    with torch.no_grad():
        nn.init.normal_(model.positions.table)
        patches, embedded = model.patches(image), model.embed(image)  # (1, 64, D), (1, 65, D)
        in_order = torch.cat([model.class_token, patches], 1) + model.positions.table
        order = torch.randperm(64)
        model.positions.table.zero_()
        model.positions.table[:, 0] = 1.0
        tokens = model.embed(image)
        answers = []
        for rows in (torch.arange(65), torch.cat([torch.zeros(1, dtype=torch.long), 1 + order])):
            x = tokens[:, rows]
            for block in model.blocks:
                x = block(x)
            answers.append(model.classify(x))
    change = (answers[0] - answers[1]).norm() / answers[0].norm()
    N = 224**2
    return {
        "embedding minus (class token first, then add)": exact((embedded - in_order).abs().max().item()),
        "positions in the table, for 64 patches": exact(model.positions.table.shape[1]),
        "width added by positions": exact(embedded.shape[-1] - patches.shape[-1]),
        "numbers in one position": exact(model.positions.table.shape[-1]),
        "change of the logits when patches are shuffled, no positions": exact(change.item()),
        "linear layers in the head": exact(sum(isinstance(m, nn.Linear) for m in model.head.modules())),
        "numbers in a flattened patch of 3 x 16 x 16": exact(3 * 16 * 16),
        "pixel tokens at 224 px": exact(N),
        "GB of one fp32 attention map over them": exact(4 * N**2 / 1e9),
        **{f"width of ViT-{k} minus 768": exact(c["embed_dim"] - 768) for k, c in VIT_CONFIGS.items()},
    }


def quadratic_share(image_size: int, patch_size: int = 16, embed_dim: int = 768, depth: int = 12) -> float:
    """Share of a ViT's MACs that grows with the square of the tokens: 2 N^2 D a block, of all."""
    model_macs = macs(_on_meta(image_size, patch_size, embed_dim, depth), image_size)
    N = 1 + (image_size // patch_size) ** 2
    return depth * 2 * N**2 * embed_dim / model_macs


def _on_meta(image_size: int, patch_size: int, embed_dim: int, depth: int) -> ViT:
    with torch.device("meta"):
        return ViT(image_size, patch_size, 1000, embed_dim, depth, embed_dim // 64)


def accumulation_findings(seed: int = 0) -> Findings:
    """Gradient of 32 digits at once against 16 times 2 added up: relative difference with BatchNorm and LayerNorm."""
    findings = {}
    images, labels = small.digits().draw(32, seed)
    for norm in ("batch", "layer"):
        torch.manual_seed(seed)
        model = small.digit_cnn(norm).double().train()
        gradients = []
        for part in (32, 2):
            model.zero_grad()
            for rows in torch.arange(32).split(part):
                logits = model(images[rows].double())
                (nn.functional.cross_entropy(logits, labels[rows], reduction="sum") / 32).backward()
            gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
        change = (gradients[0] - gradients[1]).norm() / gradients[0].norm()
        findings[f"{norm} norm: change of the gradient in parts of 2"] = exact(change.item())
    return findings


def step_findings(seed: int = 0) -> Findings:
    """Rosenblatt's step passes no gradient to the layer below it; ReLU does. And what sharing weights saves."""
    findings = {}
    images, labels = small.digits().draw(100, seed)
    for name, unit in (("step", lambda x: (x > 0).to(x)), ("ReLU", torch.relu)):
        torch.manual_seed(seed)
        first, last = nn.Linear(192, 256), nn.Linear(256, 10)
        nn.functional.cross_entropy(last(unit(first(images.flatten(1)))), labels).backward()
        size = 0.0 if first.weight.grad is None else first.weight.grad.norm().item()
        findings[f"size of the gradient below a {name}"] = exact(size)
    shared, free = 3 * 3 * 3 * 32, 222 * 222 * 3 * 3 * 3 * 32  # 3 x 3, 3 -> 32 channels, 224 px
    return findings | {"weights without sharing / with": exact(free / shared)}


# --------------------------------------------------------------------------------------------- trained on the digits


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
            small.digit_vit, count, range(seeds), steps=steps, batch_size=32, make_optimiser=getattr(torch.optim, name)
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


# -------------------------------------------------------------------------------------- the shipped, trained networks

LAYERS = {"cnn": ("entry.5", "entry.7", "entry.8", "middle", "exit"), "vit": ("blocks.0", "blocks.2", "blocks.5")}


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
    """
    generator = torch.Generator().manual_seed(0)
    gains: dict[str, np.ndarray] = {}
    for kind, model in models.items():
        with torch.no_grad():
            chances, classes = model.eval()(images).softmax(-1).max(1)
        for name, saliency in _saliency(kind, model, images, classes).items():
            noise = torch.rand(saliency.shape, generator=generator)
            for test in ("deletion", "insertion"):
                curve = partial(perturbation_curve, model, images, classes, kind=test, steps=steps)
                a, b = curve(saliency).area, curve(noise).area
                gains[f"{kind}, {name}, {test}"] = (b - a if test == "deletion" else a - b) / chances.double().numpy()
    findings = {f"{what}: gain over a random map": probes.mean_over_images(gain) for what, gain in gains.items()}
    for test in ("deletion", "insertion"):
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


def protocol_findings() -> Findings:
    """The two tunings that the proof of concept compared: what they train, and what a step of each costs."""
    from helpers.measure.cost import training_step_macs
    from helpers.models import pretrained as pre

    with torch.device("meta"):  # shapes without values
        xception = pre.build_model("legacy_xception", 120, weights="none")
        vit = pre.build_model("vit_base_patch16_224.orig_in21k", 120, weights="none")
    part = pre.select_trainable(xception, "top10")
    head = sum(p.numel() for p in xception.model.get_submodule("fc").parameters())
    pre.select_trainable(vit, "full")
    steps = [training_step_macs(ready.model, ready.image_size) for ready in (xception, vit)]
    return {
        "share of Xception's layers in its top tenth": exact(4 / 36),
        "share of Xception's weights in its top tenth": exact((part.trained - head) / (part.total - head)),
        "GMACs of a training image, Xception top10": exact(steps[0] / 1e9),
        "GMACs of a training image, ViT-B/16 full": exact(steps[1] / 1e9),
        "a ViT-B/16 step / an Xception top10 step": exact(steps[1] / steps[0]),
    }


def picture_findings(picture: np.ndarray) -> Findings:
    """Axes of a colour picture, of a grey one as scikit-learn ships it, and of the patches of an image."""
    from sklearn.datasets import load_digits

    from helpers.layers.patches import patchify

    return {
        "axes of a colour picture": exact(picture.ndim),
        "axes of a grey picture": exact(load_digits().images[0].ndim),
        "axes of the patches of an image": exact(patchify(probes.as_tensor(picture[None]), 8)[0].ndim),
    }
