"""Where things lie: the course's folder, what is built, each run's own folder, the recorded results.

_build/runs/<edition>/<lab>/<run id>/record.json, notebook.ipynb    one run, whoever else runs the same lab
_build/checkpoints/<edition>/<lab>/                                 shared by runs, so that one continues another
results/<edition>/<lab>[.variant].json, .ipynb                      what `make record` keeps
"""

import functools
import glob
import os
import re
import secrets
import socket
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psutil

from helpers.reading import read_as
from helpers.records.schema import LAB_NAME, RUN_ID, Record

EDITIONS = ("smoke", "cpu", "gpu")
VARIANT = re.compile(r"[a-z0-9][a-z0-9_.-]*")
RECORD_AGAIN = "git restore brings the course's own back, make record makes it again"
BUILD_VARIABLE = "HELPERS_BUILD"  # names a folder for what is built
RUN_VARIABLE = "HELPERS_RUN"  # `make lab` passes the id of a run to its kernel


def project_root() -> Path | None:
    """The course's folder: the nearest one at or above the working directory, else the one this package was installed
    from in editable mode; None where there is neither (a wheel on Colab)."""
    here = Path(__file__).resolve()
    editable = () if "site-packages" in here.parts else here.parents
    for folder in (Path.cwd(), *Path.cwd().parents, *editable):
        if (folder / "_toc.yml").is_file() and (folder / "labs").is_dir():
            return folder
    return None


def build_folder() -> Path:
    """The folder for what is built: HELPERS_BUILD where it is set, else `_build` of the course, else `_build` of the
    working directory where the course's folder is missing or cannot be written to (which is said once).

    Raises
    ------
    ValueError
        If none of them can be written to.
    """
    named = os.environ.get(BUILD_VARIABLE)
    root, here = project_root(), Path.cwd()
    choices = [Path(named).expanduser().absolute()] if named else [(root or here) / "_build", here / "_build"]
    for folder in choices:
        if _is_writable(folder):
            if folder != choices[0]:
                _say_once(f"{root} cannot be written to: building in {folder}. {BUILD_VARIABLE} names another folder.")
            return folder
    tried = " and ".join(str(folder) for folder in dict.fromkeys(choices))
    raise ValueError(
        f"expected a folder for checkpoints and records that can be written to, tried {tried}: set the environment "
        f"variable {BUILD_VARIABLE} to a folder of yours, or start from one"
    )


def _is_writable(folder: Path) -> bool:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


@functools.cache
def _say_once(message: str) -> None:
    print(message, file=sys.stderr)


# --- runs ------------------------------------------------------------------------------------------------------------


def new_run() -> str:
    """The id of a new run: when it began (UTC), and three random bytes."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


_OWN_RUN = new_run()


def current_run() -> str:
    """The id of the run of this process: the one that `make lab` gave it, else one of its own."""
    run = os.environ.get(RUN_VARIABLE) or _OWN_RUN
    if not re.match(RUN_ID, run):
        raise ValueError(f"{RUN_VARIABLE}: expected an id such as {_OWN_RUN}, got {run!r}; unset it")
    return run


def _checked(lab: str, edition: str) -> Path:
    if edition not in EDITIONS:
        raise ValueError(f"edition must be one of {', '.join(EDITIONS)}; got {edition!r}")
    if not re.match(LAB_NAME, lab):
        raise ValueError(f"lab: expected a name such as 08_xception_vs_vit, got {lab!r}")
    return Path(edition) / lab


def runs_folder(lab: str, edition: str) -> Path:
    """The folder of all runs of `lab` in `edition`.

    Raises
    ------
    ValueError
        If there is no such edition, or `lab` is no name of a lab.
    """
    return build_folder() / "runs" / _checked(lab, edition)


def record_path(lab: str, edition: str, run: str | None = None) -> Path:
    """Where a run leaves its record: `_build/runs/<edition>/<lab>/<run>/record.json`; by default this process's own."""
    return runs_folder(lab, edition) / (run or current_run()) / "record.json"


def checkpoint_folder(lab: str, edition: str, run: str | None = None) -> Path:
    """Where a lab leaves checkpoints: one folder a lab and edition, so that the next run continues an interrupted one;
    with `run` a folder for that run alone."""
    folder = build_folder() / "checkpoints" / _checked(lab, edition)
    return folder / run if run else folder


def shown_path(path: Path) -> str:
    """A path as one finds it from here: relative to the working directory where it lies below it, else absolute."""
    here, path = Path.cwd(), path.expanduser().absolute()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


# --- recorded results ------------------------------------------------------------------------------------------------


def result_path(root: Path, lab: str, edition: str, variant: str | None = None) -> Path:
    """Where the recorded run lies: `results/<edition>/<lab>[.variant].json`.

    Raises
    ------
    ValueError
        If there is no such edition, `lab` is no name of a lab, or `variant` none of a variant.
    """
    if variant is not None and not VARIANT.fullmatch(variant):
        raise ValueError(f"variant: expected small letters, digits, and _ . - between them, got {variant!r}")
    path = root / "results" / _checked(lab, edition)
    return path.with_name(f"{lab}.{variant}.json" if variant else f"{lab}.json")


def results_root() -> Path:
    """The folder that holds `results`: the course's, or the package, since a wheel brings the records along."""
    return project_root() or Path(__file__).parents[1]


def read_record(lab: str, edition: str, variant: str | None = None) -> Record:
    """The recorded run `results/<edition>/<lab>[.variant].json`, validated.

    Raises
    ------
    FileNotFoundError
        If it is not recorded; the message names the command that makes it.
    FileError
        (A ValueError) if it is not valid.
    """
    root = results_root()
    path = result_path(root, lab, edition, variant)
    if not path.is_file():
        variant_text = f" AS={variant}" if variant else ""
        raise FileNotFoundError(
            f"{path.relative_to(root)} is not recorded yet: make lab NAME={lab} EDITION={edition}, "
            f"then make record NAME={lab} EDITION={edition}{variant_text}"
        )
    return read_as(Record, path, RECORD_AGAIN)


def best_record(lab: str, variant: str | None = None) -> Record:
    """The recorded run of the gpu edition, or of the cpu edition where that is not recorded; its `edition` says which.

    Raises
    ------
    FileNotFoundError
        If neither is recorded; the message names the command that makes one.
    """
    there = result_path(results_root(), lab, "gpu", variant).is_file()
    return read_record(lab, "gpu" if there else "cpu", variant)


def write_atomically(path: Path, text: str) -> None:
    """Write beside and rename, so that no reader ever sees half a file; what a killed writer left beside goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    beside = f".{path.name}~{socket.gethostname()}~{os.getpid()}~"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=beside, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path, name: str | None = None) -> None:
    """Remove from a folder what processes of this machine that were killed left there in `write_atomically`; with
    `name` what was to become that file."""
    for left in folder.glob(f".*~{glob.escape(socket.gethostname())}~*~*.part"):
        file, _, process, _ = left.name[1:].rsplit("~", 3)
        if name in (None, file) and not psutil.pid_exists(int(process)):
            left.unlink(missing_ok=True)
