"""The small trainings: the class token that is not read, and the optimiser as it comes."""

import torch
import torch.nn.functional as F

from helpers.pages.l11 import small_runs as small


def test_the_mean_vit_reads_the_mean_of_the_patches_and_no_class_token():
    torch.manual_seed(0)
    vit = small.digit_vit("learned", "mean").eval()
    torch.nn.init.normal_(vit.head.weight)
    x = torch.randn(2, 17, 32)
    logits = vit.classify(x)
    torch.testing.assert_close(logits, vit.head(F.layer_norm(x, (32,), eps=1e-6)[:, 1:].mean(1)))
    other = x.clone()
    other[:, 0] += torch.randn(32)
    assert torch.equal(vit.classify(other), logits)
    other = x.clone()
    other[:, -1] += torch.randn(32)
    assert not torch.allclose(vit.classify(other), logits)
    assert not torch.allclose(small.digit_vit("learned", "class").classify(x), logits)


def test_torchs_own_optimiser_runs_as_it_comes():
    data = small.digits()
    images, labels = data.draw(40, seed=0)
    torch.manual_seed(0)
    ours, by_hand = small.digit_cnn("layer"), small.digit_cnn("layer")
    by_hand.load_state_dict(ours.state_dict())
    small.train_small(ours, images, labels, steps=3, seed=0, batch_size=16, default_of=torch.optim.Adam)
    optimizer = torch.optim.Adam(by_hand.parameters())
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        rows = torch.randperm(40, generator=generator)[:16]
        optimizer.zero_grad()
        F.cross_entropy(by_hand(images[rows]), labels[rows]).backward()
        optimizer.step()
    for a, b in zip(ours.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(a, b)
