"""A frozen backbone gives the network's own features in either engine, and says which it is."""

import sys

import pytest
import torch
from torch import nn

from helpers.models.pretrained import MODELS, build_model
from helpers.models.pretrained import frozen as module
from helpers.models.pretrained.frozen import FrozenBackbone


@pytest.fixture(scope="module", params=["xception_mini", "vit_mini"])
def ready(request):
    return build_model(request.param, 5, weights="shipped")


def images(ready, count=3):
    return torch.randn(count, 3, ready.image_size, ready.image_size, generator=torch.Generator().manual_seed(1))


def features_of(ready, batch):
    """What reaches the head, caught by a hook."""
    caught = []
    head = ready.model.get_submodule(MODELS[ready.name].head)
    hook = head.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
    ready.model.eval()
    with torch.no_grad():
        ready.model(batch)
    hook.remove()
    return caught[0]


@pytest.mark.parametrize("onnx", [False, True])
def test_features_are_what_reaches_the_head(ready, onnx):
    pytest.importorskip("onnxruntime")
    backbone = FrozenBackbone(ready.model, MODELS[ready.name].head, ready.image_size, ready.name, onnx=onnx)
    assert backbone.engine == ("onnxruntime" if onnx else "eager (asked for)")
    for count in (1, 3):  # another batch size than the one it was exported with
        batch = images(ready, count)
        assert torch.allclose(backbone(batch), features_of(ready, batch), atol=module.TOLERANCE)


def test_the_model_itself_is_left_alone(ready):
    ready.model.train()
    head = ready.model.get_submodule(MODELS[ready.name].head)
    FrozenBackbone(ready.model, MODELS[ready.name].head, ready.image_size, ready.name, onnx=False)
    assert ready.model.training
    assert ready.model.get_submodule(MODELS[ready.name].head) is head
    assert all(parameter.requires_grad for parameter in ready.model.parameters())


def test_other_weights_have_another_identity(ready):
    head = MODELS[ready.name].head
    same = [FrozenBackbone(ready.model, head, 64, ready.name, onnx=False).identity for _ in range(2)]
    other = build_model(ready.name, 5, weights="none", seed=1)
    assert same[0] == same[1]
    assert FrozenBackbone(other.model, head, 64, ready.name, onnx=False).identity != same[0]


def test_without_the_engine_eager_is_used_and_said(ready, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    backbone = FrozenBackbone(ready.model, MODELS[ready.name].head, ready.image_size, ready.name)
    assert backbone.engine.startswith("eager (onnxruntime")


def test_an_engine_that_gives_other_features_is_not_used(ready, monkeypatch):
    pytest.importorskip("onnxruntime")
    write = module.export

    def wrong(network, batch, path):
        write(nn.Sequential(network, nn.Hardtanh(-0.01, 0.01)), batch, path)

    monkeypatch.setattr(module, "export", wrong)
    backbone = FrozenBackbone(ready.model, MODELS[ready.name].head, ready.image_size, ready.name)
    assert backbone.engine.startswith("eager (ONNX Runtime's features differ")
    assert torch.equal(backbone(images(ready)), features_of(ready, images(ready)))
