"""Answers of learners: right within the asked digits, else a hint; never the answer itself."""

import json

import numpy as np
import pytest
import torch

from helpers import checks
from helpers.checks import check, fingerprint


@pytest.fixture
def answers(tmp_path, monkeypatch):
    def write(name, **entry):
        lines = [f"{name}:"] + [f"  {key}: {value}" for key, value in entry.items()]
        (tmp_path / "c99").mkdir(exist_ok=True)
        (tmp_path / "c99" / "answers.yml").write_text("\n".join(lines), encoding="utf-8")
        checks.entries.cache_clear()

    monkeypatch.setattr(checks, "ANSWERS", tmp_path)
    yield write
    checks.entries.cache_clear()


@pytest.mark.parametrize("given", [6.001, 6.0012, 6.0004, np.float32(6.001), torch.tensor(6.001, dtype=torch.float64)])
def test_a_number_is_right_within_its_digits(answers, given):
    answers("t", right=fingerprint("t", 6.001, 4), digits=4, hint="Divide.")
    assert check("t", given)


@pytest.mark.parametrize("given", [6.0, 6.01, -6.001, 6001, "6.001 or so", (6.001, 6.001)])
def test_another_number_gets_the_hint(answers, given):
    answers("t", right=fingerprint("t", 6.001, 4), digits=4, hint="Divide.")
    verdict = check("t", given)
    assert not verdict
    assert repr(verdict) == "✗ Not yet: Divide."


def test_integers_and_texts_are_exact(answers):
    answers("t", right=fingerprint("t", (86_567_656, "Added")), hint="Count.")
    assert check("t", (86567656.0, " added "))
    assert not check("t", (86567657, "added"))


def test_a_tuple_may_come_as_any_sequence(answers):
    answers("t", right=fingerprint("t", (0.659, 0.242, 0.099), 2), digits=2, hint="Sum to one.")
    assert check("t", torch.softmax(torch.tensor([2.0, 1.0, 0.1]), 0))
    assert check("t", [0.66, 0.242, 0.099])


def test_a_known_slip_has_its_own_hint(answers):
    slip = f"[{{answer: {fingerprint('t', 6, 4)}, hint: That is the tangent.}}]"
    answers("t", right=fingerprint("t", 6.001, 4), digits=4, hint="Divide.", slips=slip)
    assert repr(check("t", 6)) == "✗ Not yet: That is the tangent."


GRADIENT = np.linspace(-1.7, 2.3, 28).reshape(4, 7) + 0.004  # most entries have two spellings at two digits


def test_a_whole_array_is_read_at_once(answers, monkeypatch):
    asked = count_fingerprints(monkeypatch)
    answers("t", right=json.dumps(fingerprint("t", GRADIENT, 2)), digits=2, hint="Chain.")
    asked.clear()
    assert check("t", torch.tensor(GRADIENT))
    assert len(asked) <= 3 * GRADIENT.size
    wrong = GRADIENT.copy()
    wrong[3, 6] += 0.1
    assert repr(check("t", wrong)) == "✗ Not yet: Chain."


def test_a_slip_of_an_array_has_its_own_hint(answers):
    slip = f"[{{answer: {json.dumps(fingerprint('t', -GRADIENT, 2))}, hint: That is downhill.}}]"
    answers("t", right=json.dumps(fingerprint("t", GRADIENT, 2)), digits=2, hint="Chain.", slips=slip)
    assert repr(check("t", -GRADIENT)) == "✗ Not yet: That is downhill."


def test_a_position_counts_in_an_array(answers):
    right = fingerprint("t", [1, 2, 3, 4, 5, 6, 7, 1])
    assert len(set(right)) == 8  # equal numbers do not look alike
    answers("t", right=json.dumps(right), hint="Count.")
    assert check("t", [1, 2, 3, 4, 5, 6, 7, 1])
    assert not check("t", [2, 1, 3, 4, 5, 6, 7, 1])


@pytest.mark.parametrize(
    ("right", "given", "said"),
    [
        (GRADIENT, GRADIENT[:, :6], "expected 28 numbers or texts, got 24. Chain."),
        (GRADIENT, 1.0, "expected 28 numbers or texts, got 1. Chain."),
        ((1.5, 2.5), GRADIENT, "expected at most 6 numbers or texts, got 28. Chain."),
        ((1.5, 2.5), np.full(10**6, 1.25), "expected at most 6 numbers or texts, got 1000000. Chain."),
    ],
)
def test_another_number_of_parts_is_refused_at_once(answers, monkeypatch, right, given, said):
    asked = count_fingerprints(monkeypatch)
    answers("t", right=json.dumps(fingerprint("t", right, 2)), digits=2, hint="Chain.")
    asked.clear()
    assert repr(check("t", given)) == f"✗ Not yet: {said}"
    assert asked == []


def count_fingerprints(monkeypatch):
    asked, plain = [], checks._fnv1a
    monkeypatch.setattr(checks, "_fnv1a", lambda text: asked.append(text) or plain(text))
    return asked


def test_dots_are_no_answer(answers):
    answers("t", right=fingerprint("t", 1), hint="Count.")
    verdict = check("t", ...)
    assert not verdict
    assert "dots" in repr(verdict)


@pytest.mark.parametrize("given", [None, float("nan"), object(), {"a": 1}])
def test_what_is_no_answer_is_told_so(answers, given):
    answers("t", right=fingerprint("t", 1), hint="Count.")
    assert "expected a" in repr(check("t", given))


def test_unknown_exercise_names_near_ones(answers):
    answers("c03-secant", right=fingerprint("c03-secant", 1), hint="Count.")
    with pytest.raises(ValueError, match="c03-secant"):
        check("c03-secnt", 1)


def test_entry_without_a_hint_is_refused(answers):
    answers("t", right="00")
    with pytest.raises(ValueError, match="right and hint"):
        check("t", 1)


def test_numbers_near_a_power_of_ten_have_neighbours(answers):
    answers("t", right=fingerprint("t", 1.0, 3), digits=3, hint="Count.")
    assert check("t", 0.9999)
    assert check("t", 1.004)
    assert not check("t", 0.98)


def test_every_exercise_of_the_course_has_its_entry():
    checks.entries.cache_clear()
    names = list(checks.entries())
    assert len(names) >= 20
    for name in names:
        assert repr(check(name, "no such answer")).startswith("✗ Not yet: ")
