"""`python -m helpers.records`: run a lab, keep it in `results/`, gather pieces, list stale records, compare commits."""

import argparse
import sys
from pathlib import Path

from helpers.reading import read_as
from helpers.records.equal import change_of, keep
from helpers.records.pieces import GATHERED, agreeing_pieces
from helpers.records.places import EDITIONS, RECORD_AGAIN, project_root
from helpers.records.recording import record_run
from helpers.records.runs import run_lab
from helpers.records.schema import Record
from helpers.records.source import stale_reasons
from helpers.records.study import run_shortened


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m helpers.records", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "run a lab; what follows goes to papermill, such as -p seeds 1"),
        ("record", "keep a finished run in results/"),
        ("gather", "check that the pieces of a run agree, and make one record of them; with their parameters"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("name", metavar="NAME")
        command.add_argument("edition", metavar="EDITION", choices=EDITIONS)
        if name == "record":
            command.add_argument("--as", dest="variant", metavar="VARIANT", help="a name, for another than the own run")
            command.add_argument("--run", metavar="ID", help="which run; the newest finished one by default")
        else:
            command.add_argument("--apart", action="store_true", help="from a second worktree of the last commit")
        if name == "run":
            command.add_argument("--piece", help="one part of the grid, or 'gathered'")
            command.add_argument("--processes", type=int, default=1, help="that share each training batch, by torchrun")
    command = commands.add_parser(
        "equal", help="show by a run before and one after that a change made no number another"
    )
    command.add_argument("since", metavar="COMMIT", help="the commit before")
    command.add_argument("name", metavar="NAME")
    command.add_argument("edition", metavar="EDITION", choices=EDITIONS)
    command.add_argument(
        "--rows", action="store_true", help="compare the rows of the runs alone: the report was changed"
    )
    commands.add_parser("stale", help="list the recorded runs whose code has changed since")
    return parser


def _run(options: argparse.Namespace, rest: list[str]) -> None:
    if options.piece:
        rest = [*rest, "-r", "piece", options.piece]
    folder = run_lab(
        options.name, options.edition, rest, "HEAD" if options.apart else None, processes=options.processes
    )
    print(f"executed notebook: {folder / 'notebook.ipynb'}\nrecord:            {folder / 'record.json'}")


def _equal(options: argparse.Namespace, rest: list[str]) -> None:
    root, commits = project_root(), (options.since, "HEAD")
    kept = (root or Path.cwd()) / "results" / "cpu" / f"{options.name}.json"
    study = read_as(Record, kept, RECORD_AGAIN) if kept.is_file() else None
    if study is not None and study.script:
        before, after = (run_shortened(study, options.name, commit, rest) for commit in commits)
    else:
        folders = [run_lab(options.name, options.edition, rest, commit) for commit in commits]
        before, after = (read_as(Record, folder / "record.json", RECORD_AGAIN) for folder in folders)
    change = change_of(before, after, options.rows)
    path = keep(root or Path.cwd(), change)
    which = "numbers of the rows" if change.rows else "numbers"
    told = f"{change.numbers:,} {which} of {change.lab} are equal at {change.since} and {change.to}"
    print(f"{told}; {len(change.files)} changed files of its code noted in {path.name}")


def stale(root: Path) -> list[str]:
    """A line for each recorded run whose code is not what the course's folder holds now."""
    lines = []
    for path in sorted((root / "results").glob("*/*.json")):
        reasons = stale_reasons(read_as(Record, path, RECORD_AGAIN), root)
        if reasons:
            lines.append(f"{path.relative_to(root).as_posix()}: {', '.join(reasons)}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 where it is refused, with the reason on the error stream, 130 where it is interrupted."""
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command not in ("run", "gather", "equal"):
        _parser().error(f"unknown arguments: {' '.join(rest)}")
    try:
        if options.command == "gather":
            agreeing_pieces(options.name, options.edition)
            options.piece, options.processes = GATHERED, 1
        if options.command in ("run", "gather"):
            _run(options, rest)
        elif options.command == "equal":
            _equal(options, rest)
        elif options.command == "record":
            path = record_run(options.name, options.edition, options.variant or None, options.run or None)
            print(f"recorded {path.relative_to(project_root() or Path.cwd())} and its executed notebook")
        else:
            root = project_root()
            if root is None:
                raise FileNotFoundError("stale needs the course's repository around the working directory")
            print("\n".join(stale(root)) or "no recorded run is stale")
    except (FileNotFoundError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
