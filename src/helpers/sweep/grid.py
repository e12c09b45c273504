"""What a sweep runs: a grid, read from a YAML file, and the tasks that it stands for.

    lab: 08_xception_vs_vit
    edition: cpu
    parameters: {epochs: 3}                                  # the same for every task, over the edition's
    vary: {image_size: [32, 64]}                             # a combination each; left out: one
    pieces: [[[xception_mini, vit_mini], [top10, full], [0, 1]]]   # parts of the lab's own grid; left out: the whole

`pieces` holds blocks; a block is a list of axes, and one value of each, joined by "/", is the name of a piece. Pieces
of one combination are gathered in the end, into one record and one notebook.
"""

import difflib
import hashlib
import itertools
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from helpers.reading import FileError, read_yaml, reasons
from helpers.records.editions import edition_parameters
from helpers.records.pieces import GATHERED
from helpers.records.schema import LAB_NAME

MAX_BYTES, MAX_BRACKETS = 1 << 16, 1000  # of a file
MOST_TASKS = 10_000  # of a grid; more are a slip of the pen
OWN_FIELDS = {"edition": "edition: of the grid", "piece": "pieces: of the grid"}  # parameters that the grid itself sets


class GridError(ValueError):
    """A grid that cannot be run."""


class Task(BaseModel):
    """One run of the lab.

    Attributes
    ----------
    name
        In tables: the combination and the piece.
    lab
        Its name.
    edition
        Of the lab.
    parameters
        Those that differ from the edition's, with the piece.
    varied
        Of them those that the grid varies.
    build
        The folder of its run and its checkpoints, the same on every node.
    key
        Of all that it is to do: of another one no result is taken over.
    processes
        That share each of its training batches.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    lab: str
    edition: str
    parameters: dict[str, JsonValue]
    varied: dict[str, JsonValue]
    build: str
    key: str
    processes: int = 1

    def file(self, suffix: str) -> Path:
        """Its file of this kind in the folder of the sweep's tasks: json, lock or log."""
        plain = re.sub(r"[^A-Za-z0-9_.=-]+", "-", self.name).strip("-.")[:80]
        return Path(self.build) / "tasks" / f"{plain}-{self.key[:8]}.{suffix}"


class Grid(BaseModel):
    """A grid of lab runs.

    Attributes
    ----------
    lab
        Its name, such as 08_xception_vs_vit.
    edition
        Whose parameters the tasks start from.
    parameters
        Over the edition's, the same for every task.
    vary
        Values for each of some parameters; every combination is run.
    pieces
        Blocks of axes: the pieces of the lab's own grid. Empty: every combination is one whole run.
    jobs
        Tasks at once; None: as many as there is room for.
    cpus
        Cores, and threads, of a task.
    gpus
        GPUs of a task; of several each has a process, and they share each training batch.
    """

    model_config = ConfigDict(extra="forbid")
    lab: str = Field(pattern=LAB_NAME)
    edition: Literal["smoke", "cpu", "gpu"]
    parameters: dict[str, JsonValue] = {}
    vary: dict[str, list[JsonValue]] = {}
    pieces: list[list[list[str | int]]] = []
    jobs: int | None = Field(default=None, ge=1)
    cpus: int = Field(default=1, ge=1)
    gpus: int = Field(default=0, ge=0)

    def piece_names(self) -> list[str]:
        """The pieces of all blocks, in their order."""
        return ["/".join(map(str, values)) for block in self.pieces for values in itertools.product(*block)]

    def combinations(self) -> list[dict[str, JsonValue]]:
        """What is varied, each combination once; one empty one where nothing is."""
        return [dict(zip(self.vary, values, strict=True)) for values in itertools.product(*self.vary.values())]

    def tasks(self, root: Path, folder: Path) -> list[Task]:
        """Every run of the grid, with its build folder below `folder`."""
        pieces: list[str | None] = [*self.piece_names()] or [None]
        return [self._task(root, folder, varied, piece) for varied in self.combinations() for piece in pieces]

    def gathering(self, root: Path, folder: Path, varied: dict[str, JsonValue], runs: list[str]) -> Task:
        """The run that puts the finished pieces of a combination together; another one where their runs are others."""
        return self._task(root, folder, varied, GATHERED, runs)

    def _task(
        self, root: Path, folder: Path, varied: dict[str, JsonValue], piece: str | None, basis: Any = None
    ) -> Task:
        given = self.parameters | varied | ({} if piece is None else {"piece": piece})
        combination = ",".join(f"{name}={json.dumps(value)}" for name, value in varied.items()).replace('"', "")
        whole = edition_parameters(root, self.lab, self.edition) | given
        build = folder
        if varied:  # a lab that has ended clears its checkpoints away, those of the same lab beside it too
            digest = hashlib.sha256(json.dumps(varied, sort_keys=True).encode()).hexdigest()[:8]
            build = folder / f"{re.sub(r'[^A-Za-z0-9_.=-]+', '-', combination)[:60]}-{digest}"
        return Task(
            name="/".join(part for part in (combination, piece) if part) or self.lab,
            lab=self.lab,
            edition=self.edition,
            parameters=given,
            varied=varied,
            build=str(build),
            key=hashlib.sha256(json.dumps([self.lab, whole, basis], sort_keys=True).encode()).hexdigest(),
            processes=1 if piece == GATHERED else max(1, self.gpus),
        )


# --- reading ---------------------------------------------------------------------------------------------------------


def read_grid(path: Path, root: Path) -> Grid:
    """The grid in a file, checked against its lab.

    Parameters
    ----------
    path
        Of the YAML file.
    root
        The course's folder.

    Raises
    ------
    GridError
        If there is no such file, lab or edition, the grid has a field or a parameter that is none, or names a task
        twice; the message says what there is.
    """
    if not path.is_file():
        there = ", ".join(sorted(f"labs/grids/{file.name}" for file in root.glob("labs/grids/*.yaml"))) or "none"
        raise GridError(f"there is no grid {path}; the course's own: {there}")
    fields = f"a grid has: {', '.join(Grid.model_fields)}"
    try:
        text = path.read_bytes()
        if len(text) > MAX_BYTES:
            raise GridError(f"{path}: expected at most {MAX_BYTES:,} bytes, got {len(text):,}: give fewer values")
        if text.count(b"[") + text.count(b"{") > MAX_BRACKETS:  # the seconds that YAML takes grow with their square
            raise GridError(f"{path}: expected at most {MAX_BRACKETS:,} lists, got more: give fewer values")
        grid = Grid.model_validate(read_yaml(path, fields))
    except ValidationError as error:
        raise GridError(f"{path}: {reasons(error)}. {fields.capitalize()}") from None
    except FileError as error:
        raise GridError(str(error)) from error
    try:
        own = edition_parameters(root, grid.lab, grid.edition)
    except FileNotFoundError as error:
        there = ", ".join(sorted(lab.stem for lab in root.glob("labs/*.ipynb")))
        raise GridError(f"{path}: {error}; choose one of the labs: {there}") from None
    _check_parameters(path, grid, own)
    return grid


def _check_parameters(path: Path, grid: Grid, own: dict[str, Any]) -> None:
    given = [*grid.parameters, *grid.vary]
    for name in given:
        if name in OWN_FIELDS:
            raise GridError(f"{path}: {name} is no parameter here, write {OWN_FIELDS[name]}")
    unknown = [name for name in given if name not in own]
    if unknown:
        close = difflib.get_close_matches(unknown[0], own, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        named = f"{grid.lab} has no parameter {', '.join(unknown)}{hint}"
        raise GridError(f"{path}: {named} Its parameters: {', '.join(own)}")
    if grid.pieces and "piece" not in own:
        raise GridError(f"{path}: {grid.lab} cannot be cut into pieces; leave pieces out, and vary its parameters")
    empty = [name for name, values in grid.vary.items() if not values]
    empty += ["pieces" for block in grid.pieces if not block or not all(block)]
    if empty:
        raise GridError(f"{path}: no value is given for {', '.join(empty)}; give one, or leave it out")
    sizes = [math.prod(len(values) for values in grid.vary.values())]
    sizes.append(max(1, sum(math.prod(len(values) for values in block) for block in grid.pieces)))
    if (number := math.prod(sizes)) > MOST_TASKS:
        raise GridError(f"{path}: expected at most {MOST_TASKS:,} tasks, got {number:,}: give fewer values")
    both = sorted(set(grid.parameters) & set(grid.vary))
    combinations = [json.dumps(varied, sort_keys=True) for varied in grid.combinations()]
    counted = (Counter(names) for names in (grid.piece_names(), combinations))
    twice = {name for counts in counted for name, count in counts.items() if count > 1}
    if both or twice:
        raise GridError(f"{path}: given twice: {', '.join([*both, *sorted(twice)])}; give each once")
