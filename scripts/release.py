"""What a release is made of: `_build/release/` with the book and the source as archives, checksums, and notes.

    make release

The version is `helpers.__version__` and nothing else; `CITATION.cff` names it again, and `CHANGELOG.md` has a section
of it, `## 0.2.0, 2026-12-24`, which becomes the notes. Where they differ, where a tag of another version is built
(`GITHUB_REF_NAME`), or where files are not committed, nothing is written. Archives hold no times but the commit's, so
the same commit and the same book give the same bytes.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import yaml

import helpers

ROOT = Path(__file__).resolve().parents[1]
HTML, RELEASE = ROOT / "_build" / "html", ROOT / "_build" / "release"
SECTION = r"^## {version}, \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)"


def git(*words: str) -> str:
    """What git says.

    Raises
    ------
    ValueError
        If it refuses.
    """
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout


def notes(version: str) -> str:
    """The section of the changelog on a version.

    Raises
    ------
    ValueError
        If there is none, or nothing in it.
    """
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(SECTION.format(version=re.escape(version)), text, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise ValueError(
            f"CHANGELOG.md has no section {version}: put '## {version}, {time.strftime('%Y-%m-%d')}' below "
            "'## Unreleased', over what the release brings"
        )
    return found[1].strip() + "\n"


def check(version: str) -> str:
    """The notes of the version, where everything that names it agrees.

    Raises
    ------
    ValueError
        With what does not.
    """
    told = notes(version)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    if str(cited) != version:
        raise ValueError(f"CITATION.cff says version {cited}, helpers.__version__ {version}")
    tag = os.environ.get("GITHUB_REF_NAME", "") if os.environ.get("GITHUB_REF_TYPE") == "tag" else ""
    if tag and tag != f"v{version}":
        raise ValueError(f"the tag {tag} is not v{version}, as helpers.__version__ says")
    if changed := git("status", "--porcelain"):
        raise ValueError(f"commit first; these differ from the last commit:\n{changed}")
    if not (HTML / "index.html").is_file():
        raise ValueError("the book is not built yet; run: make")
    return told


def zip_book(target: Path, when: int) -> None:
    """The built book as a zip that unpacks into one folder; `when` in seconds since 1970."""
    files = sorted(path for path in HTML.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            name = f"{target.stem}/{path.relative_to(HTML).as_posix()}"
            entry = zipfile.ZipInfo(name, time.gmtime(max(when, 315_532_800))[:6])  # zip knows no time before 1980
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def write() -> list[Path]:
    """Check, and write the release beside its place; then it takes it.

    Raises
    ------
    ValueError
        As `check`.
    """
    version = helpers.__version__
    told, stem = check(version), f"{helpers.__course__}-{version}"
    beside = RELEASE.with_name(".release.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    zip_book(beside / f"{stem}-book.zip", int(git("log", "-1", "--format=%ct")))
    source = beside / f"{stem}-source.zip"
    git("archive", "--format=zip", f"--prefix={stem}/", f"--output={source}", "HEAD")
    archives = sorted(beside.iterdir())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in archives]
    (beside / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    (beside / "NOTES.md").write_text(told, encoding="utf-8")
    shutil.rmtree(RELEASE, ignore_errors=True)
    beside.replace(RELEASE)
    return sorted(RELEASE.iterdir())


def main() -> int:
    """Write the release and list it; 1 where it is refused, with the reason on the error stream."""
    try:
        for path in write():
            print(f"{path}: {path.stat().st_size / 1e6:,.1f} MB")
    except (ValueError, OSError) as error:
        print(f"make release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
