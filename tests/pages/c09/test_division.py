"""The study of the division by √d: variances, saturation and gradients are those of a softmax."""

import pytest
import torch

from helpers.pages.c09.division import scores_of


@pytest.fixture(autouse=True)
def in_float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("d", [4, 64])
def test_undivided_scores_have_variance_d_and_divided_ones_forget_it(d):
    raw, scaled = scores_of(d, False), scores_of(d, True)
    assert raw["Var(q·k)"] == scaled["Var(q·k)"] == pytest.approx(d, rel=0.05)
    assert scaled["entropy"] > raw["entropy"]
    assert scaled["largest"] < raw["largest"]
    assert scaled["entropy"] == pytest.approx(scores_of(16, True)["entropy"], rel=0.05)


def test_the_gradient_is_the_one_of_a_finite_difference():
    d, keys = 4, 16
    found = scores_of(d, True, queries=1, keys=keys)
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(1, 1, d, generator=generator), torch.randn(1, keys, d, generator=generator)
    wanted = int(torch.randint(keys, (1, 1), generator=generator))

    def weight(query):
        return ((query * k).sum(-1) / d**0.5).softmax(-1)[0, wanted]

    step = 1e-6 * torch.eye(d)
    slopes = torch.stack([(weight(q + one) - weight(q - one)) / 2e-6 for one in step])
    assert found["weight"]["all"].item() == pytest.approx(slopes.norm().item(), rel=1e-6)
