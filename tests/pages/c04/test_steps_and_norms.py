"""Optimisers by hand against PyTorch's, what shares statistics against PyTorch's layers, and double descent."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.pages.c04.double import errors, sweep
from helpers.pages.c04.norms import KINDS, normalise, sharing
from helpers.pages.c04.steps import rules, walk, walk_in_torch


@pytest.mark.parametrize("name", rules())
def test_each_optimiser_is_pytorchs(name):
    def gradient(w):
        return np.array([w[0] ** 3, 20 * w[1]])

    rule = rules()[name]
    ours, theirs = (run(rule, [1.0, -0.5], gradient, 8) for run in (walk, walk_in_torch))
    assert np.abs(ours - theirs).max() < 1e-7


def test_the_first_step_of_adam_does_not_see_l2_and_adamw_does():
    steps = {name: walk(rule, [1.0], lambda w: np.array([0.4]), 1)[1, 0] for name, rule in rules().items()}
    assert steps["Adam"] == pytest.approx(0.9, abs=1e-7)
    assert steps["Adam with L2"] == pytest.approx(0.9, abs=1e-7)
    assert steps["AdamW"] == pytest.approx(0.89, abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_sharing_is_what_pytorch_normalises_over(kind):
    x = torch.randn(3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    theirs = {
        "batch": lambda: F.batch_norm(x, None, None, training=True),
        "layer": lambda: F.layer_norm(x.transpose(1, 2), (4,)).transpose(1, 2),
        "group": lambda: F.group_norm(x, 2),
        "instance": lambda: F.instance_norm(x),
    }[kind]()
    ours = normalise(x.numpy(), sharing(kind, (3, 4, 5)))
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)


def test_sharing_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="kind"):
        sharing("weight", (2, 2, 2))
    with pytest.raises(ValueError, match="divisor"):
        sharing("group", (2, 3, 2))


def test_least_squares_peaks_where_there_are_as_many_features_as_digits():
    found = sweep((20, 60, 600), (0, 1, 2), count=60)
    few, equal, many = found["test"].mean(1)
    assert equal > max(few, many) + 0.1
    assert (found["train"][2] == 0).all()
    assert found["ridge"].mean(1)[1] < equal - 0.1
    assert errors(20, 0, 60, 0.1)["train"] > 0
    with pytest.raises(ValueError, match="expected widths"):
        sweep((), (0,))
