"""Lab 11, counted: shapes, layers, costs, and single gradients. Nothing is trained and nothing sampled."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.measure.cost import count_parameters, macs, saved_activation_bytes
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.models.xception import Xception, XceptionModule
from helpers.pages.l11 import probes
from helpers.pages.l11 import small_runs as small
from helpers.pages.l11.findings import Findings, exact


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
