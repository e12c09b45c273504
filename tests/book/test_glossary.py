"""The glossary's table: every entry in three languages, each term once, in the script it claims, taught somewhere."""

import os
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
BOOK = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
ENTRIES = yaml.safe_load((ROOT / "glossary.yml").read_text(encoding="utf-8"))
PARTS = yaml.safe_load((ROOT / "chapters" / "course_map.yml").read_text(encoding="utf-8"))
CHAPTERS = {0} | {chapter["number"] for part in PARTS for chapter in part["chapters"]}
HAN = re.compile(r"[\u4e00-\u9fff]")
sys.path.insert(0, str(ROOT / "_ext"))


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["en"][0] for entry in ENTRIES])
def test_an_entry_has_all_it_needs(entry):
    assert set(entry) == {"en", "fr", "zh", "pinyin", "says", "chapters"}
    assert all(entry.values()), entry
    assert HAN.search(entry["zh"]), "the Chinese term holds no Chinese character"
    assert not HAN.search(entry["pinyin"] + entry["fr"]), "a Chinese character in pinyin or French"
    assert entry["says"].endswith((".", "?")), entry["says"]
    assert set(entry["chapters"]) <= CHAPTERS
    assert entry["chapters"] == sorted(entry["chapters"])


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["en"][0] for entry in ENTRIES])
def test_pinyin_has_a_syllable_for_each_character(entry):
    """Roughly: as many groups of vowels with a tone as there are characters, give or take neutral tones."""
    marks = {"\u0304", "\u0301", "\u030c", "\u0300"}
    tones = sum(letter in marks for letter in unicodedata.normalize("NFD", entry["pinyin"]))
    characters = len(HAN.findall(entry["zh"]))
    assert characters - 1 <= tones <= characters, (entry["zh"], entry["pinyin"], tones, characters)


@pytest.mark.parametrize("language", ["en", "fr", "zh"])
def test_every_term_is_there_once(language):
    words = [word for entry in ENTRIES for word in (entry["en"] if language == "en" else [entry[language]])]
    assert [word for word, count in Counter(word.lower() for word in words).items() if count > 1] == []
    assert len(words) >= 90


def test_every_chapter_of_the_map_has_its_words():
    assert {number for entry in ENTRIES for number in entry["chapters"]} == CHAPTERS


def test_terms_that_a_sentence_links_to_are_entries():
    terms = {word for entry in ENTRIES for word in entry["en"]}
    linked = {word for entry in ENTRIES for word in re.findall(r"\{term\}`([^`]+)`", entry["says"])}
    assert linked <= terms


def test_words_sort_without_accents_and_tones():
    from course_glossary import plain

    assert [plain(word) for word in ("Équivariance", "juǎnjī", "lǜ")] == ["equivariance", "juanji", "lu"]


@pytest.mark.parametrize("chapter", sorted(path.stem for path in (ROOT / "chapters").glob("[0-9][0-9]_*.md")))
def test_a_chapter_links_each_term_where_it_first_uses_it(chapter):
    """Not in titles, code, formulas, captions or folded boxes; a word that this page means otherwise is no term."""
    from course_glossary import UNLINKED

    article = BeautifulSoup((BOOK / "chapters" / f"{chapter}.html").read_text("utf-8"), "html.parser").find("article")
    anchors = {tag["id"] for tag in BeautifulSoup((BOOK / "glossary.html").read_text("utf-8"), "html.parser")("dt")}
    links = article.find_all("a", class_="term-link")
    assert len(links) >= 10
    assert {link["href"].split("#")[1] for link in links} <= anchors
    assert all(link["title"] and not set("{}$`") & set(link["title"]) for link in links)
    for tag in article(["details", "pre", "code", "h1", "h2", "h3", "figcaption", "script", "style", "table"]):
        tag.decompose()
    for tag in article.find_all(class_=["quiz", "math", "headerlink", "admonition-title", "course-map"]):
        tag.decompose()
    assert [link for link in links if link.decomposed] == []
    for entry in ENTRIES:
        words = [word for word in entry["en"] if word not in UNLINKED]
        any_of = "|".join(re.escape(word) for word in words) or "(?!)"
        linked = article.find_all("a", string=re.compile(rf"^({any_of})(s|es)?$", re.IGNORECASE))
        assert len([link for link in linked if link in links]) <= 1, entry["en"]
        used = article.find_all(string=re.compile(rf"(?<![\w-])({any_of})(?![\w-])"))
        used = [text for text in used if text.find_parent("p")]
        assert not used or linked or used[0].find_parent("a"), f"{entry['en']}: {used[0]}"
