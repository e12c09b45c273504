"""A run beside the recorded run of the same edition and parameters: which numbers lie within the recorded intervals.

Another processor rounds otherwise, and a training carries that on as another seed would. So the tolerance of a number
is its recorded interval: *within* it the run says the same; *beside* it, where the two intervals still overlap, it
does not contradict; *apart* is worth a look. Numbers of a record without any interval agree up to `CLOSE`.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers.reading import read_as
from helpers.records.places import RECORD_AGAIN, results_root
from helpers.records.schema import Record

CLOSE = 0.01  # of the recorded number, for numbers that have no interval
TINY = 1e-5  # differences of rounding are compared with nothing smaller
SECONDS = re.compile(r"(^|_)(s|ms|seconds|minutes|when)($|_)|_s$|_ms$|seconds|per_second")
SAID = ("verdict", "as_expected", "says")  # words that a run may find otherwise; they name no row
SHOWN = 3


@dataclass(frozen=True)
class Pair:
    """One number of this run beside the recorded one.

    Attributes
    ----------
    where
        The keys that lead to it in the summary.
    here
        Its value in this run.
    recorded
        Its value in the recorded run.
    low
        The lower end of the tolerance.
    high
        The upper end.
    verdict
        "within", "beside" or "apart".
    """

    where: str
    here: float
    recorded: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """What can be said of a run beside a recorded one.

    Attributes
    ----------
    pairs
        Of every number that both have.
    unlike
        In what the two runs differ that can move a number, in words.
    intervals
        Whether tolerances are recorded intervals, or `CLOSE`.
    """

    pairs: tuple[Pair, ...]
    unlike: tuple[str, ...]
    intervals: bool

    def outside(self) -> list[Pair]:
        """Those that are not within, the ones apart first."""
        return sorted((pair for pair in self.pairs if pair.verdict != "within"), key=lambda pair: pair.verdict)


# --- which recorded run ----------------------------------------------------------------------------------------------


def recorded_twin(record: Record) -> Record | None:
    """The recorded run of the lab, edition and parameters of a run, whatever its variant's name; None without one."""
    folder = results_root() / "results" / record.edition
    paths = [folder / f"{record.lab}.json", *sorted(folder.glob(f"{record.lab}.*.json"))]
    for path in paths:
        if path.is_file():
            found = read_as(Record, path, RECORD_AGAIN)
            if found.parameters == record.parameters and found.script == record.script and _same_data(record, found):
                return found
    return None


def _same_data(one: Record, other: Record) -> bool:
    return (one.data and one.data.fingerprint) == (other.data and other.data.fingerprint)


# --- pairs -----------------------------------------------------------------------------------------------------------


def compare(record: Record, recorded: Record) -> Comparison:
    """Every number with an interval in the summary of both; where the recorded run has none, every number."""
    both = list(_both(record.summary, recorded.summary, ()))
    estimates = [_judge(where, here, was) for where, here, was in both if _is_estimate(here) and _is_estimate(was)]
    if estimates:
        return Comparison(tuple(estimates), _unlike(record, recorded), True)
    numbers = [(where, here, was) for where, here, was in both if _is_number(here) and _is_number(was)]
    close = [_judge_number(*one) for one in numbers if not any(SECONDS.search(str(key)) for key in one[0])]
    return Comparison(tuple(close), _unlike(record, recorded), False)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_estimate(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_number(value.get(key)) for key in ("value", "low", "high"))


def _both(here: Any, was: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Whatever stands at the same place of both, estimates whole; rows of a list are known by their words."""
    if _is_estimate(here) or _is_estimate(was) or (_is_number(here) and _is_number(was)):
        yield path, here, was
    elif isinstance(here, dict) and isinstance(was, dict):
        for key in here:
            if key in was:
                yield from _both(here[key], was[key], (*path, str(key)))
    elif isinstance(here, list) and isinstance(was, list):
        names, before = [_row_name(row) for row in here], [_row_name(row) for row in was]
        if all(names) and len(set(names)) == len(names) and sorted(names) == sorted(before):
            rows = dict(zip(before, was, strict=True))
            pairs = [(name, row, rows[name]) for name, row in zip(names, here, strict=True)]
        else:
            pairs = (
                [(str(k), *two) for k, two in enumerate(zip(here, was, strict=False))] if len(here) == len(was) else []
            )
        for name, row, other in pairs:
            yield from _both(row, other, (*path, name))


def _row_name(row: Any) -> str:
    """The words by which a row of a table is known; "" where there are none."""
    if not isinstance(row, dict):
        return ""
    return ", ".join(str(v) for k, v in row.items() if isinstance(v, str) and k not in SAID)


def _judge(where: tuple[str, ...], here: dict[str, Any], was: dict[str, Any]) -> Pair:
    low, high = was["low"], was["high"]
    if low <= here["value"] <= high:
        verdict = "within"
    else:
        verdict = "beside" if here["low"] <= high and low <= here["high"] else "apart"
    return Pair(" · ".join(where), here["value"], was["value"], low, high, verdict)


def _judge_number(where: tuple[str, ...], here: float, was: float) -> Pair:
    room = max(CLOSE * abs(was), TINY)
    verdict = "within" if math.isclose(here, was, rel_tol=0, abs_tol=room) else "apart"
    return Pair(" · ".join(where), here, was, was - room, was + room, verdict)


def _unlike(record: Record, recorded: Record) -> tuple[str, ...]:
    """Processor, system, libraries and code, where they are not the recorded run's."""
    found = []
    for name in ("type", "gpu", "machine", "system"):
        now, was = record.device.get(name), recorded.device.get(name)
        found += [f"{now} in place of {was}"] if now != was and (now or was) else []
    for name, was in recorded.libraries.items():
        now = record.libraries.get(name)
        found += [f"{name} {now} in place of {was}"] if now != was and not name.startswith("helpers") else []
    if record.modules and recorded.modules:
        changed = [name for name, was in recorded.modules.items() if record.modules.get(name, was) != was]
        found += [f"code that has changed ({len(changed)} modules)"] if set(changed) - {"helpers"} else []
    return tuple(found)


# --- in words --------------------------------------------------------------------------------------------------------


def sentences(found: Comparison) -> str:
    """What the end of a lab says: how many numbers lie within, which do not, and why that may be."""
    if not found.pairs:
        return "compared with the recorded run: they have no number in common"
    count = {v: sum(pair.verdict == v for pair in found.pairs) for v in ("within", "beside", "apart")}
    tolerance = "its intervals" if found.intervals else f"{100 * CLOSE:.0f} % of it (this lab has no intervals)"
    lines = [f"compared with the recorded run: {count['within']} of {len(found.pairs)} numbers lie within {tolerance}"]
    if outside := found.outside():
        rest = f", {count['beside']} beside, with intervals that overlap" if count["beside"] else ""
        lines[0] += f"{rest}, {count['apart']} apart"
        for pair in outside[:SHOWN]:
            lines.append(f"  {pair.verdict}: {pair.where}: {pair.here:.4g}, recorded {pair.low:.4g} to {pair.high:.4g}")
        lines += [f"  and {len(outside) - SHOWN} more"] if len(outside) > SHOWN else []
        lines.append(f"  Why that may be: {_why(found)}")
    return "\n".join(lines)


def _why(found: Comparison) -> str:
    why = [f"this run had {', '.join(found.unlike)}."] if found.unlike else []
    why.append("Processors round otherwise, and a training carries that on as another seed would.")
    if found.intervals:
        why.append("One number in twenty leaves a 95 % interval by chance, more where it counts test images alone.")
    return " ".join(why)


def beside_the_recorded(record: Record) -> str:
    """The sentences on a run that has just ended; "" for a test, a piece, or a lab that is not recorded."""
    if record.edition == "smoke" or record.parameters.get("piece") is not None:
        return ""
    if (recorded := recorded_twin(record)) is not None:
        return sentences(compare(record, recorded))
    own = results_root() / "results" / record.edition / f"{record.lab}.json"
    if not own.is_file():
        return ""
    was, now = read_as(Record, own, RECORD_AGAIN).parameters, record.parameters
    other = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    return f"compared with no recorded run: none has this {', '.join(other) or 'data'}"
