"""What the search shows of a page: its text by sections, written once, since no page can fetch another over file://.

`_static/searchtexts.js` holds, of every page but those of the package, its title and its sections: the name to link to,
the heading, and the sentences. Code, output of cells, tables and formulas stay out; so do solutions and the answers of
quizzes. `static/search.js` finds excerpts in it and orders the results.
"""

import json
import re
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

LEFT_OUT = (
    "script, style, .headerlink, .cell, .highlight, .math, table, svg, .solution, details.quiz-answer, form,"
    " .toctree-wrapper, .run-banner, .stale-run, .prev-next-area, .visually-hidden"
)
WITHOUT = ("api/", "api", "genindex", "search", "index", "references")
LONGEST = 4_000  # characters of one section: an excerpt is found in its beginning, or not at all


def sections(article: Tag) -> list[list[str]]:
    """Name, heading and text of each section in the order of the page; of the glossary, of each term."""
    for node in article.select(LEFT_OUT):
        node.decompose()
    parts = []
    for term in article.select("dl.glossary > dd ~ dt[id], dl.glossary > dt[id]:first-child"):
        before = term.find_previous_sibling()
        meaning = term.find_next_sibling("dd")
        if meaning is not None and (before is None or before.name == "dd"):  # other languages stand below the first
            parts.append([str(term["id"]), _text(term), _text(meaning)])
    for glossary in article.select("dl.glossary"):
        glossary.decompose()
    for section in reversed(article.select("section[id]")):  # the inner ones first: what is left is the outer one's own
        heading = section.find(re.compile("^h[1-6]$"))
        title = _text(heading.extract()) if heading is not None else ""
        parts.insert(0, [str(section["id"]), title, _text(section)[:LONGEST]])
        section.decompose()
    parts = [part for part in parts if not part[0].startswith(("by-the-french", "by-the-chinese"))]  # lists of words
    return [part for part in parts if part[2] or part[1]]


def _text(node: Tag) -> str:
    return (
        " ".join(node.get_text(" ").replace("#", "").split()).replace(" ,", ",").replace(" .", ".").replace("( ", "(")
    )


def write_texts(app: Sphinx, error: Exception | None) -> None:
    """Read the built pages and write the file, where a search page is built at all."""
    out = Path(app.outdir)
    if error is not None or not (out / "search.html").is_file():
        return
    found = []
    for page in sorted(app.env.found_docs):
        path = out / f"{page}.html"
        if page.startswith(WITHOUT) or not path.is_file():
            continue
        article = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml").select_one("article.bd-article")
        if article is not None:
            parts = sections(article)
            found.append([page, parts[0][1] if parts else page, parts])
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    (out / "_static" / "searchtexts.js").write_text(f"window.courseTexts={text};\n", encoding="utf-8")


def add_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """The search page alone loads them, after the search's own scripts and before it begins."""
    if templatename == "search.html":
        app.add_js_file("searchtexts.js", defer="defer")
        app.add_js_file("search.js", defer="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_scripts)
    app.connect("build-finished", write_texts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
