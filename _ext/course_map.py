"""The map of the course, and links to chapters and labs by number.

- ``{course-map}``: the table `chapters/course_map.yml` as a road of cards. A chapter or lab is linked when its page
  is in the book and marked "to come" when it is not; nobody types which.
- ``{chapter}`9` `` and ``{lab}`8` ``: a link to that page, or plain text with "to come".
- ``{open-now}`chapters` `` or ``labs``: "5 of 18 chapters", counted.
- ``{chapters}`8,9` `` and ``{labs}`8,9` ``: "chapters 8 and 9", linked where they exist; for tables and the glossary.

Pages that use any of these are read again when a page comes or goes.
"""

import re
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

TABLE = "chapters/course_map.yml"
FOLDERS = {"chapter": "chapters", "lab": "labs/executed"}


def page_of(kind: str, number: int, pages: set[str]) -> str | None:
    """The page of a chapter or lab among the pages of the book, by its number; None where it is still to come."""
    start = f"{FOLDERS[kind]}/{number:02d}_"
    return next((page for page in sorted(pages) if page.startswith(start)), None)


def open_now(parts: list[dict[str, Any]], pages: set[str], kind: str) -> str:
    """How many chapters or labs of the map have a page: "5 of 18 chapters"."""
    chapters = [chapter for part in parts for chapter in part["chapters"]]
    labs = [number for chapter in chapters for number in chapter.get("labs", {})]
    numbers = [chapter["number"] for chapter in chapters] if kind == "chapter" else labs
    return f"{sum(page_of(kind, number, pages) is not None for number in numbers)} of {len(numbers)} {kind}s"


def read_table(path: Path) -> list[dict[str, Any]]:
    """The parts of the course with their chapters, as the table says.

    Raises
    ------
    ValueError
        For a number given twice.
    """
    parts: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    chapters = [chapter["number"] for part in parts for chapter in part["chapters"]]
    labs = [lab for part in parts for chapter in part["chapters"] for lab in chapter.get("labs", {})]
    for kind, numbers in (("chapter", chapters), ("lab", labs)):
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"{path.name}: a {kind} stands there twice, in {sorted(numbers)}")
    return parts


class course_map(nodes.General, nodes.Element):
    """A place on a page where the map is drawn; it holds the parts and the pages that exist."""


class CourseMap(SphinxDirective):
    """``{course-map}``: no arguments, no content."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / TABLE
        self.env.note_dependency(str(path))
        _remember(self.env)
        return [course_map("", parts=read_table(path), pages=set(self.env.found_docs))]


class PageRole(SphinxRole):
    """``{chapter}`9` ``: "chapter 9", linked where the page exists."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        _remember(self.env)
        return _link(self, self.kind, int(self.text), f"{self.kind} {int(self.text)}", " (to come)"), []


class PagesRole(SphinxRole):
    """``{chapters}`8,9` ``: "chapters 8 and 9", each linked where it exists, and no word where it does not."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        _remember(self.env)
        numbers = [int(number) for number in self.text.split(",")]
        if len(numbers) == 1:
            return [nodes.inline("", "", *_link(self, self.kind, numbers[0], f"{self.kind} {numbers[0]}", ""))], []
        found: list[nodes.Node] = [nodes.Text(f"{self.kind}s ")]
        for index, number in enumerate(numbers):
            if index:
                found.append(nodes.Text(" and " if index == len(numbers) - 1 else ", "))
            found += _link(self, self.kind, number, str(number), "")
        return [nodes.inline("", "", *found)], []


class OpenNow(SphinxRole):
    """``{open-now}`chapters` ``: "5 of 18 chapters"."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        path = Path(self.env.srcdir) / TABLE
        self.env.note_dependency(str(path))
        _remember(self.env)
        kind = self.text.removesuffix("s")
        if kind not in FOLDERS:
            raise ValueError(f"open-now: expected chapters or labs, got {self.text!r}")
        return [nodes.Text(open_now(read_table(path), set(self.env.found_docs), kind))], []


def _link(role: SphinxRole, kind: str, number: int, text: str, absent: str) -> list[nodes.Node]:
    page = page_of(kind, number, set(role.env.found_docs))
    if page is None:
        return [nodes.Text(text + absent)]
    target = addnodes.pending_xref("", refdomain="std", reftype="doc", reftarget=f"/{page}", refexplicit=True)
    target["refdoc"] = role.env.docname
    target += nodes.inline("", text, classes=["doc"])
    return [target]


# --- drawing ---------------------------------------------------------------------------------------------------------


def draw(parts: list[dict[str, Any]], pages: set[str], address: Any) -> str:
    """The map as HTML; `address` turns a page into the link that leads to it."""
    rows = "".join(_part(part, pages, address) for part in parts)
    there = [open_now(parts, pages, kind) for kind in FOLDERS]
    note = f"Open now: {there[0]} and {there[1]}."
    return f'<div class="course-map"><ol class="map-road" role="list">{rows}</ol><p class="map-note">{note}</p></div>'


def _part(part: dict[str, Any], pages: set[str], address: Any) -> str:
    cards = "".join(_card(chapter, pages, address) for chapter in part["chapters"])
    return (
        f'<li class="map-part map-{part["style"]}"><p class="map-name">{escape(part["part"])}</p>'
        f'<p class="map-line">{escape(part["line"])}</p><ol class="map-cards" role="list">{cards}</ol></li>'
    )


def _card(chapter: dict[str, Any], pages: set[str], address: Any) -> str:
    page = page_of("chapter", chapter["number"], pages)
    head = (
        f'<span class="map-number"><span class="visually-hidden">Chapter </span>{chapter["number"]}</span> '
        f'<span class="map-title">{escape(chapter["title"])}</span>'
    )
    if page:
        head = f'<a class="map-head" href="{address(page)}">{head}</a>'
    else:
        head = f'<span class="map-head">{head} <span class="map-status">to come</span></span>'
    labs = "".join(_lab(number, title, pages, address) for number, title in chapter.get("labs", {}).items())
    labs = f'<ul class="map-labs" role="list">{labs}</ul>' if labs else ""
    state = "map-open" if page else "map-later"
    return f'<li class="map-card {state}">{head}<span class="map-asks">{escape(chapter["asks"])}</span>{labs}</li>'


def _lab(number: int, title: str, pages: set[str], address: Any) -> str:
    page, name = page_of("lab", number, pages), f"<b>Lab {number}</b> {escape(title)}"
    if page:
        return f'<li><a href="{address(page)}">{name}</a></li>'
    return f'<li class="map-later">{name} <span class="visually-hidden">(to come)</span></li>'


def write_html(self: Any, node: course_map) -> None:
    here = self.builder.current_docname
    self.body.append(draw(node["parts"], node["pages"], lambda page: self.builder.get_relative_uri(here, page)))
    raise nodes.SkipNode


def write_nothing(self: Any, node: course_map) -> None:
    raise nodes.SkipNode


# --- incremental builds ----------------------------------------------------------------------------------------------


def _remember(env: Any) -> None:
    if not hasattr(env, "course_map_readers"):
        env.course_map_readers = set()
    env.course_map_readers.add(env.docname)


def forget(app: Sphinx, env: Any, docname: str) -> None:
    getattr(env, "course_map_readers", set()).discard(docname)


def merge(app: Sphinx, env: Any, docnames: list[str], other: Any) -> None:
    env.course_map_readers = getattr(env, "course_map_readers", set()) | getattr(other, "course_map_readers", set())


def outdated(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    numbered = re.compile(rf"({'|'.join(FOLDERS.values())})/\d\d_")
    moved = any(numbered.match(page) for page in added | removed)
    return sorted(getattr(env, "course_map_readers", set()) - removed) if moved else []


def add_progress(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """A page with a map adds up what its reader has done (`static/progress.js`); the others don't carry that script."""
    if 'class="course-map"' in context.get("body", ""):
        app.add_js_file("progress.js", defer="defer")
        app.add_css_file("progress.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(course_map, html=(write_html, None), gettext=(write_nothing, None), latex=(write_nothing, None))
    app.add_directive("course-map", CourseMap)
    app.add_role("chapter", PageRole("chapter"))
    app.add_role("lab", PageRole("lab"))
    app.add_role("open-now", OpenNow())
    app.add_role("chapters", PagesRole("chapter"))
    app.add_role("labs", PagesRole("lab"))
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", add_progress)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
