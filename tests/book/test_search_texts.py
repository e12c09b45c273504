"""What the search shows of a page: sentences by section; no code, no solutions, no answers."""

import json
import os
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
BOOK = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
sys.path.append(str(ROOT / "_ext"))
from search_texts import sections  # noqa: E402

PAGE = """<article class="bd-article"><section id="a"><h1>A<a class="headerlink">#</a></h1>
<p>First words, <b>bold</b> .</p>
<div class="cell"><pre>import torch</pre></div><div class="solution">the answer</div>
<section id="b"><h2>B</h2><p>Second (words).</p><script>x()</script>
<details class="quiz-answer">right</details></section>
</section></article>"""
TERMS = """<article class="bd-article"><section id="g"><h1>Glossary</h1><p>All words.</p><dl class="glossary">
<dt id="term-one">one</dt><dt>un</dt><dd><p>The first.</p></dd><dt id="term-two">two</dt><dd><p>The second.</p></dd>
</dl></section></article>"""


def article(html: str):
    return BeautifulSoup(html, "lxml").select_one("article")


def test_a_page_is_cut_into_its_sections_without_code_and_answers():
    assert sections(article(PAGE)) == [["a", "A", "First words, bold."], ["b", "B", "Second (words)."]]


def test_the_glossary_is_cut_into_its_terms():
    assert sections(article(TERMS)) == [
        ["g", "Glossary", "All words."],
        ["term-one", "one", "The first."],
        ["term-two", "two", "The second."],
    ]


@pytest.fixture(scope="module")
def texts() -> dict[str, list]:
    written = (BOOK / "_static" / "searchtexts.js").read_text(encoding="utf-8")
    found = json.loads(written.removeprefix("window.courseTexts=").removesuffix(";\n"))
    return {page: [title, parts] for page, title, parts in found}


def test_every_chapter_and_lab_is_in_it_under_its_title(texts):
    pages = {path.relative_to(BOOK).with_suffix("").as_posix() for path in BOOK.glob("chapters/*.html")}
    pages |= {path.relative_to(BOOK).with_suffix("").as_posix() for path in BOOK.glob("labs/executed/*.html")}
    assert pages <= set(texts)
    assert texts["chapters/08_attention_in_translation"][0].startswith("8 · Attention in machine translation")
    assert len(texts["glossary"][1]) > 100


def test_every_place_that_a_result_can_lead_to_is_there(texts):
    for page in ("chapters/08_attention_in_translation", "glossary", "labs/executed/08_xception_vs_vit"):
        html = BeautifulSoup((BOOK / f"{page}.html").read_text(encoding="utf-8"), "lxml")
        names = {str(node["id"]) for node in html.select("[id]")}
        assert {part[0] for part in texts[page][1]} <= names


def test_only_the_search_page_loads_it():
    assert "searchtexts.js" in (BOOK / "search.html").read_text(encoding="utf-8")
    assert "searchtexts.js" not in (BOOK / "intro.html").read_text(encoding="utf-8")
