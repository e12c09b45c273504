"""The code behind a record: hashes of cells and of modules, the commit, and what has changed since."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import records
from helpers.records import source
from helpers.records.__main__ import main, stale


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


MODULE = '''"""What it does."""
class Net:
    """A net."""
    rate = 0.1  # why
    def step(self, x):
        """One step."""
        return self.rate * x, f"{x!r}{x!r} of {x:.2f}", f("")
'''


def sha(tmp_path: Path, text: str) -> str:
    path = tmp_path / "module.py"
    path.write_text(text)
    return records.source_sha256(path)


def test_docstrings_comments_and_layout_do_not_change_the_hash_of_a_module(tmp_path):
    other = MODULE.replace("What it does", "Other").replace('"""A net."""', '"""Net."""').replace("  # why", "")
    other = other.replace("self.rate * x", "(\n            self.rate * x\n        )").replace("class", "\n\nclass")
    assert sha(tmp_path, other) == sha(tmp_path, MODULE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.1", "0.2"),
        ("0.1", "'0.1'"),
        ("rate * x", "rate + x"),
        ("self, x", "self, x=1"),
        ("x):", "x) -> int:"),
        ('f("")', "f()"),
    ],
)
def test_any_change_of_the_code_changes_the_hash(tmp_path, old, new):
    assert old in MODULE
    assert sha(tmp_path, MODULE.replace(old, new)) != sha(tmp_path, MODULE)


def test_the_docstring_of_a_coroutine_does_not_change_the_hash(tmp_path):
    with_docstring = 'async def f():\n    """Wait."""\n    return 1\n'
    assert sha(tmp_path, with_docstring) == sha(tmp_path, "async def f():\n    return 1\n")
    assert sha(tmp_path, with_docstring) != sha(tmp_path, "async def f():\n    return 2\n")


def test_how_a_text_is_written_does_not_change_the_hash(tmp_path):
    assert sha(tmp_path, "x = u'a'") == sha(tmp_path, 'x = "a"')
    with_empty, without = ast.parse("f'{x}'"), ast.parse("f'{x}'")
    with_empty.body[0].value.values.append(ast.Constant(""))  # as some versions do
    assert source._canonical(with_empty) == source._canonical(without)


def test_the_hash_is_the_same_under_every_version_of_python(tmp_path):
    """Newer versions add fields to the tree, such as `type_params`; a field without content counts nothing."""
    assert sha(tmp_path, MODULE) == ("6bed36e4182eed4d4cd6f3a35dd643b40f313e8461a087bfdf740647e62920f5")
    tree = ast.parse("def f(): pass")
    before = source._canonical(tree)
    tree.body[0]._fields = (*tree.body[0]._fields, "of_the_future")
    tree.body[0].of_the_future = []
    assert source._canonical(tree) == before


def test_the_modules_that_were_imported_are_hashed_with_those_they_import(tmp_path):
    code = (
        "import json; import helpers.training.schedules, helpers.pages.c10.figures; from helpers.records.source import"
        " used_modules;"
        "print(json.dumps(used_modules()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert {"helpers", "helpers.training", "helpers.training.schedules", "helpers.training.fit"} <= set(found)
    assert list(found) == sorted(found)
    assert "helpers.pages.c10" in found, "a page's module can hold a lab's method"
    assert not any(name.startswith(("helpers.records", "helpers.pages.c09")) for name in found)
    drawn = [name for name in found if "plots" in name or name.endswith("figures")]
    assert drawn == [], "what only draws makes no number"
    assert found["helpers.training.fit"] == records.source_sha256(
        Path(source.__file__).parents[1] / "training" / "fit.py"
    )


def test_modules_of_the_package_alone_are_hashed():
    found = source.used_modules()
    assert found["helpers"] == records.source_sha256(Path(source.__file__).parents[1] / "__init__.py")
    assert all(name.split(".")[0] == "helpers" for name in found)


def recorded(course, made, **changes) -> records.Record:
    given = {"source_sha256": records.notebook_sha256(course.lab)} | changes
    record = records.Record(**made.record_dict(**given))
    records.write_atomically(course.root / "results" / "cpu" / f"{made.LAB}.json", record.model_dump_json())
    return record


def test_a_changed_module_makes_a_record_stale_and_a_new_docstring_does_not(course, made, capsys):
    module = course.root / "src" / "helpers" / "schedule.py"
    module.write_text("def rate(step):\n    return 1 / step\n")
    record = recorded(course, made, modules={"helpers.schedule": records.source_sha256(module)})
    assert records.stale_reasons(record, course.root) == []
    assert main(["stale"]) == 0
    assert "no recorded run is stale" in capsys.readouterr().out
    module.write_text('def rate(step):\n    """The rate."""\n    return 1 / step\n')
    assert records.stale_reasons(record, course.root) == []
    module.write_text("def rate(step):\n    return 1 / step**2\n")
    assert records.stale_reasons(record, course.root) == ["helpers.schedule has changed"]
    assert main(["stale"]) == 0, "stale is a line and never a failure"
    assert f"results/cpu/{made.LAB}.json: helpers.schedule has changed" in capsys.readouterr().out
    module.unlink()
    assert records.stale_reasons(record, course.root) == ["helpers.schedule is gone"]
    older = recorded(
        course, made, modules={"helpers.plots.style": "0", "helpers.pages.c10.figures": "0", "helpers.progress": "0"}
    )
    assert records.stale_reasons(older, course.root) == []


def test_a_new_version_of_the_course_makes_no_record_stale(course, made):
    record = recorded(course, made, modules={"helpers": "0" * 64})
    assert records.stale_reasons(record, course.root) == []


def test_a_package_that_gathers_another_name_makes_no_record_stale_until_it_computes(course, made):
    package = course.root / "src" / "helpers" / "models" / "__init__.py"
    package.parent.mkdir()
    package.write_text('from helpers.models.vit import ViT\n\n__all__ = ["ViT"]\n')
    record = recorded(course, made, modules={"helpers.models": "0" * 64})
    assert records.stale_reasons(record, course.root) == []
    package.write_text("from helpers.models.vit import ViT\n\nWIDTH = 64\n")
    assert records.stale_reasons(record, course.root) == ["helpers.models has changed"]


def test_a_changed_lab_or_script_makes_a_record_stale(course, made):
    record = recorded(course, made, modules={})
    course.lab.write_text(course.lab.read_text().replace("full", "top10"))
    assert records.stale_reasons(record, course.root) == [f"labs/{made.LAB}.ipynb has changed"]
    script = course.root / "scripts" / "train.py"
    script.parent.mkdir()
    script.write_text("x = 1\n")
    sha = records.source_sha256(script)
    record = recorded(course, made, modules={}, script="scripts/train.py", source_sha256=sha)
    assert records.stale_reasons(record, course.root) == []
    script.write_text("x = 2\n")
    assert records.stale_reasons(record, course.root) == ["scripts/train.py has changed"]
    script.unlink()
    assert records.stale_reasons(record, course.root) == ["scripts/train.py is gone"]


def test_a_record_from_before_modules_were_hashed_is_said_to_be_so(course, made):
    recorded(course, made)
    assert stale(course.root) == [f"results/cpu/{made.LAB}.json: recorded before modules were hashed"]


@pytest.fixture
def repository(course):
    """The made-up course as a git repository with one commit."""

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=course.root, check=True, capture_output=True, text=True).stdout

    git("init", "--quiet")
    (course.root / ".gitignore").write_text("_build/\n")
    (course.root / "chapter.md").write_text("words\n")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    return course


def test_files_of_the_code_make_a_tree_dirty_and_chapters_and_results_do_not(repository):
    root = repository.root
    commit = records.code_version()
    assert "+" in commit
    assert "dirty" not in commit
    (root / "chapter.md").write_text("other words\n")
    (root / "results").mkdir()
    (root / "results" / "x.json").write_text("{}")
    (root / "labs" / "my_copy.ipynb").write_text("{}")
    assert records.code_version() == commit
    (root / "src" / "helpers" / "new.py").write_text("")
    repository.lab.write_text(repository.lab.read_text() + "\n")
    assert records.code_version() == f"{commit}-dirty"
    assert sorted(source.uncommitted_files(root)) == [f"labs/{repository.lab.name}", "src/helpers/new.py"]


def test_a_script_and_a_lab_make_their_records_by_one_function(course, made, monkeypatch):
    script = course.root / "scripts" / "train.py"
    script.parent.mkdir()
    script.write_text('"""Trains."""\nx = 1\n')
    now = records.Record(**made.record_dict()).started_at
    given = {"parameters": {"seeds": (1, 2)}, "runs": [{"seed": 0}], "summary": {}, "started_at": now}
    record = records.make_record("09_script", "cpu", script=script, **given)
    assert record.script == "scripts/train.py"
    assert record.source_sha256 == records.source_sha256(script)
    assert record.parameters == {"seeds": [1, 2]}
    assert record.run_id == records.current_run()
    assert {"torch", "helpers"} <= set(record.libraries)
    monkeypatch.setattr("helpers.records.writing.running_source_sha256", lambda: made.SHA)
    lab = records.make_record(made.LAB, "cpu", **given)
    assert (lab.script, lab.source_sha256) == (None, made.SHA)
    path = records.write_record(made.LAB, "cpu", **given)
    written = records.Record.model_validate_json(path.read_text())
    assert path == records.record_path(made.LAB, "cpu")
    assert (written.modules, written.libraries) == (lab.modules, lab.libraries)
    with pytest.raises(ValueError, match="an accuracy is a fraction"):
        records.write_record(made.LAB, "cpu", **given | {"runs": [{"seed": 0, "test_top1": 50}]})
    assert path.read_text() == written.model_dump_json(indent=1) + "\n", "nothing is written then"
