"""Answers of learners: right within the asked digits, else a hint; never the answer itself."""

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
