"""The lists of a .mat file: texts in cells, and numbers. Nothing else of the format is read.

scipy's reader is written for whole files: some broken ones end the Python that reads them, and a notebook's kernel with
it. Here every size is checked before it is believed. The format is that of "MAT-File Format", The MathWorks, level 5.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

MATRIX, COMPRESSED = 14, 15
CELL, CHAR = 1, 4
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
HEADER_BYTES = 128
MAX_BYTES = 64 << 20  # of one variable, unpacked; the set's longest list has 2 MB


def read_lists(data: bytes, wanted: tuple[str, ...]) -> dict[str, list[str] | list[float]]:
    """Variables of a .mat file, by name: the texts of a cell array, or the numbers of an array, column after column.

    Raises
    ------
    ValueError
        For what is no such file, breaks off, or holds something else under a wanted name.
    """
    mark = data[126:128]
    if len(data) < HEADER_BYTES or mark not in (b"IM", b"MI"):
        raise ValueError(f"expected a Matlab file of level 5, got {data[:20]!r}")
    order = "<" if mark == b"IM" else ">"
    found: dict[str, list[str] | list[float]] = {}
    for kind, content in _elements(data[HEADER_BYTES:], order):
        if kind == COMPRESSED:
            ((kind, content),) = [*_elements(_unpacked(content), order)][:1] or [(0, b"")]
        if kind != MATRIX:
            raise ValueError(f"expected a variable, got an element of type {kind}")
        name, value = _variable(content, order, wanted)
        if name in wanted:
            found[name] = value
    if missing := [name for name in wanted if name not in found]:
        raise ValueError(f"expected the variables {', '.join(wanted)}, got no {', '.join(missing)}")
    return found


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and content of each element, one after the other."""
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise ValueError("breaks off in the middle of an element")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # a small element: type and size share a word, the content is the other
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            if size > 4:
                raise ValueError(f"a small element of {size} bytes")
        if start + size > len(data):
            raise ValueError(f"an element of {size:,} bytes, of which {len(data) - start:,} are there")
        yield kind, data[start : start + size]
        end = start + size
        at = end if kind == COMPRESSED else max(at + 8, end + -(end - at) % 8)


def _unpacked(content: bytes) -> bytes:
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(content, MAX_BYTES)
    except zlib.error as error:
        raise ValueError(f"a variable that cannot be unpacked ({error})") from error
    if not stream.eof:
        raise ValueError("a variable that is cut short, or too large")
    return data


def _variable(content: bytes, order: str, wanted: tuple[str, ...]) -> tuple[str, list]:
    """Name and values of a variable; those of one that is not wanted are not read."""
    parts = list(_elements(content, order))
    if len(parts) < 3 or len(parts[0][1]) < 4 or parts[1][0] != 5 or len(parts[1][1]) % 4:
        raise ValueError("a variable without kind, size and name")
    kind = struct.unpack_from(f"{order}I", parts[0][1])[0] & 0xFF
    size = [int(n) for n in np.frombuffer(parts[1][1], f"{order}i4")]
    name = parts[2][1].decode("latin-1")
    if wanted and name not in wanted:
        return name, []
    count = 1
    for length in size:
        count *= length
    values = parts[3:]
    if kind == CELL:
        inside = [_variable(value, order, ())[1] for part, value in values if part == MATRIX and wanted]
        if count != len(inside) or count != len(values) or not all(len(one) == 1 for one in inside):
            raise ValueError(f"{name}: expected {count} cells with a text in each, got {len(values)} of another form")
        return name, [text for (text,) in inside]
    if len(values) != 1:
        raise ValueError(f"{name}: expected numbers or a text, got {len(values)} elements of class {kind}")
    stored, data = values[0]
    if kind == CHAR:
        return name, [_text(stored, data, order, count)]
    if stored not in NUMBERS or len(data) != count * np.dtype(NUMBERS[stored]).itemsize:
        raise ValueError(f"{name}: expected {count} numbers, got {len(data)} bytes of type {stored}")
    return name, np.frombuffer(data, order + NUMBERS[stored]).tolist()


def _text(stored: int, data: bytes, order: str, count: int) -> str:
    if stored not in TEXTS:
        raise ValueError(f"expected a text, got type {stored}")
    coding = TEXTS[stored] + ({"<": "-le", ">": "-be"}[order] if TEXTS[stored] == "utf-16" else "")
    text = data.decode(coding)
    if len(text) != count:
        raise ValueError(f"expected a text of {count} letters, got {len(text)}")
    return text
