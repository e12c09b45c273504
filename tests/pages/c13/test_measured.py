"""The digit nobody showed, the shipped DeiT-mini, and what the page reads from lab 15."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from helpers.models.deit import DeiT
from helpers.pages.c13 import recorded, shipped, unseen
from helpers.training.lessons import Lesson


def test_digits_are_split_once_and_bright_is_plus_one():
    data = unseen.digits(train=1000)
    assert data.images.shape == (1000, 1, 8, 8)
    assert len(data.test_labels) == 797
    assert data.images.min() == -1
    assert data.images.max() == 1
    assert torch.equal(unseen.digits().labels, data.labels)
    assert not torch.equal(unseen.digits(seed=1).labels, data.labels)


def test_a_student_copies_what_it_is_taught():
    data = unseen.digits(train=200)
    teacher, student = unseen.teacher(), unseen.student()
    taught = 5 * unseen.answers(teacher, data.images)
    before = (unseen.answers(student, data.images).argmax(1) == taught.argmax(1)).double().mean()
    unseen.train(student, data.images, data.labels, taught, Lesson("soft", temperature=1.0, weight=1.0), epochs=40)
    after = (unseen.answers(student, data.images).argmax(1) == taught.argmax(1)).double().mean()
    assert after > max(0.8, float(before) + 0.3)


def test_the_shipped_network_is_whole_and_its_pieces_differ():
    model, pieces = shipped.deit_mini(), shipped.pieces(3)
    assert not model.training
    assert pieces.shape == (12, 3, 64, 64)
    assert -1 <= pieces.min() < pieces.max() <= 1
    assert len({float(piece.mean()) for piece in pieces}) == 12
    with torch.no_grad():
        by_label, by_teacher = model(pieces, return_heads=True)
    assert by_label.shape == by_teacher.shape == (12, 194)
    found = shipped.accounts()
    assert {row["n"] for row in found.values()} == {3880}
    assert len({row["seen"] for row in found.values()}) == 1
    assert all(row["low"] < row["value"] < row["high"] for row in found.values())


ESTIMATE = {"value": 0.1, "low": 0.05, "high": 0.2, "n": 9, "covers": "both"}


def made_up(student, terms="drawn"):
    summary = {
        "standings": [{"name": student, "label": "x", "test_top1": ESTIMATE, "by_seed": [0.1]}],
        "findings": [{"statement": "s", "paper": "+1", "difference": ESTIMATE, "verdict": "holds"}],
        "tokens": [{"student": student, "seed": 0, "cosines": [0.1, 0.9]}],
        "disagreement": {"names": ["a", "b"], "share": [[None, 0.3], [0.3, None]]},
        "leak": {"teacher, seen": ESTIMATE | {"value": 0.5}, "student, seen": ESTIMATE | {"high": 0.25}},
    }
    return SimpleNamespace(summary=summary, data=SimpleNamespace(terms=terms), parameters={"seeds": 2})


@pytest.fixture
def records(monkeypatch):
    there = {None: made_up("two_labels"), recorded.PHOTOGRAPHS: made_up("token", terms="restricted")}

    def read(lab, edition, variant=None):
        if variant not in there:
            raise FileNotFoundError(variant)
        return there[variant]

    monkeypatch.setattr(recorded, "read_record", read)
    for cached in (recorded.students, recorded.leak):
        cached.cache_clear()
    yield there
    for cached in (recorded.students, recorded.leak):
        cached.cache_clear()


def test_the_record_on_photographs_comes_first_and_the_cpu_edition_else(records):
    assert recorded.about(recorded.students()) == "photographs"
    assert recorded.about(recorded.leak()) == "drawn dogs"
    assert recorded.seeds(recorded.students()) == 2
    assert recorded.accuracy("token").value == 0.1
    assert recorded.finding("s")["difference"].high == 0.2
    with pytest.raises(ValueError, match="no statement 'x'"):
        recorded.finding("x")
    assert recorded.disagreement("a", "b") == 0.3
    assert np.isnan(recorded.disagreement("a", "a"))


def test_tokens_that_the_photographs_lack_come_from_the_cpu_edition(records):
    assert [row["student"] for row in recorded.tokens()] == ["token", "two_labels"]


def test_the_share_that_travelled_is_the_students_gain_over_the_teachers(records):
    assert recorded.share_that_travelled() == (pytest.approx(0.2), pytest.approx(0.5))


def test_tokens_and_heads_are_told_apart():
    torch.manual_seed(0)
    model, images = DeiT(16, 8, 10, embed_dim=32, depth=1, num_heads=2).eval(), torch.randn(40, 3, 16, 16)
    model.distillation_head.load_state_dict(model.head.state_dict())
    found = shipped.tokens_or_heads(model, images)
    assert found["heads_alone"] == 0  # one token, and two heads that are one
    assert found["heads_differ"] == found["tokens_alone"]
    nn.init.normal_(model.distillation_head.weight)
    assert shipped.tokens_or_heads(model, images)["heads_alone"] > 0.3
