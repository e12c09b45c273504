"""Figures, tables and exercises are numbered page by page: Fig. 8.3 is the third of chapter 8."""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

CHAPTER = re.compile(r"chapters/(\d\d)_")


def restart(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """After Sphinx has counted through the book: start again on each page, with a chapter's number in front."""
    for page, kinds in env.toc_fignumbers.items():
        found = CHAPTER.match(page)
        chapter = (int(found[1]),) if found else ()
        for kind, numbers in kinds.items():
            kinds[kind] = {target: (*chapter, place) for place, target in enumerate(numbers, start=1)}
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-updated", restart, priority=900)  # Sphinx's own numbering is there at 500
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
