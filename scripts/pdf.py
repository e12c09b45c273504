"""The book as one PDF, from its built pages: `_build/pdf/from-convolution-to-attention.pdf`.

    make pdf

Chapters, the claims, the glossary and the references, in the order of the book; labs are notebooks, to be run, and stay
out. Explorers stand as their still pictures. Closed boxes, solutions and the answers of the quiz come behind the
chapters, in an appendix of fine print that each of them names. The system's Chromium or Chrome prints it, with page
numbers and bookmarks.
"""

import copy
import posixpath
import sys
from html import escape
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, NavigableString, PageElement, Tag
from pdf_bookmarks import name_bookmarks
from slides import THEME, find_browser

ROOT = Path(__file__).resolve().parents[1]
HTML, PDF = ROOT / "_build" / "html", ROOT / "_build" / "pdf"
NAME = "from-convolution-to-attention"
STYLE = Path(__file__).parent / "slides" / "book.css"
LEFT_OUT = ("labs/", "api")  # pages of the table of contents that begin so
FOOTER = (
    '<div style="font:8px sans-serif;width:100%;text-align:center;color:#555"><span class="pageNumber"></span></div>'
)
LOADED = """() => Promise.all([...document.images].map((image) => {
  image.loading = "eager";
  return image.complete || new Promise((done) => { image.onload = image.onerror = done; });
}))"""
MARGIN = {"top": "18mm", "bottom": "18mm", "left": "20mm", "right": "20mm"}


def pages_of_the_book() -> list[str]:
    """The pages that are printed, in their order, as paths without an ending."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    return [file for file in files if not file.startswith(LEFT_OUT)]


def anchor(page: str, name: str = "") -> str:
    """What a place of a page is called in the one document."""
    return f"{page.replace('/', '-')}--{name}" if name else page.replace("/", "-")


def settle_links(article: Tag, page: str, printed: set[str]) -> None:
    """Turn links between pages into links within the document, those to what is not printed into plain text."""
    seen: set[str] = set()
    for named in article.select("[id]"):
        name = str(named["id"])
        if name in seen:  # every exercise has a section of the same name
            del named["id"]
        else:
            seen.add(name)
            named["id"] = anchor(page, name)
    for link in article.select("a[href]"):
        address, _, name = str(link["href"]).partition("#")
        if address.startswith(("http:", "https:", "mailto:")):
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), address)) if address else f"{page}.html"
        target = target.removesuffix(".html")
        if target in printed:
            link["href"] = "#" + anchor(target, name)
        else:
            link.name = "span"
            del link["href"]
    for image in article.select("img[src]"):
        if not str(image["src"]).startswith("data:"):
            image["src"] = "../html/" + posixpath.normpath(posixpath.join(posixpath.dirname(page), str(image["src"])))


def still(article: Tag) -> None:
    """Take out what needs a screen: scripts, fields for answers, code that the page hides, marks for the mouse."""
    for cell in article.select(".cell.tag_exercise, .tag_hide-input > details, .tag_hide-input > .cell_input"):
        cell.decompose()
    for script in article.select("script, a.headerlink, button, .searchbox"):
        script.decompose()
    for picture in article.select("noscript"):
        picture.unwrap()


def title_of(summary: Tag) -> list[PageElement]:
    """The title of a box, its formulas as the page has them, without marks and links."""
    title = copy.copy(summary)
    for mark in title.select("svg, a.headerlink"):
        mark.decompose()
    for around in title.select("a, p"):
        around.unwrap()
    return list(title.contents)


def move_behind(soup: BeautifulSoup, article: Tag, page: str) -> list[Tag]:
    """Take closed boxes, solutions and answers out of a page, and leave their number; returns them in order."""
    moved: list[Tag] = []
    for box in article.select("details.sd-dropdown, details.hide, .solution, details.quiz-answer"):
        if box.find_parent(["details"]) is not None or box.find_parent(class_="solution") is not None:
            continue  # moves with the box around it
        number = len(moved) + 1
        summary = box.find("summary") or box.find(class_="admonition-title")
        title = title_of(summary) if summary else [NavigableString("Box")]
        here, there = anchor(page, f"to-box-{number}"), str(box.get("id") or anchor(page, f"box-{number}"))
        is_answer = "quiz-answer" in (box.get("class") or [])
        mark = soup.new_tag("p", attrs={"class": "behind", "id": here})
        mark.append("☐ " if is_answer else "▸ ")
        link = soup.new_tag("a", href=f"#{there}")
        link.extend([*map(copy.copy, title), f" ({number})"])
        mark.append(link)
        box.replace_with(mark)
        new = soup.new_tag("div", attrs={"class": "box", "id": there})
        back = soup.new_tag("a", href=f"#{here}", attrs={"class": "box-title"})
        back.extend([f"{number} · ", *title])
        new.append(back)
        if summary is not None:
            summary.decompose()
        new.extend(list(box.contents))
        moved.append(new)
    return moved


def head(title: str) -> str:
    """Styles and mathematics of the book's pages, without what belongs to a screen, under the title of the book."""
    soup = BeautifulSoup((HTML / "chapters" / "00_how_to_read.html").read_text(encoding="utf-8"), "html.parser")
    for node in soup.head.select("script[src], link[href]"):
        address = str(node.get("src") or node.get("href"))
        if ".css" in address or "mathjax" in address:
            node["src" if node.name == "script" else "href"] = address.replace("../_static", "../html/_static")
        else:
            node.decompose()
    for script in soup.head.select("script:not([src])"):
        if "MathJax" not in (script.string or ""):
            script.decompose()
    for mention in THEME:
        for node in soup.head.select(f'script[src*="{mention}"]'):
            node.decompose()
    soup.head.title.string = title
    return soup.head.decode_contents()


def write_document() -> Path:
    """Write all pages as one HTML document, and return where."""
    pages, articles, fine, contents = pages_of_the_book(), [], [], []
    for page in pages:
        soup = BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        article = soup.select_one("article.bd-article")
        title = article.find("h1").get_text().rstrip("#").strip()
        still(article)
        settle_links(article, page, set(pages))
        moved = move_behind(soup, article, page)
        contents.append(f"<li><a href='#{anchor(page)}'>{escape(title)}</a></li>")
        articles.append(f"<article class='bd-article' id='{anchor(page)}'>{article.decode_contents()}</article>")
        if moved:
            boxes = "".join(str(box) for box in moved)
            fine.append(f"<section class='fine'><h2>Fine print of: {escape(title)}</h2>{boxes}</section>")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    cover = (
        f"<section class='cover'><p class='title'>{escape(config['title'])}</p><p>A course in visual recognition, from "
        "its built pages. Pictures that move, labs and code to run are in the book for the browser.</p>"
        f"<ol class='contents'>{''.join(contents)}<li><a href='#fine-print'>Fine print</a></li></ol></section>"
    )
    behind = f"<article class='bd-article' id='fine-print'><h1>Fine print</h1>{''.join(fine)}</article>"
    PDF.mkdir(parents=True, exist_ok=True)
    target = PDF / "book.html"
    target.write_text(
        f"<!DOCTYPE html><html lang='en' data-theme='light' data-mode='light'><head>{head(config['title'])}"
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head><body>{cover}{''.join(articles)}{behind}</body></html>",
        encoding="utf-8",
    )
    return target


def headings(document: Path) -> list[str]:
    """The headings of the document in their order: what its bookmarks are called."""
    soup = BeautifulSoup(document.read_text(encoding="utf-8"), "lxml")
    return [heading.get_text() for heading in soup.body.select("h1, h2, h3, h4, h5, h6")]


def print_document(document: Path, target: Path) -> None:
    """Let a browser print it: formulas first, then all pages at once; bookmarks get the names of their headings."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser("make pdf"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(0)  # a slow machine is not wrong
        page.goto(document.as_uri())
        page.evaluate("() => window.MathJax?.startup?.promise.then(() => true)")
        page.evaluate(LOADED)
        page.pdf(
            path=str(target),
            format="A4",
            margin=MARGIN,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            outline=True,
            tagged=True,
        )
        browser.close()
    target.write_bytes(name_bookmarks(target.read_bytes(), headings(document)))


def main() -> None:
    """Write the document and print it."""
    if not (HTML / "chapters").is_dir():
        sys.exit("make pdf: the book is not built yet; run: make html")
    target = PDF / f"{NAME}.pdf"
    document = write_document()
    print(f"{document.stat().st_size / 1e6:.1f} MB of pages; printing, some minutes", flush=True)
    print_document(document, target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
