"""Grad-CAM, saliency, and the tests that any explanation must stand."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from helpers.measure.attention_maps import attention_weights, class_map, rollout
from helpers.measure.faithfulness import perturbation_curve, randomised_weights_check
from helpers.measure.grad_cam import grad_cam, input_gradient
from helpers.models.vit import ViT


class Detector(nn.Module):
    """Class 0 is red anywhere, class 1 green: a network whose evidence is known."""

    def __init__(self) -> None:
        super().__init__()
        self.colours = nn.Conv2d(3, 2, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(2, 2)
        with torch.no_grad():
            self.colours.weight.copy_(torch.eye(3)[:2].view(2, 3, 1, 1))
            self.head.weight.copy_(100 * torch.eye(2))
            self.head.bias.zero_()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.relu(self.colours(images)).mean(dim=(2, 3)))


@pytest.fixture
def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """Two images with a red square at the upper left and a larger, paler green one at the lower right."""
    images = torch.zeros(2, 3, 16, 16)
    images[:, 0, 2:6, 2:6] = 1.0
    images[:, 1, 8:14, 8:14] = 0.5
    return images, torch.tensor([0, 1])


def small_cnn() -> nn.Module:
    torch.manual_seed(0)
    convolutions = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*convolutions, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(256, 5)).eval()


def small_vit() -> nn.Module:
    torch.manual_seed(0)
    model = ViT(32, 8, 5, embed_dim=32, depth=2, num_heads=2).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model


def test_grad_cam_shows_the_evidence_of_the_class_that_is_asked_for(scene) -> None:
    images, classes = scene
    red, green = grad_cam(Detector(), images, classes, "colours")
    assert torch.equal(red > 0, images[0, 0] > 0)
    assert torch.equal(green > 0, images[1, 1] > 0)


def test_grad_cam_is_the_formula_on_a_network_with_a_linear_end() -> None:
    """With mean pooling and a linear head, alpha is the head's row over H W: the class activation map."""
    torch.manual_seed(1)
    features = nn.Conv2d(3, 6, 3)
    model = nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))
    images, classes = torch.randn(3, 3, 8, 8), torch.tensor([0, 2, 3])
    expected = torch.einsum("bc,bchw->bhw", model[3].weight[classes] / 36, features(images)).relu()
    assert torch.allclose(grad_cam(model, images, classes, "0"), expected, atol=1e-7)


def test_grad_cam_works_with_everything_frozen(scene) -> None:
    images, classes = scene
    free, frozen = Detector(), Detector().requires_grad_(False)
    assert torch.equal(grad_cam(free, images, classes, "colours"), grad_cam(frozen, images, classes, "colours"))


def test_grad_cam_of_a_vit_needs_patches_that_reach_the_answer() -> None:
    model, images = small_vit(), torch.randn(2, 3, 32, 32)
    maps = grad_cam(model, images, torch.tensor([1, 4]), "blocks.1.norm1")
    assert maps.shape == (2, 4, 4)
    assert (maps >= 0).all()
    assert maps.any()
    with pytest.raises(ValueError, match=r"blocks\.<last>\.norm1"):
        grad_cam(model, images, torch.tensor([1, 4]), "blocks.1")


def test_input_gradient_is_nonzero_where_the_answer_depends_on_pixels(scene) -> None:
    images, classes = scene
    saliency = input_gradient(Detector(), images, classes)
    assert torch.equal(saliency[0] > 0, images[0, 0] > 0)
    assert torch.allclose(saliency[0][images[0, 0] > 0], torch.tensor(100 / 256))


def test_deleting_the_evidence_first_beats_random_and_worst_order(scene) -> None:
    images, classes = scene
    model = Detector()
    truth = torch.stack([images[0, 0], images[1, 1]])
    random = torch.rand(truth.shape, generator=torch.Generator().manual_seed(0))
    black = torch.zeros(1, 3, 1, 1)
    watch = partial(perturbation_curve, model, images, classes, baseline=black)
    orders = (truth, random, -truth)
    areas = {kind: [watch(order, kind).area for order in orders] for kind in ("deletion", "insertion")}
    for image in (0, 1):
        best, middle, worst = (area[image] for area in areas["deletion"])
        assert best < middle < worst
        best, middle, worst = (area[image] for area in areas["insertion"])
        assert best > middle > worst


def test_curves_go_from_the_image_to_the_baseline_and_back(scene) -> None:
    images, classes = scene
    model = Detector()
    with torch.no_grad():
        of_image = model(images).softmax(-1).gather(1, classes[:, None])[:, 0].numpy()
        grey = images.mean((2, 3), keepdim=True).expand_as(images)
        of_grey = model(grey).softmax(-1).gather(1, classes[:, None])[:, 0].numpy()
    saliency = torch.rand(2, 4, 4)
    deletion = perturbation_curve(model, images, classes, saliency, "deletion", steps=7)
    insertion = perturbation_curve(model, images, classes, saliency, "insertion", steps=7)
    assert deletion.probabilities.shape == (2, 8)
    assert (deletion.shares[0], deletion.shares[-1]) == (0, 1)
    for start, end in ((deletion, insertion), (insertion, deletion)):
        assert np.allclose(start.probabilities[:, 0], end.probabilities[:, -1], atol=1e-6)
    assert np.allclose(deletion.probabilities[:, 0], of_image, atol=1e-6)
    assert np.allclose(insertion.probabilities[:, 0], of_grey, atol=1e-6)


def rollout_map(model: nn.Module, images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    return class_map(rollout(attention_weights(model, images)), model.positions.grid)


@pytest.mark.parametrize(
    ("build", "explain"),
    [
        (small_cnn, input_gradient),
        (small_cnn, partial(grad_cam, layer="2")),
        (small_vit, input_gradient),
        (small_vit, partial(grad_cam, layer="blocks.1.norm1")),
        (small_vit, rollout_map),
    ],
)
def test_explanations_change_when_the_network_is_destroyed(build, explain) -> None:
    model = build()
    images, classes = torch.randn(6, 3, 32, 32), torch.arange(6) % 5
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    correlations = randomised_weights_check(explain, model, images, classes, seed=1)
    assert correlations["original"] == pytest.approx(1)
    assert abs(list(correlations.values())[-1]) < 0.6
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert correlations == randomised_weights_check(explain, model, images, classes, seed=1)


def test_an_edge_detector_fails_the_check_of_randomised_weights() -> None:
    """A map that ignores the network keeps its correlation of 1: the check can fail."""

    def edges(model: nn.Module, images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        return images.mean(1).diff(dim=-1).abs()

    correlations = randomised_weights_check(edges, small_cnn(), torch.randn(2, 3, 32, 32), torch.tensor([0, 1]))
    assert set(correlations) == {"original", "6", "2", "0"}
    assert min(correlations.values()) == pytest.approx(1)


def test_parts_are_destroyed_from_the_output_down() -> None:
    images, classes = torch.randn(2, 3, 32, 32), torch.tensor([0, 1])
    parts = list(randomised_weights_check(rollout_map, small_vit(), images, classes, depth=2))
    assert parts[0] == "original"
    assert parts.index("head.weight") < parts.index("blocks.1") < parts.index("blocks.0") < parts.index("class_token")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x, y: grad_cam(m, x, y, "body"), "expected one of colours, relu, head; got 'body'"),
        (lambda m, x, y: grad_cam(m, x, torch.tensor([0, 7]), "colours"), r"0\.\.1, got \[0, 7\]"),
        (lambda m, x, y: input_gradient(m, x, torch.tensor([0.0, 1.0])), "class indices, got torch.float32"),
        (lambda m, x, y: grad_cam(m, x, y, "head"), r"got \(2, 2\)"),
        (lambda m, x, y: perturbation_curve(m, x, y, torch.rand(2, 4, 4), "delete"), "got 'delete'"),
        (lambda m, x, y: perturbation_curve(m, x, y, torch.rand(2, 4, 4), "deletion", steps=0), "at least 1, got 0"),
        (lambda m, x, y: perturbation_curve(m, x, y, torch.rand(1, 4, 4), "deletion"), r"\(2, H, W\), got \(1, 4, 4\)"),
        (lambda m, x, y: randomised_weights_check(lambda *_: torch.rand(5), m, x, y), r"\(2, H, W\), got \(5,\)"),
    ],
)
def test_bad_input_names_expected_and_received(scene, call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(Detector(), *scene)


@pytest.mark.parametrize("layer", ["blocks.1.norm1", "patches"])
def test_grad_cam_of_a_wide_image_has_the_shape_of_the_image(layer: str) -> None:
    """64 patches in 4 rows of 16, which are no 8 x 8: the map of an image turned on its side is the map turned."""
    torch.manual_seed(0)
    model = ViT((16, 64), 4, 10, embed_dim=24, depth=2, num_heads=2).eval()
    images = torch.randn(2, 3, 16, 64)
    assert grad_cam(model, images, torch.tensor([1, 2]), layer).shape == (2, 4, 16)
