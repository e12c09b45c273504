"""The measurements behind the claims page: data, small networks, probes, and what is exact."""

import numpy as np
import pytest
import torch

from helpers.models.vit import ViT
from helpers.pages.l11 import probes
from helpers.pages.l11 import small_runs as small
from helpers.pages.l11 import study as studies


def test_draws_of_digits_are_nested_and_apart_from_the_test():
    data = small.digits()
    few, many = data.draw(50, seed=3)[0], data.draw(300, seed=3)[0]
    assert torch.equal(few, many[:50])
    assert not torch.equal(few, data.draw(50, seed=4)[0])
    assert data.train_images.shape == (1000, 3, 8, 8)
    assert len(data.test_labels) == 797
    assert -1 <= data.train_images.min() < data.train_images.max() <= 1
    with pytest.raises(ValueError, match="1 to 1000"):
        data.draw(1001, seed=0)


def test_spoiled_labels_are_wrong_where_they_say_and_only_there():
    labels = torch.arange(200) % 10
    spoiled, wrong = small.spoil(labels, 0.2, seed=0)
    assert wrong.sum() == 40
    assert torch.equal(spoiled != labels, wrong)


def test_a_batch_in_parts_trains_the_same_network_with_layer_norm():
    data = small.digits()
    images, labels = data.draw(64, seed=0)
    weights = []
    for micro in (None, 2):
        torch.manual_seed(0)
        model = small.digit_cnn("layer").double()
        one, how = (images[None].double(), labels[None]), {"batch_size": 16, "micro_batch": micro}
        small.train_together([model], *one, seeds=[0], steps=3, **how)
        weights.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.allclose(*weights, atol=1e-9)


def test_a_small_cnn_learns_digits_and_wrong_labels_are_noticed():
    trained = small.train_seeds(small.digit_cnn, 200, range(1), steps=60, batch_size=32)
    assert trained.test.mean() > 0.7
    assert trained.gap.shape == (1,)
    assert 0 <= small.memorised(trained, 200, 0.2)[0] < 0.3  # it never saw them
    assert trained.rows(study="x")[0]["seed"] == 0


def test_positions_of_the_small_vit_are_what_they_are_called():
    tables = {kind: small.digit_vit(kind).positions.table for kind in ("learned", "sinusoidal", "none")}
    assert tables["learned"].requires_grad
    assert not tables["sinusoidal"].requires_grad
    assert tables["none"].abs().max() == 0
    assert small.digit_vit("none", "mean")(small.digits().test_images[:2]).shape == (2, 10)
    with pytest.raises(ValueError, match="positions and pooling"):
        small.digit_vit("rotary")


def test_a_probe_reads_a_place_that_is_there_and_none_that_is_not():
    rng = np.random.default_rng(0)
    places, truth = rng.random((300, 2)), rng.random((200, 2))
    there = [torch.from_numpy(np.hstack([p, rng.random((len(p), 3))])) for p in (places, truth)]
    nothing = [torch.from_numpy(rng.random((len(p), 5))) for p in (places, truth)]
    assert probes.place_probe(there[0], places, there[1], truth).low > 0.99
    assert probes.place_probe(nothing[0], places, nothing[1], truth).value < 0.05


def test_pasting_puts_the_picture_where_it_says():
    picture = np.full((4, 8, 8, 3), 200, np.uint8)
    canvas, places = probes.paste(picture, 24, seed=0)
    for one, place in zip(canvas, places, strict=True):
        y, x = np.rint(place * 16).astype(int)
        assert (one[y : y + 8, x : x + 8] == 200).all()
        assert (one == 200).sum() == 8 * 8 * 3


def test_shuffled_tiles_keep_their_pixels():
    images = torch.arange(2 * 3 * 8 * 8, dtype=torch.float32).view(2, 3, 8, 8)
    shuffled = probes.shuffle_tiles(images, 4, seed=1)
    assert not torch.equal(shuffled, images)
    assert torch.equal(shuffled.flatten(1).sort(1).values, images.flatten(1).sort(1).values)
    corners = {tuple(tile.flatten().tolist()) for tile in images[0, 0].unfold(0, 4, 4).unfold(1, 4, 4).reshape(-1, 16)}
    moved = {tuple(tile.flatten().tolist()) for tile in shuffled[0, 0].unfold(0, 4, 4).unfold(1, 4, 4).reshape(-1, 16)}
    assert corners == moved
    with pytest.raises(ValueError, match="divisor"):
        probes.shuffle_tiles(images, 3, seed=0)


def test_a_shift_moves_the_picture_and_mirrors_its_edge():
    image = torch.arange(256.0).view(1, 1, 16, 16)
    assert torch.equal(probes.shifted(image, 0, 0), image)
    moved = probes.shifted(image, 2, -3)
    assert torch.equal(moved[0, 0, 2:, :-3], image[0, 0, :-2, 3:])
    with pytest.raises(ValueError, match="at most 8"):
        probes.shifted(image, 9, 0)


def test_a_convolution_is_equivariant_not_invariant_and_its_mean_is_invariant():
    found = probes.conv_symmetry()
    assert found["equivariance"] < 1e-12
    assert found["invariance"] > 0.5
    assert found["invariance after global pooling"] < 1e-12


def test_what_is_counted_is_right():
    read = studies.xception_findings()
    assert read["convolution layers"].value == 36
    assert read["modules with a sum around them"].value == 12
    assert read["most runs of one layer in a pass"].value == 1
    costs = studies.cost_findings({"a": (lambda: ViT(224, 16), 224)})
    assert costs["a: GMACs"].value == pytest.approx(17.563828224)
    assert costs["a: MiB kept"].value == pytest.approx(133.9, abs=1)
    assert studies.ratios(costs, "GMACs", [("a", "a")])["a / a: GMACs"].value == 1
    assert studies.quadratic_share(224) == pytest.approx(0.041, abs=0.001)
    assert studies.quadratic_share(384) == pytest.approx(0.111, abs=0.001)


def test_shapes_and_gradients_that_claims_rest_on():
    found = studies.vit_findings(torch.randn(1, 3, 64, 64)) | studies.step_findings() | studies.accumulation_findings()
    assert found["embedding minus (class token first, then add)"].value == 0
    assert found["change of the logits when patches are shuffled, no positions"].value < 1e-12
    assert found["GB of one fp32 attention map over them"].value == pytest.approx(10.07, abs=0.01)
    assert found["size of the gradient below a step"].value == 0 < found["size of the gradient below a ReLU"].value
    assert found["layer norm: change of the gradient in parts of 2"].value < 1e-12
    assert found["batch norm: change of the gradient in parts of 2"].value > 0.1


@pytest.mark.parametrize("values", [[0.4], [1.0] * 7])
def test_a_mean_of_images_that_are_all_alike_has_no_interval(values):
    estimate = probes.mean_over_images(np.array(values))
    assert (estimate.value, estimate.low, estimate.high, estimate.covers) == (values[0], None, None, "nothing")
    assert estimate.n == len(values)


@pytest.mark.parametrize("values", [[], [0.5, float("nan")], [[0.5, 1.0]]])
def test_a_mean_of_something_else_is_refused(values):
    with pytest.raises(ValueError, match="values: expected a non-empty row of finite numbers"):
        probes.mean_over_images(np.array(values))


def test_a_probe_of_one_place_is_refused():
    """R^2 compares with the spread of the places: where there is none it is no number."""
    rng = np.random.default_rng(0)
    train, places = torch.from_numpy(rng.normal(size=(20, 3))).float(), rng.random((20, 2))
    with pytest.raises(ValueError, match="test_places: expected places that differ from the middle"):
        probes.place_probe(train, places, train[:3], np.repeat(places.mean(0)[None], 3, axis=0))
    one = probes.place_probe(train, places, train[:1], places[:1])
    assert (one.low, one.covers) == (None, "nothing")
