"""Names are data: what a folder is called must neither become a formula nor break a table, and be read in any script.

A class name reaches a figure through `in_figure` and a Markdown table through `in_markdown`; nothing else escapes.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

_SAID: list[bool] = []  # once for a session


def in_figure(name: str) -> str:
    """A name as text of a Matplotlib figure: no formula, one line, in fonts that have its characters.

    An installed font with characters that today's font lacks joins the fonts of the session. Where none has them, they
    are written by their numbers, which is said once.
    """
    text = "".join(character for character in " ".join(name.split()) if not _invisible(character))
    missing = _use_fonts_for(text)
    if missing and not _SAID:
        _SAID.append(True)
        print(
            f"no installed font has {' '.join(sorted(missing))}: figures write such characters by their numbers "
            "(<U+732B>). Install a font that has them, for example Noto Sans CJK or Noto Emoji, and start again.",
            file=sys.stderr,
        )
    text = "".join(f"<U+{ord(character):04X}>" if character in missing else character for character in text)
    return text.replace("$", r"\$")


def in_markdown(name: str) -> str:
    """A name as text of a Markdown table: no bar, code, formula, tag, emphasis, link or line break of its own."""
    return re.sub(r"([\\`*_\[\]<>|$&#~])", r"\\\1", " ".join(name.split()))


def _invisible(character: str) -> bool:
    """Joiners, marks of direction, variants of an emoji: no font draws them on their own."""
    return unicodedata.category(character) in ("Cf", "Cc", "Cs") or "\ufe00" <= character <= "\ufe0f"


def _use_fonts_for(text: str) -> set[str]:
    """Add fonts to the session until all characters are there; returns those that no font has."""
    families = list(mpl.rcParams["font.family"])
    missing = {c for c in text if not c.isspace()}
    for family in families:
        missing = _lacking(font_manager.findfont(font_manager.FontProperties(family=[family])), missing)
    for entry in sorted(filter(_has_letters, font_manager.fontManager.ttflist), key=_plainness) if missing else []:
        still = _lacking(entry.fname, missing)
        if still != missing:
            families.append(entry.name)
            missing = still
        if not missing:
            break
    mpl.rcParams["font.family"] = families
    return missing


def _has_letters(entry: font_manager.FontEntry) -> bool:
    """Whether a font is more than one of last resort, which Matplotlib and macOS bring: a box for every character."""
    return "lastresort" not in entry.name.replace(" ", "").lower()


def _plainness(entry: font_manager.FontEntry) -> tuple[bool, bool, str]:
    return (entry.style != "normal", entry.weight not in (400, "normal", "regular"), entry.name)


def _lacking(path: str, characters: Iterable[str]) -> set[str]:
    return {c for c in characters if not _draws(path, ord(c))}


@cache
def _characters(path: str) -> frozenset[int]:
    """What a font file can draw; nothing where it cannot be read or holds bitmaps alone, as fonts of emoji do."""
    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return frozenset()
    return frozenset(font.get_charmap()) if font.scalable else frozenset()


@cache
def _draws(path: str, code: int) -> bool:
    if code not in _characters(path):
        return False
    font = FT2Font(path)
    font.set_size(10, 72)
    font.load_char(code)
    return len(font.get_path()[0]) > 0  # a colour font has the character, but no outline of it


__all__ = ["in_figure", "in_markdown"]
