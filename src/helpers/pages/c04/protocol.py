"""The checks of the debugging protocol, each a few lines, and the bugs that the page plants for them to catch."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.pages.c04 import small

Loss = Callable[[Tensor, Tensor], Tensor]


def softmax_twice(logits: Tensor, labels: Tensor) -> Tensor:
    """A planted bug: `cross_entropy` takes logits, and gets probabilities."""
    return F.cross_entropy(logits.softmax(1), labels)


class CutOff(nn.Module):
    """A planted bug: a layer whose answer is cut from the graph, so that nothing below it learns."""

    def forward(self, x: Tensor) -> Tensor:
        return x.detach()


def memorise(loss: Loss, images: Tensor, labels: Tensor, steps: int = 150, seed: int = 0) -> float:
    """Step 2: train a fresh network on these images alone, without any regulariser; the loss at the end."""
    model = small.network(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=small.RATE, weight_decay=0.0, fused=True)
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(model(images), labels)
        value.backward()
        optimizer.step()
    return value.item()


def label_inside(images: Tensor, labels: Tensor) -> Tensor:
    """A planted bug: the label, as the pipeline read it, ends among the inputs, (n, 64) -> (n, 64)."""
    marked = images.clone()
    marked[:, 0] = labels.float() - 4.5
    return marked


def camera(data: small.Draw) -> small.Draw:
    """A leak that lies in the data: each picture carries its true label, written before anything was read."""
    images, val = label_inside(data.images, data.given), label_inside(data.val_images, data.val_labels)
    return replace(data, images=images, val_images=val)


def copies(data: small.Draw) -> small.Draw:
    """A leak that lies in the data: every validation image is one of training."""
    return replace(data, val_images=data.images, val_labels=data.given)


def shuffled_control(data: small.Draw, prepare: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> float:
    """Step 3: shuffle *all* labels before anything else is done, train, and ask the validation images; share right.

    `prepare` makes network inputs of images and labels: all of the pipeline that comes after the labels are read. A
    leak that lies in the data already (`camera`, `copies`) belongs to labels that are gone, and is not seen.
    """
    generator = torch.Generator().manual_seed(seed)
    given, asked = (
        labels[torch.randperm(len(labels), generator=generator)] for labels in (data.given, data.val_labels)
    )
    images, val = prepare(data.images, given), prepare(data.val_images, asked)
    nonsense = small.Draw(images, given, data.wrong, val, asked, val, asked)
    looks = small.train(small.network(seed), nonsense, small.Measures(), seed, steps=300, every=300)
    return looks.val_top1[-1]


def known_by_border(data: small.Draw, seed: int = 0) -> float:
    """Blank all but the outermost pixels, train, and ask the validation images; share right. Near 1: a marker."""
    edge = torch.ones(8, 8, dtype=torch.bool)
    edge[1:-1, 1:-1] = False
    images, val = (torch.where(edge.flatten(), part, -1.0) for part in (data.images, data.val_images))
    bare = replace(data, images=images, val_images=val)
    return small.train(small.network(seed), bare, small.Measures(), seed, steps=300, every=300).val_top1[-1]


def idle_parameters(model: nn.Module, images: Tensor, labels: Tensor) -> list[str]:
    """Step 4: names of the parameters that a backward pass leaves without a gradient, or with one of zeros."""
    model.zero_grad(set_to_none=True)
    F.cross_entropy(model(images), labels).backward()
    return [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]


@torch.no_grad()
def neighbours_matter(model: nn.Module, image: Tensor, these: Tensor, those: Tensor) -> float:
    """Step 5: by how much the logits of one image (1, 64) change when others stand beside it in the batch, at most."""
    with_these, with_those = (model(torch.cat([image, others]))[0] for others in (these, those))
    return float((with_these - with_those).abs().max())


def dead_start(seed: int = 0) -> nn.Sequential:
    """A planted bug: biases so low that hardly any image wakes a unit."""
    model = small.network(seed)
    with torch.no_grad():
        for layer in list(model)[:-1]:
            if isinstance(layer, nn.Linear):
                layer.bias.sub_(4)
    return model


def find_rate(
    data: small.Draw,
    model: nn.Module,
    *,
    low: float = 1e-5,
    high: float = 1.0,
    steps: int = 120,
    seed: int = 0,
) -> tuple[list[float], list[float]]:
    """Step 6: one short training in which the rate grows from step to step; rates and losses, smoothed (Smith 2015)."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=low, weight_decay=0.0, fused=True)
    rates, losses, mean = [], [], 0.0
    for step in range(steps):
        rate = low * (high / low) ** (step / (steps - 1))
        optimizer.param_groups[0]["lr"] = rate
        rows = torch.randint(0, len(data.given), (small.BATCH,), generator=generator)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data.images[rows]), data.given[rows])
        loss.backward()
        optimizer.step()
        mean = 0.8 * mean + 0.2 * loss.item()
        rates.append(rate)
        losses.append(mean / (1 - 0.8 ** (step + 1)))
        if not math.isfinite(mean) or losses[-1] > 4 * losses[0]:
            break
    return rates, losses


def watch(data: small.Draw, steps: int = 600, every: int = 10, seed: int = 0) -> dict[str, list[float]]:
    """A training without any measure against over-fitting: `step`, `train_loss`, `val_loss`, `val_top1`, and the shares
    of the true and of the wrong training labels that the network gives back, `true_known` and `wrong_known`."""
    model, generator = small.network(seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=small.RATE, weight_decay=0.0, fused=True)
    seen: dict[str, list[float]] = {
        name: [] for name in ("step", "train_loss", "val_loss", "val_top1", "true_known", "wrong_known")
    }
    for step in range(steps + 1):
        if step % every == 0:
            loss, named = small.asked(model, data.images, data.given)
            val_loss, val_named = small.asked(model, data.val_images, data.val_labels)
            shares = [float(part.float().mean()) for part in (val_named, named[~data.wrong], named[data.wrong])]
            for values, value in zip(seen.values(), (step, loss, val_loss, *shares), strict=True):
                values.append(value)
        model.train()
        rows = torch.randint(0, len(data.given), (small.BATCH,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(model(data.images[rows]), data.given[rows]).backward()
        optimizer.step()
    return seen
