"""The stick: what is on it, its checksums, what is refused; an interruption leaves nothing half under its name."""

import hashlib
import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "scripts"))  # stick.py imports its neighbour
spec = importlib.util.spec_from_file_location("stick", ROOT / "scripts" / "stick.py")
stick = importlib.util.module_from_spec(spec)
spec.loader.exec_module(stick)

PACKAGES = ("one", "two")


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def write_wheel(folder: Path, name: str, version: str = "1.0") -> None:
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"NAME = {name!r}\n")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course: two pages, a repository of two files, two packages that pip finds in a folder, one model."""
    root, shop = tmp_path / "course", tmp_path / "shop"
    (root / "_build" / "html" / "chapters").mkdir(parents=True)
    shop.mkdir()
    (root / "_build" / "html" / "index.html").write_text("front")
    (root / "_build" / "html" / "chapters" / "1.html").write_text("one")
    (root / ".gitignore").write_text("_build\n")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[project.optional-dependencies]\nlabs = []\nbook = []\n'
    )
    git(root.parent, "init", "--quiet", str(root))
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "All")
    for name in PACKAGES:
        write_wheel(shop, name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shop))
    monkeypatch.setattr(stick, "ROOT", root)
    monkeypatch.setattr(stick, "HTML", root / "_build" / "html")
    monkeypatch.setattr(stick, "requirements", lambda: [f"{name}==1.0" for name in PACKAGES])

    def fetch(name, folder):
        (folder / f"{name}.safetensors").write_text(name)
        return name

    monkeypatch.setattr(stick, "fetch", fetch)
    return root


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


OWN = {".stick", "README.txt", "SHA256SUMS"}
BOOK = {"book/index.html", "book/chapters/1.html"}
COURSE = {"course/.gitignore", "course/pyproject.toml"}
WHEELS = {f"wheels/{name}-1.0-py3-none-any.whl" for name in PACKAGES}
WEIGHTS = {f"weights/{name}.safetensors" for name in stick.LAB_MODELS}


def test_all_parts_are_there_and_every_file_has_its_checksum(course, tmp_path, capsys):
    target = tmp_path / "usb" / "stick"
    assert stick.main([str(target)]) == 0, capsys.readouterr().err
    assert files(target) == OWN | BOOK | COURSE | WHEELS | WEIGHTS
    listed = dict(reversed(line.split("  ")) for line in (target / "SHA256SUMS").read_text().splitlines())
    assert set(listed) == files(target) - {".stick", "SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((target / name).read_bytes()).hexdigest() == digest
    said = capsys.readouterr().out
    assert [line.split(":")[0] for line in said.splitlines() if " MB in " in line] == list(stick.PARTS)
    assert said.splitlines()[-1].startswith(f"ready: {target}")


def test_the_readme_gives_two_commands_without_the_network_and_the_places_of_photographs(course, tmp_path):
    assert stick.main([str(tmp_path / "stick"), "--less", "weights"]) == 0
    text = (tmp_path / "stick" / "README.txt").read_text()
    commands = [line.strip() for line in text.splitlines() if line.startswith("  ") and "-m" in line]
    assert len(commands) == 3
    assert commands[0].endswith("-m venv course/.venv")
    assert "--no-index --find-links wheels" in commands[1]
    assert '"course[labs,book]"' in commands[1]
    assert "data/stanford_dogs/images.tar  (793.6 MB)" in text
    assert "Left out of this stick: weights." in text
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]} alone" in text


def test_names_and_versions_alone_and_not_the_course_itself():
    names = stick.requirements()
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", one) for one in names)
    assert {"torch", "jupyter-book", "hatchling", "editables"} < {one.split("==")[0] for one in names}
    assert not any(one.startswith("from-convolution-to-attention==") for one in names)


def test_it_is_refused_without_a_book_and_in_a_folder_of_somebody_elses(course, tmp_path, capsys):
    other = tmp_path / "holiday"
    other.mkdir()
    (other / "beach.jpg").write_text("sea")
    assert stick.main([str(other)]) == 1
    assert "is not empty and holds no stick of this course" in capsys.readouterr().err
    assert files(other) == {"beach.jpg"}
    (stick.HTML / "index.html").unlink()
    assert stick.main([str(tmp_path / "new")]) == 1
    assert "the book is not built yet; run: make" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_package_that_is_not_to_be_had_leaves_an_unfinished_stick_that_goes_on(course, tmp_path, monkeypatch, capsys):
    target, had = tmp_path / "stick", stick.requirements()
    monkeypatch.setattr(stick, "AT_ONCE", 2)
    monkeypatch.setattr(stick, "requirements", lambda: [*had, "none-such==9"])
    assert stick.main([str(target), "--less", "weights"]) == 1
    assert "pip could not get every package" in capsys.readouterr().err
    assert not (target / "wheels").exists()
    assert not (target / "SHA256SUMS").exists()
    there = target / ".wheels.part" / "one-1.0-py3-none-any.whl"
    first = there.stat().st_ino
    (target / ".wheels.part" / "two-1.0-py3-none-any.whl").write_bytes(b"PK cut off")
    monkeypatch.setattr(stick, "requirements", lambda: had)
    assert stick.main([str(target), "--less", "weights"]) == 0
    assert files(target) == OWN | BOOK | COURSE | WHEELS
    assert (target / "wheels" / there.name).stat().st_ino == first  # not fetched again
    assert zipfile.is_zipfile(target / "wheels" / "two-1.0-py3-none-any.whl")


def test_a_newer_stick_replaces_what_has_changed_and_leaves_photographs_alone(course, tmp_path):
    target = tmp_path / "stick"
    assert stick.main([str(target)]) == 0
    (target / "data").mkdir()
    (target / "data" / "mine.tar").write_text("photographs")
    (stick.HTML / "chapters" / "1.html").rename(stick.HTML / "chapters" / "2.html")
    assert stick.main([str(target), "--less", "weights"]) == 0
    assert files(target) == OWN | WHEELS | WEIGHTS | COURSE | {
        "book/index.html",
        "book/chapters/2.html",
        "data/mine.tar",
    }
    assert "weights/" in (target / "SHA256SUMS").read_text()  # left as they were, and still told of


def test_a_book_that_cannot_be_copied_takes_nothing_away(course, tmp_path, monkeypatch):
    target = tmp_path / "stick"
    assert stick.main([str(target), "--less", "wheels", "weights"]) == 0

    def full(source, copy):
        raise OSError("no space left on device")

    monkeypatch.setattr(stick.shutil, "copyfile", full)
    assert stick.main([str(target), "--less", "wheels", "weights"]) == 1
    assert files(target) > BOOK
    assert "SHA256SUMS" not in files(target)


def test_uncommitted_changes_are_said_to_stay_behind(course, tmp_path, capsys):
    (course / "pyproject.toml").write_text("[project]\nname = 'changed'\n[project.optional-dependencies]\n")
    assert stick.main([str(tmp_path / "stick"), "--less", "wheels", "weights"]) == 0
    assert "course: 1 uncommitted changes stay behind" in capsys.readouterr().err
    assert "changed" not in (tmp_path / "stick" / "course" / "pyproject.toml").read_text()


def test_make_stick_wants_a_folder():
    done = subprocess.run(
        ["make", "-o", ".venv/.ready", "stick"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "TO is missing: make stick TO=folder" in done.stderr
