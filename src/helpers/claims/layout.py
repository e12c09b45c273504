"""Where the figures of the claims stand: paths through a record, and what `chapters/claims/records.yml` says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict


class PathError(KeyError, ValueError):
    """A path that leads nowhere in a record, or to no figure; the message names both."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError's own would be in quotes


@dataclass(frozen=True)
class Figure:
    """A measured value with its interval; `low` and `high` are None for a figure that is counted."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    covers: str = ""
    ends: tuple[float, float, float] | None = None  # of a difference: both accuracies and chance


class Cells(BaseModel):
    """Where the two accuracies stand that a difference was taken of: rows, known by some of their keys."""

    model_config = ConfigDict(extra="forbid")
    at: list[str]
    by: list[str]
    accuracy: str
    chance: list[str]


class Layout(BaseModel):
    """How a record is read: where its paths start, the cells behind its differences, what unnamed intervals cover;
    `over` says of what the sampled things are, where they are no test images."""

    model_config = ConfigDict(extra="forbid")
    under: list[str] = []
    covers: str = ""
    over: str = ""
    cells: Cells | None = None

    def ends(self, record: dict[str, Any], row: Any) -> tuple[float, float, float] | None:
        """Both accuracies and chance, where a row is the difference between its cells `a` and `b`."""
        if self.cells is None or not isinstance(row, dict) or not {"a", "b"} <= set(row):
            return None
        a, b = (
            follow(record, [*self.cells.at, dict(zip(self.cells.by, row[end], strict=True)), self.cells.accuracy])
            for end in "ab"
        )
        return a["value"], b["value"], follow(record, self.cells.chance)


def follow(value: Any, path: Sequence[str | dict[str, str]]) -> Any:
    """The value at the end of a path; PathError (a KeyError) says where it leads nowhere."""
    for step in path:
        if isinstance(step, dict):
            ((key, wanted),) = [*step.items()][:1]
            rows = [row for row in value if all(str(row.get(k)) == v for k, v in step.items())]
            if len(rows) != 1:
                raise PathError(f"{path}: expected one row with {key} {wanted!r}, got {len(rows)}")
            value = rows[0]
        elif step in value:
            value = value[step]
        else:
            raise PathError(f"{path}: there is no {step!r} among {', '.join(map(str, value))}: mend the path")
    return value
