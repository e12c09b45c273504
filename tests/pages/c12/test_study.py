"""Chapter 12's digits: shuffles, shifts, networks, and the study of bias at a tiny size."""

import numpy as np
import pytest
import torch

from helpers.pages.c12 import bias, study


@pytest.mark.parametrize("world", bias.SIDES)
def test_a_draw_holds_as_many_of_each_class_and_lies_in_the_larger_one(world):
    data = bias.digits(world)
    few, labels = data.draw(2, seed=3)
    more, _ = data.draw(5, seed=3)
    side = bias.SIDES[world]
    assert few.shape == (20, 3, side, side)
    assert torch.bincount(labels).tolist() == [2] * 10
    assert all((more == image).flatten(1).all(1).any() for image in few)
    with pytest.raises(ValueError, match="per_class"):
        data.draw(1000, seed=0)
    with pytest.raises(ValueError, match="world"):
        bias.digits("upside down")


def test_the_worlds_hold_the_same_digits():
    small, large = bias.digits("centred"), bias.digits("wandering")
    assert torch.equal(small.labels, large.labels)
    ink = [data.images.add(1).sum((1, 2, 3)) for data in (small, large)]
    torch.testing.assert_close(*ink)


@pytest.mark.parametrize("kind", ["none", "patches", "pixels"])
def test_a_shuffle_moves_pixels_and_loses_none(kind):
    images = torch.randn(3, 3, 12, 12)
    out = bias.shuffle(images, kind)
    assert torch.equal(out, images) is (kind == "none")
    assert torch.equal(out.flatten(2).sort(-1).values, images.flatten(2).sort(-1).values)


def test_shuffled_patches_stay_whole():
    images = torch.arange(64.0).reshape(1, 1, 8, 8)
    cut = torch.nn.functional.unfold(images, 2, stride=2)[0].T
    moved = torch.nn.functional.unfold(bias.shuffle(images, "patches"), 2, stride=2)[0].T
    assert {tuple(p.tolist()) for p in cut} == {tuple(p.tolist()) for p in moved}
    with pytest.raises(ValueError, match="kind"):
        bias.order_of("rows", 8)


def test_a_shift_is_one_pixel_at_most():
    images = torch.zeros(200, 1, 8, 8)
    images[:, :, 4, 4] = 1
    where = bias.shifted(images, torch.Generator().manual_seed(0)).flatten(1).argmax(1)
    rows, columns = where // 8 - 4, where % 8 - 4
    assert {*rows.tolist(), *columns.tolist()} == {-1, 0, 1}


@pytest.mark.parametrize("world", bias.SIDES)
@pytest.mark.parametrize("name", study.ALL)
def test_a_network_answers_each_image_on_its_own(name, world):
    model = bias.build(name, 0, world).eval()
    images = bias.digits(world).images[:4]
    assert model(images).shape == (4, 10)
    torch.testing.assert_close(model(images)[1:2], model(images[1:2]))
    with pytest.raises(ValueError, match="name"):
        bias.build("svm", 0)


@pytest.mark.parametrize(
    ("name", "reads_places"), [("vit_mean", False), ("vit_places", True), ("vit", False), ("vit_wide", False)]
)
def test_one_head_alone_knows_which_place_a_patch_has(name, reads_places):
    model, tokens = bias.build(name, 0).eval(), torch.randn(2, 17, 32)
    moved = torch.cat([tokens[:, :1], tokens[:, 1:].flip(1)], dim=1)
    assert torch.allclose(model.classify(tokens), model.classify(moved), atol=1e-6) is not reads_places


def test_positions_that_start_large_are_as_large_as_the_patches():
    sizes = [bias.build(name, 0).positions.table.std().item() for name in ("vit", "vit_wide")]
    assert sizes == pytest.approx([0.02, 0.5], rel=0.2)


def test_a_training_learns_and_repeats_itself():
    images, labels = bias.digits().draw(1, 0)
    accuracies = []
    for _ in range(2):
        model = bias.train(bias.build("mlp", 0), images, labels, steps=40, seed=0)
        accuracies.append(bias.answers(model, images).tolist())
    assert accuracies[0] == accuracies[1] == labels.tolist()


def test_fractals_come_as_small_as_digits_and_a_fresh_head_knows_nothing():
    images, labels = study.fractals(per_class=2)
    assert images.shape == (20, 3, 8, 8)
    assert images.abs().max() <= 1 < images.std() * 20
    assert torch.bincount(labels).tolist() == [2] * 10
    model = study.fresh_head(bias.build("vit", 0)).eval()
    assert model(images).abs().max() == 0


def test_the_study_trains_each_arm_and_sums_up():
    rows, summary = study.study(steps=2, seeds=(0, 1), sizes=(1,), rates=(1e-3,), rate_seeds=(0,))
    assert len(rows) == 2 * len(study.grid((1,)))
    assert {row["name"] for row in summary["differences"]} == set(study.DIFFERENCES)
    assert [row["network"] for row in summary["rates"]] == ["cnn", "vit"]
    chosen = [(row["world"], row["network"]) for row in summary["own_rates"] if row["chosen"]]
    assert chosen == [(world, name) for world in bias.SIDES for name in study.AT_OWN_RATE[world, "none"]]
    assert summary["own_rates"][0]["n_val"] >= 500
    at = {(p["arm"], p["world"], p["shuffle"]): p["value"] for p in summary["points"]}
    gap = next(row for row in summary["differences"] if row["name"] == "ViT minus CNN")
    assert np.isclose(gap["value"], at["vit", "centred", "none"] - at["cnn", "centred", "none"])
