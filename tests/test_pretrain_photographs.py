"""The card of the photographs' pair says what its accounts say, and what the hash was shown to find."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from helpers.models.pretrained import OURS

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
