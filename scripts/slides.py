"""One deck of slides a chapter, made from the built book: `_build/slides/index.html`.

    make slides          # decks for a browser
    make slides PDF=1    # and each as a PDF; the system's Chromium or Chrome prints it

There is no second text. A slide shows one thing of the chapter (a figure, a stepper, an explorer, a table, a formula,
code, the box of predictions) and at most `LINES` lines: what the chapter set in bold, and the sentence after a bold
beginning; formulas and short code that follow each other share a slide. All its other sentences are the speaker's
notes. Closed boxes, exercises and the quiz stay in the book.
"""

import copy
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
HTML, SLIDES = ROOT / "_build" / "html", ROOT / "_build" / "slides"
OWN = Path(__file__).parent / "slides"  # deck.css, deck.js
LINES = 4
ROOM = 11  # rows of text that things which share a slide may take
LEFT_OUT = {"exercises", "quiz", "sources"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT = "--virtual-time-budget=20000"  # ms that formulas and explorers have to be drawn
PAGE = "--window-size=1280,720"  # a printed page, in pixels: what does not fit into the window is made smaller
SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[^a-z\s])")
THEME = (
    "bootstrap",
    "pydata",
    "sphinx-book-theme",
    "clipboard",
    "copybutton",
    "togglebutton",
    "design-tabs",
    "sphinx_highlight",
)


@dataclass
class Slide:
    """A heading, at most `LINES` lines, at most one thing to look at, and what the speaker may say."""

    heading: str
    lines: list[str] = field(default_factory=list)  # HTML
    shown: str = ""  # HTML
    notes: list[str] = field(default_factory=list)  # HTML
    beside: bool = False  # whether what is said of the thing follows it on the page
    below: list["Slide"] = field(default_factory=list)  # formulas and short code that share the slide, in their order

    def rows(self) -> float:
        """How many rows of text the slide takes, about; infinitely many where it shows more than formulas or code."""
        shown = BeautifulSoup(self.shown, "html.parser")
        if shown.find(["img", "svg", "table", "script", "ul", "ol"]) or shown.select_one(".admonition, .stepper"):
            return math.inf
        text = sum(math.ceil(len(text_of(line)) / 75) for line in self.lines)
        formulas = sum(2 + str(node).count(r"\\") for node in shown.select("div.math"))
        code = sum(1 + 0.7 * node.get_text().strip().count("\n") for node in shown.find_all("pre"))
        return text + formulas + code + sum(slide.rows() for slide in self.below)

    def count(self) -> int:
        """The number of its lines."""
        return len(self.lines) + sum(len(slide.lines) for slide in self.below)


def classes(node: Tag) -> set[str]:
    return set(node.get("class") or [])


def is_shown(node: Tag) -> bool:
    """Whether a part of a section is something to look at."""
    own = classes(node)
    if own & {"stepper", "math", "admonition"} or node.name in ("figure", "ul", "ol", "table"):
        return True
    if "cell" in own:
        return node.find(["img", "table", "pre", "script", "ul", "ol"]) is not None and "tag_hide-input" not in own
    return bool(own & {"highlight-python3", "highlight-default", "highlight-ipython3"})


def sentences(paragraph: Tag) -> list[str]:
    """The sentences of a paragraph as HTML; bold words at its start, and few later, go with the sentence after them."""
    found, ends = [""], (".", "?", "!")
    for node in paragraph.children:
        if isinstance(node, NavigableString):
            pieces = SENTENCE_END.split(str(node))
            found[-1] += pieces[0]
            found += pieces[1:]
            continue
        if node.name == "strong" and found[-1].rstrip().endswith(ends):
            found.append("")
        leads = not "".join(found).strip() or (not found[-1].strip() and len(node.get_text().split()) <= 3)
        found[-1] += str(node)
        if not leads and node.get_text().rstrip().endswith(ends):
            found.append("")
    return [sentence.strip() for sentence in found if sentence.strip()]


def line_of(paragraph: Tag) -> str:
    """HTML of the sentences that begin with bold, or hold as much as four bold words; else ""."""
    told = []
    for sentence in sentences(paragraph):
        bold = BeautifulSoup(sentence, "html.parser").find_all("strong")
        if sentence.startswith("<strong") or any(len(node.get_text().split()) > 3 for node in bold):
            told.append(sentence)
    return " ".join(told)


def opening(paragraph: Tag) -> str:
    """HTML of the first sentence, where it is one: else ""."""
    first = next(iter(sentences(paragraph)), "")
    return first if len(BeautifulSoup(first, "html.parser").get_text().split()) > 3 else ""


def tidy(node: Tag) -> str:
    """A part of the page as it goes onto a slide: without links that lead out of it, boxes that are closed, and names
    that the page uses for its own links."""
    node = copy.copy(node)
    for closed in node.select("details, a.headerlink, .hide-input"):
        closed.decompose()
    for link in node.select("a[href]"):
        if not str(link["href"]).startswith("http"):
            link.name = "span"
            link.attrs = {}
    for named in [node, *node.select("[id]")]:
        if named.name != "script":
            named.attrs.pop("id", None)
    return str(node)


def parts(section: Tag) -> Iterator[Tag]:
    """What stands in a section, not in its subsections."""
    for node in section.children:
        if isinstance(node, Tag) and node.name not in ("h1", "h2", "h3", "section"):
            yield node


def is_empty(shown: str) -> bool:
    """Whether nothing is to be seen of a part of the page."""
    part = BeautifulSoup(shown, "html.parser")
    return not part.get_text(strip=True) and part.find(["img", "svg", "script", "hr"]) is None


def slides_of(section: Tag, heading: str) -> list[Slide]:
    """The slides of one section; its subsections are not read.

    A figure that the page sets beside its text is followed by what is said of it, all else is led up to.
    """
    found, beside = [Slide(heading)], False
    for node in parts(section):
        if node.name == "details" or classes(node) & {"fine-print", "toggle"}:
            continue
        if is_shown(node):
            was_beside, beside = beside, "tag_beside" in classes(node)
            if found[-1].shown or (beside and found[-1].lines) or was_beside:
                found.append(Slide(heading))
            found[-1].shown, found[-1].beside = tidy(node), beside
            if is_empty(found[-1].shown):  # all of it stood in closed boxes
                found[-1].shown = ""
        elif node.name == "p":
            line = line_of(node)
            if (found[-1].shown and not beside) or (line and len(found[-1].lines) >= LINES):
                found.append(Slide(heading))
                beside = False
            if line:
                found[-1].lines.append(html_of(line))
            found[-1].notes.append(tidy(node))
    kept: list[Slide] = []
    waiting: list[str] = []  # what is said before the first slide
    for slide in found:
        if only_imports(slide.shown):
            slide.shown = ""
        if not slide.shown:  # what a colon announces is not on the slide
            slide.lines = [line for line in slide.lines if not text_of(line).endswith(":")]
        if slide.shown and not slide.lines:
            near = slide.notes[:1] if slide.beside else slide.notes[-1:]
            told = [opening(BeautifulSoup(note, "html.parser").p) for note in near]
            slide.lines += [html_of(line) for line in told if line]
        if slide.lines or slide.shown:
            slide.notes, waiting = waiting + slide.notes, []
            kept.append(slide)
        elif kept:
            kept[-1].notes += slide.notes
        else:
            waiting += slide.notes
    return shared(kept)


def shared(slides: list[Slide]) -> list[Slide]:
    """The slides of a section, those that are mostly empty on one of them."""
    found: list[Slide] = []
    for slide in slides:
        last = found[-1] if found else None
        if last is not None and last.rows() + slide.rows() <= ROOM and last.count() + slide.count() <= LINES:
            last.below.append(slide)
            last.notes += slide.notes
        else:
            found.append(slide)
    return found


def text_of(html: str) -> str:
    """Its words, without what marks them up."""
    return BeautifulSoup(html, "html.parser").get_text().strip()


def only_imports(shown: str) -> bool:
    """Whether it is code that imports, and shows nothing."""
    code = "<pre" in shown and BeautifulSoup(shown, "html.parser").find(["img", "table", "script"]) is None
    rows = [row for row in text_of(shown).splitlines() if row.strip()] if code else []
    return bool(rows) and all(row.startswith(("import ", "from ")) for row in rows)


def html_of(line: str) -> str:
    """A line without what does not belong on a slide."""
    return tidy(BeautifulSoup(f"<span>{line}</span>", "html.parser").span)


def deck_of(article: Tag) -> list[Slide]:
    """All slides of a chapter: its title and aims, then section by section."""
    top = article.find("section")
    title = top.find("h1").get_text().rstrip("#").strip()
    deck = slides_of(top, title)
    for section in top.find_all("section"):
        if section.get("id", "").split("-")[0] in LEFT_OUT or section.find_parent("section", id="exercises"):
            continue
        heading = section.find(["h2", "h3"], recursive=False)
        if heading is not None:
            deck += slides_of(section, heading.get_text().rstrip("#").strip())
    return deck


def body_of(slide: Slide) -> str:
    """Its lines, and what it shows."""
    lines = "".join(f"<li>{line}</li>" for line in slide.lines)
    return (f"<ul class='slide-lines'>{lines}</ul>" if lines else "") + (
        f"<div class='slide-shown'>{slide.shown}</div>" if slide.shown else ""
    )


def as_html(slide: Slide, number: int, count: int) -> str:
    """A slide as a section of the deck."""
    level = 1 if number == 1 else 2
    notes = "".join(slide.notes)
    stacked = slide.below or BeautifulSoup(slide.shown, "html.parser").find("pre")  # code needs the whole width
    kind = "many" if stacked else "both" if slide.shown and slide.lines else "one"
    return (
        f'<section class="slide {kind}" id="{number}" aria-label="slide {number} of {count}">'
        f"<h{level}>{slide.heading}</h{level}><div class='slide-body'>"
        + "".join(body_of(part) for part in (slide, *slide.below))
        + "</div>"
        + (f"<aside class='slide-notes' aria-label='speaker notes' hidden>{notes}</aside>" if notes else "")
        + f"<p class='slide-number'>{number} / {count}</p></section>"
    )


def write_deck(page: Path, target: Path) -> int:
    """Make a deck of a built page; returns the number of its slides."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article.bd-article")
    deck = deck_of(article)
    for script in soup.head.select("script[src], link[href]"):
        address = str(script.get("src") or script.get("href"))
        if any(name in address for name in THEME) and ".css" not in address:
            script.decompose()  # for what a page of the book has around its text
    for link in soup.head.select('link[rel~="index"], link[rel~="search"], link[rel~="next"], link[rel~="prev"]'):
        link.decompose()
    soup.head.append(soup.new_tag("link", rel="stylesheet", href="../deck.css"))
    state = [str(script) for script in soup.find_all("script", type="application/vnd.jupyter.widget-state+json")]
    sections = "".join(as_html(slide, number, len(deck)) for number, slide in enumerate(deck, 1))
    body = (
        f"<main><article class='bd-article slides'>{sections}</article></main>"
        "<nav class='slide-help' aria-label='keys'>← → slides · n notes · t theme · p print · "
        "<a href='../index.html'>all decks</a></nav>"
        + ("" if any(text in str(soup.head) for text in state) else "".join(state))
        + "<script src='../deck.js'></script>"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        f"<!DOCTYPE html><html lang='en' data-content_root='../'>{soup.head}<body>{body}</body></html>",
        encoding="utf-8",
    )
    for image in BeautifulSoup(sections, "html.parser").select('img[src^="../_images/"]'):
        name = str(image["src"]).removeprefix("../")
        (SLIDES / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(HTML / name, SLIDES / name)
    return len(deck)


def find_browser(command: str) -> str:
    """The path of a browser that prints; the environment variable CHROMIUM names another.

    Raises
    ------
    SystemExit
        Where there is none.
    """
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"{command}: no browser to print with; looked for {', '.join(BROWSERS)}")
    return browser


def print_pdf(deck: Path) -> None:
    """The deck as a PDF beside it.

    Raises
    ------
    SystemExit
        Where there is no browser, or it fails.
    """
    told = [find_browser("make slides PDF=1"), "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    told += [WAIT, PAGE, f"--print-to-pdf={deck.with_suffix('.pdf')}", deck.as_uri()]
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    if done.returncode or not deck.with_suffix(".pdf").is_file():
        sys.exit(f"make slides PDF=1: {deck.name} could not be printed: {done.stderr[-500:]}")


def main(pdf: bool = False) -> None:
    """Write every deck and the list of them, and print them where asked."""
    pages = sorted(path for path in (HTML / "chapters").glob("[0-9][0-9]_*.html") if not path.name.startswith("00_"))
    if not pages:
        sys.exit("make slides: the book is not built yet; run: make html")
    shutil.rmtree(SLIDES, ignore_errors=True)
    SLIDES.mkdir(parents=True)
    shutil.copytree(HTML / "_static", SLIDES / "_static")
    for asset in OWN.glob("deck.*"):
        shutil.copy2(asset, SLIDES / asset.name)
    rows = []
    for page in tqdm(pages, unit="deck", disable=None):
        count = write_deck(page, SLIDES / "decks" / page.name)
        if pdf:
            print_pdf(SLIDES / "decks" / page.name)
        title = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("h1").get_text().rstrip("#").strip()
        printed = f" · <a href='decks/{page.stem}.pdf'>PDF</a>" if pdf else ""
        rows.append(f"<li><a href='decks/{page.name}'>{title}</a> <span>{count} slides{printed}</span></li>")
    (SLIDES / "index.html").write_text(
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        "<title>Slides · From Convolution to Attention</title><link rel='stylesheet' href='deck.css'></head>"
        f"<body class='slides-list'><main><h1>Slides</h1><ol>{''.join(rows)}</ol></main></body></html>",
        encoding="utf-8",
    )
    print(f"{len(rows)} decks: {SLIDES / 'index.html'}")


if __name__ == "__main__":
    main("--pdf" in sys.argv[1:])
