"""Which run a lab's page shows, what it says of it, and what it leaves out."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "_ext"))
spec = importlib.util.spec_from_file_location("executed_labs", ROOT / "_ext" / "executed_labs.py")
labs = importlib.util.module_from_spec(spec)
sys.modules["executed_labs"] = labs
spec.loader.exec_module(labs)

NAME = "08_xception_vs_vit"
RUN, LATER_RUN = "20261121T020030-00000a", "20261121T020030-00000b"


def notebook(code: str = "train()", **papermill) -> nbformat.NotebookNode:
    cells = [new_markdown_cell("# Lab 08 · Xception against ViT\n\nWhich is better?"), new_code_cell(code)]
    made = new_notebook(cells=cells)
    if papermill:
        made.metadata["papermill"] = papermill
    return made


def record(**changes) -> dict:
    """The made-up record of a run."""
    data = {"name": "breeds", "n_train": 1440, "n_val": 160, "n_test": 800, "num_classes": 16, "local_variant": False}
    return {
        "lab": NAME,
        "edition": "cpu",
        "run_id": RUN,
        "parameters": {"dataset": "breeds", "seeds": 3},
        "data": data | {"skipped": 0, "fingerprint": "0" * 64, "image_size": {}, "terms": "drawn", "provenance": {}},
        "runs": [{"seed": 0}],
        "summary": {},
        "skipped": {},
        "device": {"type": "cpu", "cores": 2, "machine": "x86_64", "memory_gib": 24.0},
        "libraries": {"torch": "2.15.0"},
        "code_version": "0.1.0+abc",
        "source_sha256": "0" * 64,
        "modules": {},
        "started_at": "2026-11-21T02:00:30Z",
        "finished_at": "2026-11-21T02:03:00Z",
        "wall_s": 150.0,
    } | changes


def put_run(root: Path, edition: str, own: bool, made=None, run: str = RUN, **changes) -> None:
    """Leave a run of the reader's own, or a recorded one; `made` is its notebook, stamped here unless it is already."""
    folder = root / "_build" / "runs" / edition / NAME / run if own else root / "results" / edition
    folder.mkdir(parents=True, exist_ok=True)
    made = made or notebook(end_time="now", exception=None)
    made.metadata.setdefault("helpers", {"run_id": run})
    nbformat.write(made, folder / ("notebook.ipynb" if own else f"{NAME}.ipynb"))
    text = json.dumps(record(edition=edition, run_id=run, **changes))
    (folder / ("record.json" if own else f"{NAME}.json")).write_text(text)


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
    assert labs.find_run(tmp_path, NAME).record.edition == "cpu"
    put_run(tmp_path, "gpu", own=True, finished_at="2026-11-22T02:03:00Z")
    assert labs.find_run(tmp_path, NAME).record.edition == "gpu"


def test_of_two_runs_of_one_edition_the_newest_shows_and_both_stay(tmp_path):
    put_run(tmp_path, "cpu", own=True, run=LATER_RUN, finished_at="2026-11-21T02:04:00Z")
    put_run(tmp_path, "cpu", own=True, finished_at="2026-11-21T02:03:00Z")
    assert labs.find_run(tmp_path, NAME).record.run_id == LATER_RUN
    assert len(list((tmp_path / "_build" / "runs" / "cpu" / NAME).iterdir())) == 2


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"terms": "drawn"}, True),
        ({"terms": "restricted"}, True),
        ({"terms": "user"}, False),
        ({"terms": "drawn", "picture": "me.jpg"}, False),
        ({"terms": "drawn", "picture": None}, True),
        ({"terms": "user", "show_in_book": False}, False),
        ({"terms": "user", "show_in_book": True}, True),
    ],
)
def test_a_readers_own_photographs_stand_on_the_page_only_where_they_asked_for_it(tmp_path, changes, shown):
    (tmp_path / "labs").mkdir()
    made = notebook()
    picture = {"image/png": "QUJD", "text/plain": "<Figure>"}
    made.cells[1].outputs = [
        new_output("display_data", data=picture),
        new_output("stream", name="stdout", text="97.5 %\n"),
    ]
    chart = new_code_cell("chart()", metadata={"tags": ["chart"]}, outputs=[new_output("display_data", data=picture)])
    made.cells.append(chart)
    terms = changes.pop("terms")
    put_run(tmp_path, "cpu", own=True, made=made, data=record()["data"] | {"terms": terms}, parameters=changes)
    page = nbformat.read(labs.write_page(tmp_path, NAME), as_version=4)
    first, last = (str(cell.outputs) for cell in page.cells if cell.cell_type == "code")
    assert ("QUJD" in first) is shown
    assert ("A figure with your photographs stood here" in first) is not shown
    assert "97.5 %" in first
    assert "QUJD" in last
    assert "QUJD" in next((tmp_path / "_build").rglob("notebook.ipynb")).read_text()


@pytest.mark.parametrize(("terms", "rehearsal"), [("drawn", True), ("user", False)])
def test_a_small_edition_is_a_rehearsal_of_the_courses_data_and_an_answer_for_a_readers_own(tmp_path, terms, rehearsal):
    (tmp_path / "labs").mkdir()
    put_run(tmp_path, "cpu", own=True, data=record()["data"] | {"terms": terms})
    text = page_text(tmp_path)
    assert "sized for a laptop" in text or not rehearsal
    assert ("not the answer to the question" in text) is rehearsal
    assert ("Its intervals hold for your photographs" in text) is not rehearsal


@pytest.mark.parametrize("name", ["running.ipynb", "failed.ipynb"])
def test_an_unfinished_or_failed_run_is_not_shown(tmp_path, name):
    put_run(tmp_path, "cpu", own=True)
    (folder,) = (tmp_path / "_build" / "runs" / "cpu" / NAME).iterdir()
    (folder / "notebook.ipynb").rename(folder / name)
    assert labs.find_run(tmp_path, NAME) is None


def test_a_piece_of_a_run_is_not_shown(tmp_path):
    put_run(tmp_path, "cpu", own=True, parameters={"piece": "vit_mini/full/0"})
    assert labs.find_run(tmp_path, NAME) is None


@pytest.mark.parametrize("own", [True, False])
def test_a_page_never_shows_the_record_of_one_run_over_the_notebook_of_another(tmp_path, own):
    (tmp_path / "labs").mkdir()
    other = notebook()
    other.metadata["helpers"] = {"run_id": LATER_RUN}
    put_run(tmp_path, "cpu", own=own, made=other)
    with pytest.raises(ValueError, match="come from two different runs"):
        labs.write_page(tmp_path, NAME)


def test_the_recorded_gpu_run_is_shown_and_the_cpu_run_stays_in_reach(tmp_path):
    (tmp_path / "labs").mkdir()
    put_run(tmp_path, "cpu", own=False, finished_at="2026-11-22T02:03:00Z")
    assert "Also recorded" not in page_text(tmp_path)
    put_run(tmp_path, "gpu", own=False)
    text = page_text(tmp_path)
    assert "`gpu` edition" in text
    assert "sized for a laptop" not in text
    assert "| Also recorded | `cpu` edition, 2026-11-22:" in text
    for path in (
        f"../../results/gpu/{NAME}.ipynb",
        f"../../results/cpu/{NAME}.ipynb",
        f"../../results/cpu/{NAME}.json",
    ):
        assert f"<{path}>" in text
    put_run(tmp_path, "cpu", own=True)
    text = page_text(tmp_path)
    assert "Your own run" in text
    assert text.count("| Also recorded |") == 2


def test_a_smoke_run_is_never_shown(tmp_path):
    put_run(tmp_path, "smoke", own=True)
    assert labs.find_run(tmp_path, NAME) is None


def test_a_run_without_its_record_is_not_shown(tmp_path):
    put_run(tmp_path, "cpu", own=True)
    (tmp_path / "_build" / "runs" / "cpu" / NAME / RUN / "record.json").unlink()
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


def test_a_page_warns_where_a_module_has_changed_since_and_says_which(tmp_path):
    from helpers.records import source_sha256

    (tmp_path / "labs").mkdir()
    module = tmp_path / "src" / "helpers" / "schedule.py"
    module.parent.mkdir(parents=True)
    module.write_text("x = 1\n")
    put_run(tmp_path, "cpu", own=False, modules={"helpers.schedule": source_sha256(module)})
    assert "stale-run" not in page_text(tmp_path)
    module.write_text('"""Words."""\nx = 1\n')
    assert "stale-run" not in page_text(tmp_path)
    module.write_text("x = 2\n")
    assert "`helpers.schedule has changed`" in page_text(tmp_path)
    put_run(tmp_path, "cpu", own=False, modules=None)
    assert "stale-run" not in page_text(tmp_path)
    assert "recorded before modules were hashed" in page_text(tmp_path)


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
    assert page.cells[1].source.startswith("::::{admonition} The recorded run")
    assert page.cells[2].source == "Which is better?"


def test_links_of_a_lab_lead_to_the_same_page_from_one_folder_deeper():
    cells = [new_markdown_cell("# A lab"), new_markdown_cell("see [15](../chapters/15.md)")]
    page = labs.clean(new_notebook(cells=cells))
    assert page.cells[1].source == "see [15](../../chapters/15.md)"


def test_an_unchanged_page_is_not_written_again(tmp_path):
    (tmp_path / "labs").mkdir()
    put_run(tmp_path, "cpu", own=False)
    before = labs.write_page(tmp_path, NAME).stat().st_mtime_ns
    assert labs.write_page(tmp_path, NAME).stat().st_mtime_ns == before


def test_a_lab_without_a_title_is_refused():
    with pytest.raises(ValueError, match="opens with its title"):
        labs.clean(new_notebook(cells=[new_markdown_cell("no heading")]))


CHART = "iVBORw0KGgoAAAANSUhEUgAAAyAAAAH0"  # the first bytes of a PNG of 800 x 500 pixels
TALL_CHART = "iVBORw0KGgoAAAANSUhEUgAAAyAAAAlg"  # 800 x 2400


@pytest.mark.parametrize(
    ("pictures", "shown"), [([CHART], True), ([TALL_CHART], False), ([], False), ([TALL_CHART, CHART], True)]
)
def test_the_first_chart_that_fits_a_screen_stands_under_the_card(tmp_path, pictures, shown):
    (tmp_path / "labs").mkdir()
    made = notebook()
    outputs = [new_output("display_data", data={"image/png": data, "text/plain": "x"}) for data in pictures]
    alt = {"image": {"alt": "bars"}}
    made.cells.append(new_code_cell("chart()", metadata={"tags": ["chart"], "mystnb": alt}, outputs=outputs))
    put_run(tmp_path, "cpu", own=True, made=made)
    page = nbformat.read(labs.write_page(tmp_path, NAME), as_version=4)
    third = page.cells[2]
    assert (third.get("id") == "headline-chart") is shown
    if shown:
        assert [output.data["image/png"] for output in third.outputs] == [CHART]
        assert third.metadata["mystnb"]["image"] == alt["image"]
        assert "after you have predicted" in third.metadata["mystnb"]["code_prompt_show"]
        assert third.metadata["tags"] == ["remove-input", "hide-output"]


def test_the_command_to_run_again_names_what_is_not_the_editions_own(tmp_path):
    (tmp_path / "labs" / "editions" / "cpu").mkdir(parents=True)
    cell = "# Parameters of this lab\nedition: str = 'cpu'\nseeds: int = 2\nmodels: list = ['a', 'b']\npicture = None\n"
    nbformat.write(notebook(cell), tmp_path / "labs" / f"{NAME}.ipynb")
    (tmp_path / "labs" / "editions" / "cpu" / f"{NAME}.yaml").write_text("seeds: 3\n")
    own = {"edition": "cpu", "seeds": 3, "models": ["a", "b"], "picture": None, "piece": None}
    command = f"make lab NAME={NAME} EDITION=cpu"
    put_run(tmp_path, "cpu", own=True, parameters=own)
    assert f"{command}\n" in page_text(tmp_path)
    put_run(tmp_path, "cpu", own=True, parameters=own | {"seeds": 1, "models": ["a"], "picture": "my dog.jpg"})
    assert f"""{command} PARAMS="-p seeds 1 -p models a -p picture 'my dog.jpg'"\n""" in page_text(tmp_path)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "labs").glob("*.ipynb")))
def test_the_card_of_every_lab_says_what_came_out(name):
    (run,) = labs.recorded_runs(ROOT, name)[:1]
    text = labs.banner(ROOT, run, ROOT / "labs" / f"{name}.ipynb")
    headline = text.split("\n\n")[1]
    assert len(re.findall(r"\*\*[^*]*\d[^*]*\*\*", headline)) >= 1, headline
    assert "goes with {chapter}" in text


def test_a_run_of_older_code_keeps_its_page_where_its_record_lacks_a_number():
    """Of the code that ran, the same is a mistake, and stops the build."""
    (run,) = labs.recorded_runs(ROOT, "01_tangent_to_mlp")[:1]
    run.record.summary.clear()
    run.record.summary["older"] = 1
    assert "its record lacks" in labs._headline(run.record, ["helpers.pages.l01.report has changed"])[0]
    with pytest.raises(KeyError):
        labs._headline(run.record, [])
