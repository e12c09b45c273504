"""Run the published notebooks of the labs as Colab does: in an environment not ours, which their first cell fills.

    python scripts/as_on_colab.py --python other/bin/python [--labs 03_receptive_fields ...] [--source ADDRESS]

`other` is an environment that has numpy, torch, torchvision, ipykernel and papermill of its own, in whatever
versions, and not the course. Each lab gets the address of the course written into its first cell, as the book
publishes it (by default a wheel of this folder, built here), and runs in the smoke edition in a folder of its own.
The versions that it ran with are printed, since Colab changes them without asking.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "_ext"))
import launch  # noqa: E402  (the book's own extension publishes the notebooks)

VERSIONS = """
import platform
from importlib.metadata import version
named = ("numpy", "torch", "torchvision", "ipykernel")
print("runtime: Python", platform.python_version(), *(f"{name} {version(name)}" for name in named))
"""


def build_wheel(folder: Path) -> str:
    """A wheel of the course, as an address that pip takes."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel.as_uri()


def run_lab(python: Path, lab: str, source: str, folder: Path) -> str:
    """ "" where the lab ran to its end and left a record, else the end of what it said."""
    notebook = launch.installing(nbformat.read(ROOT / "labs" / f"{lab}.ipynb", as_version=4), source)
    nbformat.write(notebook, folder / "lab.ipynb")
    edition = ROOT / "labs" / "editions" / "smoke" / f"{lab}.yaml"
    command = [str(python), "-m", "papermill", "lab.ipynb", "out.ipynb", "-k", "python3", "-f", str(edition)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr[-2000:]
    return "" if any(folder.glob("_build/runs/smoke/*/*/record.json")) else "no record was written"


def main(arguments: list[str] | None = None) -> int:
    """Run them one after the other, also past one that fails; 1 where one does."""
    every = sorted(path.stem for path in (ROOT / "labs").glob("*.ipynb"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--labs", nargs="+", choices=every, default=every, metavar="LAB")
    parser.add_argument("--source", help="what pip installs the course from; by default a wheel of this folder")
    options = parser.parse_args(arguments)
    python, failed = options.python.absolute(), []
    with tempfile.TemporaryDirectory() as there:
        source = options.source or build_wheel(Path(there))
        for lab in options.labs:
            folder = Path(there) / lab
            folder.mkdir()
            said = run_lab(python, lab, source, folder)
            print(f"{lab}: {'failed' if said else 'ran'}\n{said}".rstrip(), flush=True)
            failed += [lab] if said else []
    subprocess.run([str(python), "-c", VERSIONS], check=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
