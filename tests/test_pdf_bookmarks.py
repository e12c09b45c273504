"""Bookmarks of a PDF get the names of their headings, in an update that leaves the file before it as it was."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "scripts"))
from pdf_bookmarks import bookmarks, name_bookmarks  # noqa: E402

OBJECTS = {
    1: b"<</Title (The book)>>",
    2: b"<</Type /Catalog /Outlines 3 0 R>>",
    3: b"<</First 4 0 R /Last 6 0 R /Count 3>>",
    4: b"<</Title (A \\(b\\)A \\(b\\))\n/Dest [9 0 R /XYZ 1 2 0]\n/Parent 3 0 R\n/First 5 0 R /Last 5 0 R\n"
    b"/Next 6 0 R>>",
    5: b"<</Title <FEFF00E90061> /Parent 4 0 R>>",
    6: b"<</Title (two linesof words) /Parent 3 0 R /Prev 4 0 R>>",
}


@pytest.fixture
def pdf() -> bytes:
    body, table = b"%PDF-1.4\n", b""
    for number, content in OBJECTS.items():
        table += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 7\n0000000000 65535 f \n" + table
    return body + table + b"trailer\n<</Size 7\n/Root 2 0 R\n/Info 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def test_titles_are_read_in_the_order_of_the_document(pdf):
    assert bookmarks(pdf) == [(4, "A (b)A (b)"), (5, "éa"), (6, "two linesof words")]


def test_they_get_the_names_of_the_headings_and_keep_where_they_lead(pdf):
    new = name_bookmarks(pdf, ["A  (b)", "éa", "two lines\nof words"])
    assert new.startswith(pdf)
    assert [title for _, title in bookmarks(new)] == ["A (b)", "éa", "two lines of words"]
    assert new.count(b"/Dest [9 0 R /XYZ 1 2 0]") == 2  # the old version and the new
    start = int(re.findall(rb"startxref\s+(\d+)", new)[-1])
    assert new[start:].startswith(b"xref\n4 1\n")
    assert b"/Root 2 0 R" in new[start:]
    assert b"/Prev %d>>" % int(re.findall(rb"startxref\s+(\d+)", pdf)[-1]) in new[start:]


def test_named_twice_is_the_same(pdf):
    new = name_bookmarks(pdf, ["A (b)", "éa", "two lines of words"])
    assert name_bookmarks(new, ["A (b)", "éa", "two lines of words"]) == new


def test_headings_that_do_not_belong_are_refused(pdf):
    with pytest.raises(ValueError, match="3 of them for 2 headings"):
        name_bookmarks(pdf, ["A (b)", "éa"])
    with pytest.raises(ValueError, match="does not begin as its heading 'three'"):
        name_bookmarks(pdf, ["A (b)", "éa", "three"])
    with pytest.raises(ValueError, match="a plain table"):
        bookmarks(b"%PDF-1.7\nstartxref\n3\n%%EOF\n")
