"""The glossary of the course in English, French and Chinese, from the one table `glossary.yml`.

- ``{course-glossary}``: every term with both translations, its sentence and its chapters, as a Sphinx glossary, so that
  ``{term}`attention` `` works on every page, with the short forms too.
- ``{glossary-words} fr`` or ``zh``: the same terms sorted by that language, each leading to its entry.

Words of other languages say which language they are, so that screen readers pronounce them.

In a chapter each term leads to its entry where it is first used, and says what it means when the pointer rests on it.
"""

import re
import unicodedata
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from quiz import quiz
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

TABLE = "glossary.yml"


def read_entries(path: Path) -> list[dict[str, Any]]:
    """The entries of the table, sorted by their English term."""
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return sorted(entries, key=lambda entry: plain(entry["en"][0]))


def plain(word: str) -> str:
    """Lower case without accents and tones, for sorting: "Équivariance" -> "equivariance", "juǎnjī" -> "juanji"."""
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).replace("'", " ")


def spoken(word: str, language: str) -> str:
    """A word marked with its language."""
    return f'<span lang="{language}">{escape(word, quote=False)}</span>'


def chinese(entry: dict[str, Any]) -> str:
    """The Chinese word with its pronunciation, left out where it is the word itself."""
    return f"{spoken(entry['zh'], 'zh-Hans')} <i>{spoken(entry['pinyin'], 'zh-Latn-pinyin')}</i>"


def definition(entry: dict[str, Any]) -> list[str]:
    """One entry of a Sphinx glossary, as lines of MyST."""
    words = f'<span class="glossary-words">{spoken(entry["fr"], "fr")} · {chinese(entry)}</span>'
    where = ",".join(str(number) for number in entry["chapters"])
    return [*entry["en"], f"  {words}", "  ", f"  {' '.join(entry['says'].split())} *See {{chapters}}`{where}`.*", ""]


class _Generated(SphinxDirective):
    """A directive that writes MyST from the table and has it read in its own place."""

    def entries(self) -> list[dict[str, Any]]:
        path = Path(self.env.srcdir) / TABLE
        self.env.note_dependency(str(path))
        return read_entries(path)

    def read(self, lines: list[str]) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, source=TABLE), self.content_offset, holder)
        return holder.children


class CourseGlossary(_Generated):
    """``{course-glossary}``: no arguments, no content."""

    def run(self) -> list[nodes.Node]:
        return self.read(["```{glossary}", *(line for entry in self.entries() for line in definition(entry)), "```"])


class GlossaryWords(_Generated):
    """``{glossary-words} fr`` or ``zh``: a list of words, each leading to its entry."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        language = self.arguments[0]
        if language not in ("fr", "zh"):
            raise self.error(f"glossary-words: expected fr or zh, got {language!r}")
        key = "fr" if language == "fr" else "pinyin"
        lines = []
        for entry in sorted(self.entries(), key=lambda entry: plain(entry[key])):
            word = spoken(entry["fr"], "fr") if language == "fr" else chinese(entry)
            lines.append(f"- {word} · {{term}}`{entry['en'][0]}`")
        (found,) = self.read(lines)
        found["classes"].append("glossary-columns")
        return [found]


# --- links from the chapters -----------------------------------------------------------------------------------------

CHAPTER = re.compile(r"chapters/\d\d_")
# Words of everyday English, or with another sense in these chapters: a link would stop a reader who needs none.
UNLINKED = {"accuracy", "class", "derivative", "key", "kernel", "filter", "label", "parameter", "patch", "value"}
# Where no term is looked for; a table is too narrow for dotted lines.
APART = (nodes.reference, addnodes.pending_xref, nodes.literal, nodes.math, nodes.raw)
APART += (nodes.title, nodes.caption, nodes.table, quiz)


def pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the terms, the longest first, also in the plural; a short form in its own capitals alone."""

    def one(term: str) -> str:
        start = re.escape(term[0]) if term[0].isupper() else f"[{term[0]}{term[0].upper()}]"
        return start + re.escape(term[1:])

    words = "|".join(one(term) for term in sorted(terms, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])({words})(?:s|es)?(?![\w-])")


def meaning(entry: dict[str, Any]) -> str:
    """What an entry says, without marks."""
    text = re.sub(r"\{[\w:]+\}`([^`<]+?)(?: <[^>]*>)?`", r"\1", " ".join(entry["says"].split()))
    return re.sub(r"\\(mathrm|operatorname)|[$*\\{}]", "", text)


def link_terms(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Make the first use of each term in a chapter a link, not in titles, code, links or folded boxes."""
    if not CHAPTER.match(page) or "glossary" not in app.env.found_docs:
        return
    entries = {word: entry for entry in read_entries(Path(app.srcdir) / TABLE) for word in entry["en"]}
    left = {word for word in entries if word not in UNLINKED}
    anchors = app.env.domains["std"].objects
    for text in list(doctree.findall(nodes.Text)):
        if not left or not _is_prose(text):
            continue
        made: list[nodes.Node] = []
        end = 0
        for found in pattern(left).finditer(text):
            entry = entries[found[1]] if found[1] in entries else entries[found[1][0].lower() + found[1][1:]]
            if not left & set(entry["en"]):
                continue  # linked a moment ago, in this very piece of text
            left -= set(entry["en"])
            glossary, anchor = anchors["term", entry["en"][0]]
            address = f"{app.builder.get_relative_uri(page, glossary)}#{anchor}"
            link = nodes.reference("", found[0], internal=True, refuri=address, reftitle=meaning(entry))
            link["classes"].append("term-link")
            made += [nodes.Text(text[end : found.start()]), link]
            end = found.end()
        if made:
            text.parent.replace(text, [*made, nodes.Text(text[end:])])


def _is_prose(text: nodes.Text) -> bool:
    inside_paragraph = False
    node = text.parent
    while node is not None:
        if isinstance(node, APART) or (isinstance(node, nodes.Element) and "sd-dropdown" in node.get("classes", ())):
            return False
        inside_paragraph |= isinstance(node, nodes.paragraph)
        node = node.parent
    return inside_paragraph


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("course-glossary", CourseGlossary)
    app.add_directive("glossary-words", GlossaryWords)
    app.connect("doctree-resolved", link_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
