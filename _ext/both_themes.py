"""One SVG for a light and a dark page: a browser asks the page around it which of the two is shown."""

import re

from helpers.plots.style import DARK, RC

POINT = RC["figure.dpi"] / 72  # pixels of the page


def both_themes(svg: str) -> str:
    """A figure of matplotlib's with its colours for dark pages, as large as its inches say.

    Raises
    ------
    ValueError
        If it is no SVG of matplotlib's.
    """
    start = svg.find("<svg")
    end = svg.find(">", start)
    if start < 0 or 'height="' not in svg[start:end]:
        raise ValueError(f"expected an SVG with a height and a width, got {svg[:80]!r}")
    opening = re.sub(
        r' (width|height)="([\d.]+)pt"', lambda m: f' {m[1]}="{float(m[2]) * POINT:.0f}"', svg[start : end + 1]
    )
    rules = "".join(
        f'[style*="{part}: {light}"],[{part}="{light}"]{{{part}:{dark} !important}}'  # a hatch has it as an attribute
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )
    return f"{svg[:start]}{opening}<style>@media (prefers-color-scheme: dark){{{rules}}}</style>{svg[end + 1 :]}"
