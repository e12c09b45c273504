"""A kept model answers as before, and half a model, another's file or a strange card is refused."""

import json

import numpy as np
import pytest
import torch

from helpers.measure.classify import classify
from helpers.models.pretrained import build_model, saved

NAMES = ("cat", "dog", "柴犬")


@pytest.fixture(scope="module")
def ready():
    return build_model("xception_mini", 3, weights="shipped", seed=3)


def keep(folder, ready, names=NAMES, **told):
    return saved.save(folder, ready, names, decoding="rule", **told)


def pictures(n, size=64):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def test_what_is_loaded_is_what_was_kept(tmp_path, ready):
    card = keep(tmp_path / "mine", ready, temperature=2.0, known_above=1.5, accuracy={"value": 0.5}, date="2026-11-28")
    found = saved.load(tmp_path / "mine")
    assert found.class_names == NAMES
    assert (found.temperature, found.known_above, found.ready.image_size) == (2.0, 1.5, 64)
    assert (found.ready.mean, found.ready.std) == (ready.mean, ready.std)
    assert found.card == json.loads(card.read_text())
    assert found.card["name"] == "mine"
    assert found.card["date"] == "2026-11-28"
    assert "course" in found.card["licence_of_first_weights"]
    for key, tensor in ready.model.state_dict().items():
        assert torch.equal(found.ready.model.state_dict()[key], tensor)


def test_probabilities_are_tempered_and_low_scores_are_foreign(tmp_path, ready):
    keep(tmp_path / "a", ready)
    keep(tmp_path / "b", ready, temperature=4.0, known_above=1e9)
    a, b = (classify(saved.load(tmp_path / name), pictures(5)) for name in "ab")
    assert a.probabilities.shape == (5, 3)
    assert np.allclose(a.probabilities.sum(1), 1)
    assert (b.probabilities.max(1) < a.probabilities.max(1)).all()
    assert np.array_equal(a.probabilities.argmax(1), b.probabilities.argmax(1))
    assert np.allclose(a.scores, b.scores)
    assert not a.foreign.any()
    assert b.foreign.all()
    best = a.best(0, 2)
    assert best[0] == (int(a.probabilities[0].argmax()), a.probabilities[0].max())
    with pytest.raises(ValueError, match=r"expected uint8 \(n, 64, 64, 3\)"):
        classify(saved.load(tmp_path / "a"), pictures(2, 32))


def test_a_newer_model_takes_the_place_of_an_older_one(tmp_path, ready):
    keep(tmp_path / "mine", ready)
    other = build_model("vit_mini", 2, weights="none")
    keep(tmp_path / "mine", other, ("x", "y"))
    assert saved.load(tmp_path / "mine").ready.name == "vit_mini"
    assert len(list((tmp_path / "mine").iterdir())) == 2


@pytest.mark.parametrize("name", ["card.json", "model-"])
def test_a_disk_that_fills_up_leaves_the_older_model_whole(tmp_path, ready, monkeypatch, name):
    keep(tmp_path / "mine", ready)
    replace = saved.os.replace

    def full(source, target):
        if target.name.startswith(name):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(saved.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        keep(tmp_path / "mine", build_model("vit_mini", 2, weights="none"), ("x", "y"))
    monkeypatch.undo()
    assert saved.load(tmp_path / "mine").class_names == NAMES
    assert not list((tmp_path / "mine").glob(".*"))


def test_what_does_not_belong_together_is_refused(tmp_path, ready):
    card = keep(tmp_path / "mine", ready)
    (file,) = card.parent.glob("*.safetensors")
    whole, text = file.read_bytes(), card.read_text()
    file.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"missing or not the file that card\.json names"):
        saved.load(card.parent)
    file.unlink()
    with pytest.raises(ValueError, match="missing or not the file"):
        saved.load(card.parent)
    file.write_bytes(whole)
    for change, message in (
        ({"format": 9}, "is of format 9"),
        ({"model": "resnet"}, "reads format 1 and the models"),
        ({"classes": ["a", "b"]}, "does not fit xception_mini"),
    ):
        card.write_text(json.dumps(json.loads(text) | change))
        with pytest.raises(ValueError, match=message):
            saved.load(card.parent)
    card.write_text('{"format": 1}')
    with pytest.raises(ValueError, match="lacks model, file"):
        saved.load(card.parent)
    card.write_text("{")
    with pytest.raises(ValueError, match="is no JSON"):
        saved.load(card.parent)
    with pytest.raises(FileNotFoundError, match="no saved model"):
        saved.load(tmp_path)


def test_a_head_of_another_size_and_numbers_that_are_none_are_refused(tmp_path, ready):
    with pytest.raises(ValueError, match="one for each of 3 outputs, got 2"):
        keep(tmp_path / "mine", ready, ("a", "b"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        keep(tmp_path / "mine", ready, accuracy=float("nan"))
    assert not (tmp_path / "mine").exists()


def test_the_newest_is_found(tmp_path, ready):
    with pytest.raises(FileNotFoundError, match="lab 16"):
        saved.newest(tmp_path)
    for age, name in ((50, "b"), (10, "c"), (90, "a")):
        card = keep(tmp_path / name, ready)
        import os

        os.utime(card, (1e9 - age, 1e9 - age))
    assert saved.newest(tmp_path).name == "c"


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("package", "efficientnet_lite0", "Apache 2.0"),
        ("none", "vit_mini", "fresh"),
        ("hub", "legacy_xception", "as timm says of legacy_xception.tf_in1k"),
        ("folder", "legacy_xception", "unknown"),
    ],
)
def test_the_licence_of_the_first_weights_is_what_is_known(kind, name, told):
    made = saved.Pretrained(torch.nn.Identity(), name, 64, (0.5,) * 3, (0.5,) * 3, {"kind": kind})
    assert told in saved.licence(made)
