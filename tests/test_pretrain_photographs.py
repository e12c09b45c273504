"""The card of the photographs' pair says what its accounts say, and what the hash was shown to find."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from helpers.data.batches import Batches
from helpers.data.tiny_imagenet import load_tiny_imagenet
from helpers.models.pretrained import OURS
from helpers.training import predict

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "pretrain_photographs.py"
FOLDER = OURS["photographs"]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("pretrain_photographs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["pretrain_photographs"] = module
    spec.loader.exec_module(module)
    return module


def test_the_card_beside_the_weights_is_the_one_that_the_accounts_give(script):
    assert (FOLDER / "MODEL_CARD.md").read_text() == script.card(FOLDER)


def test_another_account_gives_another_card(script, tmp_path):
    account = json.loads((FOLDER / "vit_mini.json").read_text())
    account["epochs"][-1]["test_top1"] = {"value": 0.5, "low": 0.4, "high": 0.6}
    (tmp_path / "vit_mini.json").write_text(json.dumps(account))
    card = script.card(tmp_path)
    assert "| `vit_mini` | 419,028 | 6,552 | 50.0 % [40.0, 60.0] | 3,880 |" in card
    assert "| `xception_mini` |" not in card
    assert "Photographs in both sets" not in card, "nothing was looked for there"


def test_what_the_hash_can_find_is_counted_up_to_its_limit(script):
    bits = {"same crop": [0, 6], "whole frame": [6, 7], "centre square": [7, 30]}
    found = {"known_bits": bits, "limit": 6, "bits": 64, "nearest_bits": 8, "known_photographs": 2}
    told = script.near_duplicates(found | {"pre_training_photographs": 1000, "dogs_test_photographs": 10})
    assert "cut and squashed in the same way 2 of them" in told
    assert "against the box 1, as a centre square 0." in told


def test_the_three_networks_had_the_same_budget_and_fit_their_models(script):
    accounts = [json.loads((FOLDER / f"{name}.json").read_text()) for name in script.SMALL]
    for same in ("recipe", "images_seen", "steps"):
        assert accounts[0][same] == accounts[1][same] == accounts[2][same]
    for name, account in zip(script.SMALL, accounts, strict=True):
        weights = load_file(FOLDER / f"{name}.safetensors")
        assert {tensor.dtype for tensor in weights.values() if tensor.is_floating_point()} == {torch.float16}
        assert (FOLDER / f"{name}.safetensors").stat().st_size <= 3e6
        script.fresh(name, account["data"]["num_classes"]).load_state_dict(weights)


@pytest.mark.skipif(
    not (Path(os.environ.get("HELPERS_DATA", "")) / "tiny_imagenet").is_dir(),
    reason="HELPERS_DATA holds no tiny_imagenet",
)
def test_the_taught_network_reaches_what_its_account_says(script):
    data = load_tiny_imagenet(image_size=script.SIZE, progress=False)
    account = json.loads((FOLDER / "deit_mini.json").read_text())
    model = script.fresh("deit_mini", data.num_classes)
    model.load_state_dict(load_file(FOLDER / "deit_mini.safetensors"))
    some = Batches(
        data.test.images[::4], data.test.labels[::4], batch_size=256, mean=script.NORM[0], std=script.NORM[1],
        shuffle=False, augment=False,
    )  # fmt: skip
    right = (predict(model, some).argmax(1) == data.test.labels[::4]).mean()
    assert right == pytest.approx(account["epochs"][-1]["test_top1"]["value"], abs=0.04)  # 970 photographs
