"""A page runs again when a module that it imports or a record that it reads has changed, and only then."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "_ext"))
import execution  # noqa: E402

KERNEL = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\n---\n"
CELL = """
```{code-cell} python3
---
tags: [remove-output]
---
import json, pathlib
from helpers.%s import value
log = pathlib.Path("../runs.txt")
log.write_text((log.read_text() if log.exists() else "") + "%s ")
print(json.loads(pathlib.Path("../results/cpu/%s.json").read_text()))
```
"""
FILES = {
    "_toc.yml": "format: jb-book\nroot: intro\nchapters: [{file: chapters/08_one}, {file: chapters/09_two}]\n",
    "intro.md": "# A small book\n",
    "chapters/08_one.md": f"{KERNEL}# One\n{CELL % ('pages.c08.figures', '08', '01_lab')}",
    "chapters/09_two.md": f"{KERNEL}# Two\n{CELL % ('pages.c09.figures', '09', '02_lab')}",
    "src/helpers/__init__.py": "",
    "src/helpers/plots/__init__.py": "",
    "src/helpers/plots/style.py": "COLOUR, DARK, RC = 'red', {}, {'figure.dpi': 110}\n",
    "src/helpers/plots/other.py": "",
    "src/helpers/pages/__init__.py": "",
    "src/helpers/pages/c08/__init__.py": "",
    "src/helpers/pages/c08/figures.py": "from helpers.plots.style import COLOUR as value\n",
    "src/helpers/pages/c09/__init__.py": "",
    "src/helpers/pages/c09/figures.py": "def value():\n    from helpers.pages.c09 import late\n",
    "src/helpers/pages/c09/late.py": "from helpers.plots import style\n",
    "src/helpers/pages/c09/explorer.js": "// draws",
    "results/cpu/01_lab.json": "{}",
    "results/cpu/02_lab.json": "{}",
}


@pytest.fixture
def small(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def caches(root: Path) -> dict[str, str]:
    package = execution.Package(root / "src")
    return {path.stem[:2]: execution.cache_name(root, path, package) for path in (root / "chapters").glob("*.md")}


@pytest.mark.parametrize(
    ("touched", "again"),
    [
        ("src/helpers/pages/c09/figures.py", {"09"}),
        ("src/helpers/pages/c09/late.py", {"09"}),
        ("src/helpers/pages/c09/explorer.js", {"09"}),
        ("src/helpers/plots/style.py", {"08", "09"}),
        ("src/helpers/plots/__init__.py", {"08", "09"}),
        ("src/helpers/plots/other.py", set()),
        ("results/cpu/01_lab.json", {"08"}),
        ("results/cpu/02_lab.json", {"09"}),
    ],
)
def test_a_change_asks_again_of_those_who_use_it(small, touched, again):
    before = caches(small)
    with (small / touched).open("a") as file:
        file.write(" ")
    after = caches(small)
    assert {page for page in before if before[page] != after[page]} == again


def test_answers_and_tables_count_where_a_page_names_them(small):
    page = small / "chapters" / "08_one.md"
    page.write_text(FILES["chapters/08_one.md"].replace("import json", 'check("c07-name", ...)  # claims\nimport json'))
    pages = {f"src/helpers/pages/{page}/{file}" for page in ("c06", "c07") for file in ("__init__.py", "answers.yml")}
    for name in pages | {"chapters/claims/a.yml"}:
        (small / name).parent.mkdir(parents=True, exist_ok=True)
        (small / name).write_text("" if name.endswith(".py") else "record: 03_other")
    (small / "results" / "cpu" / "03_other.variant.json").write_text("{}")
    found = execution.dependencies(small, page, execution.Package(small / "src"))
    names = {path.relative_to(small).as_posix() for path in found if path.suffix in (".yml", ".json")}
    assert names == {
        "src/helpers/pages/c07/answers.yml",
        "chapters/claims/a.yml",
        "results/cpu/01_lab.json",
        "results/cpu/03_other.variant.json",
    }


def test_every_chapter_of_the_course_that_reads_a_record_depends_on_it():
    package = execution.Package(ROOT / "src")
    read = {"04": "04_overfitting", "08": "04_translation.fra_eng", "09": "05_transformer.three"}
    read["15"] = "08_xception_vs_vit"
    for number, record in read.items():
        (page,) = (ROOT / "chapters").glob(f"{number}_*.md")
        assert ROOT / "results" / "cpu" / f"{record}.json" in execution.dependencies(ROOT, page, package)


def test_a_build_runs_only_the_pages_that_a_change_concerns(small):
    shutil.copytree(ROOT / "_ext", small / "_ext", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("_config.yml", "references.bib"):
        shutil.copy(ROOT / name, small)
    shutil.copytree(ROOT / "src" / "helpers", small / "src" / "helpers", dirs_exist_ok=True)  # what the extension uses
    for name, text in FILES.items():
        if name.startswith("src/") and not name.endswith("__init__.py"):
            (small / name).write_text(text, encoding="utf-8")

    def build() -> str:
        (small / "runs.txt").unlink(missing_ok=True)
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(small), "-W", "-n", "--keep-going"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
        environment["PYTHONPATH"] = str(small / "src")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return (small / "runs.txt").read_text() if (small / "runs.txt").exists() else ""

    assert sorted(build().split()) == ["08", "09"]
    (small / "results" / "cpu" / "01_lab.json").write_text(json.dumps({"n": 1}))
    assert build() == "08 "
    assert len(list((small / "_build" / "execution_cache").iterdir())) == 2
    (small / "src" / "helpers" / "pages" / "c09" / "late.py").write_text("from helpers.plots import style  # changed\n")
    assert build() == "09 "
    assert build() == ""
