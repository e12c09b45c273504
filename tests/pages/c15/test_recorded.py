"""Where a record is missing, chapter 15 says so in one line; another error of a record is not hidden."""

import pytest

from helpers.pages.c15 import recorded


def test_a_record_that_is_there_is_found_and_one_that_is_not_is_none():
    assert recorded.find("08_xception_vs_vit").lab == "08_xception_vs_vit"
    assert recorded.find("08_xception_vs_vit", "no-such-variant") is None


def test_a_broken_record_is_not_taken_for_a_missing_one(monkeypatch):
    def broken(*_):
        raise ValueError("not valid")

    monkeypatch.setattr(recorded, "read_record", broken)
    with pytest.raises(ValueError, match="not valid"):
        recorded.find("08_xception_vs_vit")


def test_without_a_record_the_page_says_what_is_missing_and_with_one_it_shows_it():
    record = recorded.find("08_xception_vs_vit")
    assert recorded.shown(record, "the square", lambda r: r.lab) == "08_xception_vs_vit"
    line = recorded.shown(None, "the square", lambda r: pytest.fail("there is nothing to show"))
    assert line.data == "*Not recorded yet: the square.*"
