"""What lab 6 found, in two sentences."""

from typing import Any

from helpers.records import Record


def headline(record: Record) -> str:
    """How far ours and timm's differ, and how many mistakes the comparison finds."""
    summary: dict[str, Any] = record.summary
    runs: list[dict[str, Any]] = record.runs
    parity = summary["parity"]
    finest = "float64" if "float64" in parity else next(iter(parity))
    largest = max(parity[finest].values())
    traps = summary["traps"]
    found = [trap for trap in traps if trap["smallest at the logits"] > largest]
    weakest = min(traps, key=lambda trap: trap["smallest at the logits"])
    loaded = "" if any(row["what"] == "released weights" for row in runs) else "; the released ones were not loaded"
    return (
        f"With the same weights, our ViT and timm's differ by **{largest:.0e}** at most, in {finest}, in any block: "
        f"they are the same function, with drawn weights{loaded}. The comparison could have failed: "
        f"**{len(found)} of {len(traps)}** mistakes "
        f"stand out, the smallest ({weakest['mistake']}) by {weakest['smallest at the logits']:.0e}."
    )
