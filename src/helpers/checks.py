"""A learner's answer to an exercise: right, or a hint that leads on, never the answer.

The answers are kept as fingerprints, so that reading this package does not solve an exercise; the worked solutions
are in the book, and the book's build runs `check` on every one of them.
"""

import argparse
import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

ANSWERS = Path(__file__).parent / "pages"


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
    A verdict that prints as "✓ Right." or as a hint.

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
    entry = known[exercise]
    try:
        given = fingerprints(exercise, answer, entry.get("digits"))
    except TypeError as error:
        return Verdict(False, f"✗ Not yet: {error}")
    if entry["right"] in given:
        return Verdict(True, "✓ Right.")
    for slip in entry.get("slips", []):
        if slip["answer"] in given:
            return Verdict(False, f"✗ Not yet: {slip['hint']}")
    return Verdict(False, f"✗ Not yet: {entry['hint']}")


def fingerprints(exercise: str, answer: Any, digits: int | None) -> set[str]:
    """Fingerprints that an answer matches: its own and, for a number, those a quarter of its last unit away.

    Raises
    ------
    TypeError
        If the answer is no number, no text, and not made of them.
    """
    texts = {""}
    for part in _parts(answer):
        texts = {f"{text};{spelling}" for text in texts for spelling in _spellings(part, digits)}
    return {f"{_fnv1a(f'{exercise}{text}'):016x}" for text in texts}


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


def fingerprint(exercise: str, answer: Any, digits: int | None = None) -> str:
    """The one fingerprint of an answer, for the table of answers."""
    text = ""
    for part in _parts(answer):
        spellings = sorted(_spellings(part, digits))
        if len(spellings) > 1:
            spellings = [f"{float(part):.{digits - 1}e}"] if digits is not None else spellings
        text += f";{spellings[0]}"
    return f"{_fnv1a(f'{exercise}{text}'):016x}"


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
    print(fingerprint(options.exercise, [_number_or_text(text) for text in options.answer], options.digits))


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


if __name__ == "__main__":
    main()
