"""Learning rates: cosine with warm-up, layer-wise decay, and which tensors decay."""

from itertools import pairwise

import pytest
import torch
from torch import nn, optim

from helpers.training.schedules import cosine_with_warmup, layer_scales, parameter_groups, set_learning_rates


class TinyViT(nn.Module):
    """The parts of a ViT by name: embeddings, class token, positions, blocks with a norm, head."""

    def __init__(self, depth: int = 2) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.ones(1, 1, 4))
        self.pos_embed = nn.Parameter(torch.ones(1, 5, 4))
        self.patches = nn.Linear(4, 4)
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4)) for _ in range(depth))
        self.head = nn.Linear(4, 3)

    def layer_groups(self) -> list[list[str]]:
        blocks = [[f"blocks.{i}.{n}" for n, _ in block.named_parameters()] for i, block in enumerate(self.blocks)]
        names = [n for n, _ in self.named_parameters() if not n.startswith(("blocks", "head"))]
        return [names, *blocks, ["head.weight", "head.bias"]]


@pytest.mark.parametrize(("step", "rate"), [(0, 0), (2.5, 5e-4), (5, 1e-3), (152.5, 5.05e-4), (300, 1e-5)])
def test_cosine_after_warmup_by_hand(step: float, rate: float) -> None:
    assert cosine_with_warmup(step, 300, 5, peak=1e-3, floor=1e-5) == pytest.approx(rate, abs=1e-12)


def test_cosine_rises_then_falls() -> None:
    rates = [cosine_with_warmup(step, 100, 10) for step in range(101)]
    assert all(a < b for a, b in pairwise(rates[:11]))
    assert all(a > b for a, b in pairwise(rates[10:]))


def test_cosine_equals_torch_without_warmup() -> None:
    optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.01)
    for step in range(20):
        assert cosine_with_warmup(step, 20, 0, 0.3, 0.01) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("lengths", [(0, 0), (10, 11), (10, -1)])
def test_impossible_lengths_are_refused(lengths: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="warmup_steps <= total_steps, got"):
        cosine_with_warmup(1, *lengths)


def test_a_run_may_be_warm_up_alone() -> None:
    assert [cosine_with_warmup(step, 4, 4) for step in (0, 2, 4)] == [0.0, 0.5, 0.0]


def test_layer_scales_by_hand() -> None:
    scales = layer_scales(14, 0.75)  # embeddings, 12 blocks, head
    assert [round(scales[i], 4) for i in (0, 1, 12, 13)] == [0.0238, 0.0317, 0.75, 1.0]


def test_a_single_group_keeps_its_rate_and_none_is_refused() -> None:
    assert layer_scales(1, 0.5) == [1.0]
    with pytest.raises(ValueError, match="layer_groups: expected at least one group, got 0"):
        layer_scales(0, 0.5)


@pytest.mark.parametrize("decay", [0, -0.5, 1.5])
def test_layer_decay_outside_its_range_is_refused(decay: float) -> None:
    with pytest.raises(ValueError, match=r"layer_decay: expected a number in \(0, 1\], got"):
        layer_scales(3, decay)


def test_no_weight_decay_on_biases_norms_class_token_and_positions() -> None:
    groups = parameter_groups(TinyViT(), 1e-3, 0.1)
    decayed = {name for group in groups if group["weight_decay"] for name in group["names"]}
    assert decayed == {"patches.weight", "blocks.0.1.weight", "blocks.1.1.weight", "head.weight"}
    assert {group["weight_decay"] for group in groups} == {0.0, 0.1}


def test_the_models_own_exemptions_are_kept() -> None:
    model = TinyViT()
    model.no_weight_decay = lambda: {"head.weight"}  # type: ignore[assignment]
    exempt = {n for group in parameter_groups(model, 1e-3, 0.1) if not group["weight_decay"] for n in group["names"]}
    assert "head.weight" in exempt


def test_only_trainable_tensors_are_optimised() -> None:
    model = TinyViT().requires_grad_(False)
    with pytest.raises(ValueError, match="at least one parameter with requires_grad"):
        parameter_groups(model, 1e-3, 0.1)
    model.head.requires_grad_(True)
    names = [name for group in parameter_groups(model, 1e-3, 0.1) for name in group["names"]]
    assert sorted(names) == ["head.bias", "head.weight"]


def test_the_schedule_scales_each_groups_own_base() -> None:
    model = TinyViT()
    optimizer = optim.AdamW(parameter_groups(model, 1.0, 0.1, model.layer_groups(), 0.5))
    for factor in (1.0, 0.3):  # twice: a schedule that overwrote the bases would lose them
        set_learning_rates(optimizer, factor)
        rates = {name: group["lr"] for group in optimizer.param_groups for name in group["names"]}
        assert rates["pos_embed"] == pytest.approx(0.125 * factor)
        assert rates["blocks.1.0.weight"] == pytest.approx(0.5 * factor)
        assert rates["head.bias"] == pytest.approx(factor)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda groups: groups[:-1], "every trainable parameter, got none of .*head"),
        (lambda groups: [*groups, ["head.bias"]], "each name once, got 'head.bias'"),
        (lambda groups: [*groups, ["neck"]], "names of the model's parameters, got 'neck'"),
        (lambda groups: None, "expected layer_groups beside it"),
    ],
)
def test_layer_groups_must_partition_the_trainable_tensors(change, message: str) -> None:
    model = TinyViT()
    with pytest.raises(ValueError, match=message):
        parameter_groups(model, 1e-3, 0.1, change(model.layer_groups()), 0.75)
