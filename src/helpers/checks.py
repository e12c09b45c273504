"""A learner's answer to an exercise: right, or a hint that leads on, never the answer.

The answers are kept as fingerprints, so that reading this package does not solve an exercise; the worked solutions
are in the book, and the book's build runs `check` on every one of them.
"""

import argparse
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import yaml

ANSWERS = Path(__file__).parent / "pages"
WHOLE = 6  # parts of an answer that are kept as one fingerprint; longer ones, as an array, part by part


@dataclass(frozen=True)
class Verdict:
    """What `check` says; true only where the answer is right."""

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.text


def check(exercise: str, answer: Any) -> Verdict:
    """Compare an answer with that of an exercise.

    Parameters
    ----------
    exercise
        Name of the exercise, e.g. "c03-secant".
    answer
        A number, a text, or several of these in a tuple, list, array or tensor. Numbers count to the digits that the
        exercise asks for.

    Returns
    -------
    Verdict
        It prints as "✓ Right." or as a hint, and is true only where the answer is right.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    known = entries()
    if exercise not in known:
        near = difflib.get_close_matches(exercise, known, n=3) or sorted(known)
        raise ValueError(f"no exercise {exercise!r}; did you mean {', '.join(near)}?")
    if answer is ...:
        return Verdict(False, "✎ Put your answer in place of the dots.")
    entry, parts = known[exercise], _parts(answer)
    slips = entry.get("slips", [])
    if not any(_fits(one, len(parts)) for one in (entry["right"], *(slip["answer"] for slip in slips))):
        whole = isinstance(entry["right"], str)
        expected = f"at most {WHOLE}" if whole else len(entry["right"])
        said = f"expected {expected} numbers or texts, got {len(parts)}. {entry['hint']}"
        return Verdict(False, f"✗ Not yet: {said}")
    try:
        spellings = [_spellings(part, entry.get("digits")) for part in parts]
    except TypeError as error:
        return Verdict(False, f"✗ Not yet: {error}")
    if _matches(exercise, entry["right"], spellings):
        return Verdict(True, "✓ Right.")
    for slip in slips:
        if _matches(exercise, slip["answer"], spellings):
            return Verdict(False, f"✗ Not yet: {slip['hint']}")
    return Verdict(False, f"✗ Not yet: {entry['hint']}")


def _fits(stored: str | list[str], count: int) -> bool:
    """Whether an answer of so many parts can be the stored one: a fingerprint of the whole, or one for each part."""
    return count <= WHOLE if isinstance(stored, str) else count == len(stored)


def _matches(exercise: str, stored: str | list[str], spellings: list[set[str]]) -> bool:
    """Whether one of the ways to spell an answer is the stored one. A number has its own spelling and those a quarter
    of its last unit away; at most `WHOLE` parts are combined, so that the work grows with the parts and not faster."""
    if not _fits(stored, len(spellings)):
        return False
    if isinstance(stored, list):
        return all(
            any(_of_part(exercise, index, text) == one for text in texts)
            for index, (one, texts) in enumerate(zip(stored, spellings, strict=True))
        )
    return any(_of_whole(exercise, texts) == stored for texts in product(*spellings))


def _of_whole(exercise: str, texts: Iterable[str]) -> str:
    return f"{_fnv1a(exercise + ''.join(f';{text}' for text in texts)):016x}"


def _of_part(exercise: str, index: int, text: str) -> str:
    return f"{_fnv1a(f'{exercise};{index};{text}'):016x}"


def _parts(answer: Any) -> list[Any]:
    if hasattr(answer, "detach"):  # a tensor
        answer = answer.detach().cpu().numpy()
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    if isinstance(answer, (list, tuple)):
        return [part for inner in answer for part in _parts(inner)]
    return [answer]


def _spellings(part: Any, digits: int | None) -> set[str]:
    if isinstance(part, str):
        return {" ".join(part.lower().split())}
    if isinstance(part, (bool, np.bool_)):
        return {str(bool(part)).lower()}
    try:
        number = float(part)
    except (TypeError, ValueError):
        raise TypeError(f"expected a number or a text, or several of them, got {type(part).__name__}") from None
    if not np.isfinite(number):
        raise TypeError(f"expected a finite number, got {number}")
    if digits is None:
        return {str(round(number)) if number == round(number) else repr(number)}
    if number == 0:
        return {"0"}
    unit = 10.0 ** (np.floor(np.log10(abs(number))) - digits + 1)
    return {f"{number + step * unit:.{digits - 1}e}" for step in (-0.25, 0, 0.25)}


def fingerprint(exercise: str, answer: Any, digits: int | None = None) -> str | list[str]:
    """What the table of answers keeps: one fingerprint of an answer of at most six parts, else one for each part."""
    texts = []
    for part in _parts(answer):
        spellings = sorted(_spellings(part, digits))
        texts.append(spellings[0] if len(spellings) == 1 else f"{float(part):.{(digits or 1) - 1}e}")
    if len(texts) <= WHOLE:
        return _of_whole(exercise, texts)
    return [_of_part(exercise, index, text) for index, text in enumerate(texts)]


def _fnv1a(text: str) -> int:
    """64-bit FNV-1a (Fowler, Noll, Vo): short, and the same in every language; no secret is kept by it."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


@cache
def entries() -> dict[str, dict[str, Any]]:
    """Every exercise of the book: `answers.yml` of each page."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(ANSWERS.glob("*/answers.yml")):
        for name, entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            if name in found:
                raise ValueError(f"{path.parent.name}: the exercise {name} is there twice")
            if not {"right", "hint"} <= set(entry) <= {"right", "hint", "digits", "slips"}:
                raise ValueError(
                    f"{path.parent.name}: {name}: expected right and hint, perhaps digits and slips, got {set(entry)}"
                )
            found[name] = entry
    return found


def main() -> None:
    """Print the fingerprint of an answer: python -m helpers.checks c03-secant 6.001 --digits 4"""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("exercise")
    parser.add_argument("answer", nargs="+", help="numbers or texts; several make a tuple")
    parser.add_argument("--digits", type=int, help="significant digits that count")
    options = parser.parse_args()
    found = fingerprint(options.exercise, [_number_or_text(text) for text in options.answer], options.digits)
    print(found if isinstance(found, str) else yaml.safe_dump(found).strip())


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


if __name__ == "__main__":
    main()
