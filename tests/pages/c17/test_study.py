"""Chapter 17's networks, protocols, coverage and study at a tiny size."""

import numpy as np
import pytest
import torch

from helpers.pages.c17 import coverage, networks, protocols, study


@pytest.fixture(scope="module")
def test():
    return protocols.people_of_test(networks.SIDE)


def test_protocols_hide_as_many_pixels_on_the_grid_as_beside_it(test):
    made = protocols.protocols(networks.PATCH)
    assert {"clean", "scarf", "sunglasses", protocols.afar(6)} <= set(made)
    shares = []
    for shift in (0, 3):
        probes = made[protocols.cells(0.5, 6, "black", shift)](test)
        shares.append((probes == 0).all(-1).mean((1, 2)))
        assert probes.shape == test.clean.shape
    assert np.abs(shares[0] - shares[1]).max() < 0.02  # black pixels of the drawing itself may lie under a cell
    assert len(protocols.protocols(8, everything=False)) < len(made)


def test_the_people_of_training_and_of_the_test_are_others():
    images, people = protocols.people_of_training(networks.SIDE, pictures=1)
    assert len(set(people.tolist())) == protocols.TRAINING[0] < protocols.FIRST_TEST
    assert images.shape[1] == networks.SIDE


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_a_template_has_length_one_and_hangs_on_its_own_picture(name, test):
    model = networks.build(name, 5, 0)
    rows = networks.templates(model, test.clean[:4], torch.zeros(1))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(networks.templates(model, test.clean[1:2], torch.zeros(1)), rows[1:2], atol=1e-5)
    with pytest.raises(ValueError, match="name"):
        networks.build("vgg", 5, 0)


def test_erasing_hides_a_rectangle_in_about_half_of_the_pictures():
    images = torch.full((200, 3, 36, 36), 5.0)
    out = networks.erased(images, torch.Generator().manual_seed(0))
    share = (out != 5).all(1).float().mean((1, 2))
    assert 0.35 < (share > 0).float().mean() < 0.65
    assert share[share > 0].min() > 0.07
    assert share.max() < 0.56
    assert images.eq(5).all()


def test_a_training_learns_and_repeats_itself():
    images, people = protocols.people_of_training(networks.SIDE, pictures=2)
    inputs, labels = networks.as_input(images[:8]), torch.from_numpy(people[:8])
    found = []
    for _ in range(2):
        model = networks.train(networks.build("cnn", 4, 0), inputs, labels, steps=25, rate=0.01, erase=False, seed=0)
        found.append(networks.before_head(model, inputs))
    torch.testing.assert_close(*found)
    assert (model(inputs).argmax(1) == labels).float().mean() > 0.7


def test_worlds_have_intervals_of_which_some_hold_the_truth():
    found = coverage.coverage(5, 3)
    assert [row["method"] for row in found["methods"]] == list(coverage.METHODS)
    assert np.shape(found["intervals"]) == (3, 4)
    narrow, wide, _ = (row["width"] for row in found["methods"])
    assert 0 < narrow < wide
    assert found["truth"] == pytest.approx(np.mean([coverage.world(k, 5)[0] for k in range(3)]))


def test_differences_are_those_of_the_arms_and_the_explorer_knows_every_place(test):
    def judge(pictures):
        rows = networks.as_input(pictures).flatten(1).numpy()
        rows = rows - rows.mean(1, keepdims=True)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    rows, left = study.judged(judge, test, 6, everything=False)
    assert {row["protocol"] for row in rows} == set(protocols.protocols(6, everything=False))
    assert all(0 <= row[what] <= 1 for row in rows for what in ("auc", "eer", "rank_one"))
    assert left["clean"].shape == (1 + protocols.TESTING[0],)
    both = {("cnn", "plain", name, 0): values for name, values in left.items()}
    both |= {
        ("vit", "plain", name, 0): values + 0.1 * (name == "clean") * np.arange(41) / 41
        for name, values in left.items()
    }
    gaps = {row["protocol"]: row for row in study.differences(both)}
    assert gaps["scarf"]["value"] == 0
    assert gaps["scarf"]["low"] is None
    assert gaps["clean"]["low"] < gaps["clean"]["high"]
    explored = study.explored({("cnn", "plain"): judge}, test)
    assert len(explored["states"]) == 1 + 3 * 25 == len(explored["rows"][0]["place"])
    assert len(explored["rows"][0]["nearest"]) == 3 * 76
