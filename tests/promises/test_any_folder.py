"""Any folder, any name."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.data.decode import RULE
from helpers.data.orl_faces import load_orl_faces
from helpers.models.pretrained import build_model, saved

ROOT = Path(__file__).parents[2]
LAB = "01_tangent_to_mlp"
STRANGE = "Anna's cours d'été 卷積 #1 (50%) & {0} $x"  # also what papermill takes for a parameter of its own
NAMES = [
    STRANGE,
    "with two  spaces",
    "{seeds}",
    "e\u0301te\u0301",  # as macOS writes it
    "从卷积到注意力",
    'it\'s "quoted"',
    "#1 50% done",
    "$HOME `id` ;&|<>*?[]{}~!",
    "-p edition cpu",
    "back\\slash",
    "قطة 🐕",
    "x" * 200,
]
PARTS = ("src", "labs", "scripts", "Makefile", "_toc.yml", "pyproject.toml", "constraints.txt")
COLON = os.pathsep  # what separates folders in PATH separates them in PYTHONPATH and HELPERS_DATA, everywhere
CAP_DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24


def copy_of_the_course(folder: Path) -> Path:
    """What a run needs, in a folder of that name, with the environment that is there."""
    folder.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("executed", ".ipynb_checkpoints"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
    return folder


def write_protected(folder: Path) -> Path:
    """Every file and folder of the copy, not what its links lead to."""
    for place, _, files in os.walk(folder):
        for name in files:
            if not (Path(place) / name).is_symlink():
                (Path(place) / name).chmod(0o444)
        Path(place).chmod(0o555)
    return folder


def as_a_reader() -> None:
    """In the child: not even root writes where the mode says no (Linux; elsewhere tests do not run as root)."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def run(command: list[str], course: Path, here: Path, **options) -> str:
    """What a command says; it finds the copy's package, and no build folder but its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HELPERS_")}
    environment |= {"PYTHONPATH": str(course / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=here, env=environment, capture_output=True, text=True, check=False, timeout=600, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


def finished(build: Path) -> list[dict]:
    """The records of the lab's runs in a build folder, each with its notebook beside it."""
    found = [
        path for path in build.glob(f"runs/smoke/{LAB}/*/record.json") if path.with_name("notebook.ipynb").is_file()
    ]
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]


def make(course: Path, *arguments: str) -> str:
    if shutil.which("make") is None:
        pytest.skip("no make here")
    return run(["make", "-o", ".venv/.ready", *arguments], course, course)


# --- tests -----------------------------------------------------------------------------------------------------------


def test_make_runs_a_lab_in_a_folder_of_any_name(tmp_path, amount, count):
    names = NAMES[: amount(1, len(NAMES))]
    for k, name in enumerate(names):
        course = copy_of_the_course(tmp_path / str(k) / name)
        assert "make lab" in make(course, "help")
        make(course, "lab", f"NAME={LAB}", "EDITION=smoke")
        assert len(finished(course / "_build")) == 1
        shutil.rmtree(course)
    count("labs by make in folders of a strange name", len(names))


def test_a_course_that_cannot_be_written_to_runs_from_another_folder(tmp_path, amount, count):
    if not amount(0, 1):
        pytest.skip("as the test before, without make: in make soak")
    if sys.platform != "linux" and os.access("/", os.W_OK):
        pytest.skip("root writes anywhere here")
    for k, name in enumerate(NAMES[:3]):
        course = write_protected(copy_of_the_course(tmp_path / str(k) / name))
        here = tmp_path / f"{k}-elsewhere" / name
        here.mkdir(parents=True)
        limited = {"preexec_fn": as_a_reader} if sys.platform == "linux" else {}
        before = sorted(path for path in course.rglob("*") if ".venv" not in path.parts)
        run([sys.executable, "-m", "helpers.records", "run", LAB, "smoke"], course, here, **limited)
        assert len(finished(here / "_build")) == 1
        assert sorted(path for path in course.rglob("*") if ".venv" not in path.parts) == before
    count("labs of a write-protected course, run from another folder", 3)


def test_a_data_set_is_read_from_a_folder_of_any_name(tmp_path, face_pack, monkeypatch, count):
    shown = face_pack()
    plain = load_orl_faces(image_size=16)
    names = [name for name in NAMES if COLON not in name]
    for name in names:
        monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "caches" / name))
        folder = (tmp_path / "data").rename(tmp_path / name)
        monkeypatch.setenv("HELPERS_DATA", str(folder))
        found = load_orl_faces(image_size=16)
        assert np.array_equal(found.train.images, plain.train.images)
        assert len(found.train) + len(found.test) == len(shown)
        folder.rename(tmp_path / "data")
    count("folders of data", len(names))


@pytest.fixture
def classify(tmp_path, monkeypatch):
    """`scripts/classify.py`, with one kept model in a build folder of a strange name."""
    spec = importlib.util.spec_from_file_location("classify_any_folder", ROOT / "scripts" / "classify.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    build = tmp_path / "build" / STRANGE
    monkeypatch.setenv("HELPERS_BUILD", str(build))
    ready = build_model("xception_mini", 2, weights="shipped")
    saved.save(build / "models" / STRANGE, ready, ["chien d'été", '卷積 #1, "50%"'], decoding=RULE)
    return script


def test_a_picture_of_any_name_is_classified(tmp_path, classify, capsys, count):
    photographs = tmp_path / "photographs" / STRANGE
    photographs.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    for name in NAMES:
        Image.fromarray(pixels).save(photographs / f"{name}.png")
    for name in NAMES:
        assert classify.main(["--model", STRANGE, "--", str(photographs / f"{name}.png")]) == 0
        assert "chien d'été" in capsys.readouterr().out
    assert classify.main([str(photographs)]) == 0
    table = (photographs / "predictions.csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == 1 + len(NAMES)
    assert all("chien" in line or "卷積" in line for line in table.splitlines()[1:])
    count("pictures named", 2 * len(NAMES))
