"""Lab 12 with made-up networks: whole runs, parts left out, a reader's photograph, no ipywidgets, wrong parameters.

The notebook's own cells run here, in one process and without training.
"""

import json
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.pages.l12 import photograph, scores, study
from helpers.pages.l12.headline import headline
from helpers.pages.l12.methods import BOTH, METHODS, STATEMENTS, methods_of
from helpers.records.personal import publishable

ROOT = Path(__file__).parents[2]
LAB = ROOT / "labs" / "12_inside.ipynb"
MADE_UP = runpy.run_path(str(ROOT / "tests" / "pages" / "l12" / "made_up.py"))
GIVEN = {"edition": "smoke", "train_images": 6, "images": 6, "test_images": 12, "map_images": 6, "occlusion_cells": 2}


def made_up_train(key, data, parameters, folder):
    folder.mkdir(parents=True)
    return torch.nn.Identity(), {**key._asdict(), "images_seen": 6, "fit_s": 1.0}


def made_up_answers(key, model, dogs, few, deletion, cells, widths):
    found = MADE_UP["run"](*key, dogs.coat.tolist(), dogs.build.tolist(), maps=len(few.coat), widths=len(widths))
    if not deletion:
        found["maps"]["deletion"] = {}
    return {name: found[name] for name in ("answers", "maps")}


def made_up_maps(network, pair, dogs, dog):
    return {METHODS[name].label: (np.eye(8), np.eye(8)) for name in methods_of(network)}


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "train", made_up_train)
    monkeypatch.setattr(scores, "ask", made_up_answers)
    monkeypatch.setattr(scores, "maps_of", made_up_maps)
    return empty_course


@pytest.fixture
def no_photograph(monkeypatch):
    monkeypatch.setattr(photograph, "at_hand", lambda names, picture: ([], {"the photograph": "not in this test"}))


def test_a_whole_run_leaves_a_record_without_answers_and_no_checkpoints(course, run_lab, no_photograph):
    record, now = run_lab(**GIVEN, seeds=3, choosers=1)
    assert len(record.runs) == 2 * (3 + 3 + 1)
    assert "answers" not in record.runs[0]
    assert {row["statement"] for row in record.summary["findings"]} == {one.text for one in STATEMENTS}
    told = {(row["network"], row["method"]): row["answers"][0]["tells"]["value"] for row in record.summary["maps"]}
    assert [row["method"] for row in record.summary["maps"] if row["finds"]] == ["gradient", "gradient"]
    assert all(len(row["points"][0]) == 3 for row in record.summary["maps"]), "every training, not the mean alone"
    assert told["vit_mini", "gradient"] == 1
    assert told["vit_mini", "rollout"] == -1
    assert told["vit_mini", "blob"] == 0
    assert {row["uses"] for row in record.summary["choice"]} == {"build"}
    assert all(answer["this run"] for answer in now["answers"])
    assert record.skipped["the photograph"] == "not in this test"
    assert not any((course / "_build" / "checkpoints").rglob("*-*"))


@pytest.mark.parametrize("passed", [{"networks": "xception_mini"}, {"networks": ["vit_mini"], "deletion": False}])
def test_any_choice_of_networks_and_rulers_comes_to_its_end(course, run_lab, no_photograph, passed):
    record, now = run_lab(**GIVEN, seeds=1, **passed)
    assert {row["network"] for row in record.runs} == set(now["networks"])
    assert ("deletion curves" in record.skipped) == (not now["deletion"])


def test_a_readers_photograph_is_drawn_and_leaves_numbers_alone(course, run_lab, tmp_path):
    rng = np.random.default_rng(0)
    file = tmp_path / "Rexi at home.png"
    Image.fromarray(rng.integers(0, 255, (50, 70, 3), dtype=np.uint8)).save(file)
    record, _ = run_lab(**GIVEN, seeds=1, picture=str(file), photo_models=["vit_mini"])
    row = record.summary["photograph"]
    assert row["model"] == "vit_mini"
    assert 0 <= row["by_map"] <= 1
    told = json.dumps([record.runs, record.summary, record.skipped, record.data.provenance])
    assert "Rexi" not in told
    assert str(tmp_path) not in told
    notebook = json.loads(LAB.read_text())
    kept, shown = publishable(record, notebook, ROOT / "src" / "helpers")
    assert "Rexi" not in kept.model_dump_json()
    assert "Rexi" not in json.dumps(shown)


def test_without_ipywidgets_the_figure_stands_and_a_line_says_why(course, run_lab, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    record, now = run_lab(**GIVEN, seeds=1, photo_models=["vit_mini"])
    assert "ipywidgets is not installed" in capsys.readouterr().out
    assert "controls" in record.skipped
    assert now["controls"].state["model"] == "vit_mini"
    assert record.summary["photograph"]["by_lot"] > 0


def test_the_lab_fails_where_a_map_without_a_network_tells_something(course, run_lab, no_photograph, monkeypatch):
    def wrong(key, *rest):
        found = made_up_answers(key, *rest)
        if key.lesson != BOTH:
            found["maps"]["leaning"]["blob"] = [[0.9 if key.lesson == "coat" else 0.1] * 6] * 2
        return found

    monkeypatch.setattr(scores, "ask", wrong)
    with pytest.raises(AssertionError, match="asks no network"):
        run_lab(**GIVEN, seeds=1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"networks": "swin"}, "networks: expected a list of xception_mini, vit_mini"),
        ({"difficulty": 1.5}, "difficulty: expected 0 to 1"),
        ({"map_images": 13}, "map_images: expected at most the 12 test images"),
        ({"map_images": 5}, "map_images: expected at least 6"),
        ({"picture": "no/such.jpg"}, "picture: .*no"),
        ({"photo_models": "resnet"}, "photo_models: expected a list of efficientnet_lite0"),
        ({"outline": [9.0]}, "outline: expected widths of 1 to 4 pixels"),
        ({"choosers": 0}, "choosers: expected a whole number of at least 1"),
        ({"occlusion_cells": 7}, "occlusion_cells: expected a divisor of 64"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, monkeypatch, wrong, message):
    monkeypatch.setattr(study, "train", None)
    with pytest.raises(ValueError, match=message):
        run_lab(**GIVEN | wrong)


def test_six_seeds_and_one_outline_come_to_their_end(course, run_lab, no_photograph):
    record, _ = run_lab(**GIVEN, seeds=6, outline=[2.0])
    assert len(record.runs) == 2 * (6 + 6 + 2)
    assert not any(row["others"] for row in record.summary["findings"])


def test_the_card_names_what_finds_the_cue_with_its_number(course, run_lab, no_photograph):
    record, _ = run_lab(**GIVEN, seeds=3)
    lines = headline(record).splitlines()
    assert "**gradient at the pixels 1.00** passed all three questions" in lines[1]
    assert "blob" not in lines[1]
    assert re.search(r": \*\*\d+ as expected, \d+ against, \d+ open\*\*", lines[-1])
