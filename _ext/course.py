"""The course's own Sphinx extension: what Jupyter Book needs to be offline, accessible and honest about its runs.

- Offline: MathJax comes from the package `sphinx-mathjax-offline` (only the parts a page loads), widgets run through
  `static/widgets/loader.js`, Thebe and the 1.5 MB icon script are left out (the icon fonts stay).
- Execution: a page runs again when what it depends on has changed (`execution`), since jupyter-cache looks at cells
  only.
- Search: excerpts without fetching, chapters first (`search_texts`).
- Quizzes (`quiz`) and pictures for readers without JavaScript (`stills`).
- Executed labs: their pages are written before Sphinx reads the book (`executed_labs`).
- Links: repository, edit, issue and Colab links exist only where `GITHUB_REPOSITORY` says whose book is built
  (`launch`).
- Accessibility: small corrections to the theme's HTML, each named below; `tests/browser` runs axe on every page.
"""

import hashlib
import importlib.util
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import executed_labs
import launch
from both_themes import both_themes
from docutils import nodes
from jupyter_client.manager import KernelManager
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.fileutil import copy_asset

PARTS = (
    "answers",
    "quiz",
    "boxes",
    "short_code",
    "numbering",
    "stills",
    "execution",
    "course_map",
    "course_glossary",
    "api_docs",
    "live",
    "search_texts",
)
STATIC = Path(__file__).parent / "static"
MATHJAX_PARTS = ("startup.js", "core.js", "input/tex.js", "input/tex/extensions", "output/chtml.js", "output/chtml")
MATHJAX_SPOKEN = "a11y/assistive-mml.js"  # MathML beside each formula, for screen readers


def configure(app: Sphinx, config: Config) -> None:
    """Before anything is read: executed labs, local scripts, repository links."""
    app.parallel = 2  # read, and so execute, two pages at a time; Jupyter Book has no option for it
    for silent in ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex"):
        # They do not say that they may be read so; they keep nothing from page to page, and both are idle in HTML.
        app.extensions[silent].parallel_read_safe = True
    drop_thebe(app)  # before the builder collects its style sheets
    root = Path(app.srcdir)
    (Path(app.outdir) / "_static").mkdir(parents=True, exist_ok=True)  # else a failed build leaves the logo as a *file*
    for name in executed_labs.lab_names(root / "_toc.yml"):
        executed_labs.write_page(root, name)
    config.course_extension = _hash_files(root / "_ext", [*(root / "_ext").rglob("*")])
    config.nb_ipywidgets_js = {"widgets/loader.js": {}}
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {"loader": {"load": ["input/tex", "output/chtml", MATHJAX_SPOKEN.removesuffix(".js")]}}
    repository = os.environ.get("GITHUB_REPOSITORY")
    if repository:
        config.html_theme_options |= {
            "repository_url": f"https://github.com/{repository}",
            "repository_branch": launch.branch(),
            "use_repository_button": True,
            "use_edit_page_button": True,
            "use_issues_button": True,
        }


def _hash_files(root: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


# --- scripts ---------------------------------------------------------------------------------------------------------


def drop_thebe(app: Sphinx) -> None:
    """Jupyter Book always loads sphinx-thebe, whose script runs on every page and fails; nothing here uses it."""
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [one for one in listeners if not one.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [entry for entry in app.registry.css_files if "thebe" not in entry[0]]


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy the parts of MathJax that pages load (about 3 of the package's 24 MB)."""
    if error is not None:
        return
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the book needs the package sphinx-mathjax-offline: pip install -e '.[book]'")
    source, target = Path(spec.origin).parent / "static" / "mathjax", Path(app.outdir) / "_static" / "mathjax"
    for part in (*MATHJAX_PARTS, MATHJAX_SPOKEN):
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        copy_asset(source / part, target / part if (source / part).is_dir() else (target / part).parent)


# --- accessibility ---------------------------------------------------------------------------------------------------

CORRECTIONS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern, re.DOTALL), replacement)
    for pattern, replacement in [
        # The icon fonts draw every icon; this script would draw them a second time, for 1.5 MB a page.
        (r"\s*<!-- So that users can add custom icons -->\s*<script[^>]*fontawesome\.js[^>]*></script>", ""),
        # The sidebar's logo and title stand outside every landmark (axe: region).
        (r'(<div id="pst-primary-sidebar")(?= class)', r'\1 role="navigation" aria-label="Course"'),
        # Citations: a list whose entries have a deprecated role that no list allows (axe: aria-required-children).
        (r'(<div class="citation" id="[^"]*") role="doc-biblioentry"', r'\1 role="listitem"'),
        # The arrow that unfolds a part of the sidebar has no name (axe: summary-name).
        (r'<summary>(?=<span class="toctree-toggle")', '<summary aria-label="Pages of this part">'),
        # The search button is called by the text it shows, "Search Ctrl+K" (axe: label-content-name-mismatch).
        (r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"', r"\1"),
        # What folds code is called by the text it shows, "Show code cell source" (the same rule).
        (r'(<summary) aria-label="Toggle hidden content"', r"\1"),
        # The empty corner of a table is no header of anything (axe: empty-table-header).
        (r'<th class="[^"]*"><p>\s*</p></th>', "<td></td>"),
    ]
]


DESIGN = re.compile(r"\s*<(?:link[^>]*sphinx-design[^>]*/?>|script[^>]*design-tabs\.js[^>]*></script>)")
SEARCH_SCRIPTS = re.compile(r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>')


def polish(html: str, template: str) -> str:
    """A page's HTML with the theme's slips corrected. Only the search page keeps the search scripts and the index,
    which grows with the book; the search fields of the other pages lead there. Only pages with cards, grids or
    dropdowns keep the style sheet of sphinx-design."""
    for pattern, replacement in CORRECTIONS:
        html = pattern.sub(replacement, html)
    if not re.search(r'class="[^"]*\bsd-', html):
        html = DESIGN.sub("", html)
    return html if template == "search.html" else SEARCH_SCRIPTS.sub("", html)


def trim_design(app: Sphinx, exception: Exception | None) -> None:
    """Leave of sphinx-design's style sheet what some page uses: boxes need a tenth of it."""
    sheet = Path(app.outdir) / "_static" / "sphinx-design.min.css"
    if exception or not sheet.is_file():
        return
    pages = [page.read_text(encoding="utf-8") for page in Path(app.outdir).rglob("*.html")]
    used = {name for page in pages for text in re.findall(r'class="([^"]*\bsd-[^"]*)"', page) for name in text.split()}

    def kept(rule: re.Match[str]) -> str:
        names = [set(re.findall(r"\.(sd-[\w-]+)", selector)) for selector in rule[1].split(",")]
        return rule[0] if any(of_one <= used for of_one in names) else ""

    sheet.write_text(re.sub(r"(?<=[}])([^{}@]+)\{[^{}]*\}", kept, sheet.read_text(encoding="utf-8")), encoding="utf-8")


def trim_icons(app: Sphinx, exception: Exception | None) -> None:
    """Leave of the theme's style sheet the icons that some page or script of the theme names: 20 of 1,900."""
    static = Path(app.outdir) / "_static"
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    if exception or not sheet.is_file():
        return
    readers = [*Path(app.outdir).rglob("*.html"), *(static / "scripts").glob("*-theme.js"), static / "course.js"]
    used = {name for path in readers for name in re.findall(r"\bfa-[\w-]+", path.read_text(encoding="utf-8"))}

    def kept(rule: re.Match[str]) -> str:
        return rule[0] if any(name in used for name in re.findall(r"\.(fa-[\w-]+):before", rule[1])) else ""

    rules = r"(?<=\})((?:,?\.fa-[\w-]+:before)+)\{content:[^{}]*\}"
    sheet.write_text(re.sub(rules, kept, sheet.read_text(encoding="utf-8")), encoding="utf-8")


def polish_pages(app: Sphinx) -> None:
    """Correct each page as it is rendered, so that incremental builds stay incremental."""
    templates = getattr(app.builder, "templates", None)
    if templates is not None:
        render = templates.render
        templates.render = lambda template, context: polish(render(template, context), template)


def _render_image_with_alt(self: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
    """A picture takes its alternative text from its own output, `display(figure, metadata={"alt": …})`: MyST-NB knows
    one text per cell, fixed before the cell runs. An SVG takes the colours of the page."""
    if data.mime_type == "image/svg+xml":
        data = replace(data, content=both_themes(data.string))
    images = _render_image(self, data)
    notes = data.output_metadata
    alt = notes.get("alt") or notes.get(data.mime_type, {}).get("alt")
    for image in images if alt else ():
        image["alt"] = alt
    return images


VERBATIM = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.raw)


def keep_percent(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """No line breaks between a number and its percent sign."""
    for text in list(doctree.findall(nodes.Text)):
        if " %" in text and not isinstance(text.parent, VERBATIM):
            text.parent.replace(text, nodes.Text(text.replace(" %", "\N{NO-BREAK SPACE}%")))


_render_image = NbElementRenderer.render_image


def setup(app: Sphinx) -> dict[str, Any]:
    NbElementRenderer.render_image = _render_image_with_alt  # type: ignore[method-assign]
    KernelManager.transport_encryption.default_value = "auto"  # or each kernel warns that its sockets can be read
    for part in PARTS:
        app.setup_extension(part)
    app.add_config_value("course_extension", "", "html")  # a change of this folder renders every page again
    app.connect("config-inited", configure, priority=100)
    app.connect("builder-inited", polish_pages, priority=900)
    app.connect("doctree-resolved", keep_percent)
    app.connect("html-page-context", launch.link_page, priority=900)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", trim_design)
    app.connect("build-finished", trim_icons)
    app.connect("build-finished", launch.publish_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
