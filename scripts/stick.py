"""One folder for a room without internet: the book, the packages, the weights, the course's files, how to install them.

    make stick TO=/media/usb/course [LESS="wheels weights"]

    book/        the built book: index.html opens in a browser, nothing to install
    course/      the repository's files, of the last commit
    wheels/      every package of this environment, for this platform and this Python
    weights/     the released models of `make weights`
    README.txt   two commands that install all of it with the network off; where photographs go
    SHA256SUMS   of every file above; written last, so a folder without it is not finished

Every part is written beside its place and renamed; started again, it goes on where it stopped. A folder that holds
anything but such a stick is refused. Photographs in `data/` are left alone: their terms let nobody hand them on here.
"""

import argparse
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from tqdm import tqdm
from weights import LAB_MODELS, fetch

import helpers
from helpers.data.registry import REGISTRY
from helpers.models.pretrained.hub import SUMS, sha256_of

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
MARK = ".stick"  # what tells a stick, also an unfinished one, from a folder of somebody's
PARTS = {
    "book": "the built book: open book/index.html in a browser; nothing has to be installed to read it",
    "course": "the course's files: chapters, labs, package, records",
    "wheels": "the packages, for {platform} and Python {python} alone",
    "weights": "released models for the labs: -p weights <this folder>/weights",
}
TO_BUILD = "editables==0.5"  # hatchling's, which pip fetches apart for --editable; in no environment, so not pinned
AT_ONCE = 16  # packages a call of pip: a download that breaks loses no more


# --- checks before anything is written -------------------------------------------------------------------------------


def check(folder: Path) -> None:
    """Refuse what cannot become a stick.

    Raises
    ------
    ValueError
        If the book is not built, there is no git repository, or the folder holds something else.
    """
    if not (HTML / "index.html").is_file():
        raise ValueError("the book is not built yet; run: make")
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        raise ValueError("the course's files are taken from git, and there is no repository here, or no git")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ValueError(f"{folder} is not empty and holds no stick of this course: name a new or an empty folder")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: name a new or an empty folder")


# --- parts -----------------------------------------------------------------------------------------------------------


def files_of(folder: Path) -> list[Path]:
    """Every file below a folder, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def write_text(path: Path, text: str) -> None:
    """Write beside, rename."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)


def put(final: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder beside its place, then let it take the place of what was there."""
    beside, old = final.with_name(f".{final.name}.part"), final.with_name(f".{final.name}.old")
    for left in (beside, old):
        shutil.rmtree(left, ignore_errors=True)
    beside.mkdir()
    fill(beside)
    if final.exists():
        final.replace(old)
    beside.replace(final)
    shutil.rmtree(old, ignore_errors=True)


def copy_book(target: Path) -> None:
    """Copy the built book, file by file, with a bar."""
    for path in tqdm(files_of(HTML), desc="book", unit="file", disable=None):
        copy = target / path.relative_to(HTML)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def unpack_course(target: Path) -> None:
    """The files of the last commit; what is not committed stays behind, and is said to.

    Raises
    ------
    ValueError
        If git cannot give them.
    """
    git = ["git", "-C", str(ROOT)]
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    if changed:
        print(f"course: {len(changed.splitlines())} uncommitted changes stay behind", file=sys.stderr)
    with subprocess.Popen([*git, "archive", "--format=tar", "HEAD"], stdout=subprocess.PIPE) as archive:
        assert archive.stdout is not None
        with tarfile.open(fileobj=archive.stdout, mode="r|") as files:
            files.extractall(target, filter="data")
    if archive.returncode:
        raise ValueError("git archive failed: what it says stands above")


def requirements() -> list[str]:
    """Name and version of everything installed here but the course itself, and what its building needs; no address."""
    found = {canonicalize_name(one.metadata["Name"]): one.version for one in importlib.metadata.distributions()}
    found.pop(canonicalize_name(helpers.__course__), None)
    return [*(f"{name}=={version}" for name, version in sorted(found.items())), TO_BUILD]


def wheel_is(path: Path) -> str | None:
    """The requirement that a wheel fulfils; None of a file that is none, or not whole."""
    if path.suffix != ".whl" or not zipfile.is_zipfile(path):
        return None
    name, version, *_ = parse_wheel_filename(path.name)
    return f"{name}=={version}"


def gather_wheels(final: Path, wanted: Iterable[str]) -> None:
    """Have pip fetch (or build) a wheel of each requirement; those that are there already are kept.

    Raises
    ------
    ValueError
        If pip cannot get one; what it has got stays for the next time.
    """
    beside = final.with_name(f".{final.name}.part")
    if final.is_dir() and not beside.exists():
        final.replace(beside)  # a newer stick keeps the packages that have not changed
    beside.mkdir(exist_ok=True)
    wanted, have = list(wanted), {}
    for path in beside.iterdir():
        kind = wheel_is(path)
        if kind in wanted:
            have[kind] = path
        else:
            path.unlink()
    missing = [one for one in wanted if one not in have]
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    bar = tqdm(total=len(wanted), initial=len(have), desc="wheels", unit="package", disable=None)
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        if subprocess.run([*pip, "--wheel-dir", str(beside), *some], check=False).returncode:
            raise ValueError("pip could not get every package: what it says stands above. Run it again to go on")
        bar.update(len(some))
    bar.close()
    beside.replace(final)


def gather_weights(folder: Path, names: Iterable[str] = LAB_MODELS) -> None:
    """Fetch the released models, as `make weights`; each file is written beside and renamed there.

    Raises
    ------
    ValueError
        If one is not to be had.
    """
    folder.mkdir(exist_ok=True)
    for name in names:
        try:
            print(f"weights: {fetch(name, folder)}", flush=True)
        except ConnectionError as error:
            raise ValueError(f'{error}\nRun it again with the internet, or leave them out: LESS="weights"') from None


# --- what the stick says of itself -----------------------------------------------------------------------------------


def readme(parts: list[str]) -> str:
    """README.txt: what is there, two commands, where photographs go."""
    python = ".".join(platform.python_version_tuple()[:2])
    names = {"platform": f"{platform.system()} {platform.machine()}", "python": python}
    windows = os.name == "nt"
    inner = "course\\.venv\\Scripts\\python" if windows else "course/.venv/bin/python"
    start = f"py -{python}" if windows else f"python{python}"
    extras = ",".join(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    lines = ["From Convolution to Attention: a stick for a room without internet", f"version {helpers.__version__}", ""]
    lines += [f"{name + '/':<12}{PARTS[name].format(**names)}" for name in parts]
    left_out = [name for name in PARTS if name not in parts]
    lines += [f"Left out of this stick: {', '.join(left_out)}."] if left_out else []
    lines += ["", "Check a copy:  sha256sum -c --quiet SHA256SUMS", ""]
    if {"course", "wheels"} <= set(parts):
        lines += [
            f"To run labs, copy this folder to a disk (6 GB more), go into the copy, and with Python {python}:",
            "",
            f"  {start} -m venv course/.venv",
            f"  {inner} -m pip install --no-index --find-links wheels "
            f'--constraint course/constraints.txt --editable "course[{extras}]"',
            "",
            "Neither asks the network for anything. Then, from the same folder:",
            "",
            f"  {inner} -m jupyter lab course/labs",
            "",
            "Where there is make: touch course/.venv/.ready, and course/README.md says the rest.",
            "",
        ]
    lines += [
        "Photographs are not on this stick: their terms do not let us hand them on. Labs draw their own pictures.",
        "",
    ]
    lines += ["Who has them puts them into data/ and sets HELPERS_DATA to that folder:", ""]
    for name, source in REGISTRY.items():
        lines += [f"  data/{name}/{file.name}  ({file.bytes / 1e6:,.1f} MB)" for file in source.files]
        lines += [f"    {source.licence}", f"    From {source.homepage}", ""]
    return "\n".join(lines)


def sums(folder: Path, parts: list[str]) -> str:
    """Lines of `sha256sum`, of all parts and README.txt."""
    files = [path for part in parts for path in files_of(folder / part)] + [folder / "README.txt"]
    bar = tqdm(files, desc="checksums", unit="file", disable=None)
    return "".join(f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in bar)


def make(folder: Path, parts: list[str]) -> None:
    """Write or renew the stick; SHA256SUMS comes last.

    Raises
    ------
    ValueError
        If something is in the way or not to be had.
    OSError
        If the folder cannot be written.
    """
    check(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / MARK, f"{helpers.__course__} {helpers.__version__}\n")
    (folder / SUMS).unlink(missing_ok=True)
    work: dict[str, Callable[[], None]] = {
        "book": lambda: put(folder / "book", copy_book),
        "course": lambda: put(folder / "course", unpack_course),
        "wheels": lambda: gather_wheels(folder / "wheels", requirements()),
        "weights": lambda: gather_weights(folder / "weights"),
    }
    for part in parts:
        print(f"{part}: begun", flush=True)
        work[part]()
        files = files_of(folder / part)
        size = sum(path.stat().st_size for path in files) / 1e6
        print(f"{part}: {size:,.0f} MB in {len(files):,} files", flush=True)
    there = [part for part in PARTS if part in parts or (folder / part).is_dir()]  # of an earlier time too
    write_text(folder / "README.txt", readme(there))
    write_text(folder / SUMS, sums(folder, there))
    if hasattr(os, "sync"):
        os.sync()  # or it is still in memory when the stick is pulled out


def main(arguments: list[str] | None = None) -> int:
    """Make the stick; 1 where it is refused or cut short, with the reason on the error stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--less", nargs="*", choices=PARTS, default=[], metavar="PART", help="parts to leave out")
    options = parser.parse_args(arguments)
    folder = options.folder.expanduser()
    try:
        make(folder, [part for part in PARTS if part not in options.less])
    except (ValueError, OSError) as error:
        print(f"make stick: {error}", file=sys.stderr)
        return 1
    total = sum(path.stat().st_size for path in files_of(folder)) / 1e6
    print(f"ready: {folder}, {total:,.0f} MB. README.txt there says how to install; eject it before you pull it out.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
