"""Records: what a lab measured, in one validated JSON file beside the executed notebook.

A record holds the numbers of every run (one row per model, tuning and seed), the parameters, the fingerprint of the
data, the versions of the libraries, the device, the wall time, the version of the code, and the sha256 of the lab's own
source, so that a stale record can be recognised. Chapters read `results/` alone (`read_record`); a reader's own runs
live in `_build/records/`.

The source hash covers the code cells, without the cell that papermill injects and the one that installs the package on
Colab. A running kernel knows these cells from
its own history, wherever the notebook lies; `notebook_sha256` computes the same hash from a file.
"""

import argparse
import hashlib
import importlib.metadata
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

import helpers

SCHEMA_VERSION = 1
EDITIONS = ("smoke", "cpu", "gpu")
NOT_THE_LABS = ("# Parameters\n", "# On Colab: ")  # how papermill's cell and the installing cell begin
LIBRARIES = ("torch", "torchvision", "timm", "accelerate", "numpy", "scipy")
PHOTOGRAPH_NOTE = (
    "*A figure with photographs stood here. Their terms allow research and teaching but no publication, so a recorded"
    " run leaves them out: run the lab to see it.*"
)


class DataInfo(BaseModel):
    """What the lab was trained and tested on."""

    model_config = ConfigDict(extra="forbid")
    name: str
    fingerprint: str = Field(min_length=16)
    n_train: int = Field(ge=1)
    n_val: int = Field(ge=0)
    n_test: int = Field(ge=1)
    num_classes: int = Field(ge=2)
    image_size: dict[str, int]
    terms: Literal["drawn", "restricted", "user"]
    local_variant: bool
    skipped: int = Field(ge=0)
    provenance: dict[str, JsonValue]


class Record(BaseModel):
    """One finished lab: numbers and where they come from."""

    model_config = ConfigDict(extra="forbid")
    schema_version: Literal[1] = 1
    lab: str = Field(pattern=r"^[0-9]{2}_[a-z0-9_]+$")
    edition: Literal["smoke", "cpu", "gpu"]
    parameters: dict[str, JsonValue]
    data: DataInfo | None
    runs: list[dict[str, JsonValue]]
    summary: dict[str, JsonValue]
    skipped: dict[str, str]
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    code_version: str
    libraries: dict[str, str]
    device: dict[str, JsonValue]
    started_at: datetime
    finished_at: datetime
    wall_s: float = Field(ge=0)

    @field_validator("runs")
    @classmethod
    def _runs_name_their_seed(cls, runs: list[dict[str, JsonValue]]) -> list[dict[str, JsonValue]]:
        for row in runs:
            if "seed" not in row:
                raise ValueError(f"every run needs its seed; this one has the keys {sorted(row)}")
        return runs

    @model_validator(mode="after")
    def _numbers_are_numbers(self) -> "Record":
        for where, value in _leaves({"runs": self.runs, "summary": self.summary}):
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{where} is {value}: a record holds finite numbers only")
            key = where.rsplit(".", 1)[-1]
            is_accuracy = ("top1" in key or "per_class" in key) and "gap" not in key and "gain" not in key
            if is_accuracy and isinstance(value, (int, float)) and not 0 <= value <= 1:
                raise ValueError(f"{where} is {value}: an accuracy is a fraction between 0 and 1")
        return self


def _leaves(value: Any, where: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{where}[{index}]")
    else:
        yield where, value


# --- where things lie ------------------------------------------------------------------------------------------------


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
    """`_build` of the course, or of the working directory where the course's folder is not there."""
    return (project_root() or Path.cwd()) / "_build"


def record_path(lab: str, edition: str) -> Path:
    """Where a run of `lab` in `edition` leaves its record: `_build/records/<edition>/<lab>.json`."""
    if edition not in EDITIONS:
        raise ValueError(f"edition must be one of {', '.join(EDITIONS)}; got {edition!r}")
    return build_folder() / "records" / edition / f"{lab}.json"


def read_record(lab: str, edition: str, variant: str | None = None) -> Record:
    """The recorded run `results/<edition>/<lab>[.variant].json`, validated.

    Raises FileNotFoundError that names the command which makes the record, ValueError where it is not valid."""
    root = project_root() or Path(__file__).parents[1]  # a wheel brings the records along
    path = root / "results" / edition / f"{lab}{'.' + variant if variant else ''}.json"
    if not path.is_file():
        variant_text = f" AS={variant}" if variant else ""
        raise FileNotFoundError(
            f"{path.relative_to(root)} is not recorded yet: make lab NAME={lab} EDITION={edition}, "
            f"then make record NAME={lab} EDITION={edition}{variant_text}"
        )
    return Record.model_validate_json(path.read_text(encoding="utf-8"))


# --- the lab's own source --------------------------------------------------------------------------------------------


def _hash_cells(cells: Iterable[str]) -> str:
    kept = []
    for cell in cells:
        text = "\n".join(line.rstrip() for line in cell.strip().splitlines())
        if text and not text.startswith(NOT_THE_LABS) and text not in kept:  # a cell may have been run twice
            kept.append(text)
    return hashlib.sha256("\n\x1e\n".join(kept).encode()).hexdigest()


def notebook_sha256(path: Path) -> str:
    """sha256 over the code cells of the notebook at `path`, without those that papermill or Colab needs."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    return _hash_cells("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def running_source_sha256() -> str:
    """The same hash for the notebook that is running now, from the kernel's own history.

    Raises RuntimeError outside IPython."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("the source of a lab is known only to the kernel that runs it")
    return _hash_cells(shell.history_manager.input_hist_raw)


def code_version() -> str:
    """The package's version with the git commit it was run from, `-dirty` where files differ from it."""
    version = helpers.__version__
    root = project_root()
    git = shutil.which("git")
    if root is None or git is None or not (root / ".git").exists():
        return version
    describe = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude", "*"]
    done = subprocess.run(describe, capture_output=True, text=True, check=False)
    return f"{version}+{done.stdout.strip()}" if done.returncode == 0 else version


# --- writing ---------------------------------------------------------------------------------------------------------


def describe_device() -> dict[str, JsonValue]:
    """Name of the processor that trained (and of the GPU where there is one), cores, memory, Python and platform."""
    import psutil
    import torch

    info: dict[str, JsonValue] = {
        "type": "cuda" if torch.cuda.is_available() else "cpu",
        "cores": psutil.cpu_count(logical=True) or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    if torch.cuda.is_available():
        info["gpu"] = torch.cuda.get_device_name(0)
        info["gpu_count"] = torch.cuda.device_count()
    return info


def describe_data(dataset: Any, image_size: Mapping[str, int]) -> dict[str, Any]:
    """A `helpers.data.Dataset` as the record tells it; `image_size` in pixels for each model."""
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "n_train": len(dataset.train),
        "n_val": len(dataset.val),
        "n_test": len(dataset.test),
        "num_classes": dataset.num_classes,
        "image_size": dict(image_size),
        "terms": dataset.provenance["terms"],
        "local_variant": dataset.provenance["local_variant"],
        "skipped": dataset.provenance["skipped"],
        "provenance": dataset.provenance,
    }


def write_atomically(path: Path, text: str) -> None:
    """Write beside and rename, so that no reader ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _plain(value: Any) -> Any:
    """Tuples as lists, numpy numbers as Python's own."""
    return json.loads(json.dumps(value, default=lambda number: number.item()))


def write_record(
    lab: str,
    edition: str,
    *,
    parameters: Mapping[str, Any],
    runs: list[dict[str, Any]],
    summary: Mapping[str, Any],
    started_at: datetime,
    data: Mapping[str, Any] | None = None,
    skipped: Mapping[str, str] | None = None,
) -> Path:
    """Validate and write the record of the lab that is running; the last cell of every lab calls this.

    Returns the path `_build/records/<edition>/<lab>.json`. Raises ValueError (pydantic) where a number is missing or
    not finite, or an accuracy is not a fraction; nothing is written then."""
    finished_at = datetime.now(UTC)
    record = Record(
        lab=lab,
        edition=edition,  # type: ignore[arg-type]
        parameters=_plain(dict(parameters)),
        data=None if data is None else DataInfo(**data),
        runs=_plain(runs),
        summary=_plain(dict(summary)),
        skipped=dict(skipped or {}),
        source_sha256=running_source_sha256(),
        code_version=code_version(),
        libraries={name: importlib.metadata.version(name) for name in LIBRARIES},
        device=describe_device(),
        started_at=started_at,
        finished_at=finished_at,
        wall_s=round((finished_at - started_at).total_seconds(), 3),
    )
    path = record_path(lab, edition)
    write_atomically(path, record.model_dump_json(indent=1) + "\n")
    return path


# --- recording a finished run into results/ --------------------------------------------------------------------------


def _without_photographs(notebook: dict[str, Any]) -> dict[str, Any]:
    """Replace every picture by a note, but for those of cells tagged `chart`, which draw numbers only."""
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code" or "chart" in cell["metadata"].get("tags", ()):
            continue
        for output in cell["outputs"]:
            bundle = output.get("data", {})
            texts = {kind: "".join(value) for kind, value in bundle.items() if isinstance(value, (str, list))}
            has_image = any(k.startswith(("image/", "video/")) for k in bundle) or any(
                "data:image" in text or "<svg" in text for text in texts.values()
            )
            if has_image or any("widget" in kind for kind in bundle):
                output["data"] = {"text/markdown": PHOTOGRAPH_NOTE, "text/plain": PHOTOGRAPH_NOTE.strip("*")}
                output["metadata"] = {}
    notebook["metadata"].pop("widgets", None)
    return notebook


def record_run(lab: str, edition: str, variant: str | None = None) -> Path:
    """Copy a finished run from `_build` into `results/<edition>/<lab>[.variant]` (record and executed notebook).

    A run on other data or weights than the edition's own needs a variant name and never takes another's slot.
    Photographs under terms are replaced by a note. Raises FileNotFoundError without a finished run, ValueError where
    the slot is not this run's."""
    import yaml

    root = project_root()
    if root is None:
        raise FileNotFoundError("recording needs the course's repository around the working directory")
    source, executed = record_path(lab, edition), build_folder() / "labs" / edition / f"{lab}.ipynb"
    for path in (source, executed):
        if not path.is_file():
            raise FileNotFoundError(
                f"no finished run: {path.relative_to(root)} is missing; make lab NAME={lab} EDITION={edition}"
            )
    record = Record.model_validate_json(source.read_text(encoding="utf-8"))
    own = yaml.safe_load((root / "labs" / "editions" / edition / f"{lab}.yaml").read_text()) or {}
    identity = ("dataset", "weights", "data_dir")
    other = {k: record.parameters.get(k) for k in identity if k in own and record.parameters.get(k) != own[k]}
    if record.data is not None and record.data.local_variant:
        other["files"] = "a local variant of the data set"
    if other and variant is None:
        raise ValueError(f"this run differs from the {edition} edition in {other}: give it a name, AS=<variant>")
    slot = root / "results" / edition / f"{lab}{'.' + variant if variant else ''}.json"
    if slot.is_file():
        before = Record.model_validate_json(slot.read_text(encoding="utf-8"))
        taken = {k: before.parameters.get(k) for k in identity}
        if taken != {k: record.parameters.get(k) for k in identity}:
            raise ValueError(f"{slot.relative_to(root)} holds a run with {taken}; choose another AS=<variant>")
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    if record.data is not None and record.data.terms == "restricted":
        notebook = _without_photographs(notebook)
    notebook["metadata"].pop("papermill", None)  # holds paths of the machine that ran it
    for cell in notebook["cells"]:
        cell["metadata"].pop("papermill", None)
    write_atomically(slot.with_suffix(".ipynb"), json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    write_atomically(slot, record.model_dump_json(indent=1) + "\n")
    return slot


def main(arguments: list[str] | None = None) -> int:
    """`python -m helpers.records NAME EDITION [--as VARIANT]`: what `make record` runs."""
    parser = argparse.ArgumentParser(prog="python -m helpers.records", description=main.__doc__)
    parser.add_argument("name")
    parser.add_argument("edition", choices=EDITIONS)
    parser.add_argument("--as", dest="variant", default=None, metavar="VARIANT")
    options = parser.parse_args(arguments)
    try:
        path = record_run(options.name, options.edition, options.variant or None)
    except (FileNotFoundError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"recorded {path.relative_to(project_root() or Path.cwd())} and its executed notebook")
    return 0
