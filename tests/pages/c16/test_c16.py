"""Chapter 16: readers read their cue, rulers measure what they say, the contest's parts are exact."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.measure.attention_maps import attention_weights
from helpers.models.vit import ViT
from helpers.pages.c16 import contest, figures, maps, readers, ruler, tokens
from helpers.pages.c16.explorer import MapExplorer, area, case, told


def small_vit():
    torch.manual_seed(0)
    model = ViT(image_size=64, patch_size=8, num_classes=3, embed_dim=32, depth=2, num_heads=2)
    for block in model.blocks:
        nn.init.normal_(block.attention.qkv.weight, std=0.5)
    return model.eval().requires_grad_(False)


def test_the_same_dog_in_another_coat_differs_on_the_dog_alone_and_in_another_build_elsewhere_too():
    first = readers.dogs(4, 3)
    coats, builds = readers.others(first, 3, "coat"), readers.others(first, 3, "build")
    assert (len(coats), len(builds)) == (3, 2)
    for other in coats:
        assert torch.equal(other.answers["build"], first.answers["build"])
        assert not (other.answers["coat"] == first.answers["coat"]).any()
        changed = (other.images != first.images).any(1).double().mean((1, 2))
        assert ((changed > 0.01) & (changed < 0.6)).all()
    assert not (builds[0].answers["build"] == first.answers["build"]).any()


def test_heads_of_both_readers_share_a_trunk_and_so_their_attention(monkeypatch):
    monkeypatch.setattr(readers, "lesson", lambda: readers.dogs(60, readers.TRAIN_SEED))
    both = readers.readers.__wrapped__("vit_mini")
    images = readers.dogs(2, 5).images
    one, two = (maps.rollout_of(both[cue], images, torch.zeros(2, dtype=torch.long)) for cue in readers.CUES)
    assert torch.equal(one, two)
    assert {cue: both[cue].head.out_features for cue in readers.CUES} == {"coat": 4, "build": 3}
    with pytest.raises(ValueError, match="name: expected one of vit_mini, xception_mini"):
        readers.readers("resnet")


class Sum(nn.Module):
    """Two classes; the first one's logit is the sum of one cell's pixels."""

    def forward(self, x):
        cell = x[:, :, 8:16, 16:24].sum((1, 2, 3))
        return torch.stack([cell, torch.zeros_like(cell)], 1)


def test_the_worth_of_a_cell_is_what_the_log_odds_lose():
    images = torch.zeros(1, 3, 64, 64)
    images[:, 0, 8:16, 16:24] = 0.05
    other = images.clone()
    other[:, 0, 8:16, 16:24] = 0.0
    other[:, 1, 40:48, 0:8] = 1.0  # a cell that changes and that nobody reads
    worth = ruler.cue_worth(Sum(), images, torch.tensor([0]), [other])
    assert worth[0, 1, 2] == pytest.approx(0.05 * 64, rel=1e-5)
    assert (worth != 0).sum() == 1
    saliency = torch.zeros(1, 8, 8)
    saliency[0, 1, 2] = 1
    chance = ruler.Chance(Sum(), images, torch.tensor([0]))
    assert chance.gain("deletion", saliency) > 0 < chance.gain("insertion", saliency)
    assert ruler.rank_correlations(saliency, worth) == pytest.approx([1.0])


def test_maps_of_any_size_meet_on_the_cells_and_chance_is_no_map():
    fine = torch.arange(64.0).repeat_interleave(2).repeat(128, 1)[None]
    assert ruler.on_cells(fine).shape == ruler.on_cells(torch.rand(1, 2, 2)).shape == (1, 8, 8)
    assert ruler.rank_correlations(torch.ones(2, 8, 8), torch.rand(2, 8, 8)).tolist() == [0, 0]
    assert not torch.equal(maps.lot(fine[:, None], 8, 0), maps.lot(fine[:, None], 8, 1))


def test_who_is_told_apart():
    own, crossed = [np.array([0.9, 0.1, 0.3])] * 2, [np.array([0.1, 0.9, 0.3])] * 2
    assert ruler.told_apart(own, crossed).tolist() == [1, 0, 0.5]


def test_mean_over_pictures():
    found = ruler.mean_over_pictures([0.0, 1.0, 2.0])
    assert found.value == 1
    assert found.high - 1 == pytest.approx(4.3027 / 3**0.5, rel=1e-4)  # Student's t with two degrees of freedom
    assert ruler.mean_over_pictures([0.5, 0.5]).low is None
    with pytest.raises(ValueError, match="values"):
        ruler.mean_over_pictures([])


def test_maps_without_a_network_ask_none():
    images = torch.zeros(2, 3, 64, 64)
    images[:, :, :, 32:] = 1
    found = maps.methods("vit_mini")
    assert list(found)[-2:] == list(maps.WITHOUT_NETWORK)
    blob, contrast = (found[name](None, images, None) for name in maps.WITHOUT_NETWORK)
    assert blob[0, 3, 3] == blob.max()
    assert blob[0, 0, 0] == blob.min()
    assert (contrast[0].sum(0) > 0).tolist() == [False] * 3 + [True] + [False] * 4
    with pytest.raises(ValueError, match="name"):
        maps.methods("resnet")


def test_the_last_look_gives_the_answer_and_other_weights_another():
    model, images = small_vit(), torch.randn(3, 3, 64, 64)
    x, weights = contest.last_look(model, images)
    assert torch.allclose(contest.answer_with(model, x, weights), model(images).softmax(-1), atol=1e-6)
    equal = contest.with_equal_weights(model)
    assert torch.allclose(attention_weights(equal, images)[1], torch.full((3, 2, 65, 65), 1 / 65))
    moved = contest.shuffled(weights, 0)
    assert torch.allclose(moved.sort(-1).values, weights.sort(-1).values)
    assert torch.equal(moved[..., 0], weights[..., 0])
    assert (contest.divergence(moved, weights) > 0).all()
    assert torch.allclose(contest.divergence(weights, weights), torch.zeros(3), atol=1e-6)


def test_an_impostor_stays_within_what_it_may_cost():
    model, images = small_vit(), torch.randn(3, 3, 64, 64)
    x, weights = contest.last_look(model, images)
    found = contest.impostor(model, x, weights, steps=20)
    cost = contest.total_variation(contest.answer_with(model, x, found), contest.answer_with(model, x, weights))
    assert (cost <= contest.ALLOWED + 1e-6).all()
    assert torch.allclose(found.sum(-1), torch.ones(3, 2), atol=1e-5)


def test_norms_find_a_token_that_stands_out():
    norms = torch.ones(2, 1, 9)
    norms[1, 0, 4] = 30
    ratio = tokens.outlying(norms).amax(-1)
    assert ratio[:, 0].tolist() == [1, 30]
    assert tokens.patch_norms(small_vit(), torch.randn(2, 3, 64, 64)).shape == (2, 2, 64)


def test_shuffled_weights_keep_every_value_and_leave_the_network_alone():
    model = small_vit()
    before = model.head.weight.clone()
    changed = tokens.shuffled_weights(model)
    assert torch.equal(model.head.weight, before)
    assert not torch.equal(changed.head.weight, before)
    assert torch.equal(changed.head.weight.flatten().sort().values, before.flatten().sort().values)


def made_case():
    picture = np.zeros((16, 16, 3), np.uint8)
    return case("ViT", picture, (1, 0.5, 0), [("one", np.eye(2), (1, 0.2, 0)), ("two", np.eye(3), (1, 0.9, 0))])


def test_the_explorer_says_which_curve_falls_sooner(light_with_a_still):
    assert area((1, 0.5, 0)) == 0.5
    assert "sooner than at random" in told(made_case(), 0)
    assert "later than at random" in told(made_case(), 1)
    light_with_a_still(MapExplorer([made_case()], [np.zeros((16, 16, 3), np.uint8)]))
    with pytest.raises(ValueError, match="expected maps with curves of 3 points"):
        case("x", np.zeros((16, 16, 3), np.uint8), (1, 0.5, 0), [("one", np.eye(2), (1, 0))])


def test_figures_refuse_nothing_to_show():
    for draw in (lambda: figures.gallery(np.zeros((4, 4, 3)), {}), lambda: figures.layer_dots({}, 0, "", "k", "")):
        with pytest.raises(ValueError, match="needs at least one"):
            draw()
    with pytest.raises(ValueError, match="step: expected 1 to 3, got 4"):
        figures.ruler_step(4, None, None, None, None)
