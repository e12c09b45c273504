"""A long run in pieces: each is a run of the lab that does one part of the grid, and leaves a record of its own.

A lab that can be cut has the parameter `piece`: None runs all of the grid, a name of the grid that part alone, and
"gathered" none: it reads the rows of the finished pieces, once they are known to agree, and goes on to its tables,
figures and record. So record and notebook of the whole come from one run, as ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helpers.records.places import runs_folder
from helpers.records.runs import finished_pieces
from helpers.records.schema import Record

GATHERED = "gathered"
SAME_DEVICE = ("type", "gpu", "gpu_count", "machine")


def choose_pieces(piece: str | None, grid: Sequence[str]) -> list[str]:
    """The parts of the grid that this run does: all for None, one for its name, none for "gathered".

    Raises
    ------
    ValueError
        If the grid has no such part.
    """
    if piece is None or piece == GATHERED:
        return list(grid) if piece is None else []
    if piece not in grid:
        raise ValueError(f"piece: expected {GATHERED}, or one of {', '.join(grid)}; got {piece!r}")
    return [piece]


def _differing(name: str, one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> list[str]:
    if one is None or other is None:
        return [] if one == other else [name]
    return [f"{name} {key}" for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def _against(one: Record, other: Record) -> list[str]:
    """What two pieces of one run do not have in common."""
    first, second = (record.model_dump(mode="json") for record in (one, other))
    found = _differing("parameter", without_piece(one.parameters), without_piece(other.parameters))
    found += _differing("data", first["data"], second["data"])
    found += ["the lab's own source"] if one.source_sha256 != other.source_sha256 else []
    found += _differing("module", one.modules, other.modules)
    found += ["commit"] if one.code_version != other.code_version else []
    found += _differing("library", one.libraries, other.libraries)
    devices = [{key: record.device.get(key) for key in SAME_DEVICE} for record in (one, other)]
    return found + _differing("device", devices[0], devices[1])


def without_piece(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that all pieces of a run have in common."""
    return {key: value for key, value in parameters.items() if key != "piece"}


def agreeing_pieces(
    lab: str, edition: str, grid: Iterable[str] | None = None, parameters: Mapping[str, Any] | None = None
) -> list[Record]:
    """The finished pieces of a lab, in the order of the grid or of their names; with `parameters`, those that had them.

    Raises
    ------
    ValueError
        If there is none, one of the grid is missing, or two disagree in data, parameters, code or device; the message
        names what differs.
    """
    there = finished_pieces(runs_folder(lab, edition))
    if parameters is not None:
        there = [piece for piece in there if without_piece(piece.parameters) == without_piece(parameters)]
    found = {str(piece.parameters["piece"]): piece for piece in there}  # of one that was run twice the newer run
    names = sorted(found) if grid is None else list(grid)
    missing = [name for name in names if name not in found]
    if missing or not names:
        command = f"make lab NAME={lab} EDITION={edition} PIECE={missing[0] if missing else '<piece>'}"
        raise ValueError(f"no finished run of the pieces {', '.join(missing) or 'of this lab'}: {command}")
    pieces = [found[name] for name in names]
    for name, piece in zip(names, pieces, strict=True):
        differing = _against(pieces[0], piece)
        if differing:
            raise ValueError(
                f"the pieces {names[0]} and {name} differ in {', '.join(differing)}: run one of them again, or remove "
                f"its folder, {runs_folder(lab, edition) / str(piece.run_id)}"
            )
    return pieces


def gathered_runs(
    lab: str, edition: str, parameters: Mapping[str, Any], data: Mapping[str, Any] | None, grid: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows of all finished pieces, in the order of the grid.

    Parameters
    ----------
    parameters, data
        Of the gathering run; the pieces must have had the same.

    Raises
    ------
    ValueError
        If a piece is missing, or pieces disagree with each other or with this run.
    """
    pieces = agreeing_pieces(lab, edition, grid)
    theirs = pieces[0].data
    differing = _differing("parameter", without_piece(parameters), without_piece(pieces[0].parameters))
    if (data or {}).get("fingerprint") != (None if theirs is None else theirs.fingerprint):
        differing.append("data")
    if differing:
        raise ValueError(f"the pieces of {lab} differ from this run in {', '.join(differing)}")
    return [dict(row) for piece in pieces for row in piece.runs]
