"""A made-up course with made-up runs of its one lab."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.records import Record, notebook_sha256

SHA = "a" * 64
LAB = "08_xception_vs_vit"
RUN = "20261121T020300-00000a"
PARAMETERS = """# Parameters of this lab
dataset = "breeds"
data_dir: str | None = None
models = ["xception_mini", "vit_mini"]
weights = "shipped"
seeds: int = 2
epochs = 6
picture = None
output_dir = None
"""
PACKAGE = """def train(model, tuning):
    return {'test_top1': 0, 'per_class': 0, 'covers': 'test sampling', 'cells': 0, 'pairs': 0}
"""
OWN = {
    "dataset": "breeds", "data_dir": None, "models": ["xception_mini", "vit_mini"], "weights": "shipped", "seeds": 3,
    "epochs": 6, "picture": None, "output_dir": None,
}  # fmt: skip
DATA = {
    "name": "breeds", "fingerprint": SHA, "n_train": 10, "n_val": 2, "n_test": 5, "num_classes": 2,
    "image_size": {"m": 64}, "terms": "drawn", "local_variant": False, "skipped": 0, "provenance": {},
}  # fmt: skip


def record_dict(**changes):
    now = datetime.now(UTC).isoformat()
    record = {
        "lab": LAB, "edition": "cpu", "run_id": RUN, "parameters": OWN, "data": DATA,
        "runs": [{"seed": 0, "test_top1": 0.5}], "summary": {}, "skipped": {}, "source_sha256": SHA,
        "code_version": "0.1.0+0123456789ab", "libraries": {}, "device": {}, "started_at": now, "finished_at": now,
        "wall_s": 1.0,
    }  # fmt: skip
    return {**record, **changes}


def code_cell(source: str = "", *outputs: dict, tags: tuple[str, ...] = ()) -> dict:
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": list(outputs), "id": "c"}


def shown(**data) -> dict:
    """An output with these MIME types; `_` stands for `/`."""
    return {"output_type": "display_data", "data": {k.replace("_", "/"): v for k, v in data.items()}, "metadata": {}}


class Course:
    """A course's folder with one lab, whose cpu edition has three seeds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "labs" / "editions" / "cpu").mkdir(parents=True)
        (root / "src" / "helpers").mkdir(parents=True)
        (root / "src" / "helpers" / "__init__.py").write_text(PACKAGE)
        (root / "_toc.yml").write_text("root: intro\n")
        (root / "labs" / "editions" / "cpu" / f"{LAB}.yaml").write_text("seeds: 3\n")
        self.lab = root / "labs" / f"{LAB}.ipynb"
        title = {"cell_type": "markdown", "metadata": {}, "source": "# Lab 08"}
        self.cells = [title, code_cell(PARAMETERS, tags=("parameters",)), code_cell("train('vit_mini', 'full')")]
        self.lab.write_text(json.dumps({"cells": self.cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    def finish_run(self, *outputs: dict, run: str = RUN, edition: str = "cpu", stamp: str | None = None, **changes):
        """Leave a finished run whose last cell has `outputs`; returns its folder."""
        parameters = OWN | changes.pop("parameters", {})
        given = {"source_sha256": notebook_sha256(self.lab)} | changes
        record = Record(**record_dict(run_id=run, edition=edition, parameters=parameters, **given))
        folder = self.root / "_build" / "runs" / edition / LAB / run
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "record.json").write_text(record.model_dump_json())
        values = "\n".join(f"{k} = {v!r}" for k, v in parameters.items() if OWN.get(k) != v)
        injected = code_cell(f"# Parameters\n{values}\n", tags=("injected-parameters",))
        cells = [*self.cells[:2], injected, {**self.cells[2], "outputs": list(outputs)}]
        metadata = {
            "helpers": {"run_id": stamp or run},
            "papermill": {"parameters": parameters, "input_path": "/home/a"},
        }
        metadata["widgets"] = {"state": "photograph"}
        notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        (folder / "notebook.ipynb").write_text(json.dumps(notebook, ensure_ascii=False))
        return folder


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    made = Course(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HELPERS_BUILD", raising=False)
    monkeypatch.delenv("HELPERS_RUN", raising=False)
    return made


@pytest.fixture
def made():
    """What the tests build records and outputs with."""
    from types import SimpleNamespace

    return SimpleNamespace(
        record_dict=record_dict, shown=shown, code_cell=code_cell, LAB=LAB, RUN=RUN, OWN=OWN, DATA=DATA, SHA=SHA
    )
