"""What recording leaves out of `results/`: photographs under terms, and everything that is a user's own."""

import json
import subprocess
from pathlib import Path

import pytest

from helpers import records
from helpers.records.personal import publishable, without_photographs

ROOT = Path(__file__).parents[2]
LAB = "08_xception_vs_vit"
SECRETS = (
    "Anna Müller",
    "Müller",
    "Rexi",
    "IMG_4711",
    "holiday",
    "anna",
    "my_photos",
    "iVBORw0KGgo",
    "<circle",
    "QUJD",
)
ESTIMATE = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 5, "covers": "test sampling"}


def own_photographs(made) -> dict:
    """A run on the photographs of somebody, with names wherever a lab could put them."""
    files = [{"name": "/home/anna/my_photos", "sha256": "a" * 64, "bytes": 5, "local_variant": False}]
    data = made.DATA | {
        "name": "folders",
        "terms": "user",
        "class_names": ["Anna Müller", "Rexi"],
        "provenance": {"source": "/home/anna/my_photos", "files": files, "terms": "user", "skipped": 0},
    }
    return {
        "parameters": {
            "dataset": "folders", "data_dir": "/home/anna/my_photos", "picture": "~/holiday/IMG_4711.HEIC",
            "output_dir": "anna", "weights": "anna",
        },
        "data": data,
        "runs": [
            {
                "seed": 0, "model": "vit_mini", "tuning": "full", "test_top1": ESTIMATE,
                "per_class": {"Anna Müller": 0.75, "Rexi": 0.25}, "worst": "IMG_4711.jpg",
                "pairs": [["Rexi", "Anna Müller", 3]],
                "weights": {"kind": "shipped", "file": "/home/anna/my_photos/vit_mini.safetensors"},
            }
        ],
        "summary": {"cells": [{"model": "vit_mini", "test_top1": ESTIMATE}], "Rexi": 1,
            "said": "Rexi taken for Anna Müller"},
        "skipped": {"leak audit": "no file in /home/anna/my_photos"},
    }  # fmt: skip


def outputs(made) -> list[dict]:
    """Every way in which a lab can show a picture or a name."""
    shown = made.shown
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "photograph"}, "text/plain": "iVBORw0KGgo"}
    return [
        {"output_type": "stream", "name": "stdout", "text": "Rexi, Anna Müller: 3\n/home/anna/my_photos/IMG_4711.jpg"},
        {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "'Rexi'"}},
        shown(text_markdown="| Rexi | Anna Müller |\n|---|---|\n| 1 | 2 |"),
        shown(image_png="iVBORw0KGgo=", text_plain="<Figure>"),
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg><circle r='1'/></svg>"}, "metadata": {}},
        shown(text_html="<svg viewBox='0 0 1 1'><circle r='1'/></svg>"),
        shown(text_html=["<SVG>", "<circle r='1'/></SVG>"]),
        shown(text_html="<img src='data:image/jpeg;base64,QUJD'>"),
        shown(text_html="<p style='background: URL(data:image/png;base64,QUJD)'>x</p>"),
        shown(text_markdown="![a](data:image/png;base64,QUJD)"),
        {"output_type": "display_data", "data": {"application/pdf": "QUJD"}, "metadata": {}},
        {"output_type": "display_data", "data": widget, "metadata": {}},
        {"output_type": "error", "ename": "ValueError", "evalue": "Rexi", "traceback": ["/home/anna/my_photos"]},
    ]  # fmt: skip


def in_results(course) -> str:
    files = [path for path in (course.root / "results").rglob("*") if path.is_file()]
    assert len(files) == 2
    return "\n".join([*map(str, files), *(path.read_text() for path in files)])


def test_nothing_of_a_users_own_goes_to_results(course, made):
    course.finish_run(*outputs(made), **own_photographs(made))
    with pytest.raises(ValueError, match="give it a name"):
        records.record_run(LAB, "cpu")
    assert not (course.root / "results").exists()
    records.record_run(LAB, "cpu", "mine")
    text = in_results(course)
    assert [secret for secret in SECRETS if secret in text or json.dumps(secret)[1:-1] in text] == []


def test_the_numbers_of_a_users_run_are_kept_with_the_courses_own_words(course, made):
    course.finish_run(*outputs(made), **own_photographs(made))
    record = records.Record.model_validate_json(records.record_run(LAB, "cpu", "mine").read_text())
    row = record.runs[0]
    assert (row["seed"], row["model"], row["tuning"], row["test_top1"]) == (0, "vit_mini", "full", ESTIMATE)
    assert sorted(row["per_class"].values()) == [0.25, 0.75]
    assert row["pairs"] == [["left out", "left out", 3]]
    assert record.summary["cells"] == [{"model": "vit_mini", "test_top1": ESTIMATE}]
    assert record.parameters["data_dir"] == "left out"
    assert record.parameters["epochs"] == 6


def test_a_class_that_is_named_like_a_word_of_the_course_is_left_out_too(course, made):
    given = own_photographs(made)
    given["data"]["class_names"] = ["full", "seed"]
    given["runs"][0] |= {"per_class": {"full": 0.75, "seed": 0.25}, "worst": "full"}
    course.finish_run(**given)
    row = json.loads(records.record_run(LAB, "cpu", "mine").read_text())["runs"][0]
    assert "full" not in json.dumps(row)
    assert row["seed"] == 0


def test_record_and_notebook_say_what_is_left_out(course, made):
    course.finish_run(*outputs(made), **own_photographs(made))
    slot = records.record_run(LAB, "cpu", "mine")
    record = json.loads(slot.read_text())
    assert record["left_out"][0] == "the parameters data_dir, weights, picture, output_dir"
    notebook = json.loads(slot.with_suffix(".ipynb").read_text())
    assert notebook["cells"][0]["source"] == "# Lab 08"
    assert "leaves out: the parameters data_dir" in notebook["cells"][1]["source"]
    assert [len(cell.get("outputs", [])) for cell in notebook["cells"]][-1] == 1
    assert "the recorded run leaves it out" in notebook["cells"][-1]["outputs"][0]["data"]["text/markdown"]
    injected = notebook["cells"][3]["source"]
    assert "data_dir = 'left out'" in injected
    assert "dataset = 'folders'" in injected


@pytest.mark.parametrize(
    "parameters",
    [{"picture": "IMG_4711.jpg"}, {"data_dir": "my_photos"}, {"weights": "/home/anna/w"}, {"link_root": "my_photos"}],
)
def test_one_picture_or_folder_of_the_users_is_enough(course, made, parameters):
    course.finish_run(*outputs(made), parameters=parameters)
    records.record_run(LAB, "cpu", "mine")
    text = in_results(course)
    assert not [s for s in ("iVBORw0KGgo", "IMG_4711", "my_photos", "/home/anna", "Rexi", "QUJD") if s in text]


def test_photographs_of_the_users_are_enough_without_a_parameter_that_names_them(course, made):
    course.finish_run(*outputs(made), data=own_photographs(made)["data"])
    records.record_run(LAB, "cpu", "mine")
    text = in_results(course)
    assert not [s for s in ("iVBORw0KGgo", "IMG_4711", "my_photos", "/home/anna", "Rexi", "QUJD") if s in text]


def test_class_names_are_left_out_of_any_record_in_results(course, made):
    course.finish_run(**own_photographs(made))
    assert (
        records.Record.model_validate_json(records.record_run(LAB, "cpu", "mine").read_text()).data.class_names is None
    )


def restricted(made) -> dict:
    data = made.DATA | {"name": "stanford_dogs", "terms": "restricted"}
    return {"data": data, "parameters": {"dataset": "stanford_dogs"}}


@pytest.mark.parametrize("index", range(3, 12))
def test_photographs_under_terms_never_enter_results_in_any_form(course, made, index):
    course.finish_run(outputs(made)[index], **restricted(made))
    slot = records.record_run(LAB, "cpu", "dogs")
    text = slot.with_suffix(".ipynb").read_text()
    assert "A figure that may show the data stood here" in text
    assert not [s for s in ("iVBORw0KGgo", "<circle", "QUJD", '"widgets"') if s in text]
    assert json.loads(slot.read_text())["left_out"] == ["photographs, whose terms allow no publication"]


@pytest.mark.parametrize(
    "tag",
    ["svg", "g", "path", "rect", "image", "img", "canvas", "video", "object", "embed", "iframe", "style", "script"],
)
def test_no_tag_that_can_draw_stays_in_a_run_under_terms(course, made, tag):
    course.finish_run(made.shown(text_html=f"<table><tr><td><{tag} id='drawn'></td></tr></table>"), **restricted(made))
    assert "drawn" not in records.record_run(LAB, "cpu", "dogs").with_suffix(".ipynb").read_text()


def test_charts_tables_and_words_of_a_run_under_terms_stay(course, made):
    course.cells[2]["metadata"] = {"tags": ["chart"]}
    course.finish_run(made.shown(image_png="iVBORw0KGgo="), **restricted(made))
    assert "iVBORw0KGgo" in records.record_run(LAB, "cpu", "dogs").with_suffix(".ipynb").read_text()
    course.cells[2]["metadata"] = {}
    table = made.shown(text_html="<table><tr><td>0.5</td></tr></table>", text_plain="<Table object>")
    kept = [
        table,
        made.shown(text_markdown="| a < b |"),
        {"output_type": "stream", "name": "stdout", "text": "epoch 1"},
    ]
    course.finish_run(*kept, **restricted(made))
    notebook = json.loads(records.record_run(LAB, "cpu", "dogs").with_suffix(".ipynb").read_text())
    assert notebook["cells"][-1]["outputs"] == kept


def executed(picture, tags):
    cell = {"cell_type": "code", "id": "cat", "metadata": {"tags": tags}, "source": "show()", "execution_count": 1}
    return {
        "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "A"}, cell | {"outputs": picture}],
        "metadata": {},
    }


def test_a_photograph_that_is_not_the_courses_own_stays_out_of_a_drawn_run(course, made):
    """Its cell says so by a tag; words and all other pictures of the run stay, and the record tells what is gone."""
    course.finish_run()
    record = records.Record.model_validate_json(records.record_run(LAB, "cpu").read_text())
    shown = [made.shown(text_html="<svg><circle r='1'/></svg>"), made.shown(text_markdown="**tabby**")]
    bare, notebook = publishable(record, executed(shown, ["photograph"]), ROOT / "src" / "helpers")
    assert bare.left_out == ["a photograph that is not the course's own"]
    assert "<circle" not in json.dumps(notebook)
    assert "**tabby**" in json.dumps(notebook)
    assert "run the lab to see it" in json.dumps(notebook)
    bare, notebook = publishable(record, executed(shown, []), ROOT / "src" / "helpers")
    assert bare.left_out == []
    assert "<circle" in json.dumps(notebook)


def test_no_recorded_run_keeps_a_picture_in_a_cell_that_shows_a_photograph():
    """The cells are those of the labs; without their tag the rule above would pass and mean nothing."""
    tagged = set()
    for lab in sorted((ROOT / "labs").glob("*.ipynb")):
        cells = json.loads(lab.read_text(encoding="utf-8"))["cells"]
        tagged |= {(lab.stem, cell["id"]) for cell in cells if "photograph" in cell["metadata"].get("tags", ())}
    assert ("12_inside", "controls") in tagged
    for run in sorted((ROOT / "results").glob("*/*.ipynb")):
        for cell in json.loads(run.read_text(encoding="utf-8"))["cells"]:
            if (run.stem.split(".")[0], cell["id"]) in tagged:
                kinds = {kind for output in cell["outputs"] for kind in output.get("data", {})}
                assert not any(kind.startswith(("image/", "application/")) for kind in kinds), run.name


def test_outputs_name_no_folder_of_the_machine(course, made, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    text = f"{course.root}/_build/x and /home/anna/.venv/lib"
    course.finish_run({"output_type": "stream", "name": "stderr", "text": text})
    notebook = json.loads(records.record_run(LAB, "cpu").with_suffix(".ipynb").read_text())
    assert notebook["cells"][-1]["outputs"][0]["text"] == "_build/x and ~/.venv/lib"


def test_outputs_name_no_build_folder_that_lies_elsewhere(course, made, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("HELPERS_BUILD", str(elsewhere))
    text = f"record: {elsewhere}/runs/cpu/{LAB}/x/record.json, code in {course.root}/src"
    course.finish_run({"output_type": "stream", "name": "stdout", "text": text})
    (course.root / "_build" / "runs").rename(elsewhere / "runs")
    notebook = json.loads(records.record_run(LAB, "cpu").with_suffix(".ipynb").read_text())
    shown = notebook["cells"][-1]["outputs"][0]["text"]
    assert shown == f"record: _build/runs/cpu/{LAB}/x/record.json, code in ./src"


def test_a_notebook_is_shown_without_photographs_and_stays_as_it_was(made):
    chart = made.code_cell("draw()", made.shown(image_png="iVBORw0KGgo="), tags=("chart",))
    photograph = made.code_cell("show()", made.shown(image_png="QUJD"), made.shown(text_plain="0.5"))
    for metadata in ({}, {"widgets": {"state": "QUJD"}}):
        notebook = {"cells": [chart, photograph], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        found = without_photographs(notebook, "*Here stood a photograph.*")
        assert found["metadata"] == {}
        assert found["cells"][0] == chart
        assert "QUJD" not in json.dumps(found)
        assert "*Here stood a photograph.*" in json.dumps(found)
        assert found["cells"][1]["outputs"][-1]["data"] == {"text/plain": "0.5"}
        assert notebook["cells"][1] == photograph


def test_a_users_class_names_are_known_to_the_record_in_build_alone():
    from types import SimpleNamespace

    own = {"terms": "user", "local_variant": False, "skipped": 0}
    made = SimpleNamespace(
        name="folders", fingerprint="a" * 64, train=[1], val=[], test=[1], num_classes=2, class_names=("Rexi", "b"),
        provenance=own,
    )  # fmt: skip
    told = records.describe_data(made, {"vit": 64})
    assert told["class_names"] == ["Rexi", "b"]
    assert (told["provenance"], told["image_size"], told["n_train"]) == (own, {"vit": 64}, 1)
    made.provenance = own | {"terms": "drawn"}
    assert records.describe_data(made, {})["class_names"] is None


@pytest.mark.parametrize(
    "name", ["my_photos/train/rex/a.txt", "my_dog.jpg", "labs/IMG_1.JPEG", "x.HEIC", "a/b.Png", "my_w/w.bin"]
)
def test_a_users_own_pictures_and_folders_are_ignored_by_git(name):
    done = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", name], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_a_file_name_of_the_courses_words_is_a_file_name(course, made):
    given = own_photographs(made)
    given["runs"][0] |= {"worst": "train/model.tuning", "pairs": ["model", "tuning"]}
    course.finish_run(**given)
    row = json.loads(records.record_run(LAB, "cpu", "mine").read_text())["runs"][0]
    assert "train/model" not in json.dumps(row)
    assert row["pairs"] == ["model", "tuning"]


def test_notes_on_cells_are_left_out(course):
    course.cells[2]["metadata"] = {"papermill": {"exception": "/home/anna"}, "tags": ["chart"]}
    course.finish_run()
    notebook = json.loads(records.record_run(LAB, "cpu").with_suffix(".ipynb").read_text())
    assert notebook["cells"][-1]["metadata"] == {"tags": ["chart"]}
