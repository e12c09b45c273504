"""Broken weights, checkpoints, caches and kept models work or are refused by name, with a way out."""

import json
import math
import random
import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from helpers.data.cache import build_cache
from helpers.data.decode import RULE
from helpers.models.pretrained import build_model, package, saved
from helpers.training import TrainingConfig, fit
from helpers.training.features import frozen_features

spec = spec_from_file_location("broken", Path(__file__).with_name("broken.py"))
broken = sys.modules["broken"] = module_from_spec(spec)
spec.loader.exec_module(broken)
tries = broken.tries

script_spec = spec_from_file_location("classify_again", Path(__file__).parents[2] / "scripts" / "classify.py")
script = sys.modules["classify_again"] = module_from_spec(script_spec)
script_spec.loader.exec_module(script)


def with_header(data: bytes, header: bytes) -> bytes:
    """A safetensors file with another header before the same numbers."""
    length = int.from_bytes(data[:8], "little")
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


def accident(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """A safetensors file after an accident to its bytes, or to one entry of its header."""
    if rng.random() < 0.5:
        return broken.mutated(data, rng)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    value = rng.choice(
        (None, -1, 0, 10**30, [], [0], [-1], [10**9, 10**9], "F32", "F16", "BF16", "F8_E4M3", "I8", "BOOL", {})
    )
    edited = broken.edited(header, rng.randrange(2**32), value)
    return f"header {value!r}", with_header(data, json.dumps(edited).encode())


class Noise:
    """Two batches of noise."""

    fingerprint = "noise"

    def __len__(self) -> int:
        return 2

    def epoch(self, epoch: int, start: int = 0):
        for k in range(start, 2):
            yield torch.randn(4, 3, generator=torch.Generator().manual_seed(k)), torch.arange(4) % 2


def trained(folder: Path, epochs: int) -> Any:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    config = TrainingConfig(epochs=epochs, progress=False, precision="fp32")
    return fit(model, Noise(), config, checkpoint_dir=folder)


@pytest.mark.parametrize("file", ["state.json", "weights.safetensors", "optimizer.safetensors"])
def test_a_broken_checkpoint(file, tries, amount, count):
    whole = tries.room / "whole"
    trained(whole, 2)
    (checkpoint,) = whole.glob("epoch-*")
    data, rng = (checkpoint / file).read_bytes(), random.Random(file)
    if file == "state.json":
        cases = broken.jsons(json.loads(data), amount(20, 300), 1)
    else:
        cases = [accident(data, rng) for _ in range(amount(20, 250))]
    for number, (how, changed) in enumerate(cases):
        with tries.folder() as folder:
            shutil.copytree(checkpoint, folder / checkpoint.name)
            (folder / checkpoint.name / file).write_bytes(changed)
            if file != "state.json" and number % 2:  # the size that the state tells is right
                state = folder / checkpoint.name / "state.json"
                told = json.loads(state.read_text())
                told["files"][file] = len(changed)
                state.write_text(json.dumps(told))
            names = (checkpoint.name, "diverged", "the loss became")
            tries(how, lambda folder=folder: trained(folder, 2), names, lambda history: len(history.epochs) == 2)
    count("checkpoints", tries.done())


class Images:
    """Six small images in batches of four."""

    shuffle, augmentation, fingerprint = False, None, "a"

    def __len__(self) -> int:
        return 2

    def epoch(self, epoch: int, start: int = 0):
        for first in (0, 4):
            yield torch.ones(min(4, 6 - first), 3, 2, 2), torch.zeros(min(4, 6 - first))


def features(folder: Path) -> np.ndarray:
    return frozen_features(lambda images: images.flatten(1), Images(), weights="w", folder=folder, progress=False)


def test_a_broken_cache_of_features_is_made_again(tries, amount, count):
    features(tries.room)
    (file,) = tries.room.glob("features-*.npy")
    data, rng = file.read_bytes(), random.Random(1)
    for _ in range(amount(40, 500)):
        how, changed = broken.mutated(data, rng)
        with tries.folder() as folder:
            (folder / file.name).write_bytes(changed)
            tries(
                how,
                lambda folder=folder: features(folder),
                (file.name,),
                lambda f: f.shape == (1, 6, 12) and f.dtype == np.float16,
            )
    assert not tries.findings, tries.findings[:10]
    count("caches of features", tries.tried)


def pictures(folder: Path) -> np.ndarray:
    items = [(f"{k}.png", bytes([k]), None) for k in range(4)]
    decode = lambda data, size, box: np.full((size, size, 3), data[0], np.uint8)  # noqa: E731
    return build_cache(items, decode, size=4, key="k", folder=folder, progress=False).images


@pytest.mark.parametrize("suffix", [".npy", ".json"])
def test_a_broken_cache_of_pictures_is_made_again(suffix, tries, amount, count):
    whole = tries.room / "whole"
    pictures(whole)
    (file,) = whole.glob(f"*{suffix}")
    data, rng = file.read_bytes(), random.Random(suffix)
    cases = [broken.mutated(data, rng) for _ in range(amount(15, 200))]
    cases += broken.jsons(json.loads(data), amount(10, 200), 1) if suffix == ".json" else []
    for how, changed in cases:
        with tries.folder() as folder:
            for there in whole.iterdir():
                shutil.copy(there, folder)
            (folder / file.name).write_bytes(changed)
            tries(
                how, lambda folder=folder: pictures(folder), (file.name,), lambda images: images.shape == (4, 4, 4, 3)
            )
    assert not tries.findings, tries.findings[:10]
    count("caches of pictures", tries.tried)


@pytest.fixture(scope="module")
def small() -> bytes:
    """The file of a small network, as a folder of weights holds it."""
    from safetensors.torch import save

    return save({k: v.clone() for k, v in build_model("xception_mini", 3, weights="none").model.state_dict().items()})


def test_a_broken_folder_of_weights(small, tries, amount, count):
    rng = random.Random(2)
    for number in range(amount(8, 150)):
        how, data = accident(small, rng)
        sums = b"0" * 64 + b"  xception_mini.safetensors\n"
        with tries.folder() as folder:
            (folder / "xception_mini.safetensors").write_bytes(small if number % 4 == 0 else data)
            if number % 4 == 0:
                how, changed = broken.mutated(sums, rng)
                (folder / "SHA256SUMS").write_bytes(changed)
            call = lambda folder=folder: build_model("xception_mini", 2, weights=str(folder))  # noqa: E731
            tries(
                f"{number % 4} {how}",
                call,
                ("xception_mini.safetensors", "SHA256SUMS"),
                lambda ready: ready.model is not None,
            )
    count("files of weights", tries.done())


def test_a_grid_of_positions_that_is_none(tries, amount, count):
    state = build_model("vit_mini", 3, weights="none", image_size=48).model.state_dict()
    for grid in ["6x6", "36", "", "x", "6x6x1", "-6x-6", "0x0", "²x6", "6 x 6", "6X6", "9" * 5000 + "x1", "x" * 50][
        : amount(6, 12)
    ]:
        with tries.folder() as folder:
            save_file({k: v.clone() for k, v in state.items()}, folder / "vit_mini.safetensors", {"grid": grid})
            call = lambda folder=folder: build_model("vit_mini", 2, weights=str(folder))  # noqa: E731
            tries(f"{grid:.20}", call, ("vit_mini.safetensors",), lambda ready: ready.image_size == 64)
    count("files of weights", tries.done())


def test_a_broken_package_of_weights(tries, amount, count, monkeypatch):
    """Not byte for byte the released file is refused before any of it is read, whatever it holds."""
    whole = package.package_file().read_bytes()[:100_000] + package.package_file().read_bytes()[-5_000:]
    file, rng = tries.room / package.FILE, random.Random(3)

    class Entry:
        name = package.FILE

        def locate(self) -> Path:
            return file

    monkeypatch.setattr(package, "files", lambda name: [Entry()])
    for _ in range(amount(20, 300)):
        how, data = broken.mutated(whole, rng)
        file.write_bytes(data)
        tries(
            how, lambda: build_model("efficientnet_lite0", 2, weights="package"), (package.FILE,), lambda ready: False
        )
    count("packages of weights", tries.done())


@pytest.fixture
def kept(tries) -> Path:
    ready = build_model("xception_mini", 3, weights="none", image_size=32)
    accuracy = {"value": 0.8, "low": 0.7, "high": 0.9, "n": 50, "covers": "test sampling"}
    folder = tries.room / "build" / "models" / "mine"
    names = ["a cat", "a dog", "=cow,"]
    saved.save(folder, ready, names, decoding=RULE, known_above=0.1, accuracy=accuracy, date="2026-11-28")
    return folder


def ask(picture: Path) -> list[str]:
    model = script.find_model("mine")
    return [script.described(model), *script.classify_picture(model, picture)]


def test_a_broken_card_of_a_kept_model(kept, tries, amount, count):
    from PIL import Image

    picture = tries.room / "mine.png"
    Image.new("RGB", (40, 30), "red").save(picture)
    assert len(ask(picture)) >= 4
    card = json.loads((kept / "card.json").read_text())
    special = [("image_size", 10**6), ("image_size", 1), ("image_size", 33), ("image_size", True), ("image_size", 32.0)]
    special += [("temperature", x) for x in (0, -1, math.nan, math.inf, "1", None, 1e-300)]
    special += [("mean", x) for x in ([0.5], 0.5, ["a"] * 3, [math.nan] * 3)] + [
        ("std", [0, 0, 0]),
        ("std", [0.5, 99.5, 0.5]),
        ("std", []),
    ]
    special += [("classes", x) for x in ([], "abc", [1, 2, 3], ["a"] * 4, ["a", "a", "a"], {"a": 1})]
    special += [("file", x) for x in ("", "..", "../card.json", 3, "card.json", "a\0b", "x" * 300)]
    special += [
        ("sha256", 3),
        ("known_above", "x"),
        ("known_above", math.nan),
        ("accuracy", 3),
        ("accuracy", {"low": 1}),
    ]
    special += [("date", [1]), ("model", []), ("model", "vit_mini"), ("first_weights", 3), ("decoding", 3)]
    cases = [(f"{key} {value!r:.50}", json.dumps({**card, key: value}).encode()) for key, value in special]
    for how, data in cases + broken.jsons(card, amount(20, 400), 1):
        (kept / "card.json").write_bytes(data)
        tries(how, lambda: ask(picture), ("card.json", "mine"), lambda lines: sum("%  " in line for line in lines) == 3)
    count("cards of kept models", tries.done())


def test_a_broken_file_of_a_kept_model_and_a_broken_picture(kept, tries, amount, count, capsys):
    """By the command itself: it ends with 0, or with 1 and one line."""
    from PIL import Image

    picture, rng = tries.room / "mine.png", random.Random(4)
    Image.effect_noise((40, 30), 50).save(picture)
    (file,), whole = kept.glob("*.safetensors"), picture.read_bytes()
    weights = file.read_bytes()
    for number in range(amount(10, 100)):
        how, data = broken.mutated(whole if number % 2 else weights, rng)
        (picture if number % 2 else file).write_bytes(data)
        code = []
        tries(how, lambda code=code: code.append(script.main([str(picture), "--model", "mine"])), ())
        told = capsys.readouterr()
        tries.refused += code == [1]
        assert code == [0] or (told.err.startswith("error: ") and ("mine.png" in told.err or file.name in told.err))
        picture.write_bytes(whole)
        file.write_bytes(weights)
    count("questions to a kept model", tries.done())
