"""Decks of slides, made from the built book: nothing of the page is lost, and a speaker needs no network."""

import importlib.util
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("slides", ROOT / "scripts" / "slides.py")
slides = importlib.util.module_from_spec(spec)
sys.modules["slides"] = slides  # a dataclass looks its module up
spec.loader.exec_module(slides)
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("[0-9][0-9]_*.md") if path.name[:2] != "00")
ONE = "07_local_to_global"  # with a stepper, explorers, formulas, code


@pytest.fixture(scope="session")
def decks(book, tmp_path_factory):
    """All decks in a folder of their own."""
    folder = tmp_path_factory.mktemp("slides") / "slides"
    kept = slides.HTML, slides.SLIDES
    slides.HTML, slides.SLIDES = book, folder
    slides.main()
    slides.HTML, slides.SLIDES = kept
    return folder


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_deck_holds_the_figures_and_sentences_of_its_chapter(decks, book, chapter):
    page, deck = soup(book / "chapters" / f"{chapter}.html"), soup(decks / "decks" / f"{chapter}.html")
    for closed in page.select("details, section#exercises, section#quiz, .solution, .exercise, .fine-print"):
        closed.decompose()
    wanted = {image["src"] for image in page.select("article figure img")}
    assert wanted <= {image["src"] for image in deck.select("img")}
    assert all((decks / "decks" / image["src"]).is_file() for image in deck.select('img[src^=".."]'))
    assert len(deck.select(".stepper")) == len(page.select("article .stepper"))
    spoken = deck.get_text(" ", strip=True)
    section = page.find("section", id="the-question")
    assert all(part.get_text(" ", strip=True)[:40] in spoken for part in section.find_all("p", recursive=False))
    assert all(len(slide.select(".slide-lines > li")) <= slides.LINES for slide in deck.select(".slide"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_link_leads_out_of_the_folder(decks, chapter):
    deck = soup(decks / "decks" / f"{chapter}.html")
    links = [link["href"] for link in deck.select("body a[href]")]
    assert {link for link in links if not link.startswith("http")} == {"../index.html"}
    assert {kept["href"] for kept in soup(decks / "index.html").select("li a")} >= {f"decks/{chapter}.html"}


def test_keys_notes_and_explorers_work_over_file(chromium, decks):
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    errors, requests = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((decks / "decks" / f"{ONE}.html").as_uri())
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.wait_for_selector(".slide mjx-container")
    for key, place in (
        ("ArrowRight", "#2"),
        (" ", "#3"),
        ("ArrowLeft", "#2"),
        ("End", f"#{page.locator('.slide').count()}"),
    ):
        page.keyboard.press(key)
        assert page.evaluate("location.hash") == place
    page.keyboard.press("Home")
    assert not page.locator(".slide-notes").first.is_visible()
    page.keyboard.press("n")
    assert page.locator(".slide-notes").first.is_visible()
    stepper = page.locator(".slide .stepper").first
    stepper.get_by_role("button", name="Next").click()
    assert "Three layers" in stepper.inner_text()
    page.wait_for_selector(".slide select")  # an explorer was drawn
    before = page.evaluate("location.hash")
    page.locator(".slide select").first.press("ArrowDown")
    assert page.evaluate("location.hash") == before, "an explorer keeps its own keys"
    theme = page.evaluate("document.documentElement.dataset.theme")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") != theme
    assert errors == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    page.close()


def test_a_deck_is_printed_a_slide_a_page(chromium, decks):
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.goto((decks / "decks" / f"{ONE}.html").as_uri())
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.wait_for_selector(".slide select")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    tall = page.evaluate("slides.filter(slide => slide.offsetHeight > innerHeight + 2).map(slide => slide.id)")
    assert tall == [], "what is higher than a page is cut"
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert printed.startswith(b"%PDF")
    count = printed.count(b"/Type /Page\n") or printed.count(b"/Type /Page ") or printed.count(b"/Type/Page/")
    assert count == page.locator(".slide").count()
    page.close()


def test_without_a_book_it_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "HTML", tmp_path)
    with pytest.raises(SystemExit, match="make html"):
        slides.main()


def test_a_bold_beginning_takes_its_sentence_along_and_a_long_bold_part_stands_in_its_own():
    def line(text):
        return slides.line_of(BeautifulSoup(f"<p>{text}</p>", "html.parser").p)

    assert line("<strong>The field.</strong> Two numbers describe it. More follows.") == (
        "<strong>The field.</strong> Two numbers describe it."
    )
    assert line("First this. But <strong>one of four is right</strong> by luck. Then that.") == (
        "But <strong>one of four is right</strong> by luck."
    )
    assert line("A <strong>short</strong> one. See Fig. 7.2 for it.") == ""
    assert line("<strong>Trouble.</strong> It is slow. <strong>Change.</strong> Make it fast. Then rest.") == (
        "<strong>Trouble.</strong> It is slow. <strong>Change.</strong> Make it fast."
    )
    assert line("So. <strong>A whole sentence is bold.</strong> This is not.") == (
        "<strong>A whole sentence is bold.</strong>"
    )


def test_formulas_and_short_code_share_a_slide_and_figures_keep_theirs():
    formula, figure = "<div class='math'>x</div>", "<figure><img src='x.svg'></figure>"
    section = BeautifulSoup(
        f"<section><p><strong>One.</strong> A.</p>{formula}<p><strong>Two.</strong> B.</p>{formula}"
        f"<p><strong>Three.</strong> C.</p>{figure}<p><strong>Four.</strong> D.</p></section>",
        "html.parser",
    ).section
    deck = slides.slides_of(section, "Heading")
    assert [(slide.count(), len(slide.below)) for slide in deck] == [(2, 1), (1, 0), (1, 0)]
    assert all(line in slides.as_html(deck[0], 2, 3) for line in ("One.", "Two."))


def test_an_import_alone_is_not_shown_nor_a_line_that_announces_what_is_not_there():
    section = BeautifulSoup(
        "<section><p><strong>Positions.</strong> Take them away:</p><p><strong>They count.</strong> See.</p>"
        "<div class='cell'><pre>from helpers import layers</pre></div></section>",
        "html.parser",
    ).section
    (slide,) = slides.slides_of(section, "Heading")
    assert [slides.text_of(line) for line in slide.lines] == ["They count. See."]
    assert slide.shown == ""


def test_what_stood_in_closed_boxes_makes_no_empty_slide():
    box = "<details><summary>More</summary><table></table></details>"
    cell = f"<div class='cell'><div class='cell_output'>{box}</div></div>"
    section = BeautifulSoup(
        f"<section><p>So.</p>{cell}<p><strong>Next.</strong> It goes on.</p></section>", "html.parser"
    )
    (slide,) = slides.slides_of(section.section, "Heading")
    assert slide.shown == ""
    assert "Next." in slide.lines[0]
