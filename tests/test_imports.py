"""Imports run one way, importing the package is light, and every file keeps a readable size."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "helpers"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 300  # of one file: what a reader takes in at a sitting
# What each part may import from the package, besides itself: the one way data flows.
ALLOWED = {
    "shapes": set(),
    "progress": set(),
    "memory": set(),
    "sharing": set(),
    "parameters": set(),
    "checks": set(),
    "reading": set(),
    "layers": {"shapes"},
    "models": {"shapes", "layers", "reading"},
    "data": {"shapes", "progress", "sharing"},
    "training": {"shapes", "progress", "memory", "reading", "sharing"},
    "measure": {"shapes", "progress", "layers", "models", "data", "training"},
    "records": {"progress", "memory", "reading"},  # the terminal that a lab was started in
    "sweep": {"records", "progress", "reading"},
    "claims": {"records", "reading"},
    "plots": {"measure"},
    "widgets": {"plots", "measure"},
}
# A page may import all of these; nothing imports a page, not even another page.


def part_of(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


def page_of(module: str) -> str:
    return module.split(".")[2] if module.startswith("helpers.pages.") else ""


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names if node.module == "helpers"}
    return names


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(SOURCE)) for path in FILES])
def test_no_import_runs_against_the_flow(path):
    module = ".".join(("helpers", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    own = part_of(module)
    if not own:
        return
    if own == "pages":
        pages = {page_of(name) for name in imports(path) if name.startswith("helpers.pages.")} - {page_of(module), ""}
        assert not pages, f"{module} imports another page: {sorted(pages)}; move what both need into the library"
        return
    assert own in ALLOWED, f"{path.name} belongs to no part; say in ALLOWED what it may import"
    used = {part_of(name) for name in imports(path) if name.startswith("helpers.")} - {own, ""}
    assert used <= ALLOWED[own], f"{module} imports {sorted(used - ALLOWED[own])}"


def test_training_knows_neither_data_nor_model():
    assert not ALLOWED["training"] & {"data", "models"}


FILES_OF_FIGURES = [*sorted((SOURCE / "plots").glob("*.py")), *sorted((SOURCE / "pages").glob("*/figures.py"))]


@pytest.mark.parametrize("path", FILES_OF_FIGURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_figures_never_see_a_model(path):
    assert not {name.split(".")[0] for name in imports(path)} & {"torch", "timm", "torchvision"}


@pytest.mark.parametrize(
    "path", sorted((SOURCE / "models").rglob("*.py")) + sorted((SOURCE / "layers").glob("*.py")), ids=lambda p: p.name
)
def test_only_the_oracle_files_import_timm_or_torchvision(path):
    if path.stem.startswith("port") or path.parent.name == "pretrained":
        return
    assert not {name.split(".")[0] for name in imports(path)} & {"timm", "torchvision"}


def too_long(folder: Path) -> dict[str, int]:
    """Files of code below the folder with more than MOST_LINES lines, and how many they have."""
    files = (path for suffix in ("py", "js", "css") for path in sorted(folder.rglob(f"*.{suffix}")))
    lines = {path.relative_to(folder).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    return {name: count for name, count in lines.items() if count > MOST_LINES}


def test_no_file_of_the_package_is_longer_than_one_reads():
    assert too_long(SOURCE) == {}


@pytest.mark.parametrize("name", ["a.py", "pages/c01/explorer.js", "widgets/a.css"])
def test_a_file_of_one_line_too_many_is_found(tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("x\n" * MOST_LINES)
    assert too_long(tmp_path) == {}
    (tmp_path / name).write_text("x\n" * (MOST_LINES + 1))
    assert too_long(tmp_path) == {name: MOST_LINES + 1}


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import helpers, sys; print([m for m in ('torch', 'numpy', 'matplotlib', 'timm', 'ray') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ray_is_imported_where_a_sweep_runs_alone():
    code = "import helpers.sweep, helpers.sweep.__main__, sys; print([m for m in ('ray', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
