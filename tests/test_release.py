"""A release: one version, its notes, archives that are the same twice, and what stands in its way."""

import hashlib
import importlib.util
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

import helpers

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("release", ROOT / "scripts" / "release.py")
release = importlib.util.module_from_spec(spec)
spec.loader.exec_module(release)

VERSION = helpers.__version__
CHANGES = "# Changelog\n\n## Unreleased\n\n- later\n\n" + f"## {VERSION}, 2026-12-24\n\n- this\n- that\n\n"
CHANGES += "## 0.0.1, 2026-01-01\n\n- old\n"


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course, committed, with a built book of one page."""
    root = tmp_path / "course"
    html = root / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("front")
    (root / ".gitignore").write_text("_build\n")
    (root / "CHANGELOG.md").write_text(CHANGES)
    (root / "CITATION.cff").write_text(f"version: {VERSION}\n")
    git(tmp_path, "init", "--quiet", str(root))
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "All")
    for name, value in (("ROOT", root), ("HTML", html), ("RELEASE", root / "_build" / "release")):
        monkeypatch.setattr(release, name, value)
    for name in ("GITHUB_REF_NAME", "GITHUB_REF_TYPE"):
        monkeypatch.delenv(name, raising=False)
    return root


def test_the_course_names_its_version_in_one_place():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(cited["version"]) == VERSION
    words = [
        "git",
        "grep",
        "-lE",
        f'version[ "=:]+{VERSION}',
        "--",
        "*.toml",
        "*.py",
        "*.cff",
        "*.yml",
        "*.md",
        ":!tests",
    ]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert set(found) <= {"CITATION.cff", "src/helpers/__init__.py"}


def test_archives_checksums_and_notes(course, capsys):
    assert release.main() == 0, capsys.readouterr().err
    folder, stem = course / "_build" / "release", f"{helpers.__course__}-{VERSION}"
    archives = {f"{stem}-book.zip", f"{stem}-source.zip"}
    assert {path.name for path in folder.iterdir()} == archives | {"SHA256SUMS", "NOTES.md"}
    assert (folder / "NOTES.md").read_text() == "- this\n- that\n"
    listed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    first = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in archives}
    assert listed == first
    assert zipfile.ZipFile(folder / f"{stem}-book.zip").namelist() == [f"{stem}-book/index.html"]
    assert f"{stem}/CHANGELOG.md" in zipfile.ZipFile(folder / f"{stem}-source.zip").namelist()
    assert release.main() == 0
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in archives} == first


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda root: (root / "CHANGELOG.md").write_text("## Unreleased\n\n- all\n"), f"no section {VERSION}"),
        (lambda root: (root / "CITATION.cff").write_text("version: 9.9.9\n"), "CITATION.cff says version 9.9.9"),
        (lambda root: (root / "new.py").write_text("x = 1\n"), "commit first"),
        (lambda root: (root / "_build" / "html" / "index.html").unlink(), "the book is not built yet"),
    ],
)
def test_what_does_not_agree_is_refused_and_nothing_is_written(course, capsys, break_it, said):
    break_it(course)
    assert release.main() == 1
    assert said in capsys.readouterr().err
    assert not (course / "_build" / "release").exists()


def test_a_tag_of_another_version_is_refused(course, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_REF_TYPE", "tag")
    monkeypatch.setenv("GITHUB_REF_NAME", "v9.9.9")
    assert release.main() == 1
    assert f"the tag v9.9.9 is not v{VERSION}" in capsys.readouterr().err
    monkeypatch.setenv("GITHUB_REF_NAME", f"v{VERSION}")
    assert release.main() == 0
