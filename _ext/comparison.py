"""On the page of a lab: the reader's own run beside the recorded one, number by number, each with its tolerance."""

from helpers.records import Record
from helpers.records.compare import Pair, compare, recorded_twin, sentences

ROWS = 40


def beside_the_recorded(record: Record) -> list[str]:
    """A folded table in Markdown; nothing where no recorded run has the same parameters and data."""
    recorded = recorded_twin(record)
    if recorded is None or recorded.run_id == record.run_id:
        return []
    found = compare(record, recorded)
    if not found.pairs:
        return []
    outside = found.outside()
    shown = [*outside, *(pair for pair in found.pairs if pair.verdict == "within")][:ROWS]
    rows = "\n".join(_row(pair) for pair in shown)
    left = f"\n\n{len(found.pairs) - ROWS} more lie within." if len(found.pairs) > ROWS else ""
    said = sentences(found).replace("\n  ", "\n\n")
    title = "Your numbers beside the recorded ones" + (f": {len(outside)} outside" if outside else "")
    return [
        f":::{{dropdown}} {title}\n{said[0].upper()}{said[1:]}\n\n| number | yours | recorded | tolerance | |\n"
        f"|---|---:|---:|---:|---|\n{rows}{left}\n:::"
    ]


def _row(pair: Pair) -> str:
    where = pair.where.replace("|", "/").replace("`", "'")
    return f"| `{where}` | {pair.here:.4g} | {pair.recorded:.4g} | {pair.low:.4g} to {pair.high:.4g} | {pair.verdict} |"
