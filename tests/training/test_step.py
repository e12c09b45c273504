"""A step of the caller's: distillation, tokens, batches of any form, and what is refused."""

import copy
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.training import Classification, TrainingConfig, fit
from helpers.training.losses import hard_distillation, soft_distillation
from helpers.training.step import seed_update, to_device


class Fixed:
    """The same list of batches in every epoch."""

    def __init__(self, *batches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, epoch: int, start: int = 0) -> Iterator:
        return iter(self.batches[start:])


class TwoHeads(nn.Module):
    """A student with one head for the labels and one for the teacher."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head, self.distillation_head = nn.Linear(12, 16), nn.Linear(16, 4), nn.Linear(16, 4)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(images.flatten(1)).relu()
        return self.head(x), self.distillation_head(x)


def pictures(count: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 2, 2, generator=generator), torch.randint(4, (count,), generator=generator)


def config(**changes) -> TrainingConfig:
    return TrainingConfig(**{"epochs": 1, "learning_rate": 1e-2, "progress": False, "clip_norm": None, **changes})


@pytest.mark.parametrize("loss", [hard_distillation, soft_distillation])
def test_distillation_is_a_step(loss) -> None:
    torch.manual_seed(0)
    teacher, student = nn.Sequential(nn.Flatten(), nn.Linear(12, 4)), TwoHeads()
    asked = []

    def distil(model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        images, labels = batch
        asked.append(len(images))
        with torch.no_grad():
            says = teacher(images)
        own, distilled = model(images)
        mean = loss(own, distilled, says, labels)
        return mean * len(labels), (own.argmax(1) == labels).sum(), len(labels)

    batches = [pictures(8, 0), pictures(5, 1)]
    untouched, before = copy.deepcopy(student), copy.deepcopy(teacher)
    history = fit(student, Fixed(*batches), config(accumulation_steps=2), step=distil)
    own, distilled = untouched(torch.cat([x for x, _ in batches]))
    labels = torch.cat([y for _, y in batches])
    whole = loss(own, distilled, teacher(torch.cat([x for x, _ in batches])), labels)
    assert history.epochs[0].train_loss == pytest.approx(whole.item(), rel=1e-5)
    assert asked == [8, 5]
    assert history.seen == 13
    assert all(torch.equal(a, b) for a, b in zip(teacher.parameters(), before.parameters(), strict=True))
    whole.backward()  # the first step of Adam goes down the sign of the gradient of the mean over all 13 images
    for name in ("body", "head", "distillation_head"):
        moved = getattr(student, name).weight - getattr(untouched, name).weight * (1 - 1e-2 * 0.05)
        gradient = getattr(untouched, name).weight.grad
        sure = gradient.abs() > 1e-4
        assert sure.any()
        assert torch.equal(moved.sign()[sure], -gradient.sign()[sure])


def test_the_mean_is_over_tokens_not_over_batches_or_sentences() -> None:
    """Unequal sentences in two batches: the accumulated gradient is that of the mean over all real tokens."""

    def tokens(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        logits, wanted = model(batch["words"]), batch["wanted"]
        real = wanted != 0
        loss = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=0, reduction="sum")
        return loss, ((logits.argmax(-1) == wanted) & real).sum(), real.sum()

    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(6, 8), nn.Linear(8, 6))
    batches = [
        {"words": torch.tensor([[1, 2, 3], [4, 5, 0]]), "wanted": torch.tensor([[2, 3, 1], [5, 0, 0]])},
        {"words": torch.tensor([[5, 4]]), "wanted": torch.tensor([[4, 0]])},
    ]
    expected = copy.deepcopy(model)
    losses = [tokens(expected, batch) for batch in batches]
    (sum(loss for loss, _, _ in losses) / 5).backward()
    seen = {}

    class Watch(torch.optim.SGD):
        def step(self, closure=None):
            seen.update(enumerate(p.grad.clone() for group in self.param_groups for p in group["params"]))

    history = fit(model, Fixed(*batches), config(accumulation_steps=2), step=tokens, unit="tokens", optimizer=Watch)
    order = [p for p in expected.parameters() if p.ndim > 1] + [p for p in expected.parameters() if p.ndim == 1]
    found = sorted(seen.values(), key=lambda g: -g.ndim)
    for ours, theirs in zip(found, order, strict=True):
        torch.testing.assert_close(ours, theirs.grad)
    assert (history.seen, history.unit) == (5, "tokens")
    assert "tokens/s" in history.describe()
    assert history.epochs[0].train_loss == pytest.approx(sum(loss.item() for loss, _, _ in losses) / 5)


def test_another_optimiser_and_schedule_are_used_as_they_are() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    by_hand = copy.deepcopy(model)
    batches = [pictures(6, seed) for seed in range(3)]
    asked = []

    def schedule(step: int, total: int) -> float:
        asked.append((step, total))
        return [1.0, 0.5, 0.1][step]

    fit(model, Fixed(*batches), config(weight_decay=0.0), optimizer=torch.optim.SGD, schedule=schedule)
    for factor, (images, labels) in zip([1.0, 0.5, 0.1], batches, strict=True):
        by_hand.zero_grad()
        F.cross_entropy(by_hand(images), labels).backward()
        with torch.no_grad():
            for parameter in by_hand.parameters():
                parameter -= 1e-2 * factor * parameter.grad
    assert asked[:3] == [(0, 3), (1, 3), (2, 3)]
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_dropout_of_two_processes_is_not_the_same() -> None:
    drawn = []
    for place in [(0, 3, 0), (0, 3, 1), (0, 4, 0), (1, 3, 0), (0, 3, 0)]:
        seed_update(*place)
        drawn.append(torch.rand(4).tolist())
    assert drawn[0] == drawn[4]
    assert len({tuple(one) for one in drawn}) == 4


def test_a_loss_in_few_bits_is_taken_in_fp32() -> None:
    logits = torch.randn(8, 4).bfloat16().requires_grad_()
    loss, _, count = Classification()(lambda _: logits, (torch.zeros(8, 1), torch.arange(8) % 4))
    torch.testing.assert_close(loss, F.cross_entropy(logits.float(), torch.arange(8) % 4, reduction="sum"))
    assert (loss.dtype, count) == (torch.float32, 8)


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (lambda loss: loss, r"expected \(summed loss, right answers, count\).*got Tensor"),
        (lambda loss: (loss, 0), "got tuple"),
        (lambda loss: (loss.detach(), 0, 1), "got a loss without one"),
        (lambda loss: (loss[None], 0, 1), r"got loss of the shape \(1,\); sum it"),
        (lambda loss: (loss, torch.ones(3), 1), r"got right of the shape \(3,\)"),
        (lambda loss: (loss, 0, 0), "got a count of 0"),
        (lambda loss: (loss, 0, torch.tensor(0)), "at least one image or token counted"),
    ],
)
def test_a_step_that_returns_something_else_is_told_so(returned, told: str) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    with pytest.raises(ValueError, match=told):
        fit(model, Fixed(pictures(2, 0)), config(), step=lambda model, batch: returned(model(batch[0]).sum()))


def test_batches_of_any_form_are_moved_and_anything_else_is_refused() -> None:

    images = torch.zeros(2, 3, 4, 4)
    moved = to_device({"a": [images, (torch.zeros(2),)]}, torch.device("meta"), torch.channels_last)
    assert moved["a"][0].device.type == moved["a"][1][0].device.type == "meta"
    assert moved["a"][0].is_contiguous(memory_format=torch.channels_last)
    assert isinstance(moved["a"][1], tuple)
    with pytest.raises(ValueError, match="expected tensors, or tuples, lists or dicts of them, got str"):
        to_device((images, "label"), torch.device("cpu"))
