"""`make classify`: a photograph, a folder, which model, and what is said where something is missing."""

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.data.decode import RULE
from helpers.models.pretrained import build_model, saved

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("classify_script", ROOT / "scripts" / "classify.py")
script = importlib.util.module_from_spec(spec)
sys.modules["classify_script"] = script
spec.loader.exec_module(script)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Two kept models, "older" and "newer"; their classes differ."""
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path / "build"))
    folder = tmp_path / "build" / "models"
    ready = build_model("xception_mini", 3, weights="shipped", seed=1)
    accuracy = {"value": 0.8, "low": 0.7, "high": 0.9, "n": 50, "covers": "test sampling"}
    for age, name in ((90, "older"), (10, "newer")):
        names = [f"{name} {k}" for k in ("cat", "dog", "=cow,")]
        card = saved.save(folder / name, ready, names, decoding=RULE, accuracy=accuracy, date="2026-11-28")
        os.utime(card, (1e9 - age, 1e9 - age))
    return folder


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "my 'photos' $x"
    folder.mkdir()
    for i in range(3):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    (folder / "IMG_1.HEIC").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(9))
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "inner").mkdir()
    return folder


def test_the_newest_model_is_taken_and_named(models, photographs, capsys):
    assert script.main([str(photographs / "0.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "model newer: xception_mini, 3 classes, kept 2026-11-28; test accuracy 80.0 % [70.0, 90.0], n = 50"
    )
    assert len(lines) == 4
    assert all("%  newer " in line for line in lines[1:])
    assert sum(float(line.split("%")[0]) for line in lines[1:]) == pytest.approx(100, abs=0.3)


def test_a_model_by_name_and_one_that_is_not_there(models, photographs, capsys):
    assert script.main([str(photographs / "0.png"), "--model", "older"]) == 0
    assert capsys.readouterr().out.startswith("model older:")
    assert script.main([str(photographs / "0.png"), "--model", "another"]) == 1
    assert "no model 'another'" in (told := capsys.readouterr().err)
    assert "there: newer, older" in told


def test_a_folder_gets_a_table_of_its_photographs(models, photographs, capsys):
    for _ in range(2):  # the table of the first time is no photograph
        assert script.main([str(photographs)]) == 0
    assert "3 photographs named in" in (told := capsys.readouterr().out)
    assert "1 cannot be read" in told
    with (photographs / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["0.png", "1.png", "2.png", "IMG_1.HEIC"]
    for row in rows[:3]:
        assert row["class"].startswith("newer ")
        assert 1 / 3 <= float(row["probability"]) <= 1
        assert float(row["second probability"]) <= float(row["probability"])
        single = script.classify_picture(script.find_model(None), photographs / row["file"])
        assert single[0].endswith(row["class"])
    assert rows[3]["class"] == ""
    assert "iPhone" in rows[3]["note"]
    assert not list(photographs.glob(".predictions*"))


def test_a_picture_of_no_class_is_said_to_be_one(models, photographs, capsys):
    ready = saved.load(models / "newer").ready
    saved.save(models / "strict", ready, ["a", "b", "c"], decoding=RULE, known_above=1e6)
    assert script.main([str(photographs / "0.png"), "--model", "strict"]) == 0
    assert "perhaps none of the classes" in capsys.readouterr().out
    assert script.main([str(photographs), "--model", "strict"]) == 0
    assert (photographs / "predictions.csv").read_text().count("perhaps none of the classes") == 3


@pytest.mark.parametrize(
    ("picture", "message"),
    [("nowhere.jpg", "PICTURE: .* holds no 'nowhere.jpg'"), ("inner", "found no file"), ("IMG_1.HEIC", "iPhone")],
)
def test_what_cannot_be_asked_says_why(models, photographs, capsys, picture, message):
    import re

    assert script.main([str(photographs / picture)]) == 1
    assert re.search(message, capsys.readouterr().err)


def test_without_a_model_the_labs_that_keep_one_are_named(tmp_path, monkeypatch, capsys, photographs):
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path / "empty"))
    assert script.main([str(photographs / "0.png")]) == 1
    assert "no saved model in" in (told := capsys.readouterr().err)
    assert "make lab" in told


def test_pictures_decoded_by_another_rule_are_refused(models, photographs, capsys):
    ready = saved.load(models / "newer").ready
    saved.save(models / "old rule", ready, ["a", "b", "c"], decoding="another rule")
    assert script.main([str(photographs / "0.png"), "--model", "old rule"]) == 1
    assert "decoded otherwise (another rule)" in capsys.readouterr().err


@pytest.mark.slow
def test_make_passes_odd_file_names_on(models, photographs):
    (ROOT / ".venv" / ".ready").exists() or pytest.skip("the environment was not made by make")

    def make(*options):
        command = ["make", "--no-print-directory", "-o", ".venv/.ready", "classify", *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)

    odd = photographs.rename(photographs.with_name("my 'photos' \"x\""))
    done = make(f"PICTURE={odd / '0.png'}", "MODEL=older")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("model older:")
    nothing = make()
    assert nothing.returncode != 0
    assert "PICTURE is missing" in nothing.stderr
