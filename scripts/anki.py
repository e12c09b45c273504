"""The words and quizzes of the course as a deck for Anki: `_build/anki/course.apkg`.

    make anki

A word is asked both ways: what it means, and what it is called in English, French and Chinese. A quiz shows its
choices, then what is right and what each wrong one confuses. A note's id comes from its English word, or from its
chapter and its question: importing a newer deck updates the notes and keeps what the reader has learned.
"""

import re
import sys
from html import escape
from pathlib import Path
from typing import Any

import genanki
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "_ext"))
from course_glossary import read_entries  # noqa: E402
from plain import ANSWER, QUIZ, bibliography, paragraphs, roles  # noqa: E402

COURSE = "From Convolution to Attention"
TERMS = "Text CC BY 4.0, the authors of From Convolution to Attention."
# Ids that Anki knows decks and kinds of notes by: drawn once. With another one a reader's deck would be there twice.
WORD_DECK, QUIZ_DECK, WORD_MODEL, QUIZ_MODEL = 1830417261, 1830417262, 1642093351, 1642093352
STYLE = """
.card { font: 20px/1.45 sans-serif; text-align: center; max-width: 38em; margin: auto; padding: 0.5em; }
.word { font-size: 1.35em; font-weight: 600; } .also, .where { opacity: 0.75; font-size: 0.85em; }
.quiz { text-align: left; } .quiz li { margin-bottom: 0.7em; } .why { font-size: 0.9em; }
"""
WORDS = '{{French}} · <span lang="zh-Hans">{{Chinese}}</span> <i>{{Pinyin}}</i>'
PAGE = re.compile(r"\b(?:([Oo])n\s+)?(?:this|the)\s+page\b")
WHERE = '<p class="where">{{Where}}</p>'


def word_model() -> genanki.Model:
    """A word of the glossary, asked both ways."""
    fields = ["English", "Short forms", "Meaning", "French", "Chinese", "Pinyin", "Where"]
    word = '<p class="word">{{English}}</p>'
    also = '{{#Short forms}}<p class="also">{{Short forms}}</p>{{/Short forms}}'
    back = "{{FrontSide}}<hr id=answer>"
    cards = [
        {"name": "Meaning", "qfmt": word, "afmt": f"{back}{also}{{{{Meaning}}}}<p>{WORDS}</p>{WHERE}"},
        {"name": "Word", "qfmt": "{{Meaning}}", "afmt": f"{back}{word}{also}<p>{WORDS}</p>{WHERE}"},
    ]
    return genanki.Model(WORD_MODEL, f"{COURSE}: word", [{"name": name} for name in fields], cards, css=STYLE)


def quiz_model() -> genanki.Model:
    """A question with its choices; the back says of each what is right or what it confuses."""
    front = '<div class="quiz">{{Question}}{{Choices}}</div>'
    cards = [{"name": "Quiz", "qfmt": front, "afmt": f'<div class="quiz">{{{{Question}}}}{{{{Answers}}}}</div>{WHERE}'}]
    fields = [{"name": name} for name in ("Question", "Choices", "Answers", "Where")]
    return genanki.Model(QUIZ_MODEL, f"{COURSE}: quiz", fields, cards, css=STYLE)


class Writer:
    """Turns the course's Markdown into the HTML of a card, its mathematics for Anki's own MathJax."""

    def __init__(self, root: Path) -> None:
        self.works = bibliography(root / "references.bib")
        self.markdown = MarkdownIt("commonmark").use(dollarmath_plugin, renderer=self._formula)

    @staticmethod
    def _formula(text: str, options: dict[str, Any]) -> str:
        return f"\\[{escape(text)}\\]" if options["display_mode"] else f"\\({escape(text)}\\)"

    def html(self, text: str) -> str:
        """A piece of Markdown as HTML.

        Raises
        ------
        ValueError
            For a number that only the built book knows: a card would show a gap.
        """
        if "{glue" in text:
            raise ValueError(f"expected text without glued numbers, got {text!r}")
        return str(self.markdown.render(roles(text, self.works, {}))).strip()


def words(root: Path, writer: Writer) -> list[genanki.Note]:
    """A note for each term of the glossary."""
    model, notes = word_model(), []
    for entry in read_entries(root / "glossary.yml"):
        term, *short = entry["en"]
        numbers = entry["chapters"]
        where = f"{'chapter' if len(numbers) == 1 else 'chapters'} {', '.join(map(str, numbers))}"
        plain_words = [escape(text) for text in (term, ", ".join(short))]
        others = [escape(entry[key]) for key in ("fr", "zh", "pinyin")]
        fields = [*plain_words, writer.html(" ".join(entry["says"].split())), *others, where]
        tags = ["glossary", *(f"chapter-{number:02d}" for number in numbers)]
        notes.append(genanki.Note(model, fields, guid=genanki.guid_for("word", term), tags=tags))
    return notes


def quizzes(root: Path, writer: Writer) -> list[genanki.Note]:
    """A note for each quiz question of each chapter."""
    model, notes = quiz_model(), []
    for page in sorted((root / "chapters").glob("[0-9][0-9]_*.md")):
        number, text = int(page.name[:2]), page.read_text(encoding="utf-8")
        for _, question, content in QUIZ.findall(text):
            rest, *parts = ANSWER.split(without_page(content))
            answers = [paragraphs(part) for part in parts[1::2]]
            right = [mark != " " for mark in parts[::2]]
            choices = "".join(f"<li>{writer.html(' '.join(answer.split()))}</li>" for answer, *_ in answers)
            told = "".join(_answer(writer, *one) for one in zip(right, answers, strict=True))
            fields = [
                writer.html(f"**{without_page(question)}**\n\n{rest}"),
                f'<ol type="A">{choices}</ol>',
                f'<ol type="A">{told}</ol>',
                f"chapter {number}",
            ]
            guid = genanki.guid_for("quiz", number, question)
            notes.append(genanki.Note(model, fields, guid=guid, tags=["quiz", f"chapter-{number:02d}"]))
    return notes


def without_page(text: str) -> str:
    """What is said of "this page" said of the chapter: a card stands on no page."""
    return PAGE.sub(lambda found: {"O": "In ", "o": "in ", None: ""}[found[1]] + "the chapter", text)


def _answer(writer: Writer, right: bool, answer: list[str]) -> str:
    choice, *why = answer
    verdict = "✓ Right." if right else "✗ Not quite."
    why_html = writer.html("\n\n".join(why))
    return f'<li>{writer.html(" ".join(choice.split()))}<div class="why"><b>{verdict}</b> {why_html}</div></li>'


def write_deck(root: Path, path: Path) -> tuple[int, int]:
    """Write the deck of the course in `root` to `path`; how many words and how many questions it holds.

    Raises
    ------
    ValueError
        If two notes would have one id, so that one would replace the other.
    """
    writer = Writer(root)
    notes = {WORD_DECK: words(root, writer), QUIZ_DECK: quizzes(root, writer)}
    guids = [note.guid for of_deck in notes.values() for note in of_deck]
    twice = {guid for guid in guids if guids.count(guid) > 1}
    if twice:
        raise ValueError(f"expected one note for each word and question, got {len(twice)} ids more than once")
    decks = []
    for deck_id, name in ((WORD_DECK, "Words"), (QUIZ_DECK, "Quizzes")):
        deck = genanki.Deck(deck_id, f"{COURSE}::{name}", description=TERMS)
        for note in notes[deck_id]:
            deck.add_note(note)
        decks.append(deck)
    path.parent.mkdir(parents=True, exist_ok=True)
    genanki.Package(decks).write_to_file(path)
    return len(notes[WORD_DECK]), len(notes[QUIZ_DECK])


def main() -> None:
    """Write the deck and say where it is."""
    path = ROOT / "_build" / "anki" / "course.apkg"
    n_words, n_questions = write_deck(ROOT, path)
    print(f"{path}: {n_words} words, asked both ways, and {n_questions} questions. In Anki: File, Import.")


if __name__ == "__main__":
    main()
