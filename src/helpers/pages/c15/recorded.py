"""Records that a page can do without: where one is missing, the page says so in one line."""

from collections.abc import Callable
from typing import Any, TypeVar

from IPython.display import Markdown

from helpers.records import Record, read_record

Found = TypeVar("Found")


def find(lab: str, variant: str | None = None) -> Record | None:
    """The recorded cpu run of a lab or script, or None where it is not recorded yet."""
    try:
        return read_record(lab, "cpu", variant)
    except FileNotFoundError:
        return None


def shown(record: Found | None, what: str, show: Callable[[Found], Any]) -> Any:
    """What `show` makes of the record, or of several; without, a line that says `what` is not recorded yet."""
    return Markdown(f"*Not recorded yet: {what}.*") if record is None else show(record)
