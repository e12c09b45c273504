"""Weights from the hub, which is a stand-in here: what was loaded is recorded, and `make weights` keeps it."""

import hashlib
import importlib.util
import sys
from pathlib import Path

import huggingface_hub
import pytest
import timm
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save, save_file

from helpers.models.pretrained import build_model, hub

HERE = Path(__file__).parent


def module_at(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


stand_in = module_at(HERE / "hub_stand_in.py", "hub_stand_in")
script = module_at(HERE.parents[1] / "scripts" / "weights.py", "weights_script")

LITE, XCEPTION = "efficientnet_lite0", "legacy_xception"
REPOSITORY = "timm/tf_efficientnet_lite0.in1k"
ON_HUB = f"/{REPOSITORY}/resolve/main/model.safetensors"


@pytest.fixture(scope="module")
def released():
    """A state dict in place of the released one, of timm's own network with random numbers."""
    torch.manual_seed(3)
    return timm.create_model("tf_efficientnet_lite0").state_dict()


@pytest.fixture
def server(monkeypatch, tmp_path, released):
    """The hub with one model, an empty cache of the library's, and no way to the internet."""
    found = stand_in.Hub()
    found.files[ON_HUB] = save(released)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", found.address)
    template = f"{found.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)  # between attempts
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "torch"))
    yield found
    found.close()


def at_url(monkeypatch, server, name, content):
    """Let timm find the weights of Xception at an address of the stand-in."""
    server.files[f"/{name}"] = content
    config = timm.get_pretrained_cfg("legacy_xception.tf_in1k")
    config.url = f"{server.address}/{name}"
    monkeypatch.setattr(timm, "get_pretrained_cfg", lambda _: config)


def test_repository_revision_and_sum_of_what_was_loaded_are_recorded(server, released):
    assert not hub.is_here("tf_efficientnet_lite0.in1k")
    ready = build_model(LITE, 5, weights="hub")
    assert torch.equal(ready.model.state_dict()["conv_stem.weight"], released["conv_stem.weight"])
    assert ready.weights == {
        "kind": "hub",
        "tag": "tf_efficientnet_lite0.in1k",
        "licence": "apache-2.0",
        "repository": REPOSITORY,
        "revision": stand_in.COMMIT,
        "file": "model.safetensors",
        "sha256": hashlib.sha256(server.files[ON_HUB]).hexdigest(),
    }
    assert hub.is_here("tf_efficientnet_lite0.in1k")


def test_what_was_fetched_is_used_without_the_internet_and_still_known(server, released, monkeypatch):
    first = build_model(LITE, 5, weights="hub").weights
    server.close()
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", None)  # it would try for half a minute
    again = build_model(LITE, 5, weights="hub")
    assert again.weights == first
    assert torch.equal(again.model.state_dict()["conv_head.weight"], released["conv_head.weight"])


def test_the_released_head_stays_where_it_is_asked_for(server, released):
    ready = build_model(LITE, 1000, weights="hub", with_head=True)
    assert torch.equal(ready.head.weight, released["classifier.weight"])


def test_a_cut_download_goes_on_where_it_was(server):
    server.cut = 12_000_000  # the library writes 10 MiB at a time
    build_model(LITE, 5, weights="hub")
    starts = [first for method, path, first in server.asked if (method, path) == ("GET", ON_HUB)]
    assert starts[0] == 0
    assert starts[-1] > 0


def test_weights_at_an_address_are_recorded_with_it_and_checked_by_the_sum_in_their_name(server, monkeypatch, tmp_path):
    torch.manual_seed(4)
    state = timm.create_model("legacy_xception").state_dict()
    torch.save(state, tmp_path / "x.pth")
    content = (tmp_path / "x.pth").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    at_url(monkeypatch, server, f"xception-{digest[:8]}.pth", content)
    assert not hub.is_here("legacy_xception.tf_in1k")
    ready = build_model(XCEPTION, 5, weights="hub")
    assert hub.is_here("legacy_xception.tf_in1k")
    assert torch.equal(ready.model.state_dict()["conv1.weight"], state["conv1.weight"])
    assert (ready.weights["sha256"], ready.weights["file"]) == (digest, f"xception-{digest[:8]}.pth")
    assert ready.weights["url"].startswith(server.address)
    assert "revision" not in ready.weights

    at_url(monkeypatch, server, "xception-00000000.pth", content)
    with pytest.raises(ConnectionError, match="invalid hash value"):
        build_model(XCEPTION, 5, weights="hub")


def test_a_pickle_that_would_run_code_is_refused(server, monkeypatch, tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"conv1.weight": Evil()}, tmp_path / "x.pth")
    content = (tmp_path / "x.pth").read_bytes()
    at_url(monkeypatch, server, f"xception-{hashlib.sha256(content).hexdigest()[:8]}.pth", content)
    with pytest.raises(ValueError, match=r"cannot be read as such \(UnpicklingError\)\. Delete it"):
        build_model(XCEPTION, 5, weights="hub")
    assert not (tmp_path / "ran").exists()


def test_without_the_hub_the_error_names_the_way_out(server):
    server.close()
    with pytest.raises(ConnectionError, match=r"put efficientnet_lite0\.safetensors in a folder \(`make weights`\)"):
        build_model(LITE, 5, weights="hub")


# --- make weights ----------------------------------------------------------------------------------------------------


def test_make_weights_fills_a_folder_that_labs_read_and_that_says_where_it_is_from(server, released, tmp_path, capsys):
    folder = tmp_path / "my_weights"
    assert script.main([str(folder), "--models", LITE]) == 0
    assert f"from {REPOSITORY}, revision {stand_in.COMMIT}" in capsys.readouterr().out
    file = folder / f"{LITE}.safetensors"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (folder / "SHA256SUMS").read_text() == f"{digest}  {LITE}.safetensors\n"
    assert sorted(path.name for path in folder.iterdir()) == ["SHA256SUMS", file.name]
    with safe_open(file, "pt") as opened:
        assert opened.metadata()["sha256"] == hashlib.sha256(server.files[ON_HUB]).hexdigest()
    server.close()
    ready = build_model(LITE, 1000, weights=str(folder), with_head=True)
    assert all(torch.equal(tensor, released[name]) for name, tensor in ready.model.state_dict().items())
    assert ready.weights["kind"] == "folder"
    assert (ready.weights["sha256"], ready.weights["revision"]) == (digest, stand_in.COMMIT)


def test_make_weights_fetches_nothing_twice_and_mends_what_was_damaged(server, tmp_path, capsys):
    folder = tmp_path / "my_weights"
    assert script.main([str(folder), "--models", LITE]) == 0
    asked = len(server.asked)
    assert script.main([str(folder), "--models", LITE]) == 0
    assert len(server.asked) == asked
    assert "there already" in capsys.readouterr().out
    file = folder / f"{LITE}.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    assert script.main([str(folder), "--models", LITE]) == 0
    assert len(load_file(file)) > 100


def test_make_weights_keeps_what_it_has_and_names_what_it_has_not(server, tmp_path, capsys):
    """DeiT-S is not on the stand-in: the other one stays, and a later run does not ask for it again."""
    folder = tmp_path / "my_weights"
    assert script.main([str(folder), "--models", "deit_small_patch16_224", LITE]) == 1
    told = capsys.readouterr().err
    assert "deit_small_patch16_224.fb_in1k could not be had from the hub" in told
    assert told.rstrip().endswith("missing: deit_small_patch16_224. Run it again with the internet; the rest stays.")
    assert (folder / f"{LITE}.safetensors").is_file()


def test_an_interrupted_write_leaves_nothing_half_written(server, tmp_path, monkeypatch):
    folder = tmp_path / "my_weights"

    def interrupted(tensors, path, metadata):
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(script, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        script.main([str(folder), "--models", LITE])
    assert list(folder.iterdir()) == []


def test_a_file_that_is_not_the_listed_one_is_refused(tmp_path):
    save_file(build_model("vit_mini", 3, weights="none").model.state_dict(), tmp_path / "vit_mini.safetensors")
    build_model("vit_mini", 3, weights=str(tmp_path))  # without a list there is nothing to compare with
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  vit_mini.safetensors\n")
    with pytest.raises(ValueError, match=r"vit_mini\.safetensors: expected sha256 0{64} as in SHA256SUMS"):
        build_model("vit_mini", 3, weights=str(tmp_path))


def test_the_labs_models_are_offered():
    assert set(script.LAB_MODELS) <= set(script.FROM_HUB)
    assert script.LAB_MODELS == (
        "vit_base_patch16_224.orig_in21k",
        "deit_small_patch16_224",
        "legacy_xception",
    )
