"""The live page: its scripts, and the weights that the builder's machine has, go beside the built book.

What is written, and what a published book leaves out, is decided in `helpers.pages.live.export`; this part only calls
it when the pages are done, and gives its scripts to that one page, so that no other page loads them.
"""

import os
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

PAGE = "chapters/live"
FOLDER = "_static/live"
logger = logging.getLogger(__name__)


def add_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Scripts and style of the live page, on that page alone."""
    if page != PAGE:
        return
    app.add_css_file("live/live.css")
    for script in ("parts.js", "live.js"):
        app.add_js_file(f"live/{script}", loading_method="defer")


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Export after the pages, if the book has the page."""
    if error is not None or app.builder.format != "html" or PAGE not in app.env.found_docs:
        return
    from helpers.pages.live.export import write

    for name, done in write(Path(app.outdir) / FOLDER, os.environ).items():
        logger.info("live page: %s: %s", name, done)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_scripts)
    app.connect("build-finished", write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
