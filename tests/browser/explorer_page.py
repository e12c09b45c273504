"""A small static page with explorers on it, as the book makes it: state, views, loader, stills; no kernel, no book.

path = write_page(tmp_path, SoftmaxExplorer.draw())
with opened(chromium, path, width=390, theme="dark", touch=True) as stage:
    stage.page.get_by_label("dimension").press("ArrowRight")
    assert stage.said() == "d = ..."
    assert stage.axe() == stage.errors == stage.foreign == []
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from ipywidgets.embed import dependency_state

LOADER = Path(__file__).resolve().parents[2] / "_ext" / "static" / "widgets" / "loader.js"
VIEW, STATE = (f"application/vnd.jupyter.widget-{part}+json" for part in ("view", "state"))
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Explorers</title><link rel="icon" href="data:,">
<style>
  body {{ margin: 0; padding: 0 2rem; background: #fff; color: #1f2933; font-family: system-ui, sans-serif; }}
  main {{ max-width: 53rem; margin: auto; }} img {{ max-width: 100%; height: auto; }}
  html[data-theme="dark"] body {{ background: #14181e; color: #e8edf3; }}
</style>
<script>document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
</script></head>
<body><main><h1>Explorers</h1>
{views}
<p>After the explorers.</p></main>
<script type="{state_type}">{state}</script>
<script src="loader.js"></script></body></html>
"""

DRAWN = """count => [...document.querySelectorAll('.course-widget')]
  .filter((view) => view.dataset.ready || view.textContent.startsWith('This interactive')).length >= count"""


def _safe(value: Any) -> str:
    """JSON that cannot end the script element it stands in; keys sorted, as in a notebook that was saved."""
    return re.sub(r"</(script)", r"<\\/\1", json.dumps(value, sort_keys=True), flags=re.IGNORECASE)


def write_page(folder: Path, *explorers: Any) -> Path:
    """Write index.html and the loader into the folder; the address of the page is `path.as_uri()`."""
    views = []
    for explorer in explorers:
        data, metadata = explorer._repr_mimebundle_()
        still = f'<img src="data:image/png;base64,{data["image/png"]}" alt="{escape(metadata["alt"])}">'
        views.append(f'<script type="{VIEW}">{_safe(data[VIEW])}</script>\n<noscript>{still}</noscript>')
    state = {"version_major": 2, "version_minor": 0, "state": dependency_state(explorers, drop_defaults=False)}
    path = folder / "index.html"
    path.write_text(PAGE.format(views="\n".join(views), state_type=STATE, state=_safe(state)), encoding="utf-8")
    shutil.copy(LOADER, folder / "loader.js")
    return path


@dataclass
class Stage:
    """One open page: the Playwright page, its first explorer, and what went wrong."""

    page: Any
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)  # requests that leave the folder

    def explorer(self, index: int = 0) -> Any:
        return self.page.locator(".explorer").nth(index)

    def said(self, index: int = 0) -> str:
        """The line of text that says what the explorer shows now."""
        return self.explorer(index).locator(".explorer-output").inner_text().strip()

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")

    def outside(self) -> list[str]:
        """Parts of explorers that reach over the explorer's own edge, or past the edge of a box that scrolls."""
        return self.page.eval_on_selector_all(
            ".explorer",
            """all => all.flatMap((explorer) => {
              const edge = explorer.getBoundingClientRect().right;
              return [...explorer.querySelectorAll('*')]
                .filter((n) => n.checkVisibility() && n.getBoundingClientRect().right > edge + 0.5)
                .map((n) => `${n.outerHTML.slice(0, 80)} ends at ${n.getBoundingClientRect().right}, not ${edge}`);
            })""",
        )

    def small_targets(self, selector: str = "button, select, input, [role=option], [tabindex]") -> list[str]:
        """Things to press that are less than 24 px wide or high."""
        return self.page.eval_on_selector_all(
            f".explorer :is({selector})",
            """nodes => nodes.filter((n) => n.checkVisibility()).map((n) => [n, n.getBoundingClientRect()])
              .filter(([n, r]) => !n.closest('label') && n.type !== 'checkbox' && (r.width < 24 || r.height < 24))
              .map(([n, r]) => `${n.outerHTML.slice(0, 80)} ${r.width} x ${r.height}`)""",
        )

    def axe(self) -> list[str]:
        """What axe finds, one line per element."""
        from axe_playwright_python.base import AXE_SCRIPT

        self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations'], preload: false})")
        return [
            f"{rule['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]


@contextmanager
def opened(
    chromium: Any, path: Path, width: int = 1280, theme: str = "light", touch: bool = False, javascript: bool = True
) -> Iterator[Stage]:
    """The page in a context of its own, its explorers drawn; closed at the end."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        has_touch=touch,
        color_scheme=theme,
        reduced_motion="reduce",
        java_script_enabled=javascript,
    )
    context.set_default_timeout(60_000)  # ms; a busy machine is slow, not wrong
    try:
        page = context.new_page()
        stage = Stage(page)
        page.on("console", lambda message: stage.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: stage.errors.append(str(error)))
        near = (path.parent.as_uri(), "data:", "blob:")
        page.on("request", lambda call: None if call.url.startswith(near) else stage.foreign.append(call.url))
        page.goto(path.as_uri(), wait_until="load")
        if javascript:
            views = page.locator(f'script[type="{VIEW}"]').count()
            page.wait_for_function(DRAWN, arg=views)
        yield stage
    finally:
        context.close()
