"""Lab 13 on drawn faces and on a made-up pack of photographs: **no photograph of a face in figures or record**, pieces,
fewer arms, wrong parameters.

The notebook's own cells run here, most of them with made-up networks.
"""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.image import AxesImage

from helpers.measure.verification import rank_one
from helpers.pages.l13 import study
from helpers.pages.l13.methods import RECIPES, STATEMENTS
from helpers.pages.l13.people import load
from helpers.pages.l13.probes import examples
from helpers.records import Record
from helpers.records.personal import publishable

ROOT = Path(__file__).parents[2]
LAB = ROOT / "labs" / "13_faces.ipynb"
DRAWN = {"train_people": 4, "pictures": 2, "test_people": 6, "test_pictures": 3, "difficulty": 0.2}
GIVEN = {"edition": "smoke", "image_size": 32, "drawn": DRAWN, "shares": [0.25]}


def made_up_run(network, recipe, seed, faces, parameters, folder):
    """Templates are coarse pixels with noise of the network's own: no network, the rest of a run as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = 0.2 + 0.1 * (len(network) + len(recipe)) % 0.7

    def judge(images):
        rng = np.random.default_rng([len(network), len(recipe), seed])
        rows = images.reshape(len(images), 4, 8, 4, 8, 3).mean((2, 4)).reshape(len(images), -1) / 255
        return study.unit(rows - rows.mean(0) + noise * rng.normal(size=rows.shape))

    trained = recipe != "frozen"
    row = {"network": network, "recipe": recipe, "seed": seed, "people": faces.numbers, "fit_s": 1.0}
    row |= {"known": 0.9 if trained else None, "history": None}
    return row | {"images_seen": 10 if trained else 0} | study.tested(judge, faces, parameters)


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "run_one", made_up_run)
    return empty_course


def shown_pictures(monkeypatch):
    """Every array that is drawn as a picture, and every figure that is shown, as SVG."""
    arrays, figures, before = [], [], AxesImage.set_data

    def set_data(self, data):
        arrays.append(np.asarray(data))
        before(self, data)

    def show():
        file = io.StringIO()
        plt.gcf().savefig(file, format="svg")
        figures.append(file.getvalue())
        plt.close("all")

    monkeypatch.setattr(AxesImage, "set_data", set_data)
    monkeypatch.setattr(plt, "show", show)
    return arrays, figures


def test_a_run_on_photographs_shows_and_keeps_none(course, run_lab, face_pack, monkeypatch):
    face_pack(people=8, pictures=3)
    arrays, figures = shown_pictures(monkeypatch)
    record, now = run_lab(**GIVEN, dataset="orl", seeds=2)
    assert record.data.name == "orl_faces"
    assert record.data.terms == "restricted"
    drawn = examples(now["parameters"])
    assert len(arrays) == len(drawn)
    assert all(np.array_equal(one, other) for one, other in zip(arrays, drawn.values(), strict=True))
    photographs = np.concatenate([now["data"].train.images, now["data"].test.images])
    assert not any(np.array_equal(one, photograph) for one in arrays for photograph in photographs)
    assert [figure.count("<image") for figure in figures] == [len(drawn), *[0] * (len(figures) - 1)]
    assert len(figures) == 4
    text = record.model_dump_json()
    assert "base64" not in text
    assert not re.search(r"s\d+/\d+\.pgm|\"person \d+\"", text)
    longest = max((len(one) for one in lists(json.loads(text))), default=0)
    assert longest < 200  # standings; 32 x 32 pixels would be 1,024
    assert "people" not in record.runs[0]
    assert record.summary["n_people"] == 8  # both halves


def lists(value):
    """Every list of a record, of numbers or not."""
    if isinstance(value, list):
        yield value
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from lists(inner)


@pytest.mark.slow
def test_the_executed_notebook_and_what_recording_keeps_hold_no_photograph(empty_course, face_pack):
    """Under papermill, in a kernel of its own, as `make lab` runs it."""
    face_pack(people=6, pictures=2)
    small = {"edition": "smoke", "dataset": "orl", "start": "none", "epochs": 1, "batch_size": 4, "image_size": 32}
    passed = [part for name, value in small.items() for part in ("-p", name, str(value))]
    passed += [
        "-p",
        "frozen",
        "xception_mini",
        "-p",
        "recipes",
        "plain",
        "-p",
        "fills",
        "noise",
        "-p",
        "distances",
        "8",
        "-p",
        "shorter",
        "None",
    ]
    command = [sys.executable, "-m", "papermill", str(LAB), "out.ipynb", "-k", "python3", *passed]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    notebook = json.loads(Path("out.ipynb").read_text())
    (path,) = Path().glob("_build/runs/smoke/13_faces/*/record.json")
    record = Record.model_validate_json(path.read_text())
    kept, recorded = publishable(record, notebook, ROOT / "src" / "helpers")
    for one in (notebook, recorded):
        for cell in one["cells"]:
            kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
            assert kinds <= {"image/svg+xml", "text/plain", "text/markdown", "text/html"}, cell["id"]
            pixels = json.dumps(cell.get("outputs", [])).count("base64")
            assert pixels == (6 if cell["id"] == "hide" else 0), cell["id"]  # the drawn ones
    assert kept.left_out == ["photographs, whose terms allow no publication"]


def test_no_cell_but_the_drawn_examples_gets_at_pictures():
    """Figures are given tables; the one that shows faces is given `examples`, which draws."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(LAB.read_text())["cells"]}
    assert cells["hide"].startswith("figure = figures.examples(examples(parameters))")
    for name, source in cells.items():
        assert ".images" not in source, name
        assert "imshow" not in source, name


def test_a_whole_run_on_drawn_faces_puts_every_statement_to_the_test(course, run_lab):
    record, now = run_lab(**GIVEN)
    assert len(record.runs) == 1 + 2 * len(RECIPES) + 1  # frozen, both by every recipe, a CNN stopped earlier
    assert {row["statement"] for row in record.summary["findings"]} == {one.text for one in STATEMENTS}
    assert record.data.terms == "drawn"
    assert "tests" in record.runs[0]
    assert not any(path.is_dir() for path in (course / "_build" / "checkpoints" / "smoke" / LAB.stem).glob("*"))
    assert "by_person" not in now


@pytest.mark.parametrize(
    "fewer",
    [
        {"recipes": ["blurred"]},
        {"frozen": ["vit_mini"], "recipes": ["plain"]},
        {"fills": ["mean"], "longer": 1, "shorter": None},
    ],
)
def test_any_choice_comes_to_its_end(course, run_lab, fewer):
    record, _ = run_lab(**GIVEN | fewer)
    assert record.summary["says"]


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = GIVEN | {"recipes": ["plain"], "frozen": ["vit_mini"]}
    whole, now = run_lab(**given)
    names = list(now["grid"])
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
        assert record.runs[0]["people"] == [4, 5, 6, 7, 8, 9]
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "run_one", None)  # nothing is trained
    record, _ = run_lab(**given, piece="gathered")
    assert record.runs == whole.runs
    assert record.summary == whole.summary
    assert len(record.pieces) == len(names)


def test_an_absent_pack_stops_the_lab_and_says_what_to_set(course, run_lab, monkeypatch, tmp_path):
    monkeypatch.setenv("HELPERS_DATA", "")
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "none"))
    with pytest.raises(OSError, match=r"set HELPERS_DATA to a folder that holds faces/att_faces\.tar\.gz"):
        run_lab(**GIVEN, dataset="orl")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dataset": "lfw"}, "dataset: expected one of drawn, orl"),
        ({"recipes": ["sharp"]}, "recipes: expected a list of plain, erased, blackened, blurred"),
        ({"fills": ["pink"]}, "fills: expected a list of black, mean, noise"),
        ({"cell": 5}, "cell: expected an even number"),
        ({"piece": "vit_mini/plain/9"}, "piece: expected gathered, or one of efficientnet_lite0/frozen/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**GIVEN | wrong)


def test_the_made_up_people_can_be_told_apart():
    """Else the tests above would only ever see guesses."""
    faces = load({"dataset": "drawn", "image_size": 32, "drawn": DRAWN}, 0)
    rows = faces.data.test.images.reshape(18, -1) / 255
    rows = study.unit(rows - rows.mean(0))
    assert rank_one(rows[faces.first], rows, faces.people).mean() > 0.5
