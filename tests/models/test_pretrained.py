"""What a fine-tuning starts from and what it trains."""

from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

from helpers.layers.positions import interpolate_positions
from helpers.models import pretrained as pre
from helpers.models.pretrained import loading
from helpers.models.vit import ViT

ALL_NAMES = ", ".join(pre.MODELS)


@pytest.fixture(scope="module")
def minis():
    return {name: pre.build_model(name, 12, weights="none") for name in ("xception_mini", "vit_mini")}


def test_top10_of_xception_is_its_last_four_convolutions_and_the_head():
    ready = pre.build_model("legacy_xception", 120, weights="none")
    trainable = pre.select_trainable(ready, "top10")
    layers = {name.rsplit(".", 2)[0] for name in trainable.names if not name.startswith("fc.")}
    assert layers == {"block12.rep.1", "block12.rep.4", "conv3", "conv4"}
    assert trainable.trained == 6_030_192 + 2048 * 120 + 120
    assert trainable.total == 21_052_832


def test_top10_of_vit_is_a_tenth_of_its_blocks_rounded_up_the_norm_and_the_head():
    ready = pre.build_model("vit_base_patch16_224.orig_in21k", 120, weights="none")
    trainable = pre.select_trainable(ready, "top10")
    assert {".".join(name.split(".")[:2]) for name in trainable.names if name.startswith("blocks")} == {
        "blocks.10",
        "blocks.11",
    }
    assert trainable.trained == 2 * 7_087_872 + 2 * 768 + 768 * 120 + 120
    assert trainable.total == 85_890_936


@pytest.mark.parametrize("name", ["xception_mini", "vit_mini"])
def test_each_tuning_trains_exactly_what_it_says(minis, name):
    ready = minis[name]
    probe, top10, full = (pre.select_trainable(ready, tuning) for tuning in pre.TUNINGS)
    assert set(probe.names) == {"head.weight", "head.bias"}
    assert probe.trained == sum(p.numel() for p in ready.model.get_submodule("head").parameters())
    assert probe.share == probe.trained / sum(p.numel() for p in ready.model.parameters()) < full.share == 1
    assert set(probe.names) < set(top10.names) < set(full.names)
    assert set(full.names) == {name for name, _ in ready.model.named_parameters()}
    pre.select_trainable(ready, "top10")
    assert {n for n, p in ready.model.named_parameters() if p.requires_grad} == set(top10.names)


@pytest.mark.parametrize("name", ["xception_mini", "vit_mini"])
def test_layer_groups_hold_every_parameter_once_from_input_to_head(minis, name):
    groups = pre.layer_groups(minis[name])
    flat = [parameter for group in groups for parameter in group]
    assert sorted(flat) == sorted(n for n, _ in minis[name].model.named_parameters())
    assert {"head.weight", "head.bias"} <= set(groups[-1])
    blocks = {"xception_mini": 12, "vit_mini": 6}[name]
    assert len(groups) == blocks + 2
    assert all(groups)
    for group in groups[1:-1]:  # one block each, in the order of the forward pass
        assert len({".".join(parameter.split(".")[:2]) for parameter in group}) == 1


def test_the_eleventh_block_is_not_the_first():
    model = ViT(image_size=8, patch_size=4, num_classes=2, embed_dim=8, depth=12, num_heads=2)
    groups = pre.layer_groups(SimpleNamespace(model=model))
    for index, group in enumerate(groups[1:-1]):
        assert {".".join(name.split(".")[:2]) for name in group} == {f"blocks.{index}"}


def test_fresh_numbers_follow_from_the_seed():
    first, again, other = (pre.build_model("vit_mini", 5, weights="none", seed=s).model.state_dict() for s in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_building_a_model_leaves_the_random_state_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    pre.build_model("vit_mini", 5, weights="none", seed=9)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["resnet"], ["full"], "none"), f"unknown model 'resnet'; the choices are {ALL_NAMES}"),
        ((["vit_mini"], ["half"], "none"), "unknown tuning 'half'; the choices are probe, top10, full"),
        (
            (["vit_mini"], ["full"], "imagenet"),
            "unknown weights 'imagenet'; the choices are hub, package, shipped, photographs, none",
        ),
        ((["vit_mini"], ["full"], "hub"), "vit_mini has no weights 'hub'"),
        ((["legacy_xception"], ["full"], "shipped"), "legacy_xception has no weights 'shipped'"),
        ((["vit_mini"], ["full"], "none", 100), "image_size 100 is not a multiple of patch_size 8 of vit_mini"),
        ((["xception_mini"], ["full"], "none", 16), "image_size 16 is too small for xception_mini"),
    ],
)
def test_a_choice_that_does_not_exist_names_those_that_do(arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(".", r"\.")):
        pre.check_choices(*arguments)


def test_preprocessing_comes_from_the_models_own_configuration():
    for name in ("legacy_xception", "vit_base_patch16_224.orig_in21k", "xception_mini"):
        ready = pre.build_model(name, 3, weights="none")
        assert ready.mean == ready.std == (0.5, 0.5, 0.5), "Xception and Google's ViT were trained on -1..1"


@pytest.mark.parametrize("name", ["xception_mini", "vit_mini"])
def test_weights_from_a_folder_are_copied_all_but_the_head(tmp_path, name):
    source = pre.build_model(name, 7, weights="none", seed=3).model.state_dict()
    save_file(source, tmp_path / f"{name}.safetensors")
    ready = pre.build_model(name, 12, weights=str(tmp_path), seed=4)
    loaded = ready.model.state_dict()
    body = [key for key in source if not key.startswith("head.")]
    assert all(torch.equal(source[key], loaded[key]) for key in body)
    assert loaded["head.weight"].shape[0] == 12
    assert ready.weights["kind"] == "folder"
    assert len(ready.weights["sha256"]) == 64


def test_positions_are_stretched_to_another_image_size(tmp_path):
    source = pre.build_model("vit_mini", 7, weights="none", seed=3).model.state_dict()
    save_file(source, tmp_path / "vit_mini.safetensors")
    ready = pre.build_model("vit_mini", 7, weights=str(tmp_path), image_size=96)
    assert ready.model.state_dict()["positions.table"].shape[1] == 1 + 12 * 12
    assert ready.model(torch.zeros(1, 3, 96, 96)).shape == (1, 7)


def save_vit_mini(folder, image_size, metadata=None):
    """Random weights of a `vit_mini` for images of that size, and the model they come from."""
    torch.manual_seed(5)
    model = ViT(image_size, patch_size=8, num_classes=7, embed_dim=128, depth=6, num_heads=4)
    save_file(model.state_dict(), folder / "vit_mini.safetensors", metadata=metadata)
    return model


def test_a_grid_that_is_not_square_is_stretched_as_it_is(tmp_path):
    """36 positions of 3 rows and 12 columns are no 6 x 6."""
    model = save_vit_mini(tmp_path, (24, 96), {"grid": "3x12"})
    ready = pre.build_model("vit_mini", 7, weights=str(tmp_path))
    expected = interpolate_positions(model.positions.table, (3, 12), (8, 8), num_prefix=1)
    assert torch.equal(ready.model.positions.table, expected)


def test_a_grid_of_as_many_patches_is_stretched_too(tmp_path):
    """4 x 16 has the 64 positions of 8 x 8: the shapes agree, the places do not."""
    model = save_vit_mini(tmp_path, (32, 128), {"grid": "4x16"})
    ready = pre.build_model("vit_mini", 7, weights=str(tmp_path))
    expected = interpolate_positions(model.positions.table, (4, 16), (8, 8), num_prefix=1)
    assert torch.equal(ready.model.positions.table, expected)
    assert not torch.equal(ready.model.positions.table, model.positions.table)


@pytest.mark.parametrize("image_size", [None, 48])
def test_a_grid_that_cannot_be_known_is_refused(tmp_path, image_size):
    save_vit_mini(tmp_path, (24, 96))
    with pytest.raises(ValueError, match=r"64 positions of an 8 x 8 grid, got 36.*metadata=\{'grid': '6x6'\}"):
        pre.build_model("vit_mini", 7, weights=str(tmp_path), image_size=image_size)


@pytest.mark.parametrize("grid", ["3x11", "6", "axb", "-3x-12"])
def test_a_grid_that_does_not_fit_its_positions_is_refused(tmp_path, grid):
    save_vit_mini(tmp_path, (24, 96), {"grid": grid})
    with pytest.raises(ValueError, match=r"grid of 36 positions .* got '" + grid):
        pre.build_model("vit_mini", 7, weights=str(tmp_path))


def test_numbers_that_are_no_weights_are_refused(tmp_path):
    state = pre.build_model("xception_mini", 7, weights="none").model.state_dict()
    state["entry.0.weight"][0] = torch.nan
    state["entry.3.weight"] = (100 * state["entry.3.weight"]).to(torch.int8)
    save_file(state, tmp_path / "xception_mini.safetensors")
    with pytest.raises(ValueError, match=r"entry\.0\.weight: .*NaN.*entry\.3\.weight: .*torch\.int8"):
        pre.build_model("xception_mini", 7, weights=str(tmp_path))


def test_fresh_weights_have_no_head_to_keep():
    with pytest.raises(ValueError, match=r"with_head=True.*weights='none'"):
        pre.build_model("vit_mini", 7, weights="none", with_head=True)


def test_the_random_state_of_a_gpu_is_left_alone(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    pre.build_model("vit_mini", 5, weights="none", seed=9)
    assert seeded == []


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        ([0, 2], ["n02085620_1.jpg", "n02085936_2.jpg"], r"every class.* no image of \[1\]"),
        ([0, 0], ["n02085620_1.jpg", "n02085936_2.jpg"], r"one ImageNet class .* class 0 holds n02085620, n02085936"),
        ([0, 1], ["n02085620_1.jpg", "n02085620_2.jpg"], r"another ImageNet class.*n02085620"),
    ],
)
def test_columns_that_would_be_another_class_are_refused(labels, names, message):
    split = SimpleNamespace(labels=torch.tensor(labels), names=names)
    with pytest.raises(ValueError, match=message):
        pre.imagenet_classifier("legacy_xception", "none", 64, split)


@pytest.mark.parametrize("name", ["legacy_xception", "vit_base_patch16_224.orig_in21k"])
def test_a_folder_of_released_weights_goes_the_way_of_the_hub(tmp_path, name, monkeypatch):
    """The gpu edition's code path, with random values in place of the released ones."""
    size = {"legacy_xception": None, "vit_base_patch16_224.orig_in21k": 64}[name]
    source = pre.build_model(name, 1000, weights="none", image_size=size, seed=1).model.state_dict()
    if "pos_embed" in source:  # as released: 14 x 14 patches
        source["pos_embed"] = torch.randn(1, 1 + 14 * 14, 768)
    save_file(source, tmp_path / f"{name}.safetensors")
    ready = pre.build_model(name, 5, weights=str(tmp_path), image_size=size)
    key = next(key for key in source if key.endswith("weight"))
    assert torch.equal(ready.model.state_dict()[key], source[key])
    monkeypatch.setattr(loading, "hub_state", lambda tag, name: (dict(source), {"tag": tag}))
    from_hub = pre.build_model(name, 5, weights="hub", image_size=size).model.state_dict()
    assert all(
        torch.equal(from_hub[key], value)
        for key, value in ready.model.state_dict().items()
        if "head" not in key and "fc" not in key
    )


def test_a_file_that_does_not_fit_names_its_tensors(tmp_path):
    state = pre.build_model("vit_mini", 7, weights="none").model.state_dict()
    state["blocks.0.norm1.gamma"] = state.pop("blocks.0.norm1.weight").clone()
    save_file(state, tmp_path / "vit_mini.safetensors")
    with pytest.raises(
        ValueError, match=r"missing: blocks\.0\.norm1\.weight; not in the model: blocks\.0\.norm1\.gamma"
    ):
        pre.build_model("vit_mini", 7, weights=str(tmp_path))


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "vit_mini.safetensors"
    save_file(pre.build_model("vit_mini", 7, weights="none").model.state_dict(), path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        pre.build_model("vit_mini", 7, weights=str(tmp_path))


def test_a_folder_without_the_file_lists_what_is_there(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"no vit_mini\.safetensors .* \['other\.safetensors'\]"):
        pre.build_model("vit_mini", 7, weights=str(tmp_path))


@pytest.mark.parametrize("name", ["xception_mini", "vit_mini"])
def test_the_shipped_checkpoint_is_small_and_loads(name):
    path = pre.SHIPPED / f"{name}.safetensors"
    assert path.stat().st_size < 5_000_000
    ready = pre.build_model(name, 12, weights="shipped")
    fresh = pre.build_model(name, 12, weights="none")
    key = {"xception_mini": "entry.0.weight", "vit_mini": "patches.projection.weight"}[name]
    assert not torch.equal(ready.model.state_dict()[key], fresh.model.state_dict()[key])
    assert torch.isfinite(ready.model.eval()(torch.randn(2, 3, 64, 64))).all()


@pytest.mark.parametrize("name", ["vit_mini", "xception_mini"])
def test_shipped_weights_are_those_made_on_what_the_data_are(name):
    assert pre.suited_weights("shipped", photographs=True) == "photographs"
    assert pre.suited_weights("shipped", photographs=False) == "shipped"
    assert pre.suited_weights("none", photographs=True) == "none"
    drawn, photographed = (pre.build_model(name, 12, weights=kind) for kind in ("shipped", "photographs"))
    assert "CC BY" in drawn.weights["licence"]
    assert "LICENSE-weights" in photographed.weights["licence"]
    assert drawn.weights["sha256"] != photographed.weights["sha256"]
    own, other = drawn.model.state_dict(), photographed.model.state_dict()
    assert any(not torch.equal(own[key], other[key]) for key in own)
