"""Small tables as Markdown, so that the notebook, the book and a terminal show the same one."""

from collections.abc import Mapping, Sequence
from typing import Any

NBSP = "\N{NO-BREAK SPACE}"  # an interval is not broken at the end of a line


def markdown_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None, caption: str = "") -> Any:
    """Rows of one dictionary each -> a Markdown table that a notebook displays.

    `columns` chooses and orders; missing cells are a dash; numbers stand right.

    Raises
    ------
    ValueError
        Without rows.
    """
    from IPython.display import Markdown

    if not rows:
        raise ValueError("a table needs at least one row, got none")
    names = list(columns) if columns is not None else list(rows[0])
    numeric = [all(isinstance(row.get(name), (int, float)) for row in rows) for name in names]
    lines = ["| " + " | ".join(names) + " |", "|" + "|".join("---:" if right else "---" for right in numeric) + "|"]
    lines += ["| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rows]
    return Markdown("\n".join(([f"**{caption}**", ""] if caption else []) + lines))


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def percent(estimate: Any) -> str:
    """An estimate (value, low, high) as `71.2 % [68.0, 74.1]`."""
    if estimate.low is None:
        return f"{100 * estimate.value:.1f}{NBSP}%"
    return f"{100 * estimate.value:.1f}{NBSP}%{NBSP}[{100 * estimate.low:.1f},{NBSP}{100 * estimate.high:.1f}]"


def whole_percent(estimate: Any) -> str:
    """A share (value, low, high) as `71 [68, 74]`, in %, held within 0 and 100."""
    ends = (estimate.value if end is None else end for end in (estimate.low, estimate.high))
    low, high = (100 * min(1.0, max(0.0, end)) for end in ends)
    return f"{100 * estimate.value:.0f} [{low:.0f}, {high:.0f}]"


def points(estimate: Any) -> str:
    """A difference of accuracies as `+3.1 points [+0.2, +6.0]`, with true minus signs; a bound that one decimal would
    turn to zero keeps two or three, so that one sees on which side of zero it lies."""
    value = round(100 * estimate.value, 6)
    interval = "" if estimate.low is None else f"{NBSP}[{_bound(estimate.low)},{NBSP}{_bound(estimate.high)}]"
    return f"{value:+.1f}{NBSP}points{interval}".replace("-", "−")


def _bound(share: float) -> str:
    value = round(100 * share, 6)
    near = abs(value) < 0.05 and value != 0
    decimals = (2 if abs(value) >= 0.005 else 3) if near else 1
    return f"{value + 0.0:+.{decimals}f}"  # + 0.0: no -0.0


def findings_table(findings: Mapping[str, Any], points: bool = False) -> Any:
    """Figures with interval and n as a Markdown table; `points` writes fractions in percent. Where all figures are
    counted, there is no interval to show.

    `findings`: name -> anything with `value`, `low`, `high`, `n`, `covers`.

    Raises
    ------
    ValueError
        Without a row.
    """

    def written(value: float | None) -> str:
        if value is None:
            return "–"
        text = f"{100 * value:.1f}" if points else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        return text.replace("-", "−")

    rows = [
        {
            "what": name,
            "in %, or points" if points else "figure": written(e.value),
            "95 % interval": "exact" if e.low is None else f"{written(e.low)} to {written(e.high)}",
            "n": 1 if e.low is None else e.n,
            "covers": "–" if e.low is None else e.covers,
        }
        for name, e in findings.items()
    ]
    if rows and all(e.low is None for e in findings.values()):
        rows = [dict(list(row.items())[:2]) for row in rows]
    return markdown_table(rows)
