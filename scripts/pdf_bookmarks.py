"""The bookmarks of a printed PDF, named by the headings of the document.

Chromium names a bookmark by what it laid out: a heading that moved to the next page is there twice ("The codeThe
code"), one of two lines without the space between them. Titles are written anew, as an incremental update: the file
stays as it is, and new versions of the bookmarks, a table of where they are, and a trailer are put behind it.
"""

import re
from collections.abc import Sequence

OBJECT = rb"(?<![0-9])%d 0 obj\s*(.*?)\s*endobj"
TITLE = re.compile(rb"/Title\s*(\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>)", re.DOTALL)


def _offsets(pdf: bytes) -> tuple[int, dict[bytes, bytes], dict[int, int]]:
    """Where the last table is, what the last trailer says, and where each object begins, the newest version of each."""
    newest = start = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    said: dict[bytes, bytes] = {}
    where: dict[int, int] = {}
    while True:
        table = re.compile(rb"xref\s+(.*?)trailer\s*<<(.*?)>>\s*startxref", re.DOTALL).match(pdf, start)
        if table is None:
            raise ValueError("bookmarks: expected a PDF with a plain table of its objects")
        lines, number = table[1].split(b"\n"), 0
        for line in lines:
            entry = line.split()
            if len(entry) == 2:
                number = int(entry[0])
            elif len(entry) == 3:
                if entry[2] == b"n":
                    where.setdefault(number, int(entry[0]))
                number += 1
        trailer = dict(re.findall(rb"/(\w+)\s+([^/]+)", table[2].strip()))
        said = {key: value.strip() for key, value in trailer.items()} | said
        if b"Prev" not in trailer:
            return newest, said, where
        start = int(trailer[b"Prev"])


def _object(pdf: bytes, where: dict[int, int], number: int) -> bytes:
    found = re.compile(OBJECT % number, re.DOTALL).match(pdf, where[number])
    if found is None:
        raise ValueError(f"bookmarks: object {number} is not where the table says")
    return found[1]


def _reference(content: bytes, key: bytes) -> int | None:
    found = re.search(rb"/%s\s+(\d+) 0 R" % key, content)
    return int(found[1]) if found else None


def bookmarks(pdf: bytes) -> list[tuple[int, str]]:
    """Object and title of every bookmark, in the order of the document.

    Raises
    ------
    ValueError
        If it is no PDF as Chromium prints them.
    """
    _, trailer, where = _offsets(pdf)
    catalogue = _object(pdf, where, int(trailer[b"Root"].split()[0]))
    outlines = _reference(catalogue, b"Outlines")
    found: list[tuple[int, str]] = []

    def walk(number: int | None) -> None:
        while number is not None:
            content = _object(pdf, where, number)
            title = TITLE.search(content)
            found.append((number, _read(title[1]) if title else ""))
            walk(_reference(content, b"First"))
            number = _reference(content, b"Next")

    if outlines is not None:
        walk(_reference(_object(pdf, where, outlines), b"First"))
    return found


def _read(written: bytes) -> str:
    if written.startswith(b"<"):
        text = bytes.fromhex(written[1:-1].decode())
    else:
        text = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), written[1:-1])
        text = re.sub(rb"\\(.)", rb"\1", text, flags=re.DOTALL)
    return text.decode("utf-16") if text[:2] in (b"\xfe\xff", b"\xff\xfe") else text.decode("latin-1")


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def name_bookmarks(pdf: bytes, headings: Sequence[str]) -> bytes:
    """The PDF with its bookmarks called as the headings of its document, in their order.

    Raises
    ------
    ValueError
        If there are not as many bookmarks as headings, or one begins otherwise than its heading.
    """
    found = bookmarks(pdf)
    if len(found) != len(headings):
        raise ValueError(f"bookmarks: {len(found)} of them for {len(headings)} headings")
    newest, trailer, where = _offsets(pdf)
    body, table = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n"), {}
    for (number, printed), heading in zip(found, headings, strict=True):
        name = " ".join(heading.split())
        if "\\(" not in name and not _letters(printed).startswith(_letters(name)[:8]):
            raise ValueError(f"bookmarks: {printed!r} does not begin as its heading {name!r}")
        if printed == name:
            continue
        title = b"/Title <" + ("\ufeff" + name).encode("utf-16-be").hex().upper().encode() + b">"
        table[number] = len(body)
        content = TITLE.sub(lambda _, title=title: title, _object(pdf, where, number), count=1)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    if not table:
        return pdf
    start = len(body)
    body += b"xref\n"
    for number, offset in sorted(table.items()):
        body += b"%d 1\n%010d 00000 n \n" % (number, offset)
    kept = b"".join(b"/%s %s\n" % (key, value) for key, value in trailer.items() if key != b"Prev")
    body += b"trailer\n<<%s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (kept, newest, start)
    return bytes(body)
