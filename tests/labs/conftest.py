"""A lab's own cells, run in this process from a folder of their own, for labs whose training a test has made up."""

import json
from collections.abc import Callable

import matplotlib.pyplot as plt
import pytest

from helpers.parameters import lab_defaults, lab_parameters
from helpers.records import Record, writing


@pytest.fixture
def empty_course(tmp_path, monkeypatch):
    """A course's folder without a lab in it, as the working folder; records name no code."""
    (tmp_path / "labs").mkdir()
    (tmp_path / "_toc.yml").write_text("root: intro\n")
    monkeypatch.chdir(tmp_path)
    for name, found in (("running_source_sha256", "0" * 64), ("used_modules", {}), ("code_version", "1+abc")):
        monkeypatch.setattr(writing, name, lambda found=found: found)
    monkeypatch.setattr(writing, "uncommitted_files", lambda root: [])
    return tmp_path


@pytest.fixture
def run_lab(request) -> Callable[..., tuple[Record, dict]]:
    """Runs the cells of the test file's `LAB` with parameters, as papermill would: the record, and what they left.

    `changed` gives cells, by their id, another source, as a reader may who writes in them.
    """
    read = json.loads(request.module.LAB.read_text())["cells"]
    cells = {cell["id"]: "".join(cell["source"]) for cell in read if cell["cell_type"] == "code"}

    def run(changed=None, **passed):
        injected = "# Parameters\n" + "".join(f"{name} = {value!r}\n" for name, value in passed.items())
        history = [cells["parameters"], injected]
        now: dict = {}
        for name, source in (cells | (changed or {})).items():
            if name == "install":
                continue
            exec(compile(source, name, "exec"), now)
            if name == "parameters":
                now |= passed
                now["lab_parameters"] = lambda namespace, **choices: lab_parameters(namespace, history, **choices)
                now["lab_defaults"] = lambda: lab_defaults(history)
        plt.close("all")
        return Record.model_validate_json(now["path"].read_text()), now

    return run
