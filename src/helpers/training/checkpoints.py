"""Checkpoints that continue a run exactly, hold no executable content, and are whole or absent.

A checkpoint is one folder, `epoch-0002-step-00000123/` (two epochs are finished, 123 updates done):

    weights.safetensors     the model's state, parameters and buffers
    optimizer.safetensors   the optimiser's tensors, `<parameter>/<name>`
    state.json              counters, history, loss scale, fingerprint of the run; sizes and checksums of the two files

It is written under another name, flushed to the disk and renamed; only then does the previous one go, under another
name as well before its files do. Beside it lies `.lock`, which the run holds as long as it lives, so that no second run
writes to the same folder; what a killed run left half done goes when the next one takes the lock.
"""

import contextlib
import json
import os
import reprlib
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn, optim

FORMAT = 2  # 1 had no checksums
TENSOR_FILES = ("weights.safetensors", "optimizer.safetensors")


WAY_OUT = "choose another folder: checkpoint_dir of fit, output_dir of a lab"


class CheckpointError(ValueError):
    """A checkpoint that cannot be continued: damaged, of another run, or in use by one."""


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Keep a folder for one run: made where it is absent, tried for writing, locked until the run ends or is killed.

    Raises
    ------
    CheckpointError
        When another run holds the folder.
    OSError
        When the folder cannot be made or written to.
    """
    lock = FileLock(folder / ".lock")
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
            _tidy(folder)  # not before: another run may be writing here
            with tempfile.TemporaryDirectory(prefix=".tried-", dir=folder):
                pass
        except Timeout:
            raise CheckpointError(
                f"checkpoint_dir {folder}: another run is training there now; wait until it has ended, or {WAY_OUT}"
            ) from None
        except OSError as error:
            raise OSError(f"checkpoint_dir {folder}: cannot be written to ({error}); {WAY_OUT}") from error
        yield
    finally:
        lock.release()


def save_checkpoint(
    folder: Path, model: nn.Module, optimizer: optim.Optimizer, state: dict[str, Any], fingerprint: Mapping
) -> Path:
    """Write a checkpoint, then remove older ones.

    Parameters
    ----------
    folder
        Of this run alone, see `reserved`.
    model, optimizer
        Whose tensors are kept; each group of the optimiser has the names of its parameters under "names".
    state
        JSON-able; its "epoch" and its history's "steps" name the checkpoint.
    fingerprint
        JSON-able; what a run that continues must share.

    Returns
    -------
    Path
        Of the checkpoint.

    Raises
    ------
    OSError
        When the disk does not take it; the previous checkpoint is intact then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"epoch-{state['epoch']:04d}-step-{state['history']['steps']:08d}"
    partial = folder / f"{final.name}.partial"
    _remove(folder.glob("*.partial"))  # of a run that was killed while writing
    try:
        partial.mkdir()
        save_file(_detached(model.state_dict()), partial / TENSOR_FILES[0])
        save_file(_detached(_optimizer_tensors(optimizer)), partial / TENSOR_FILES[1])
        sizes = {name: (partial / name).stat().st_size for name in TENSOR_FILES}
        sums = {name: _sum_of_file(partial / name) for name in TENSOR_FILES} | {"state": _sum_of(state)}
        told = {"format": FORMAT, "files": sizes, "sums": sums, "fingerprint": fingerprint, "state": state}
        (partial / "state.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
        for path in (*partial.iterdir(), partial):
            _flush(path)
        partial.rename(final)
        _flush(folder)
    except (OSError, SafetensorError) as error:
        _remove([partial])
        kept = latest_checkpoint(folder)
        raise OSError(
            f"checkpoint {final.name} could not be written to {folder}: {error}; "
            + (f"the previous one, {kept.name}, is intact" if kept else "there was none before it")
            + f". Free some space, or {WAY_OUT}; then run again."
        ) from error
    _retire(path for path in folder.glob("epoch-*") if path != final)
    return final


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint of a folder, or None."""
    found = sorted(path for path in Path(folder).glob("epoch-*") if path.suffix != ".partial")
    return found[-1] if found else None


def load_checkpoint(path: Path, model: nn.Module, optimizer: optim.Optimizer, fingerprint: Mapping) -> dict[str, Any]:
    """Put weights and optimiser back as they were and return the rest of the state.

    Raises
    ------
    CheckpointError
        When the checkpoint was cut short, or belongs to a run with other settings, data or weights.
    """
    try:
        saved = json.loads((path / "state.json").read_text(encoding="utf-8"))
        theirs, state = saved["fingerprint"], saved["state"]
        _check_files(path, saved)
        weights, moments = (load_file(path / name) for name in TENSOR_FILES)
    except MemoryError:
        raise
    except Exception as error:  # json, safetensors and torch raise whatever a damaged file provokes
        raise damaged(path, error) from error
    # Through JSON, as the saved one went: tuples are lists there.
    if found := differences(theirs, json.loads(json.dumps(fingerprint))):
        raise CheckpointError(
            f"checkpoint {path}: config mismatch, it belongs to another run: {'; '.join(found[:6])}"
            f"{f' and {len(found) - 6} more' if len(found) > 6 else ''}. "
            "To start anew, delete that folder or choose another checkpoint_dir."
        )
    try:
        model.load_state_dict(weights)
        _restore_optimizer(optimizer, moments)
    except (RuntimeError, LookupError) as error:
        raise damaged(path, error) from error
    return state


def damaged(path: Path, error: Exception) -> CheckpointError:
    """What to say of a checkpoint that cannot be read."""
    told = str(error) if isinstance(error, (CheckpointError, OSError)) else f"{type(error).__name__}: {error}"
    return CheckpointError(f"checkpoint {path} is damaged ({told}); delete it to start anew")


def _check_files(path: Path, saved: dict[str, Any]) -> None:
    """CheckpointError where a file, or the state, is not the one that was written."""
    form, sums = saved["format"], saved.get("sums", {})
    if form not in (1, FORMAT):
        raise CheckpointError(f"expected format 1 or {FORMAT}, got {form}")
    for name in TENSOR_FILES:
        size, actual = saved["files"][name], (path / name).stat().st_size
        if actual != size:
            raise CheckpointError(f"{name}: expected {size} bytes, got {actual}")
        if form == FORMAT and _sum_of_file(path / name) != sums[name]:
            raise CheckpointError(f"{name}: other bytes than were written")
    if form == FORMAT and _sum_of(saved["state"]) != sums["state"]:
        raise CheckpointError("state.json: other numbers than were written")


def _sum_of_file(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            found = zlib.crc32(chunk, found)
    return found


def _sum_of(state: Any) -> int:
    return zlib.crc32(json.dumps(state, sort_keys=True).encode())


def differences(saved: Any, now: Any, where: str = "") -> list[str]:
    """What differs between two nested dicts, one readable line each."""
    if isinstance(saved, dict) and isinstance(now, dict):
        keys = list(dict.fromkeys([*saved, *now]))
        return [
            line
            for key in keys
            for line in differences(saved.get(key), now.get(key), f"{where}.{key}" if where else str(key))
        ]
    return [] if saved == now else [f"{where}: the checkpoint has {reprlib.repr(saved)}, this run {reprlib.repr(now)}"]


def _detached(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # Copies: safetensors refuses tensors that share memory (tied weights) or are not contiguous (channels_last).
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _optimizer_tensors(optimizer: optim.Optimizer) -> dict[str, torch.Tensor]:
    return {
        f"{name}/{key}": value
        for group in optimizer.param_groups
        for name, parameter in zip(group["names"], group["params"], strict=True)
        for key, value in optimizer.state.get(parameter, {}).items()
    }


def _restore_optimizer(optimizer: optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    parameters = {
        name: parameter
        for group in optimizer.param_groups
        for name, parameter in zip(group["names"], group["params"], strict=True)
    }
    optimizer.state.clear()
    for path, tensor in tensors.items():
        name, _, key = path.rpartition("/")
        parameter = parameters[name]
        if tensor.shape == parameter.shape and key != "step":  # moments: in the parameter's memory format
            tensor = torch.empty_like(parameter).copy_(tensor)
        elif optimizer.defaults.get("fused"):  # AdamW keeps its step counter on the CPU unless it is fused
            tensor = tensor.to(parameter.device)
        optimizer.state[parameter][key] = tensor.detach()
    if len({frozenset(own) for own in optimizer.state.values()}) > 1:
        raise LookupError("the optimizer lacks numbers of some parameters")


def _flush(path: Path) -> None:
    """Force a file, or the entries of a folder, to the disk."""
    if path.is_dir() and os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tidy(folder: Path) -> None:
    """Remove what a killed run left: checkpoints half written or half removed, and those older than its last."""
    _remove([*folder.glob(".tried-*"), *folder.glob("*.partial")])
    latest = latest_checkpoint(folder)
    _retire(path for path in folder.glob("epoch-*") if path != latest)


def _retire(paths) -> None:
    """Remove checkpoints, none of which is ever seen without a part of its files under its own name."""
    for path in list(paths):
        with contextlib.suppress(OSError):  # one that will not go harms nobody: the newest counts
            _remove([path.rename(path.with_name(f"{path.name}.partial"))])


def _remove(paths) -> None:
    for path in list(paths):
        shutil.rmtree(path, ignore_errors=True)
