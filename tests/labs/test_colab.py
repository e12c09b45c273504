"""The first cell of a lab on Colab: installs the course into an environment that has torch and numpy, and nothing else.

The clean environment holds hard links to what this one has, without the course's package, so nothing is downloaded.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

import helpers

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "_ext"))
import launch  # noqa: E402  (the book's own extension holds the text of that cell)

STATE = """
import importlib.metadata, json, pathlib
import numpy, torch
files = [pathlib.Path(package.__file__) for package in (numpy, torch)]
print(json.dumps([numpy.__version__, torch.__version__, [[str(file), file.stat().st_mtime_ns] for file in files]]))
"""
USE = """
import helpers, torch
from helpers.models.vit import ViT
from helpers.records import build_folder, read_record
from helpers.widgets.base import Explorer
assert "site-packages" in helpers.__file__, helpers.__file__
print(read_record("08_xception_vs_vit", "cpu").lab, build_folder())
"""


def run(python: Path, code: str, folder: Path, check: bool = True) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
    offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # it may take the wheel and nothing more
    done = subprocess.run(
        [python, "-c", code], cwd=folder, env=clean | offline, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or not check, done.stderr[-3000:]
    return done.stdout if check else done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory):
    """A fresh environment with every package of this one but the course's own."""
    base = ROOT / "_build"  # on the disk of this environment, so that hard links work
    base.mkdir(exist_ok=True)
    folder = base / f"clean-{tmp_path_factory.mktemp('clean').parent.name}-{os.getpid()}"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    shutil.rmtree(site)
    source = sysconfig.get_paths()["purelib"]
    own = shutil.ignore_patterns(
        "helpers-*", "from_convolution_to_attention-*", "_*helpers.pth", "_*attention.pth"
    )  # the course's, at the top only
    without = lambda folder, names: own(folder, names) if folder == source else []  # noqa: E731
    shutil.copytree(source, site, copy_function=os.link, symlinks=True, ignore=without)
    yield folder / "bin" / "python"
    shutil.rmtree(folder)


@pytest.mark.slow
def test_the_first_cell_installs_the_course_and_leaves_numpy_and_torch_alone(wheel, clean_python, tmp_path):
    cell = launch.INSTALL.replace(launch.UNKNOWN, f"source = {wheel.as_uri()!r}")
    assert cell != launch.INSTALL
    assert "No module named 'helpers'" in run(clean_python, "import helpers", tmp_path, check=False)
    before = run(clean_python, STATE, tmp_path)
    run(clean_python, cell, tmp_path)
    assert json.loads(run(clean_python, STATE, tmp_path)) == json.loads(before)
    assert run(clean_python, USE, tmp_path).split() == ["08_xception_vs_vit", str(tmp_path / "_build")]
    assert list(tmp_path.iterdir()) == []  # the empty folder stays empty
    wrong = cell.replace(wheel.name, "no-such-wheel.whl")
    assert run(clean_python, wrong, tmp_path) == ""  # where the package is there, nothing is done


@pytest.mark.slow
def test_a_torch_that_the_course_cannot_use_is_an_error_not_an_upgrade(wheel, clean_python, tmp_path):
    """Colab's torch is kept even against a wish of pip's: asking for another version fails loudly."""
    cell = launch.INSTALL.replace('"helpers"', '"no_such_package"')
    code = cell.replace(launch.UNKNOWN, f"source = {wheel.as_uri()!r}")
    assert "*kept]" in code
    code = code.replace("*kept]", '"torch>=99", *kept]')
    before = run(clean_python, STATE, tmp_path)
    assert "CalledProcessError" in run(clean_python, code, tmp_path, check=False)
    assert run(clean_python, STATE, tmp_path) == before


def test_without_a_source_the_first_cell_says_what_to_do(tmp_path):
    missing = launch.INSTALL.replace('"helpers"', '"no_such_package"')
    done = subprocess.run([sys.executable, "-c", missing], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "open this lab from the book" in done.stderr


def first_cell(folder: Path, code: str = launch.INSTALL) -> subprocess.CompletedProcess:
    """Run the cell where a lab would, with the course's package on the path and `folder` before it."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "src")))}
    command = [sys.executable, "-c", f"{code}\nimport helpers\nprint(helpers.__file__)"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["helpers.py", "helpers/__init__.py"])
def test_a_students_own_helpers_is_named_and_never_run(tmp_path, name):
    own = tmp_path / name
    own.parent.mkdir(exist_ok=True)
    own.write_text("raise SystemExit('ran')  # è\n", encoding="latin-1")
    done = first_cell(tmp_path)
    assert done.returncode == 1
    assert f"ImportError: {own} stands in the way of the course's package helpers: rename it" in done.stderr
    assert "restart the kernel" in done.stderr


def test_a_folder_of_pictures_called_helpers_does_no_harm(tmp_path):
    (tmp_path / "helpers").mkdir()
    done = first_cell(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(ROOT / "src" / "helpers" / "__init__.py")


def test_what_is_installed_is_the_course_with_what_labs_need():
    asked = []
    cell = launch.INSTALL.replace(launch.UNKNOWN, "source = 'git+https://example.org/course@0123abc'")
    cell = cell.replace('find_spec("helpers")', 'find_spec("no_such_package")').replace("subprocess.run(", "run(")
    exec(cell, {"run": lambda command, check: asked.append(command)})
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"{project['name']}[labs] @ git+https://example.org/course@0123abc" in asked[0]
    assert "labs" in project["optional-dependencies"]


def test_the_distribution_is_called_as_the_course_and_the_package_says_so():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == helpers.__course__ == "from-convolution-to-attention"
    assert project["dynamic"] == ["version"]  # helpers.__version__ is the one place


def test_every_lab_begins_with_this_cell():
    labs = sorted((ROOT / "labs").glob("*.ipynb"))
    assert labs
    for lab in labs:
        first = next(cell for cell in json.loads(lab.read_text("utf-8"))["cells"] if cell["cell_type"] == "code")
        assert "".join(first["source"]) == launch.INSTALL, lab.name
