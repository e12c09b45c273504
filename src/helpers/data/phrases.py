"""French phrases with their English translation and the true alignment, made by a small grammar of our own.

A map of attention says which French words were read for each English one. In a corpus nobody knows which ones should
have been. Here the grammar knows, since it made both sides: an adjective that changes places with its noun, a number
of four words that becomes one, an object that walks behind its verb, a clause that moves to the other end.

The grammar is meant to be right, not rich: articles elide, adjectives agree, verbs follow their subject; what it says
is often silly. The words are tokens of `helpers.data.text.tokenise`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers.data.phrase_words import (
    ACTORS,
    AFTER,
    BEFORE,
    ENGLISH_TENS,
    ENGLISH_UNITS,
    INTRANSITIVE,
    JOINED,
    MONTHS,
    NOUNS,
    TENS,
    TRANSITIVE,
    UNITS,
    VOWELS,
    WHEN,
)

KINDS = ("swapped", "number", "pronoun", "moved", "in order")  # why an English word does not stand where it would


@dataclass(frozen=True)
class Phrase:
    """Both sides, and where each English word comes from.

    Attributes
    ----------
    french
        Tokens, M.
    english
        Tokens, N.
    links
        For each English word the numbers of its French words; empty where it comes from none.
    kinds
        For each English word one of `KINDS`: "swapped" (a noun or its adjective, in changed order), "number" (of
        several French words), "pronoun" (an object behind its verb), "moved" (in a clause that changes ends), "in
        order" (none of these).
    """

    french: tuple[str, ...]
    english: tuple[str, ...]
    links: tuple[tuple[int, ...], ...]
    kinds: tuple[str, ...]

    @property
    def pair(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Without the alignment, as `helpers.data.text` has it."""
        return self.french, self.english


def piece(french: str, english: str, links: Sequence[Sequence[int]] | None = None, kind: str = "in order") -> Phrase:
    """Words written with blanks between; without `links` the n-th comes from the n-th, or all from all.

    Raises
    ------
    ValueError
        If there is not one link list for each English word.
    """
    source, target = tuple(french.split()), tuple(english.split())
    if links is None:
        same = len(source) == len(target)
        links = [(i,) if same else tuple(range(len(source))) for i in range(len(target))]
    if len(links) != len(target):
        raise ValueError(f"links: expected {len(target)}, one for each word of {english!r}, got {len(links)}")
    return Phrase(source, target, tuple(map(tuple, links)), (kind,) * len(target))


def joined(parts: Sequence[Phrase], order: Sequence[int] | None = None, kind: dict[int, str] | None = None) -> Phrase:
    """Parts one after the other in French, and in `order` in English; `kind` renames the words "in order" of a part."""
    starts = np.cumsum([0, *(len(part.french) for part in parts)])
    english: list[str] = []
    links: list[tuple[int, ...]] = []
    kinds: list[str] = []
    for k in order if order is not None else range(len(parts)):
        part, name = parts[k], (kind or {}).get(k, "in order")
        english += part.english
        links += [tuple(int(starts[k]) + i for i in link) for link in part.links]
        kinds += [name if own == "in order" else own for own in part.kinds]
    return Phrase(sum((part.french for part in parts), ()), tuple(english), tuple(links), tuple(kinds))


def number(n: int, feminine: bool = False) -> Phrase:
    """A number from 2 to 99: quatre -vingt -dix -sept, ninety-seven; in front of a feminine noun vingt et une."""
    if not 2 <= n <= 99:
        raise ValueError(f"n: expected 2 to 99, got {n}")
    french = _french_number(n).replace("-", " -")
    if feminine and n % 10 == 1 and n not in (11, 71, 91):
        french += "e"
    english = ENGLISH_UNITS[n] if n < 20 else ENGLISH_TENS[n // 10 - 2]
    if n > 20 and n % 10:
        english += f"-{ENGLISH_UNITS[n % 10]}"
    return piece(french, english, kind="number" if " " in french else "in order")


def _french_number(n: int) -> str:
    if n < 17:
        return UNITS[n]
    if n < 20:
        return f"dix-{UNITS[n - 10]}"
    if n >= 80:
        return "quatre-vingts" if n == 80 else f"quatre-vingt-{_french_number(n - 80)}"
    tens, rest = (6, n - 60) if n >= 70 else divmod(n, 10)
    if not rest:
        return TENS[tens]
    return f"{TENS[tens]} et {UNITS[rest]}" if rest in (1, 11) else f"{TENS[tens]}-{_french_number(rest)}"


class Grammar:
    """Draws phrases.

    Parameters
    ----------
    seed
        Of the draw.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def _one(self, of: Sequence) -> tuple:
        return of[int(self.rng.integers(len(of)))]

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def noun_phrase(self, of: Sequence[str], denied: bool = False) -> tuple[Phrase, bool]:
        """Determiner, adjectives and noun of such things; and whether it is plural. `denied`: pas de livre."""
        gender, one, many, english, english_many, what = self._one([noun for noun in NOUNS if noun[5] in of])
        plural = self._chance(0.4)
        form = (gender == "f") + 2 * plural
        noun = piece(many if plural else one, english_many if plural else english)
        if self._chance(0.6):
            adjective = self._one([adjective for adjective in AFTER if what in adjective[5]])
            parts = [noun, piece(adjective[form], adjective[4])]
            noun = joined(parts, [1, 0], {0: "swapped", 1: "swapped"})
        before = self._chance(0.3)
        if before:
            adjective = self._one([*BEFORE[:2], BEFORE[3 if what == "thing" else 2]])  # no young house
            noun = joined([piece(adjective[form], adjective[4]), noun])
        article = self._determiner(gender, plural, noun, denied or (plural and before), denied)
        return joined([article, noun]), plural

    def _determiner(self, gender: str, plural: bool, noun: Phrase, short: bool, denied: bool) -> Phrase:
        """`short`: de in the place of un, une, des."""
        vowel, masculine = noun.french[0][0] in VOWELS, gender == "m"
        kind = ("the", "a", "my", "this", "number")[int(self.rng.integers(5))]
        if kind == "number" and plural:
            return number(int(self.rng.integers(2, 100)), not masculine)
        if kind in ("the", "number"):
            return piece("les" if plural else "l'" if vowel else "le" if masculine else "la", "the")
        if kind == "a":
            one = "an" if noun.english[0][0] in "aeiou" else "a"
            article = ("any" if denied else "some") if plural else one
            full = "des" if plural else "un" if masculine else "une"
            return piece(("d'" if vowel else "de") if short else full, article)
        if kind == "my":
            return piece("mes" if plural else "mon" if masculine or vowel else "ma", "my")
        this = "these" if plural else "this"
        return piece("ces" if plural else "cette" if not masculine else "cet" if vowel else "ce", this)

    def verb_phrase(self, plural: bool) -> Phrase:
        """A verb in the present, denied, or in the past, with an object, a pronoun in its place, or none."""
        if self._chance(0.3):
            return self._verb(self._one(INTRANSITIVE), plural)[0]
        verb = self._one(TRANSITIVE)
        if not verb[6] and self._chance(0.4):  # le garçon la voit: the boy sees her
            found = piece(verb[1] if plural else verb[0], verb[4] if plural else verb[3])
            pronoun = piece(*self._one((("le", "him"), ("la", "her"), ("les", "them"))))
            return joined([pronoun, found], [1, 0], {0: "pronoun", 1: "pronoun"})
        said, denied = self._verb(verb, plural)
        return joined([said, self.noun_phrase(("thing",) if verb[6] else ("thing", *ACTORS), denied)[0]])

    def _verb(self, verb: tuple, plural: bool) -> tuple[Phrase, bool]:
        """The verb, and whether it is denied."""
        one, many, participle, english, base, past = verb[:6]
        now, denied = many if plural else one, False
        way = ("now", "now", "not", "past")[int(self.rng.integers(4))]
        if way == "past":
            found = piece(f"{'ont' if plural else 'a'} {participle}", past, [(0, 1)] * len(past.split()))
        elif way == "not":
            short, denied = "n'" if now[0] in VOWELS else "ne", True
            links = [(), (0, 2), *[(1,)] * len(base.split())]
            found = piece(f"{short} {now} pas", f"{'do' if plural else 'does'} not {base}", links)
        else:
            words = base if plural else english
            found = piece(now, words, [(0,)] * len(words.split()))
        return found, denied

    def clause(self) -> Phrase:
        """Subject and verb phrase; perhaps with a time in front, which English puts at the end."""
        subject, plural = self.noun_phrase(ACTORS)
        said = joined([subject, self.verb_phrase(plural)])
        if not self._chance(0.35):
            return said
        when = self._date() if self._chance(0.4) else piece(*self._one(WHEN))
        return joined([when, piece(",", "", []), said], [2, 1, 0], {0: "moved", 2: "moved"})

    def _date(self) -> Phrase:
        """le trois mai: on may three."""
        month = self._one(MONTHS)
        parts = [piece("le", "on"), number(int(self.rng.integers(2, 31))), piece(*month)]
        return joined(parts, [0, 2, 1], {1: "swapped", 2: "swapped"})

    def sentence(self, clauses: int) -> Phrase:
        """So many clauses, joined by and, but, because; a full stop."""
        parts = [self.clause()]
        for _ in range(clauses - 1):
            (french, english, links), clause = self._one(JOINED), self.clause()
            if french == "parce que" and clause.french[0][0] in VOWELS and clause.french[0] != "onze":
                french = "parce qu'"
            parts += [piece(french, english, links), clause]
        return joined([*parts, piece(".", ".")])


def draw_phrases(n: int, seed: int, most_clauses: int = 3, without: Sequence[Phrase] = ()) -> list[Phrase]:
    """n different sentences of 1 to `most_clauses` clauses, none of them French for one of `without`.

    Raises
    ------
    ValueError
        If n or `most_clauses` is below 1.
    """
    if n < 1 or most_clauses < 1:
        raise ValueError(f"expected at least one phrase of at least one clause, got {n} of {most_clauses}")
    grammar, seen = Grammar(seed), {phrase.french for phrase in without}
    found: list[Phrase] = []
    while len(found) < n:
        phrase = grammar.sentence(int(grammar.rng.integers(1, most_clauses + 1)))
        if phrase.french not in seen:
            seen.add(phrase.french)
            found.append(phrase)
    return found
