"""What a valid record is: typed estimates, finite numbers, accuracies that are fractions."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

LAB_NAME = r"^[0-9]{2}_[a-z0-9_]+$"
RUN_ID = r"^[0-9]{8}T[0-9]{6}-[0-9a-f]{6}$"
ACCURACY = re.compile(r"top[_-]?[15](?!\d)|per_class|accuracy")  # top10 is a tuning
DIFFERENCE = re.compile(r"difference|gap|gain")
DIFFERENCES_OF_ACCURACIES = ("difference", "train_test_gap")  # the names that do not say of what
COUNTS = ("n", "words", "seed", "seeds", "count", "step", "steps", "epoch", "epochs")


class Estimate(BaseModel):
    """One measured value, its interval, and what the interval covers.

    Attributes
    ----------
    value
        The figure itself.
    low
        The lower end of its interval; None where there is none.
    high
        The upper end.
    n
        What was averaged over: test images, or training runs.
    covers
        Which variation the interval tells of, such as test sampling or seeds.
    """

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = Field(default=None, ge=1)
    covers: str = ""

    @model_validator(mode="after")
    def _value_lies_inside(self) -> "Estimate":
        if (self.low is None) != (self.high is None):
            raise ValueError(f"expected both ends of the interval or none, got low={self.low}, high={self.high}")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"expected low <= value <= high, got {self.low}, {self.value}, {self.high}")
        return self


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
    class_names: list[str] | None = None  # of a user's own photographs, so that recording can leave them out


class Piece(BaseModel):
    """One of the runs that a gathered record came from; `code_version` is None from before pieces told it."""

    model_config = ConfigDict(extra="forbid")
    piece: str
    run_id: str = Field(pattern=RUN_ID)
    started_at: datetime
    wall_s: float = Field(ge=0)
    code_version: str | None = None


class Record(BaseModel):
    """One finished lab: numbers and where they come from.

    Attributes
    ----------
    run_id
        The run that wrote it; its executed notebook carries the same. None before runs had one.
    modules
        sha256 of the syntax tree of each module of the package that was used. None before they were hashed.
    script
        The script that made it, from the course's folder; None for a lab.
    uncommitted
        Files of the code that differed from the commit.
    left_out
        What recording took out: pictures under terms, whatever is a user's own.
    pieces
        The runs that were gathered, of a lab that was cut into pieces.
    peak_memory_gib
        The most memory that the process held at once, plus that of those that trained beside it; None before it was
        asked for.
    processor_s
        Processor seconds of all threads, and of processes that it started and that have ended; other work beside it
        does not lengthen them. None before they were counted.
    """

    model_config = ConfigDict(extra="forbid")
    schema_version: Literal[1] = 1
    lab: str = Field(pattern=LAB_NAME)
    edition: Literal["smoke", "cpu", "gpu"]
    run_id: str | None = Field(default=None, pattern=RUN_ID)
    parameters: dict[str, JsonValue]
    data: DataInfo | None
    runs: list[dict[str, JsonValue]]
    summary: dict[str, JsonValue]
    skipped: dict[str, str]
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    modules: dict[str, str] | None = None
    script: str | None = None
    code_version: str
    uncommitted: list[str] = []
    left_out: list[str] = []
    pieces: list[Piece] = []
    peak_memory_gib: float | None = Field(default=None, gt=0)
    processor_s: float | None = Field(default=None, ge=0)
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
    def _numbers_are_right(self) -> "Record":
        for path, value in _walk({"runs": self.runs, "summary": self.summary}):
            if isinstance(value, Mapping):
                _check_estimate(path, value)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                _check_number(path, value)
        return self


def _walk(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every dictionary and every leaf, with the keys that lead to it."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, index))
        return
    yield path, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, (*path, str(key)))


def _spell(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def _bounds(path: tuple[str | int, ...]) -> tuple[int, str] | None:
    """The lowest possible value under this path and what it is, where a key on the way names an accuracy."""
    names = [key.lower() for key in path if isinstance(key, str)]
    if names and (names[-1] in COUNTS or names[-1].startswith("n_")):
        return None
    accuracy = any(ACCURACY.search(name) for name in names)
    if any(DIFFERENCE.search(name) for name in names if accuracy or name in DIFFERENCES_OF_ACCURACIES):
        return -1, "a difference of accuracies is a fraction between -1 and 1"
    return (0, "an accuracy is a fraction between 0 and 1") if accuracy else None


def _check_number(path: tuple[str | int, ...], value: float) -> None:
    where = _spell(path)
    if not math.isfinite(value):
        raise ValueError(f"{where} is {value}: a record holds finite numbers only")
    bounds = _bounds(path)
    if path[-1] in ("low", "high"):  # Student's interval over seeds knows no bounds: _check_estimate looks at the rest
        return
    if bounds and not bounds[0] <= value <= 1:
        raise ValueError(f"{where} is {value}: {bounds[1]}")


def _check_estimate(path: tuple[str | int, ...], found: Mapping[str, Any]) -> None:
    """A dictionary with a value and an interval, or one under the name of an accuracy, is an estimate."""
    if "value" not in found or not isinstance(found["value"], (int, float)):
        return
    bounds = _bounds(path)
    if bounds is None and not {"low", "high", "covers"} & set(found):
        return
    try:
        estimate = Estimate.model_validate(found)
    except ValidationError as error:
        reasons = "; ".join(str(one["ctx"]["error"]) if "ctx" in one and "error" in one["ctx"] else
                            f"{'.'.join(map(str, one['loc']))}: {one['msg']}, got {one['input']!r}"
                            for one in error.errors())  # fmt: skip
        raise ValueError(f"{_spell(path)}: {reasons} (a record holds finite numbers only)") from None
    ends = () if estimate.covers == "seeds" else (estimate.low, estimate.high)
    for end in ends if bounds else ():
        if end is not None and not bounds[0] - 1e-9 <= end <= 1 + 1e-9:  # type: ignore[index]
            raise ValueError(f"{_spell(path)} reaches to {end}: {bounds[1]}")  # type: ignore[index]
