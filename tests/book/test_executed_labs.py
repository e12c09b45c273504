"""Which run a lab's page shows, what it says of it, and what it leaves out."""

import importlib.util
import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("executed_labs", ROOT / "_ext" / "executed_labs.py")
labs = importlib.util.module_from_spec(spec)
sys.modules["executed_labs"] = labs
spec.loader.exec_module(labs)

NAME = "08_xception_vs_vit"


def notebook(code: str = "train()", **papermill) -> nbformat.NotebookNode:
    cells = [new_markdown_cell("# Lab 08 · Xception against ViT\n\nWhich is better?"), new_code_cell(code)]
    made = new_notebook(cells=cells)
    if papermill:
        made.metadata["papermill"] = papermill
    return made


def record(**changes) -> dict:
    data = {"name": "breeds", "n_train": 1440, "n_val": 160, "n_test": 800, "num_classes": 16, "local_variant": False}
    return {
        "edition": "cpu",
        "parameters": {"dataset": "breeds", "seeds": 3},
        "data": data | {"skipped": 0},
        "device": {"type": "cpu", "cores": 2, "machine": "x86_64", "memory_gib": 24.0},
        "libraries": {"torch": "2.15.0"},
        "code_version": "0.1.0+abc",
        "source_sha256": "0" * 64,
        "finished_at": "2026-11-21T02:03:00Z",
        "wall_s": 150.0,
    } | changes


def put_run(root: Path, edition: str, own: bool, made=None, **changes) -> None:
    notebooks = root / ("_build/labs" if own else "results") / edition
    records = root / ("_build/records" if own else "results") / edition
    for folder in (notebooks, records):
        folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(made or notebook(end_time="now", exception=None), notebooks / f"{NAME}.ipynb")
    (records / f"{NAME}.json").write_text(json.dumps(record(edition=edition, **changes)))


def page_text(root: Path) -> str:
    page = nbformat.read(labs.write_page(root, NAME), as_version=4)
    return "\n".join(cell.source for cell in page.cells)


def test_without_a_run_the_page_says_so_and_gives_the_command(tmp_path):
    (tmp_path / "labs").mkdir()
    text = page_text(tmp_path)
    assert "Not recorded yet" in text
    assert f"make lab NAME={NAME} EDITION=cpu" in text


def test_the_recorded_run_stands_until_the_reader_has_one(tmp_path):
    (tmp_path / "labs").mkdir()
    put_run(tmp_path, "cpu", own=False)
    assert "The recorded run" in page_text(tmp_path)
    put_run(tmp_path, "cpu", own=True)
    assert "Your own run" in page_text(tmp_path)


def test_the_newest_own_run_wins(tmp_path):
    put_run(tmp_path, "cpu", own=True, finished_at="2026-11-21T02:03:00Z")
    put_run(tmp_path, "gpu", own=True, finished_at="2026-11-20T02:03:00Z")
    assert labs.find_run(tmp_path, NAME).record["edition"] == "cpu"
    put_run(tmp_path, "gpu", own=True, finished_at="2026-11-22T02:03:00Z")
    assert labs.find_run(tmp_path, NAME).record["edition"] == "gpu"


@pytest.mark.parametrize("notes", [{"end_time": None}, {"end_time": "now", "exception": True}])
def test_an_unfinished_or_failed_run_is_not_shown(tmp_path, notes):
    put_run(tmp_path, "cpu", own=True, made=notebook(**notes))
    assert labs.find_run(tmp_path, NAME) is None


def test_a_smoke_run_is_never_shown(tmp_path):
    put_run(tmp_path, "smoke", own=True)
    assert labs.find_run(tmp_path, NAME) is None


def test_a_run_without_its_record_is_not_shown(tmp_path):
    put_run(tmp_path, "cpu", own=True)
    (tmp_path / "_build" / "records" / "cpu" / f"{NAME}.json").unlink()
    assert labs.find_run(tmp_path, NAME) is None


def test_a_page_warns_where_the_lab_has_changed_since(tmp_path):
    from helpers.records import notebook_sha256

    (tmp_path / "labs").mkdir()
    lab = tmp_path / "labs" / f"{NAME}.ipynb"
    nbformat.write(notebook(), lab)
    put_run(tmp_path, "cpu", own=True, source_sha256=notebook_sha256(lab))
    assert "has changed since" not in page_text(tmp_path)
    nbformat.write(notebook("train(longer=True)"), lab)
    assert "has changed since" in page_text(tmp_path)


def test_the_banner_names_data_parameters_device_and_a_local_variant(tmp_path):
    (tmp_path / "labs").mkdir()
    data = record()["data"] | {"name": "stanford_dogs", "num_classes": 120, "local_variant": True}
    put_run(tmp_path, "cpu", own=True, data=data)
    text = page_text(tmp_path)
    for expected in ("`stanford_dogs`: 120 classes", "local variant", "`seeds=3`", "2 CPU cores", "2026-11-21", "abc"):
        assert expected in text


def test_progress_bars_and_kernel_widgets_are_left_out_and_words_stay():
    made = notebook()
    bar = "\rtraining:  10%|█    | 1/10 [00:00<00:01,  9.8it/s]\rtraining: 100%|█████| 10/10 [00:01<00:00,  9.9it/s]\n"
    made.cells[1].outputs = [
        new_output("stream", name="stderr", text=bar),
        new_output("stream", name="stderr", text=bar + "UserWarning: read me\n"),
        new_output("stream", name="stdout", text="epoch 1\n"),
        new_output("display_data", data={labs.WIDGET_VIEW: {"model_id": "bar"}, "text/plain": "0/10"}),
        new_output("display_data", data={"text/plain": "'training 100 %|####| 2/2 steps [00:08, 6 images/s]'"}),
        new_output("display_data", data={"text/plain": ""}),
        new_output("display_data", data={labs.WIDGET_VIEW: {"model_id": "own"}, "text/plain": "explorer"}),
    ]
    state = {"bar": {"model_module": "@jupyter-widgets/controls"}, "own": {"model_module": "anywidget"}}
    made.metadata["widgets"] = {labs.WIDGET_STATE: {"state": state}}
    page = labs.clean(made)
    outputs = next(cell for cell in page.cells if cell.cell_type == "code").outputs
    assert [output.get("text") for output in outputs] == ["UserWarning: read me", "epoch 1\n", None]
    assert list(page.metadata["widgets"][labs.WIDGET_STATE]["state"]) == ["own"]


def test_injected_parameters_are_folded_and_the_page_is_never_executed():
    made = notebook()
    made.cells.append(new_code_cell("# Parameters\nseeds = 1", metadata={"tags": ["injected-parameters"]}))
    page = labs.clean(made)
    assert page.cells[-1].metadata["tags"] == ["injected-parameters", "hide-input"]
    assert page.metadata["mystnb"]["execution_mode"] == "off"


def test_the_title_stands_alone_above_the_banner(tmp_path):
    (tmp_path / "labs").mkdir()
    put_run(tmp_path, "cpu", own=False)
    page = nbformat.read(labs.write_page(tmp_path, NAME), as_version=4)
    assert page.cells[0].source == "# Lab 08 · Xception against ViT"
    assert page.cells[1].source.startswith(":::{admonition} The recorded run")
    assert page.cells[2].source == "Which is better?"


def test_an_unchanged_page_is_not_written_again(tmp_path):
    (tmp_path / "labs").mkdir()
    put_run(tmp_path, "cpu", own=False)
    before = labs.write_page(tmp_path, NAME).stat().st_mtime_ns
    assert labs.write_page(tmp_path, NAME).stat().st_mtime_ns == before


def test_a_lab_without_a_title_is_refused():
    with pytest.raises(ValueError, match="opens with its title"):
        labs.clean(new_notebook(cells=[new_markdown_cell("no heading")]))
