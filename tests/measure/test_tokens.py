"""Two tokens: their cosine layer by layer, and the two ways to fuse what they say."""

import pytest
import torch

from helpers.measure.tokens import fused, token_cosines
from helpers.models.deit import DeiT


def model():
    torch.manual_seed(0)
    return DeiT(16, 8, 3, embed_dim=16, depth=3, num_heads=2)


def test_equal_tokens_stay_equal_and_opposite_ones_start_at_minus_one():
    deit, images = model(), torch.randn(4, 3, 16, 16)
    with torch.no_grad():
        deit.positions.table[:, :2] = 0
        deit.distillation_token.copy_(deit.class_token)
    assert token_cosines(deit, images) == pytest.approx([1.0] * 4, abs=1e-5)
    with torch.no_grad():
        deit.distillation_token.copy_(-deit.class_token)
    assert token_cosines(deit, images)[0] == pytest.approx(-1.0, abs=1e-5)


def test_the_last_cosine_is_that_of_the_blocks_output_and_the_mode_stays():
    deit, images = model().train(), torch.randn(4, 3, 16, 16)
    found = token_cosines(deit, images)
    assert deit.training
    x = deit.embed(images)
    for block in deit.eval().blocks:
        x = block(x)
    assert found[-1] == pytest.approx(torch.cosine_similarity(x[:, 0], x[:, 1], dim=-1).mean().item())


def test_logits_and_probabilities_can_disagree():
    by_label, by_teacher = torch.tensor([[10.0, 0.0, 0.0]]), torch.tensor([[0.0, 4.0, 6.0]])
    assert [int(c) for c in fused(by_label, by_teacher)] == [0, 0]
    # One head is mildly for class 0 and has ruled class 1 out; the other is all for class 1.
    by_label, by_teacher = torch.tensor([[2.0, -20.0, 1.9]]), torch.tensor([[0.0, 12.0, 0.0]])
    by_logits, by_probabilities = fused(by_label, by_teacher)
    assert int(by_logits) == 0
    assert int(by_probabilities) == 1
