"""Tests against networks: who passes what, and whom no test has told from the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Results = dict[str, dict[str, bool | None]]  # test -> letter -> passed; None of a test that is not written


def run_tests(tests: Mapping[str, Callable[[Any], bool | None]], make: Callable[[str], Any], letters: str) -> Results:
    """Every test on a fresh copy of every network, so that no test sees what another one did.

    Parameters
    ----------
    tests
        Name -> a function of a network: True where it passes, False where not, None where there is no test yet.
    make
        Letter -> a fresh network.
    letters
        Of the networks.

    Raises
    ------
    ValueError
        Without a test, and for a test that answers something else.
    """
    if not tests:
        raise ValueError("tests: expected at least one, got none")
    results: Results = {}
    for name, test in tests.items():
        results[name] = {}
        for letter in letters:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                answer = test(make(letter))
            if answer is not None and not isinstance(answer, bool):
                kind = type(answer).__name__
                raise ValueError(f"test {name!r}: expected True, False or None, got {answer!r}, a {kind}; try bool(…)")
            results[name][letter] = answer
    return results


@dataclass(frozen=True)
class Control:
    """Can a test fail? Asked of every network that it acquits, once that network is spoilt on purpose.

    Attributes
    ----------
    acquitted
        Letters of the networks that pass unspoilt. Without one, there is nothing to spoil.
    blind
        Letters of those that pass spoilt as well: the test does not see what was broken.
    """

    acquitted: str
    blind: str

    @property
    def holds(self) -> bool:
        """Some network passes unspoilt, and none of these passes spoilt."""
        return bool(self.acquitted) and not self.blind

    def said(self, name: str) -> str:
        """The outcome in words."""
        if not self.acquitted:
            return f"Control of {name}: it convicts all, so no network is left to spoil. Is the test right?"
        if self.blind:
            return (
                f"Control of {name}: {_listed(self.blind)} still pass, spoilt. The test does not see what was broken."
            )
        return f"Control of {name}: unspoilt, {_listed(self.acquitted)} pass; spoilt, none of them."


def controlled(
    test: Callable[[Any], bool | None], spoil: Callable[[Any], Any], make: Callable[[str], Any], letters: str
) -> Control:
    """Spoil every network that passes, in place, and ask again.

    Parameters
    ----------
    test
        Of a network: True where it passes.
    spoil
        Breaks a network in place, in what the test asks for; `loud` draws over what it writes into weights.
    make, letters
        As of `run_tests`; what is made has a method `spoil`.
    """
    first = run_tests({"test": test}, make, letters)["test"]
    acquitted = "".join(letter for letter in letters if first[letter])
    again = run_tests({"test": test}, lambda letter: make(letter).spoil(spoil), acquitted)["test"]
    return Control(acquitted, "".join(letter for letter in acquitted if again[letter]))


def caught(results: Results) -> str:
    """The letters of the networks that fail at least one test, in their order."""
    letters = _letters(results)
    return "".join(letter for letter in letters if any(row[letter] is False for row in results.values()))


def alike(results: Results) -> list[str]:
    """Groups of letters with the same results in every test; one letter alone has been told from all others."""
    groups: dict[tuple[Any, ...], str] = {}
    for letter in _letters(results):
        key = tuple(row[letter] for row in results.values())
        groups[key] = groups.get(key, "") + letter
    return list(groups.values())


def said(results: Results) -> str:
    """What the tests have found out and what they have not, in words."""
    unwritten = [name for name, row in results.items() if None in row.values()]
    found, letters = caught(results), _letters(results)
    free = [letter for letter in letters if letter not in found]
    lines = [f"Caught, by at least one test: {_listed(found)}."]
    if len(free) > 1:
        lines.append(f"No test objects to {_listed(free)}. One of them is sound; {len(free) - 1} are not.")
    else:
        lines.append(f"No test objects to {_listed(free)}.")
    together = [group for group in alike(results) if len(group) > 1]
    lines += [f"No test has separated {_listed(group)} from each other." for group in together]
    lines += [f"Not written yet, so it says nothing: {name}." for name in unwritten]
    return "\n".join(lines)


def idle(results: Results) -> list[str]:
    """The tests that no network fails: on these networks they prove nothing."""
    return [name for name, row in results.items() if False not in row.values()]


def _letters(results: Results) -> Sequence[str]:
    return list(next(iter(results.values())))


def _listed(letters: Sequence[str]) -> str:
    return ", ".join(letters) or "none"
