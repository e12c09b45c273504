"""DeiT is ViT plus one token, one position and one head."""

import pytest
import torch

from helpers.models.deit import DeiT
from helpers.models.vit import VIT_CONFIGS, ViT

SMALL = {"image_size": 32, "patch_size": 8, "num_classes": 10, "embed_dim": 48, "depth": 2, "num_heads": 4}


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("size", "millions"), [("Ti", 5.911), ("S", 22.44), ("B", 87.34)])
def test_parameters_of_the_paper(size, millions):
    with torch.device("meta"):
        distilled, plain = DeiT(**VIT_CONFIGS[size]), ViT(**VIT_CONFIGS[size])
    D = VIT_CONFIGS[size]["embed_dim"]
    assert count(distilled) / 1e6 == pytest.approx(millions, abs=0.006)
    assert count(distilled) - count(plain) == D + D + (D * 1000 + 1000)


def test_parameters_of_b16_exactly():
    with torch.device("meta"):
        assert count(DeiT()) == 87_338_192


def test_answer_is_the_mean_of_both_heads_in_train_and_eval_mode():
    torch.manual_seed(0)
    model = DeiT(**SMALL)
    images = torch.randn(2, 3, 32, 32)
    for mode in (True, False):
        model.train(mode)
        class_logits, distillation_logits = model(images, return_heads=True)
        torch.testing.assert_close(model(images), (class_logits + distillation_logits) / 2)
        assert (class_logits - distillation_logits).abs().max() > 1e-3


def test_each_head_reads_its_own_token():
    model = DeiT(**SMALL)
    tokens = torch.randn(2, 18, 48)
    changed = tokens.clone()
    changed[:, 1] += torch.randn(48)
    (a, b), (c, d) = model.heads(tokens), model.heads(changed)
    assert torch.equal(a, c)
    assert (b - d).abs().max() > 1e-3


def test_class_token_then_distillation_token_then_patches():
    model = DeiT(**SMALL)
    images = torch.randn(1, 3, 32, 32)
    embedded, table = model.embed(images)[0], model.positions.table[0]
    assert embedded.shape == (18, 48)
    torch.testing.assert_close(embedded[0], model.class_token[0, 0] + table[0])
    torch.testing.assert_close(embedded[1], model.distillation_token[0, 0] + table[1])
    torch.testing.assert_close(embedded[2], model.patches(images)[0, 0] + table[2])
