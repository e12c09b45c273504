"""The one document that is printed as a PDF: every page of the book is in it, and every link leads somewhere."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
BOOK = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
sys.path.append(str(ROOT / "scripts"))  # pdf.py imports its neighbour
spec = importlib.util.spec_from_file_location("book_as_pdf", ROOT / "scripts" / "pdf.py")
pdf = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pdf)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    kept = pdf.HTML, pdf.PDF
    pdf.HTML, pdf.PDF = BOOK, tmp_path_factory.mktemp("pdf")
    path = pdf.write_document()
    pdf.HTML, pdf.PDF = kept
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_every_page_is_there_in_the_order_of_the_book(document):
    pages = [article["id"] for article in document.select("article")]
    assert pages == [*map(pdf.anchor, pdf.pages_of_the_book()), "fine-print"]
    assert sum(page.startswith("chapters-") for page in pages) >= 19
    assert [link["href"] for link in document.select(".contents a")] == [f"#{page}" for page in pages]
    assert document.title.string == "From Convolution to Attention"  # what a reader's window says


def test_every_link_within_it_leads_to_one_place(document):
    names = [node["id"] for node in document.select("[id]")]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})[:5]
    links = {str(link["href"]) for link in document.select("body a[href]")}
    inside = {link[1:] for link in links if link.startswith("#")}
    assert all(link.startswith(("#", "http", "mailto:")) for link in links)
    assert inside - set(names) == set()


def test_nothing_needs_a_screen(document):
    assert document.select("body script, body noscript, body details, body form") == []
    sources = [str(image["src"]) for image in document.select("body img") if not str(image["src"]).startswith("data:")]
    assert len(sources) > 100
    assert [source for source in sources if not (BOOK / source.removeprefix("../html/")).is_file()] == []


def test_solutions_and_answers_stand_behind_the_chapters(document):
    chapters, fine = document.select("article")[:-1], document.select("article")[-1]
    assert not any(chapter.select(".solution, .quiz-verdict") for chapter in chapters)
    assert len(fine.select(".quiz-verdict")) > 100
    assert len(fine.select(".box")) == len(document.select("p.behind")) > 300


def test_bookmarks_name_every_heading_once(document, tmp_path):
    """The cover's title is no heading: it would stand twice."""
    path = tmp_path / "book.html"
    path.write_text(str(document), encoding="utf-8")
    names = [" ".join(name.split()) for name in pdf.headings(path)]
    assert names.count("From Convolution to Attention") == 1
    assert "Fine print" in names
    assert not any(name.endswith("#") for name in names)


def test_a_formula_in_a_title_of_a_box_is_one_in_print_too():
    summary = '<summary>The shape of <span class="math">\\(x_p\\)</span> <a href="#">x</a></summary>'
    told = f'<details class="sd-dropdown">{summary}a</details>'
    soup = BeautifulSoup(f"<article>{told}</article>", "html.parser")
    (box,) = pdf.move_behind(soup, soup.article, "page")
    for title in (soup.select_one(".behind a"), box.select_one(".box-title")):
        assert title.select_one("span.math").get_text() == "\\(x_p\\)"
        assert title.a is None
    assert soup.select_one(".behind").get_text() == "▸ The shape of \\(x_p\\) x (1)"
    assert box.get_text() == "1 · The shape of \\(x_p\\) xa"
