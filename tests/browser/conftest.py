"""A browser and the built book: one Chromium a worker, the book served on loopback and read over file://.

Each page is loaded once, over file://, where a browser forbids the most, for all that is looked at without touching it
(`Visitor.__call__`), and once more, served, for all that a reader does on it (`Visitor.tab`). Tests of one page run on
one worker (see `tests/conftest.py`).

Chromium is the system's. Where there is none these tests are skipped with that reason; in CI that is a failure.
"""

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]  # no network
WIDTHS = (1280, 390)
THEMES = ("light", "dark")


def pages() -> list[str]:
    """Every page of the built book, as a path below it; `index.html` only redirects to `intro.html`."""
    found = sorted(path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.html") if "_static" not in path.parts)
    return [page for page in found if page != "index.html"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_path" in metafunc.fixturenames:  # without a book one test remains, which fails and says so
        metafunc.parametrize("page_path", pages() or ["(no book)"], scope="session")


@pytest.fixture(scope="session")
def book() -> Path:
    if not (BOOK / "index.html").is_file():
        pytest.fail(f"there is no built book at {BOOK}: run `make book` first")
    return BOOK


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="session")
def served(book: Path) -> Iterator[str]:
    """Address of the book on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        reason = f"no Chromium on PATH (looked for {', '.join(CHROMIUM_NAMES)}); the book was not tested in a browser"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class View:
    """What a page shows at one width, in one theme."""

    seen: dict[str, Any]
    axe: list[str]


@dataclass
class Visit:
    """What a browser met on one page from its loading on, and what each view showed."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    views: dict[tuple[int, str], View] = field(default_factory=dict)


def failure(request: Any) -> list[str]:
    """The line on a request that failed; none for one that the browser itself gave up because the page was left."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.url} ({request.failure})"]


class Visitor:
    """Opens a page once, looks at it in every view and keeps what it saw; several tests then ask."""

    def __init__(self, browser: Any) -> None:
        from axe_playwright_python.base import AXE_SCRIPT

        self.context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900})
        self.context.set_default_timeout(120_000)  # ms; a busy machine is slow, not wrong
        self.axe_script = AXE_SCRIPT
        self.visits: dict[str, Visit] = {}
        self.kept: tuple[tuple[str, int], Any, Visit] | None = None

    def open(self, url: str, width: int = WIDTHS[0]) -> tuple[Any, Visit]:
        """A page in its own tab, loaded, with mathematics typeset and widgets drawn; the caller closes it."""
        visit, page = Visit(), self.context.new_page()
        page.on("console", lambda message: visit.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: visit.errors.append(str(error)))
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("requestfailed", lambda request: visit.failed.extend(failure(request)))
        page.on("response", lambda answer: visit.failed.append(answer.url) if answer.status >= 400 else None)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=THEMES[0], reduced_motion="reduce")
        page.goto(url, wait_until="load")
        page.evaluate("() => window.MathJax?.startup?.promise")
        page.evaluate("() => document.fonts.ready.then(() => true)")
        return page, visit

    def tab(self, url: str, width: int = WIDTHS[0]) -> tuple[Any, Visit]:
        """One tab for all that a reader does on a page: it stays until another page or width is asked for."""
        if self.kept is None or self.kept[0] != (url, width):
            if self.kept is not None:
                self.kept[1].close()
            self.kept = (url, width), *self.open(url, width)
        return self.kept[1:]

    def __call__(self, url: str) -> Visit:
        """What all views show, from one loading: the window changes its width, the reader's system its theme. Axe comes
        last, on the page thinned out."""
        if url not in self.visits:
            page, visit = self.open(url)
            page.evaluate(self.axe_script)
            for width, theme in VIEWS:
                self.turn(page, width, theme)
                visit.views[width, theme] = View(page.evaluate(LOOK), [])
            page.evaluate(THIN_FORMULAS)
            for width in WIDTHS:
                self.turn(page, width, THEMES[0])
                visit.views[width, THEMES[0]].axe.extend(self.run_axe(page, None, NO_COLOURS))
            page.evaluate(THIN_TEXT)
            for width, theme in VIEWS:
                self.turn(page, width, theme)
                where = None if width == WIDTHS[0] else AROUND
                visit.views[width, theme].axe.extend(self.run_axe(page, where, ONLY_COLOURS))
            page.close()
            self.visits[url] = visit
        return self.visits[url]

    def turn(self, page: Any, width: int, theme: str) -> None:
        """Give the window its width and the system its theme, and wait until both are drawn."""
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        page.evaluate(TWO_FRAMES)  # observers of the width have drawn

    def run_axe(self, page: Any, where: Any, rules: dict[str, Any]) -> list[str]:
        """What axe finds, one line per element. `preload` would fetch style sheets again, by wrong addresses."""
        options = {"resultTypes": ["violations"], "preload": False} | rules
        found = page.evaluate("([where, options]) => axe.run(where ?? document, options)", [where, options])
        return [
            f"{rule['id']}: {node['target']} {node['html'][:160]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]


# Judging the colours of every word takes nearly all of axe's time, and the more the more words a page has. A theme
# changes colours alone; a width changes everything but the colours of what is read, so at the second width colours are
# asked only of what stands around it. What looks alike is judged twice: text whose elements, up to the top, have the
# same names, classes and styles. The signs of formulas have the colour of the text around them, and are MathJax's.
VIEWS = tuple((width, theme) for width in WIDTHS for theme in THEMES)
COLOURS = ["color-contrast", "link-in-text-block"]
ONLY_COLOURS: dict[str, Any] = {"runOnly": COLOURS}
NO_COLOURS: dict[str, Any] = {"rules": {rule: {"enabled": False} for rule in COLOURS}}
AROUND = {"exclude": [".bd-article"]}
THIN_FORMULAS = """() => {
  for (const formula of document.querySelectorAll('mjx-container')) formula.replaceWith('formula');
}"""
THIN_TEXT = """() => {
  const seen = new Map();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const alike = [];
  while (texts.nextNode()) {
    let looks = '';
    for (let e = texts.currentNode.parentElement; e; e = e.parentElement)
      looks += `<${e.tagName} ${e.getAttribute('class') ?? ''} ${e.getAttribute('style') ?? ''}`;
    if (!texts.currentNode.data.trim()) continue;
    seen.set(looks, (seen.get(looks) ?? 0) + 1);
    if (seen.get(looks) > 2) alike.push(texts.currentNode);
  }
  for (const text of alike) text.remove();
  const shown = 'img, svg, input, button, canvas';
  for (const e of [...document.querySelectorAll('.bd-article *')].reverse())
    if (!e.textContent.trim() && !e.closest('svg') && !e.matches(shown) && !e.querySelector(shown)) e.remove();
}"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
LOOK = """() => ({
  theme: document.documentElement.dataset.theme,
  formulas: document.querySelectorAll('.bd-article .math').length,
  typeset: document.querySelectorAll('.bd-article mjx-container').length,
  badFormulas: [...document.querySelectorAll('mjx-merror, [data-mjx-error]')].map((e) => e.textContent),
  brokenImages: [...document.images].filter((i) => !i.complete || i.naturalWidth === 0).map((i) => i.src),
  images: document.images.length,
  overflow: document.documentElement.scrollWidth - window.innerWidth,
  widgets: document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]').length,
  liveWidgets: document.querySelectorAll('.course-widget[data-ready]').length,
})"""


@pytest.fixture(scope="session")
def visitor(chromium: Any) -> Visitor:
    return Visitor(chromium)


@pytest.fixture
def visit(visitor: Visitor, book: Path, page_path: str) -> Visit:
    """What all views of a page show, from a folder."""
    return visitor(f"file://{book}/{page_path}")
