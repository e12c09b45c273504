"""Every lab: committed without outputs, one parameters cell of literals, three editions; bad parameters."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Optional

import nbformat
import pytest
import yaml
from papermill import inspect_notebook

from helpers.parameters import lab_defaults, lab_parameters
from helpers.records import EDITIONS, Record, notebook_sha256

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "_ext"))
import launch  # noqa: E402  (the book's own extension holds the text of that cell)

LABS = sorted((ROOT / "labs").glob("*.ipynb"))
each_lab = pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)


def cells(lab: Path, kind: str = "code") -> list:
    return [cell for cell in nbformat.read(lab, as_version=4).cells if cell.cell_type == kind]


def parameters_cell(lab: Path):
    found = [cell for cell in cells(lab) if "parameters" in cell.metadata.get("tags", [])]
    assert len(found) == 1, f"{lab.name}: expected exactly one cell tagged parameters, got {len(found)}"
    return found[0]


@each_lab
def test_a_lab_is_committed_without_outputs(lab):
    assert not any(cell.outputs or cell.execution_count for cell in cells(lab))


@each_lab
def test_the_parameters_cell_holds_literals_only(lab):
    cell = parameters_cell(lab)
    assert cell.source.startswith("# Parameters of this lab")
    for node in ast.parse(cell.source).body:
        assert isinstance(node, ast.AnnAssign), f"line {node.lineno}: a parameter needs its type, seeds: int = 2"
        ast.literal_eval(node.value)


@each_lab
def test_the_defaults_are_what_their_types_say(lab):
    source = parameters_cell(lab).source
    namespace: dict = {"Optional": Optional}
    exec(source, namespace)
    assert lab_parameters(namespace, [source]) == lab_defaults([source])


@each_lab
def test_papermill_lists_every_parameter_with_its_type(lab):
    """It reads `Optional[int]`, but not `int | None`, and then warns of an unknown parameter."""
    found = inspect_notebook(lab)
    own = lab_defaults([parameters_cell(lab).source])
    assert {name: found[name]["inferred_type_name"] != "None" for name in found} == dict.fromkeys(own, True)


@each_lab
def test_every_edition_passes_parameters_that_exist(lab):
    own = set(lab_defaults([parameters_cell(lab).source]))
    for edition in EDITIONS:
        path = ROOT / "labs" / "editions" / edition / f"{lab.stem}.yaml"
        passed = yaml.safe_load(path.read_text())
        assert passed["edition"] == edition
        assert set(passed) <= own, f"{path}: {sorted(set(passed) - own)} are not parameters"


@each_lab
def test_the_notebooks_defaults_are_the_cpu_edition(lab):
    values = lab_defaults([parameters_cell(lab).source])
    edition = yaml.safe_load((ROOT / "labs" / "editions" / "cpu" / f"{lab.stem}.yaml").read_text())
    assert {name: values[name] for name in edition} == edition


@each_lab
def test_the_last_cell_writes_the_record_and_says_where(lab):
    assert "write_record(" in cells(lab)[-1].source
    assert 'print("record:", shown_path(path))' in cells(lab)[-1].source


@each_lab
def test_the_first_cell_installs_the_package_on_colab(lab):
    assert cells(lab)[0].source == launch.INSTALL


@each_lab
def test_a_lab_silences_nothing_and_installs_nothing_else(lab):
    text = "\n".join(cell.source for cell in cells(lab)[1:])
    for word in ("filterwarnings", "pip install", '"pip"', "conda install", "allow_errors", "%%capture"):
        assert word not in text, f"{lab.name} holds {word!r}"


@each_lab
def test_every_figure_says_in_words_what_it_shows(lab):
    for cell in cells(lab):
        if "plt.show()" in cell.source:
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 40, f"{lab.name}: no alt text on the cell {cell.source[:60]!r}"


@each_lab
def test_cells_that_draw_photographs_are_not_marked_as_charts(lab):
    for cell in cells(lab):
        if "chart" in cell.metadata.get("tags", []):
            for word in ("pictures.", "imshow"):
                assert word not in cell.source, f"{lab.name}: a cell tagged chart draws pictures: {cell.source[:60]!r}"


def papermill(folder: Path, lab: Path, *parameters: str) -> subprocess.CompletedProcess:
    options = [
        part for name, value in zip(parameters[::2], parameters[1::2], strict=True) for part in ("-p", name, value)
    ]
    command = [sys.executable, "-m", "papermill", str(lab), str(folder / "out.ipynb"), "-k", "python3", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_parameter_that_does_not_exist_stops_the_lab_under_papermill(tmp_path):
    """Its values and choices are tested in-process, in `test_lab_08`."""
    done = papermill(tmp_path, ROOT / "labs" / "08_xception_vs_vit.ipynb", "data_set", "breeds")
    assert done.returncode != 0
    assert "ValueError" in done.stderr
    assert "no parameter data_set; did you mean dataset?" in done.stderr


@pytest.mark.slow
def test_plain_papermill_in_an_empty_folder_finds_the_records_place_and_its_own_source(tmp_path):
    """The notebook copied out of the repository, run from a folder that is not the course's."""
    lab = ROOT / "labs" / "08_xception_vs_vit.ipynb"
    copy = tmp_path / "mine.ipynb"
    copy.write_text(lab.read_text())
    course = tmp_path / "course"
    (course / "labs").mkdir(parents=True)
    (course / "_toc.yml").write_text("root: intro\n")
    small = json.dumps({"n_train_per_class": 2, "n_val_per_class": 1, "n_test_per_class": 2, "difficulty": 0.3})
    command = [sys.executable, "-m", "papermill", str(copy), "out.ipynb", "-k", "python3", "-y", f"breeds: {small}"]
    command += ["-p", "edition", "smoke", "-p", "seeds", "1", "-p", "epochs", "1", "-p", "tunings", "probe"]
    command += ["-p", "models", "vit_mini", "-p", "scratch_control", "false"]
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    (path,) = (course / "_build" / "runs" / "smoke" / "08_xception_vs_vit").glob("*/record.json")
    record = Record.model_validate_json(path.read_text())
    assert record.source_sha256 == notebook_sha256(lab)
    assert record.data.n_test == 24
    assert {run["seed"] for run in record.runs} == {0}
