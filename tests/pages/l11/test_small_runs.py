"""The small trainings: the class token that is not read, networks trained at once, the optimiser as it comes."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from helpers.pages.l11 import small_runs as small
from helpers.training import TrainingDiverged


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
    one = (images[None], labels[None])
    small.train_together([ours], *one, seeds=[0], steps=3, batch_size=16, default_of=torch.optim.Adam)
    optimizer = torch.optim.Adam(by_hand.parameters())
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        rows = torch.randperm(40, generator=generator)[:16]
        optimizer.zero_grad()
        F.cross_entropy(by_hand(images[rows]), labels[rows]).backward()
        optimizer.step()
    for a, b in zip(ours.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("build", [small.digit_mlp, small.digit_cnn, partial(small.digit_vit, "sinusoidal")])
def test_networks_trained_at_once_are_what_each_is_alone(build):
    torch.manual_seed(0)
    together, data = [build().double() for _ in range(3)], small.digits()
    before, alone = copy.deepcopy(together), copy.deepcopy(together)
    drawn = [data.draw(40, seed) for seed in range(3)]
    images, labels = torch.stack([x.double() for x, _ in drawn]), torch.stack([y for _, y in drawn])
    small.train_together(together, images, labels, seeds=range(3), steps=3, batch_size=16)
    for seed, (one, start) in enumerate(zip(alone, before, strict=True)):
        small.train_together([one], images[[seed]], labels[[seed]], seeds=[seed], steps=3, batch_size=16)
        for name, value in one.state_dict().items():
            torch.testing.assert_close(together[seed].state_dict()[name], value)
        assert any(not torch.equal(a, b) for a, b in zip(one.parameters(), start.parameters(), strict=True))


def test_a_training_that_diverges_is_told():
    with pytest.raises(TrainingDiverged, match="smaller learning rate"):
        small.train_seeds(small.digit_mlp, 20, range(2), steps=3, learning_rate=1e38)


def test_several_processes_train_what_one_trains():
    dropout = {"build": partial(small.digit_mlp, "relu", 0.5), "wrong_labels": 0.2}
    plan = {"dropout": dropout, "cnn": {"build": small.digit_cnn}}
    plan = {name: {"count": 20, "seeds": range(2), "steps": 3, **options} for name, options in plan.items()}
    one, two = small.train_variants(plan), small.train_variants(plan, processes=2)
    assert list(one) == list(two) == list(plan)
    for name in plan:
        assert (one[name].test == two[name].test).all()
        for mine, other in zip(one[name].models, two[name].models, strict=True):
            for key, value in mine.state_dict().items():
                assert torch.equal(value, other.state_dict()[key]), (name, key)
