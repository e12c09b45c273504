"""What lab 3 found, in two sentences."""

from typing import Any

from helpers.records import Record


def headline(record: Record) -> str:
    """The deepest field that fits into its image, on paper and measured, and what an untrained ViT reads."""
    summary: dict[str, Any] = record.summary
    rows = summary["fields"]
    fits = [row for row in rows if row["theory_px"] and row["theory_px"] <= row["image_px"]]
    deepest = max(fits, key=lambda row: row["theory_px"])
    text = (
        f"On paper a value in the last studied layer of `{deepest['model']}` depends on a square of "
        f"**{deepest['theory_px']} of {deepest['image_px']} pixels**; 95 % of what moves it lies in one of "
        f"**{deepest['side95_px']:.0f}**."
    )
    own = [row for row in rows if row["own_share"] is not None]
    if own:
        text += (
            f" An untrained `{own[-1]['model']}` could see everything from its first block on, and after its last "
            f"{100 * own[-1]['own_share']:.1f} % of what moves a patch is still the patch itself."
        )
    return text
