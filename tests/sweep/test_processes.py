"""One run of a lab by two processes that share each training batch: torchrun of papermill, a kernel a rank."""

import json
from pathlib import Path

import pytest

from helpers.records import Record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_two_processes_leave_one_record_with_the_numbers_of_one(course, start):
    """The layer has no batch norm and no dropout, so the same batches give the same steps, but for rounding."""
    runs = []
    for processes in (1, 2):
        asked = ["--processes", processes, "-p", "seeds", 2]
        own = {"HELPERS_BUILD": str(course / f"build{processes}"), "CUDA_VISIBLE_DEVICES": ""}
        lab = start("records", "run", "01_tiny", "cpu", *asked, **own)  # checkpoints tell how many processes there were
        output, _ = lab.communicate(timeout=500)
        assert lab.returncode == 0, output
        path = next(line.split()[-1] for line in output.splitlines() if line.startswith("record:"))
        folder = Path(path).parent
        runs.append(Record.model_validate_json((folder / "record.json").read_text()).runs)
    alone, together = runs
    assert [row["seed"] for row in together] == [0, 1]
    for one, other in zip(alone, together, strict=True):
        assert other["norm"] == pytest.approx(one["norm"], abs=1e-5)
        assert other["loss"] == pytest.approx(one["loss"], abs=1e-5)
    assert {path.name for path in folder.iterdir()} == {"record.json", "notebook.ipynb", "rank1.ipynb"}
    second = json.loads((folder / "rank1.ipynb").read_text())
    assert all(cell["execution_count"] for cell in second["cells"]), "the other rank ran all cells too"
