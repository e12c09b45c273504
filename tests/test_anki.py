"""The deck for Anki: every word and question is in it, in readable HTML, and keeps its id from one deck to the next."""

import json
import re
import sqlite3
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / "_ext"), str(ROOT / "scripts")]
import anki  # noqa: E402

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.md"))


def notes_of(path: Path) -> list[dict]:
    """The notes of an .apkg as Anki's own tables hold them."""
    with zipfile.ZipFile(path) as package:
        collection = path.with_suffix(".anki2")
        collection.write_bytes(package.read("collection.anki2"))
    connection = sqlite3.connect(collection)
    models = json.loads(connection.execute("select models from col").fetchone()[0])
    rows = connection.execute(
        "select n.guid, n.mid, n.tags, n.flds, count(c.id) from notes n join cards c on c.nid = n.id group by n.id"
    ).fetchall()
    connection.close()
    return [
        {
            "guid": guid,
            "tags": tags.split(),
            "cards": cards,
            "fields": dict(zip((one["name"] for one in models[str(model)]["flds"]), fields.split("\x1f"), strict=True)),
        }
        for guid, model, tags, fields, cards in rows
    ]


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    path = tmp_path_factory.mktemp("anki") / "course.apkg"
    return anki.write_deck(ROOT, path), notes_of(path)


def test_every_word_of_the_glossary_is_asked_both_ways(deck):
    (n_words, _), notes = deck
    entries = yaml.safe_load((ROOT / "glossary.yml").read_text(encoding="utf-8"))
    words = [note for note in notes if "glossary" in note["tags"]]
    assert n_words == len(words) == len(entries) > 100
    assert {note["fields"]["English"] for note in words} == {anki.escape(entry["en"][0]) for entry in entries}
    assert {note["cards"] for note in words} == {2}
    chapters = {anki.escape(entry["en"][0]): entry["chapters"] for entry in entries}
    for note in words:
        named = [f"chapter-{number:02d}" for number in chapters[note["fields"]["English"]]]
        assert set(note["tags"]) == {"glossary", *named}


def test_every_question_is_there_with_what_is_right_and_why(deck):
    (_, n_questions), notes = deck
    asked = {path.name[:2]: path.read_text(encoding="utf-8").count("{quiz} ") for path in CHAPTERS}
    questions = [note for note in notes if "quiz" in note["tags"]]
    assert n_questions == len(questions) == sum(asked.values()) > 80
    for number, count in asked.items():
        assert sum(f"chapter-{number}" in note["tags"] for note in questions) == count
    for note in questions:
        fields = note["fields"]
        assert not re.search("Right|Not quite|[✓✗]", fields["Choices"])
        assert "✓ Right." in fields["Answers"]
        assert fields["Answers"].count("<li>") >= fields["Choices"].count("<li>") >= 2


def test_no_markdown_is_left_on_a_card(deck):
    _, notes = deck
    for note in notes:
        text = " ".join(note["fields"].values())
        plain = re.sub(r"\\\(.*?\\\)|\\\[.*?\\\]", "", text, flags=re.DOTALL)
        assert not re.search(r"\{[\w:]+\}`|\$|\*\*|‹|- \[", plain), plain


AROUND = re.compile(r"\b(this|the) page\b|\babove,|\b(box|table|figure|taken|cells?|derivatives) above\b")


def test_a_card_speaks_of_no_page_around_it(deck):
    _, notes = deck
    assert anki.without_page("On\nthis page: 3, on the\npage's end.") == "In the chapter: 3, in the chapter's end."
    for note in notes:
        for field in note["fields"].values():
            assert not AROUND.search(" ".join(field.split())), field


def test_a_note_keeps_its_id_when_another_deck_is_written(deck, tmp_path):
    _, notes = deck
    anki.write_deck(ROOT, tmp_path / "again.apkg")
    again = notes_of(tmp_path / "again.apkg")
    assert [note["guid"] for note in again] == [note["guid"] for note in notes]
    assert len({note["guid"] for note in notes}) == len(notes)


def test_a_meaning_that_is_mended_stays_the_same_note(tmp_path):
    """Only the word, or chapter and question, make the id: a repaired sentence updates what the reader has."""
    entry = {"en": ["patch"], "fr": "f", "zh": "z", "pinyin": "p", "chapters": [10], "says": "A square $P$."}
    (tmp_path / "references.bib").write_text("")
    writer, guids = anki.Writer(tmp_path), set()
    for says in ("A square $P$.", "A square of an image, $P < H$."):
        (tmp_path / "glossary.yml").write_text(yaml.safe_dump([entry | {"says": says}]))
        (note,) = anki.words(tmp_path, writer)
        guids.add(note.guid)
    assert len(guids) == 1
    assert note.fields[2] == '<p>A square of an image, <span class="math inline">\\(P &lt; H\\)</span>.</p>'


def test_a_number_that_only_the_built_book_knows_is_refused(tmp_path):
    (tmp_path / "references.bib").write_text("")
    with pytest.raises(ValueError, match="glued"):
        anki.Writer(tmp_path).html("It is {glue:text}`n`.")
