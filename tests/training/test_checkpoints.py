"""Checkpoints: whole or absent, of this run or refused, and never code."""

import json
import pickle
import resource
from pathlib import Path

import pytest
import torch
from torch import nn, optim

from helpers.training import checkpoints
from helpers.training.checkpoints import (
    CheckpointError,
    latest_checkpoint,
    load_checkpoint,
    reserved,
    save_checkpoint,
)
from helpers.training.fingerprint import describe_model
from helpers.training.schedules import parameter_groups

STATE = {"epoch": 2, "loss": 0.1, "history": {"steps": 7}}
FINGERPRINT = {"config": {"learning_rate": 0.001, "epochs": 3}, "names": ["a", "b"]}


def trained(width: int = 8, seed: int = 0) -> tuple[nn.Module, optim.Optimizer]:
    """A model and an AdamW that has moments, in the memory format of CNNs."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.Flatten(), nn.Linear(width * 4, 2))
    model.to(memory_format=torch.channels_last)
    optimizer = optim.AdamW(parameter_groups(model, 1e-3, 0.1))
    for _ in range(2):
        model(torch.randn(4, 3, 4, 4)).square().sum().backward()
        optimizer.step()
    return model, optimizer


def test_weights_buffers_moments_and_state_come_back_exactly(tmp_path: Path) -> None:
    model, optimizer = trained()
    path = save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    other, other_optimizer = trained(seed=1)
    assert load_checkpoint(path, other, other_optimizer, FINGERPRINT) == STATE
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        for key, tensor in optimizer.state[ours].items():
            assert torch.equal(tensor, other_optimizer.state[theirs][key]), key
            assert tensor.stride() == other_optimizer.state[theirs][key].stride()


def test_the_folder_holds_tensors_and_json_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = trained()

    def forbidden(*_, **__):
        raise AssertionError("a checkpoint was unpickled")

    for owner, name in [(torch, "load"), (torch, "save"), (pickle, "load"), (pickle, "loads"), (pickle, "dumps")]:
        monkeypatch.setattr(owner, name, forbidden)
    path = save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    load_checkpoint(path, model, optimizer, FINGERPRINT)
    assert sorted(p.name for p in path.iterdir()) == ["optimizer.safetensors", "state.json", "weights.safetensors"]


def test_the_previous_one_goes_when_the_new_one_stands(tmp_path: Path) -> None:
    model, optimizer = trained()
    (tmp_path / "epoch-0000-step-00000003.partial").mkdir()  # a run was killed while writing
    assert latest_checkpoint(tmp_path) is None
    for epoch, step in [(0, 5), (0, 12), (1, 12)]:  # the last update of an epoch, then the epoch's evaluation
        state = {"epoch": epoch, "history": {"steps": step}}
        save_checkpoint(tmp_path, model, optimizer, state, FINGERPRINT)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0001-step-00000012"]
    assert latest_checkpoint(tmp_path) == tmp_path / "epoch-0001-step-00000012"
    assert latest_checkpoint(tmp_path / "absent") is None


def test_a_checkpoint_that_goes_is_never_seen_without_a_part_of_it(tmp_path: Path, monkeypatch) -> None:
    model, optimizer = trained()
    save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    seen = []
    monkeypatch.setattr(checkpoints.shutil, "rmtree", lambda path, **_: seen.append(Path(path).name))
    save_checkpoint(tmp_path, model, optimizer, STATE | {"epoch": 3}, FINGERPRINT)
    assert seen == ["epoch-0002-step-00000007.partial"]


def test_what_a_killed_run_left_goes_with_the_next_one_alone(tmp_path: Path) -> None:
    model, optimizer = trained()
    for name in (".tried-abc", "epoch-0001-step-00000002", "epoch-0003-step-00000009.partial"):
        (tmp_path / name).mkdir()
    with reserved(tmp_path):
        pass
    assert [path.name for path in sorted(tmp_path.iterdir())] == [".lock", "epoch-0001-step-00000002"]
    newest = save_checkpoint(tmp_path / "other", model, optimizer, STATE, FINGERPRINT)
    (tmp_path / "other" / "epoch-0001-step-00000002").mkdir()
    with reserved(tmp_path / "other"):
        assert sorted((tmp_path / "other").iterdir()) == [tmp_path / "other" / ".lock", newest]
        (tmp_path / "other" / "epoch-0003-step-00000009.partial").mkdir()  # this run is writing
        with pytest.raises(CheckpointError, match="another run is training there now"), reserved(tmp_path / "other"):
            pass
        assert (tmp_path / "other" / "epoch-0003-step-00000009.partial").is_dir()


def test_a_full_disk_leaves_the_previous_one_intact(tmp_path: Path) -> None:
    model, optimizer = trained(width=800)
    first = save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limit[1]))  # a file may not grow any more
        with pytest.raises(
            OSError, match=r"epoch-0003-step-00000009 could not be written.*epoch-0002-step-00000007, is intact"
        ):
            save_checkpoint(tmp_path, model, optimizer, {"epoch": 3, "history": {"steps": 9}}, FINGERPRINT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list(tmp_path.iterdir()) == [first]
    assert load_checkpoint(first, model, optimizer, FINGERPRINT) == STATE


@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["cut", "absent"])
def test_a_checkpoint_cut_short_is_refused(tmp_path: Path, name: str, damage: str) -> None:
    model, optimizer = trained()
    path = save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    if damage == "cut":
        (path / name).write_bytes((path / name).read_bytes()[:-10])
    else:
        (path / name).unlink()
    with pytest.raises(CheckpointError, match=r"is damaged .*; delete it to start anew"):
        load_checkpoint(path, model, optimizer, FINGERPRINT)


def test_a_checkpoint_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "epoch-0000-step-00000001"
    path.mkdir()
    (path / "state.json").write_text("[]")
    with pytest.raises(CheckpointError, match="is damaged"):
        load_checkpoint(path, *trained(), FINGERPRINT)


def test_another_runs_checkpoint_is_refused_by_name_of_what_differs(tmp_path: Path) -> None:
    model, optimizer = trained()
    path = save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    now = {"config": {"learning_rate": 0.1, "epochs": 3}, "names": ["a", "b"]}
    message = r"config mismatch.*config.learning_rate: the checkpoint has 0.001, this run 0.1\. To start anew, delete"
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path, model, optimizer, now)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_the_description_tells_models_and_starting_points_apart() -> None:
    model, _ = trained()
    same, other = describe_model(trained()[0]), describe_model(trained(seed=1)[0])
    assert describe_model(model) == same
    assert other["tensors"] == same["tensors"]
    assert other["initial_weights"] != same["initial_weights"]
    model[0].requires_grad_(False)
    assert describe_model(model)["trained"] != same["trained"]
    assert json.loads(json.dumps(same)) == same


def test_tied_weights_can_be_saved(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    optimizer = optim.AdamW(parameter_groups(model, 1e-3, 0.0))
    path = save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    saved = model[0].weight.clone()
    nn.init.zeros_(model[0].weight)
    load_checkpoint(path, model, optimizer, FINGERPRINT)
    assert torch.equal(model[1].weight, saved)


@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors"])
def test_tensors_of_the_right_length_and_other_bytes_are_refused(tmp_path: Path, name: str) -> None:
    model, optimizer = trained()
    path = save_checkpoint(tmp_path, model, optimizer, STATE, FINGERPRINT)
    data = bytearray((path / name).read_bytes())
    data[-3] ^= 1
    (path / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{name}: other bytes than were written"):
        load_checkpoint(path, model, optimizer, FINGERPRINT)


def test_what_is_a_dict_on_one_side_alone_is_one_difference() -> None:
    found = checkpoints.differences({"a": {"b": 1}, "c": 2}, {"a": 3, "c": 2})
    assert found == ["a: the checkpoint has {'b': 1}, this run 3"]
