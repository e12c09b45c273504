"""Frozen features of a network: what reaches its head, of each photograph and of its mirror image, computed once."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.data import Split
from helpers.measure import linear_probe
from helpers.measure.linear_probe import FrozenFeatures, probe_macs
from helpers.models.pretrained import build_model, select_trainable
from helpers.models.pretrained.frozen import FrozenBackbone
from helpers.training import TrainingConfig, fit, predict
from helpers.training.features import FeatureBatches

N, SIDE = 20, 64


@pytest.fixture(scope="module")
def ready():
    return build_model("vit_mini", 4, weights="shipped", seed=1)


@pytest.fixture
def split():
    images = np.random.default_rng(0).integers(0, 256, (N, SIDE, SIDE, 3), dtype=np.uint8)
    return Split(images, np.arange(N, dtype=np.int64) % 4, tuple(map(str, range(N))))


def whole(ready, images):
    """Logits of the whole network, normalised here by hand: uint8 (n, S, S, 3) -> (n, K)."""
    pixels = (images.astype(np.float32) / 255 - np.float32(ready.mean)) / np.float32(ready.std)
    with torch.no_grad():
        return ready.model.eval()(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous())


def test_the_head_on_frozen_features_answers_as_the_whole_network_of_photographs_and_their_mirror_images(
    ready, split, tmp_path
):
    features = FrozenFeatures(folder=tmp_path, progress=False)(ready, split, mirrored=True)
    assert (features.shape, features.dtype) == ((2, N, 128), np.float16)
    with torch.no_grad():
        answers = ready.head(torch.from_numpy(features.astype(np.float32)))  # (2, N, K)
    for view, images in zip(answers, (split.images, split.images[:, :, ::-1]), strict=True):
        assert torch.allclose(view, whole(ready, images), atol=2e-3)
    assert not torch.allclose(answers[0], answers[1], atol=2e-3)


def test_a_second_run_computes_nothing_and_other_weights_pixels_or_views_do(ready, split, tmp_path, monkeypatch):
    first = FrozenFeatures(folder=tmp_path, progress=False)
    features = first(ready, split)
    assert [(row["model"], row["images"]) for row in first.work] == [("vit_mini", N)]
    assert first.work[0]["seconds"] > 0

    calls = []
    monkeypatch.setattr(
        FrozenBackbone, "__call__", lambda self, images: calls.append(1) or torch.ones(len(images), 128)
    )
    second = FrozenFeatures(folder=tmp_path, progress=False)
    np.testing.assert_array_equal(second(ready, split), features)
    assert (calls, second.work, second.rows()) == ([], [], [])
    second(ready, split, mirrored=True)  # the mirror images alone
    assert sum(row["images"] for row in second.work) == N
    other = split.images.copy()
    other[3, 0, 0, 0] ^= 1
    second(ready, Split(other, split.labels, split.names))
    second(build_model("vit_mini", 4, weights="none"), split)
    assert sum(row["images"] for row in second.work) == 3 * N
    assert second.rows()[0]["images × views"] == 3 * N


def test_a_large_split_is_exported_and_a_small_one_is_not(ready, split, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    store = FrozenFeatures(folder=tmp_path, progress=False)
    few = Split(split.images[:3], split.labels[:3], split.names[:3])
    monkeypatch.setattr(linear_probe, "ONNX_FROM", N)
    store(ready, few)
    store(ready, split)
    store(ready, Split(split.images[:5], split.labels[:5], split.names[:5]))  # exported already
    assert [row["engine"].split()[0] for row in store.work] == ["eager", "onnxruntime", "onnxruntime"]


def test_a_head_trained_on_features_is_the_head_of_the_network(split, tmp_path):
    ready = build_model("vit_mini", 4, weights="shipped", seed=1)
    select_trainable(ready, "probe")
    features = FrozenFeatures(folder=tmp_path, progress=False)(ready, split, mirrored=True)
    before = {name: tensor.clone() for name, tensor in ready.model.state_dict().items()}
    batches = FeatureBatches(features, split.labels, batch_size=8)
    history = fit(ready.head, batches, TrainingConfig(epochs=20, learning_rate=0.01, progress=False))
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss
    after = ready.model.state_dict()
    assert {name for name in before if not torch.equal(before[name], after[name])} == {"head.weight", "head.bias"}
    answers = predict(ready.head, FeatureBatches(features[:1], split.labels, batch_size=8, shuffle=False))
    np.testing.assert_allclose(answers, whole(ready, split.images).numpy(), atol=5e-3)


def test_macs_of_a_probe_are_three_of_its_head_and_the_backbone_once_a_view():
    ready = build_model("xception_mini", 12, weights="none")
    sizes = {}
    hooks = [
        module.register_forward_hook(lambda m, _, out, n=name: sizes.__setitem__(n, out.numel() * m.weight[0].numel()))
        for name, module in ready.model.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    with torch.no_grad():
        ready.model.eval()(torch.zeros(1, 3, SIDE, SIDE))
    for hook in hooks:
        hook.remove()
    head = sizes.pop("head")
    with pytest.raises(ValueError, match="the head alone"):
        probe_macs(ready, epochs=6)
    select_trainable(ready, "probe")
    assert probe_macs(ready, epochs=6) == 3 * head + round(sum(sizes.values()) * 2 / 6)
    assert probe_macs(ready, epochs=8, views=1) == 3 * head + round(sum(sizes.values()) / 8)
