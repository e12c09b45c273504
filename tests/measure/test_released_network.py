"""What the course measures of EfficientNet-Lite0, against counts of another kind: hooks on its layers, timm's maps."""

import pytest
import torch
from torch import nn

from helpers.measure.cost import macs_by_layer, saved_activation_bytes, training_step_macs
from helpers.measure.grad_cam import grad_cam
from helpers.models.pretrained import build_model, select_trainable

K, SIDE = 120, 96


@pytest.fixture(scope="module")
def ready():
    found = build_model("efficientnet_lite0", K, weights="none", image_size=SIDE, seed=2)
    with torch.no_grad():  # fresh statistics are 0 and 1 throughout, which would hide a mistake in them
        for module in found.model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    found.model.eval()
    return found


@pytest.fixture
def seen(ready):
    """Runs the model and returns, for each layer in order, its name, itself, its input and its output."""

    def run(images):
        rows = []
        hooks = [
            module.register_forward_hook(lambda m, given, out, n=name: rows.append((n, m, given[0], out)))
            for name, module in ready.model.named_modules()
            if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d | nn.ReLU6)
        ]
        ready.model(images)
        for hook in hooks:
            hook.remove()
        return rows

    return run


def counted(seen, side):
    """MACs by layer from the sizes that hooks see: outputs times what each of them sums over."""
    with torch.no_grad():
        rows = seen(torch.zeros(1, 3, side, side))
    return {
        name: out.numel() * (layer.weight[0].numel())
        for name, layer, _, out in rows
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }


def test_macs_are_those_that_hooks_count_layer_by_layer(ready, seen):
    assert macs_by_layer(ready.model, SIDE) == counted(seen, SIDE)


def test_at_224_px_it_takes_the_400_million_macs_of_its_table(seen):
    """TensorFlow's table of the Lite networks gives 407 M for 1000 classes, its norms included."""
    layers = counted(seen, 224)
    total = sum(layers.values()) - layers["classifier"] + 1280 * 1000
    assert total == pytest.approx(407e6, rel=0.06)
    assert total < 407e6


def test_a_training_step_costs_what_is_not_frozen(ready, seen):
    layers = counted(seen, SIDE)
    convolutions = [name for name in layers if name != "classifier"]
    forward, head = sum(layers.values()), layers["classifier"]
    expected = {
        "probe": forward + 2 * head,
        "top10": forward + 2 * (head + sum(layers[name] for name in convolutions[-5:])),
        "full": 3 * forward,
    }
    for tuning, macs in expected.items():
        select_trainable(ready, tuning)
        assert training_step_macs(ready.model, SIDE) == macs, tuning


def padded(layer, given):
    """Numbers that reach a convolution with TensorFlow's "same" padding, which makes a copy of its input."""
    batch, channels, side, _ = given.shape
    (stride, _), kernel = layer.stride, layer.kernel_size[0]
    side += max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return batch * channels * side * side


@pytest.mark.parametrize("tuning", ["probe", "top10", "full"])
def test_saved_activations_are_what_hooks_say_that_trained_layers_need(ready, seen, tuning):
    """A convolution keeps its input, or the padded copy of it; a norm its input; a ReLU6 in place a copy of what it
    overwrites; the head the pooled features; the loss its log-probabilities, the labels and one number."""
    select_trainable(ready, tuning)
    batch = 2
    kept, copies = {}, 0
    for _, layer, given, _ in seen(torch.rand(batch, 3, SIDE, SIDE)):
        if not (given.requires_grad or any(p.requires_grad for p in layer.parameters())):
            continue
        if isinstance(layer, nn.ReLU6):
            copies += given.numel()
        elif type(layer).__name__ == "Conv2dSame":
            copies += padded(layer, given)
        else:  # holding a tensor keeps its address from being used again
            kept[given.untyped_storage().data_ptr()] = given
    loss = 4 * batch * K + 8 * batch + 4
    expected = (4 * (copies + sum(tensor.numel() for tensor in kept.values())) + loss) / batch
    assert saved_activation_bytes(ready.model, SIDE, batch_size=batch) == expected
    if tuning == "probe":
        assert expected == 4 * 1280 + 4 * K + 8 + 4 / batch


def test_grad_cam_at_its_last_map_is_the_class_activation_map_up_to_a_factor(ready):
    """CAM (Zhou et al. 2016) from timm's own features: the head's row of weights times the map before pooling. With
    global average pooling and one linear layer, Grad-CAM's weights are the same divided by the number of places."""
    torch.manual_seed(0)
    images, classes = torch.rand(3, 3, SIDE, SIDE), torch.tensor([0, 7, 119])
    with torch.no_grad():
        maps = ready.model.forward_features(images)  # (B, 1280, 3, 3)
        cam = torch.einsum("bchw,bc->bhw", maps, ready.head.weight[classes])
    assert maps.shape == (3, 1280, SIDE // 32, SIDE // 32)
    found = grad_cam(ready.model, images, classes, "bn2")
    places = maps.shape[-1] * maps.shape[-2]
    assert torch.allclose(found, cam.relu() / places, atol=1e-6)
    assert found.abs().max() > 1e-4


def test_its_answer_is_the_mean_of_its_class_activation_map_and_a_bias(ready):
    torch.manual_seed(1)
    images = torch.rand(2, 3, SIDE, SIDE)
    with torch.no_grad():
        cam = torch.einsum("bchw,kc->bkhw", ready.model.forward_features(images), ready.head.weight)
        assert torch.allclose(cam.mean((2, 3)) + ready.head.bias, ready.model(images), atol=1e-5)
