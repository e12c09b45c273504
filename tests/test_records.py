"""Records: what a valid one is, where it lies, the hash of a lab's source, and recording without photographs."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from helpers import records

SHA = "a" * 64
PNG = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}


def record_dict(**changes):
    now = datetime.now(UTC).isoformat()
    data = {
        "name": "breeds", "fingerprint": SHA, "n_train": 10, "n_val": 2, "n_test": 5, "num_classes": 2,
        "image_size": {"m": 64}, "terms": "drawn", "local_variant": False, "skipped": 0, "provenance": {},
    }  # fmt: skip
    record = {
        "lab": "08_xception_vs_vit", "edition": "cpu", "parameters": {"dataset": "breeds", "weights": "shipped"},
        "data": data, "runs": [{"seed": 0, "test_top1": 0.5}], "summary": {}, "skipped": {}, "source_sha256": SHA,
        "code_version": "0", "libraries": {}, "device": {}, "started_at": now, "finished_at": now, "wall_s": 1.0,
    }  # fmt: skip
    return {**record, **changes}


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course folder with one finished run of lab 08 in the cpu edition."""
    (tmp_path / "labs" / "editions" / "cpu").mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text("root: intro\n")
    edition = tmp_path / "labs" / "editions" / "cpu" / "08_xception_vs_vit.yaml"
    edition.write_text("dataset: breeds\nweights: shipped\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(data):
    return {"output_type": "display_data", "data": data, "metadata": {}}


def finish_run(course: Path, **changes):
    record = records.Record(**record_dict(**changes))
    path = course / "_build" / "records" / "cpu" / "08_xception_vs_vit.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(record.model_dump_json())
    cells = [
        {"cell_type": "code", "metadata": {"tags": tags}, "source": "", "outputs": [output], "execution_count": 1}
        for tags, output in (
            ([], shown(dict(PNG))),
            ([], shown({"text/html": "<img src='data:image/jpeg;base64,QQ'>"})),
            ([], shown({"application/vnd.jupyter.widget-view+json": {}})),
            (["chart"], shown(dict(PNG))),
        )
    ]  # fmt: skip
    notebook = course / "_build" / "labs" / "cpu" / "08_xception_vs_vit.ipynb"
    notebook.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"papermill": {"output_path": "/home/somebody"}, "widgets": {"state": "photograph"}}
    notebook.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return record


def images_kept(path: Path) -> list[bool]:
    cells = json.loads(path.read_text())["cells"]
    return ["image/png" in cell["outputs"][0]["data"] for cell in cells]


def test_a_number_that_is_not_finite_is_refused():
    with pytest.raises(ValidationError, match=r"runs\[0\].loss is nan: a record holds finite numbers only"):
        records.Record(**record_dict(runs=[{"seed": 0, "loss": float("nan")}]))


def test_an_accuracy_in_percent_is_refused():
    with pytest.raises(ValidationError, match="an accuracy is a fraction"):
        records.Record(**record_dict(runs=[{"seed": 0, "test_top1": 82.4}]))


def test_every_run_names_its_seed():
    with pytest.raises(ValidationError, match="every run needs its seed"):
        records.Record(**record_dict(runs=[{"test_top1": 0.5}]))


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        records.Record(**record_dict(accuracy=0.5))


def test_the_course_is_found_from_a_folder_below_it(course, monkeypatch):
    below = course / "labs" / "editions"
    monkeypatch.chdir(below)
    assert records.project_root() == course
    assert records.record_path("08_xception_vs_vit", "cpu") == course / "_build/records/cpu/08_xception_vs_vit.json"


def test_from_an_empty_folder_the_installed_course_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert records.project_root() == Path(records.__file__).resolve().parents[3]


def test_an_unknown_edition_names_the_choices():
    with pytest.raises(ValueError, match="smoke, cpu, gpu; got 'big'"):
        records.record_path("08_xception_vs_vit", "big")


def test_a_missing_record_names_the_command_that_makes_it(course):
    with pytest.raises(FileNotFoundError, match="make lab NAME=08_xception_vs_vit EDITION=gpu"):
        records.read_record("08_xception_vs_vit", "gpu")


def write_notebook(path: Path, sources: list[tuple[str, str]]) -> Path:
    cells = [
        {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {}} for kind, source in sources
    ]
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_the_source_hash_ignores_prose_injected_parameters_and_repeats(tmp_path):
    lab = [("markdown", "# Lab"), ("code", "a = 1\n"), ("code", "b = 2")]
    executed = [
        ("markdown", "# Other"),
        ("code", "a = 1"),
        ("code", "# Parameters\na = 5\n"),
        ("code", "b = 2"),
        ("code", ""),
    ]
    edited = [("code", "a = 1"), ("code", "b = 3")]
    notebooks = [write_notebook(tmp_path / f"{i}.ipynb", cells) for i, cells in enumerate((lab, executed, edited))]
    hashes = [records.notebook_sha256(path) for path in notebooks]
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_kernel_knows_the_hash_of_its_own_source(tmp_path, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    lab = [
        ("code", "a = 1\nif a:\n    b = 2"),
        ("code", "from helpers import records\nfound = records.running_source_sha256()"),
    ]
    shell = InteractiveShell()  # not the singleton: this process must stay outside IPython
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    for cell in (lab[0][1], "# Parameters\na = 7\n", lab[1][1]):
        shell.run_cell(cell, store_history=True)
    assert shell.user_ns["found"] == records.notebook_sha256(write_notebook(tmp_path / "lab.ipynb", lab))


def test_writing_leaves_nothing_half_made(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        records.write_atomically(tmp_path / "record.json", "{}")
    assert list(tmp_path.iterdir()) == []


def test_recording_the_editions_own_run_keeps_drawn_pictures(course):
    finish_run(course)
    slot = records.record_run("08_xception_vs_vit", "cpu")
    assert slot == course / "results" / "cpu" / "08_xception_vs_vit.json"
    assert images_kept(slot.with_suffix(".ipynb")) == [True, False, False, True]
    assert "somebody" not in slot.with_suffix(".ipynb").read_text()
    assert records.read_record("08_xception_vs_vit", "cpu").runs[0]["test_top1"] == 0.5


def photographs(**changes):
    data = record_dict()["data"] | {"name": "stanford_dogs", "terms": "restricted"} | changes
    return {"data": data, "parameters": {"dataset": "stanford_dogs", "weights": "shipped"}}


def test_photographs_under_terms_never_enter_results(course):
    finish_run(course, **photographs())
    slot = records.record_run("08_xception_vs_vit", "cpu", "dogs")
    text = slot.with_suffix(".ipynb").read_text()
    assert images_kept(slot.with_suffix(".ipynb")) == [False, False, False, True], "charts stay, pictures go"
    assert "data:image" not in text
    assert '"widgets"' not in text
    assert text.count("A figure with photographs stood here") >= 3


def test_a_run_on_other_data_needs_a_name(course):
    finish_run(course, **photographs())
    with pytest.raises(ValueError, match="AS=<variant>"):
        records.record_run("08_xception_vs_vit", "cpu")
    assert not (course / "results").exists()


def test_a_local_variant_needs_a_name(course):
    finish_run(course, data=record_dict()["data"] | {"local_variant": True})
    with pytest.raises(ValueError, match="local variant"):
        records.record_run("08_xception_vs_vit", "cpu")


def test_a_variant_never_takes_the_slot_of_another(course):
    finish_run(course, **photographs())
    records.record_run("08_xception_vs_vit", "cpu", "dogs")
    finish_run(course, parameters={"dataset": "folders", "weights": "shipped"})
    with pytest.raises(ValueError, match="holds a run with"):
        records.record_run("08_xception_vs_vit", "cpu", "dogs")


def test_without_a_finished_run_the_command_says_so(course, capsys):
    assert records.main(["08_xception_vs_vit", "cpu"]) == 1
    assert "no finished run" in capsys.readouterr().err
