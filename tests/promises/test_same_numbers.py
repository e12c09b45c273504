"""Same seed, same numbers.

To the bit in every process of one machine, and within the tolerances of `numbers.json` anywhere else. The file is also
the command that prints those numbers, and writes them (after a change of drawing or training that is meant):

    .venv/bin/python tests/promises/test_same_numbers.py [--write]
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.data.batches import Batches
from helpers.data.faces import draw_people
from helpers.data.fractals import draw_fractals
from helpers.data.phrases import draw_phrases
from helpers.models.pretrained import build_model
from helpers.training import TrainingConfig, fit, predict
from helpers.training.mixing import Mixed

TABLE = Path(__file__).with_name("numbers.json")
FAMILIES = ("xception_mini", "vit_mini")
DRAWN = {"image_size": 32, "n_train_per_class": 2, "n_val_per_class": 1, "n_test_per_class": 1, "progress": False}
# Relative. Drawing rounds to whole levels; processors order sums differently, and training carries that on.
TOLERANCES = {"drawing": 1e-4, "augmentation": 1e-4, "training": 5e-3, "metric": None}
BAND = 0.06  # of an accuracy on 96 drawn dogs: six of them
METRIC = {"image_size": 32, "n_train_per_class": 24, "n_val_per_class": 0, "n_test_per_class": 8, "progress": False}


def told(array: np.ndarray, *values: float) -> dict:
    """The digest of every bit, and a few numbers that a tolerance makes sense for."""
    array = np.ascontiguousarray(array)
    return {"sha256": hashlib.sha256(array.data).hexdigest(), "values": list(map(float, values))}


def of_pictures(images: np.ndarray) -> dict:
    """Mean and spread of all pixels, and the mean of the last picture."""
    return told(images, images.mean(dtype=np.float64), images.std(dtype=np.float64), images[-1].mean(dtype=np.float64))


def drawings(seed: int) -> dict[str, dict]:
    """What the course draws: breeds, fractals, faces, sentences."""
    breeds = load_dataset("breeds", seed=seed, **DRAWN)
    sentences = "\n".join(" ".join([*p.french, *p.english]) for p in draw_phrases(50, seed)).encode()
    return {
        "drawing/breeds": of_pictures(np.concatenate([breeds.train.images, breeds.val.images, breeds.test.images])),
        "drawing/fractals": of_pictures(draw_fractals(2, 2, 32, seed)[0]),
        "drawing/faces": of_pictures(draw_people(2, 2, 32, seed)[0]),
        "drawing/sentences": told(np.frombuffer(sentences, np.uint8), len(sentences)),
    }


def batches_of(split, built, seed: int, **options) -> Batches:
    return Batches(
        split.images, split.labels, batch_size=8, mean=built.mean, std=built.std, seed=seed, **options
    )  # fmt: skip


def training(name: str, seed: int) -> dict[str, dict]:
    """Two epochs on 24 drawn dogs, the second family's with mixed pictures: batches, weights, losses, answers."""
    breeds = load_dataset("breeds", seed=seed, **DRAWN)
    built = build_model(name, breeds.num_classes, weights="none", image_size=32, seed=seed)
    train = batches_of(breeds.train, built, seed)
    seen = [images.numpy() for epoch in range(2) for images, _ in train.epoch(epoch)]
    config = TrainingConfig(epochs=2, learning_rate=1e-3, seed=seed, progress=False)
    step = Mixed(breeds.num_classes) if name == "vit_mini" else None
    history = fit(built.model, train, config, step=step)
    answers = predict(built.model, batches_of(breeds.test, built, seed, shuffle=False, augment=False))
    state = np.concatenate([tensor.detach().numpy().ravel() for tensor in built.model.parameters()])
    cut = np.concatenate(seen)
    return {
        "augmentation/crops": told(cut, cut.std(dtype=np.float64), cut[-1].mean(dtype=np.float64)),
        f"training/{name}/losses": told(np.array([row.train_loss for row in history.epochs]),
                                        *(row.train_loss for row in history.epochs)),
        f"training/{name}/weights": told(state),  # bits alone: one weight is no number to keep
        f"training/{name}/answers": told(answers, np.abs(answers).mean(dtype=np.float64)),
    }  # fmt: skip


def numbers(seed: int = 0) -> dict[str, dict]:
    """All of it on one thread, whatever the process was given."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        found = drawings(seed)
        for name in FAMILIES:
            found |= training(name, seed)
        return found
    finally:
        torch.set_num_threads(before)


def metric(name: str, seed: int = 0) -> float:
    """Test accuracy after six epochs on 288 drawn dogs, from the shipped weights."""
    breeds = load_dataset("breeds", seed=seed, difficulty=0.2, **METRIC)
    built = build_model(name, breeds.num_classes, weights="shipped", image_size=32, seed=seed)
    fit(built.model, batches_of(breeds.train, built, seed), TrainingConfig(epochs=6, seed=seed, progress=False))
    answers = predict(built.model, batches_of(breeds.test, built, seed, shuffle=False, augment=False))
    return float((answers.argmax(axis=1) == breeds.test.labels).mean())


def outside(found: dict[str, dict], expected: dict[str, list[float]]) -> list[str]:
    """The names of all that is not within its tolerance of the table."""
    wrong = []
    for name, one in found.items():
        limit, there = TOLERANCES[name.split("/")[0]], expected.get(name)
        if (
            there is None
            or len(there) != len(one["values"])
            or not np.allclose(one["values"], there, rtol=limit, atol=0)
        ):
            wrong.append(f"{name}: {one['values']} for {there}")
    return wrong


# --- tests -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def here() -> dict[str, dict]:
    """The numbers of this process."""
    return numbers()


def of_another_process(hash_seed: int, **settings: str) -> dict[str, dict]:
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)} | settings
    done = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["numbers"]


def test_a_second_time_in_one_process_gives_the_same_bits(here, count):
    np.random.seed(7)  # noqa: NPY002  # whoever drew before
    torch.manual_seed(7)
    assert numbers() == here
    count("numbers twice in one process", len(here))


def test_other_processes_give_the_same_bits_whatever_the_order_of_their_sets(here, count, amount):
    processes = amount(1, 6)
    for hash_seed in range(1, processes + 1):
        assert of_another_process(hash_seed) == here
    count("numbers in processes of their own", processes * len(here))


def test_the_numbers_are_those_of_the_table(here, count):
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    assert set(table["numbers"]) == set(here)
    assert outside(here, table["numbers"]) == []
    count("numbers against the table of another machine", sum(len(one["values"]) for one in here.values()))


OLDER = {  # the instructions of older processors, as torch, oneDNN and MKL let themselves be told
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "SSE4": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}


@pytest.mark.parametrize("older", OLDER)
def test_the_numbers_of_an_older_processor_are_those_of_the_table(here, older, amount, count):
    """Other bits, within the tolerances: measured, up to 0.0017 of a relative 0.005."""
    if not amount(0, 1) or platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("a process each, on x86: make soak")
    found = of_another_process(0, **OLDER[older])
    assert outside(found, json.loads(TABLE.read_text(encoding="utf-8"))["numbers"]) == []
    count("numbers by the instructions of older processors", len(found))


def test_another_seed_is_outside_of_every_tolerance(here, amount):
    """What the table would not notice, it would not keep."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))["numbers"]
    found = drawings(1) | training(FAMILIES[0], 1) | (training(FAMILIES[1], 1) if amount(0, 1) else {})
    assert [line.split(":")[0] for line in outside(found, table)] == [n for n in found if found[n]["values"]]
    assert not {one["sha256"] for one in found.values()} & {one["sha256"] for one in here.values()}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_longer_training_ends_in_its_band(name, count, amount):
    if not amount(0, 1):
        pytest.skip("a minute: make soak, and every week on GitHub")
    band = json.loads(TABLE.read_text(encoding="utf-8"))["bands"][name]
    assert band[0] <= metric(name) <= band[1]
    count("accuracies within their band", 1)


def main() -> None:
    found: dict = {"numbers": numbers()}
    if "--write" not in sys.argv:
        print(json.dumps(found))
        return
    table = {
        "command": ".venv/bin/python tests/promises/test_same_numbers.py --write",
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, numpy {np.__version__}, {torch.backends.cpu.get_cpu_capability()}",
        "tolerances": TOLERANCES | {"metric": BAND},
        "numbers": {name: one["values"] for name, one in found["numbers"].items()},
        "bands": {},
    }
    for name in FAMILIES:
        value = metric(name)
        table["bands"][name] = [round(value - BAND, 3), round(min(1, value + BAND), 3)]
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
