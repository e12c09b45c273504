"""The teacher's page speaks of chapters as they are: each has its three lines, and bets, labels and labs are there."""

import re
from pathlib import Path

import pytest
import yaml

CHAPTERS = Path(__file__).resolve().parents[3] / "chapters"
PAGE = (CHAPTERS / "teaching.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^\{chapter\}`(\d+)`\n((?:(?:: |  ).*\n)+)", re.MULTILINE)
ENTRIES = {int(number): text for number, text in ENTRY.findall(PAGE)}
MAP = yaml.safe_load((CHAPTERS / "course_map.yml").read_text(encoding="utf-8"))
NUMBERS = [chapter["number"] for part in MAP for chapter in part["chapters"]]
LABS = {lab: one["number"] for part in MAP for one in part["chapters"] for lab in one.get("labs", {})}


def source(number: int) -> str:
    return next(CHAPTERS.glob(f"{number:02d}_*.md")).read_text(encoding="utf-8")


def bets(text: str) -> int:
    """How many numbered guesses the box of a chapter holds."""
    box = re.search(r"\{admonition\} Predict, then read on\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return len(re.findall(r"^\d\. |\(\d\) ", box[1], re.MULTILINE)) if box else 0


def test_every_chapter_has_an_entry_in_order():
    assert list(ENTRIES) == NUMBERS == list(range(1, 19))


@pytest.mark.parametrize("number", NUMBERS)
def test_an_entry_has_a_bet_a_question_and_a_sentence_that_is_mended(number):
    hands, ask, heard = re.findall(r"^: \*(\w+)\*: (.*?)(?=^: |\Z)", ENTRIES[number], re.DOTALL | re.MULTILINE)
    assert [hands[0], ask[0], heard[0]] == ["Hands", "Ask", "Heard"]
    assert "?" in ask[1]
    assert heard[1].count('"') >= 2


@pytest.mark.parametrize("number", NUMBERS)
def test_a_bet_that_is_named_stands_in_the_chapter(number):
    named = [
        int(bet) for bet in re.findall(r"\bbets? (\d)|\band (?:bet )?(\d)\b", ENTRIES[number]) for bet in bet if bet
    ]
    assert all(bet <= bets(source(number)) for bet in named), named


def test_most_entries_name_a_bet():
    assert sum(bool(re.search(r"\bbets? \d", text)) for text in ENTRIES.values()) >= 14


@pytest.mark.parametrize("number", NUMBERS)
def test_a_sentence_is_mended_in_its_own_chapter(number):
    labels = re.findall(r"\{ref\}`[^<`]*<([\w-]+)>`|\{numref\}`([\w-]+)`", ENTRIES[number])
    text = source(number)
    assert labels
    for label in (one or other for one, other in labels):
        assert f"({label})=" in text or f"name: {label}\n" in text, label


def test_labs_stand_beside_their_own_chapters_or_later_ones():
    """A plan that gives a lab before its chapter would send a class into what it has not heard of."""
    for table in re.findall(r"```\{list-table\}.*?^```", PAGE, re.DOTALL | re.MULTILINE):
        heard: set[int] = set()
        for row in table.split("\n* - ")[1:]:
            heard |= {int(one) for names in re.findall(r"\{chapters?\}`([\d,]+)`", row) for one in names.split(",")}
            labs = [int(one) for names in re.findall(r"\{labs?\}`([\d,]+)`", row) for one in names.split(",")]
            assert [lab for lab in labs if LABS[lab] not in heard] == []


def test_it_is_short():
    text = re.sub(r"^---.*?^---\n", "", PAGE, count=1, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```\{(?:code-cell|list-table)\}.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert 1_000 < len(text.split()) <= 2_000
