"""Hostile archives: names, links, devices, bombs, headers.

What `tests/data/test_archives.py` tries is not tried again.
"""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers.data import archives
from helpers.data.archives import ArchiveError, check_archive, read_archive
from helpers.data.decode import decode_image
from helpers.data.text import TextFileError, read_pairs

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
BLOCK = 512


def header(name: bytes = b"Images/1.jpg", size: bytes | int = 0, kind: bytes = b"0", link: bytes = b"", **raw) -> bytes:
    """One block of a tar archive with a right checksum, whatever else stands in it."""
    field = size if isinstance(size, bytes) else b"%011o\0" % size
    block = bytearray(BLOCK)
    block[:100], block[100:108], block[124:136] = name[:100].ljust(100, b"\0"), b"0000644\0", field.ljust(12, b"\0")
    block[136:148], block[156:157], block[157:257] = b"0" * 11 + b"\0", kind, link[:100].ljust(100, b"\0")
    block[257:265] = b"ustar\x0000"
    for at, data in raw.items():
        start = int(at.lstrip("_"))
        block[start : start + len(data)] = data
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 256)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def attribute(key: bytes, value: bytes) -> bytes:
    """One line of a PAX header: its own length, key and value."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def pax(*attributes: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    data = b"".join(attribute(*pair) for pair in attributes)
    return header(b"pax", len(data), kind) + padded(data)


def long_name(name: bytes, kind: bytes = b"L") -> bytes:
    return header(b"././@LongLink", len(name) + 1, kind) + padded(name + b"\0")


END = bytes(2 * BLOCK)
NEGATIVE = b"\xff" * 10 + b"\xfe\x00"  # base 256: -512
ESCAPES = [
    b"../x", b"a/../../x", b"a/b/../../../x", b"/x", b"//host/x", b"..\\x", b"a\\..\\..\\x", b"C:x", b"c:\\x",
    b"C:/x", b"\\\\host\\share\\x", b"\\x", b"./../x", b"..", b"../", b"a/..", b"a/../b", b"z:..\\x", b"a\nb",
    b"a\x07b",
    b"a\xe2\x80\xaeb", b"a\x7fb", b"/", b".", b"\xff\xfe",
]  # fmt: skip
SPECIAL = {
    b"1": "hard link", b"2": "symbolic link", b"3": "device", b"4": "device", b"6": "pipe",
    b"Z": "neither", b"S": "neither",
}  # fmt: skip
WAYS = {  # three ways to give a member its name
    "plain": lambda name: header(name),
    "long name": lambda name: long_name(name) + header(b"Images/safe.jpg"),
    "attribute": lambda name: pax((b"path", name)) + header(b"Images/safe.jpg"),
}
BOMBS = {
    "a negative size": lambda: header(size=NEGATIVE),
    "a negative size as an attribute": lambda: pax((b"size", b"-1024")) + header(),
    "a negative size of a long name": lambda: header(b"././@LongLink", NEGATIVE, b"L"),
    "attributes of 16 MB": lambda: header(b"pax", 16 * MIB, b"x") + bytes(16 * MIB) + header(),
    "attributes said to have 8 GB": lambda: header(b"pax", (8 << 30) - 1, b"x"),
    "a name of 16 MB": lambda: header(b"././@LongLink", 16 * MIB, b"L") + b"a" * 16 * MIB + header(),
    "two thousand nested attributes": lambda: pax((b"a", b"b")) * 2000 + header(),
    "two thousand nested names": lambda: long_name(b"a") * 2000 + header(),
    "attributes that every member gets": lambda: pax(*((b"k%d" % k, b"") for k in range(4000)), kind=b"g")
    + header() * 1000,
    "a terabyte that is not there": lambda: header(size=b"\x80" + bytes(5) + b"\x01" + bytes(5)),
    "a sparse file without an end": lambda: pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"))
    + header(size=BLOCK) + b"99999999\n1".ljust(BLOCK, b"\0"),
    "zeros behind the end": lambda: header() + bytes(16 * MIB),
    "more members than any set has": lambda: b"".join(
        header(b"Images/%d" % k) for k in range(archives.MAX_MEMBERS + 1)
    ),
    "long names without end": lambda: b"".join(long_name(b"%06d" % k + b"n" * 9000) + header() for k in range(150)),
    "a file beyond the limit": lambda: header(size=9 * MIB) + bytes(9 * MIB),
}  # fmt: skip


def archive(folder: Path, data: bytes, packed: bool) -> Path:
    path = folder / "hostile.tar"
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    return path


def read_all(path: Path) -> list[tuple[str, bytes]]:
    check_archive(path)
    return list(read_archive(path))


@pytest.mark.parametrize("packed", [False, True], ids=["tar", "tar.gz"])
@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_leaves_the_folder_is_refused_however_it_is_given(tmp_path, way, packed, count):
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ESCAPES:
        with pytest.raises(ArchiveError) as caught:
            read_all(archive(inner, WAYS[way](name) + END, packed))
        assert len(caught.value.members) == 1, (name, str(caught.value))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["hostile.tar", "inner"]
    count("names that leave the folder", len(ESCAPES))


@pytest.mark.parametrize("kind", SPECIAL)
def test_links_chains_of_links_devices_and_pipes_are_refused(tmp_path, kind, count):
    ways = {
        "alone": header(b"Images/l", kind=kind, link=b"1.jpg") + END,
        "away": header(b"Images/l", kind=kind, link=b"/etc/passwd") + END,
        "with an attribute": pax((b"linkpath", b"../../../etc/passwd")) + header(b"Images/l", kind=kind) + END,
        "a chain": header(b"a", kind=kind, link=b"..") + header(b"b", kind=kind, link=b"a/..")
        + header(b"b/x", 2) + padded(b"ho") + END,
    }  # fmt: skip
    for way, data in ways.items():
        with pytest.raises(ArchiveError) as caught:
            read_all(archive(tmp_path, data, False))
        assert way == "alone" or kind in b"S" or SPECIAL[kind] in str(caught.value)
    count("links, devices and pipes", len(ways))


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_seconds_and_megabytes(within, tmp_path, bomb, monkeypatch, count, amount):
    whole = bool(amount(0, 1)) and "members" in bomb
    limits = {"MAX_MEMBERS": 2000, "MAX_BYTES": 12 * MIB, "MAX_NAMES": MIB, "MAX_MEMBER_BYTES": 8 * MIB}
    for name, limit in limits.items():
        if not whole:
            monkeypatch.setattr(archives, name, limit)
    data = BOMBS[bomb]() + END
    for packed in (False, True):
        path = archive(tmp_path, data, packed)
        with within(120, mib=600 if whole else 10), pytest.raises(ArchiveError):
            check_archive(path)
        path.unlink()
    count("bombs", 2)


def test_any_header_ends_in_a_member_or_an_error(within, tmp_path, amount, count):
    """Random values in the fields of headers whose checksum is right, so that `tarfile` believes them."""
    rng, tried, refused = np.random.default_rng(0), amount(300, 30_000), 0
    numbers = [
        NEGATIVE,
        b"\x80" + b"\xff" * 11,
        b"77777777777\0",
        b"-0000001\0",
        b"0" * 12,
        b" \0",
        b"1e9",
        b"00000001000\0",
    ]
    kinds = [bytes([k]) for k in b"01234567LKxgXSDVMNZ\0"]
    values = [b"-1", b"0", b"99999999999", b"1e400", b"nan", b"../x", b"\xff", b"", b"1,2,3", b"a" * 300]
    sparse = [b"GNU.sparse." + key for key in (b"map", b"size", b"major", b"minor", b"realsize", b"name")]
    keys = [b"size", b"path", b"linkpath", b"mtime", b"uid", b"hdrcharset", b"comment", *sparse]

    def pick(choices):
        return choices[rng.integers(len(choices))]

    for _ in range(tried):
        data = b""
        for _ in range(rng.integers(1, 5)):
            if rng.random() < 0.4:
                data += pax(*((pick(keys), pick(values)) for _ in range(rng.integers(1, 4))), kind=pick([b"x", b"g"]))
            raw = (
                {f"_{pick([100, 108, 116, 136, 257, 329, 345, 386, 482, 483])}": pick(numbers)}
                if rng.random() < 0.4
                else {}
            )
            size = pick(numbers) if rng.random() < 0.4 else int(rng.integers(0, 1025))
            data += header(pick([b"Images/%d" % rng.integers(9), *ESCAPES[:4]]), size, pick(kinds), **raw)
            data += bytes(rng.integers(0, 256, BLOCK * int(rng.integers(0, 3)), dtype=np.uint8))
        path = archive(tmp_path, data + END, packed=rng.random() < 0.3)
        with within(20):
            try:
                read_all(path)
            except ArchiveError:
                refused += 1
    assert refused > tried / 2
    count("made-up headers", tried)


def test_an_archive_in_an_archive_stays_bytes(tmp_path, count):
    inner = header(b"../x", 2) + padded(b"ho") + END
    outer = header(b"Images/1.jpg", len(inner)) + padded(inner) + END
    ((_, data),) = read_all(archive(tmp_path, outer, False))
    assert data == inner
    for packed in (inner, gzip.compress(inner), zipped({"x.jpg": b"x"})):
        with pytest.raises(ValueError):
            decode_image(packed, 8)
    count("archives in archives", 4)


def zipped(files: dict[str, bytes], **options) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **options) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return file.getvalue()


def test_a_zip_file_writes_nothing_and_unpacks_no_more_than_it_says(within, tmp_path, monkeypatch, count):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path, line = folder / "fra-eng.zip", b"Go.\tVa !\n"
    for name in ("../../fra.txt", "/fra.txt", "C:\\fra.txt", "..\\fra.txt"):
        path.write_bytes(zipped({name: line}))
        assert len(read_pairs(path)) == 1  # read where it lies
    bomb = zipped({"fra.txt": bytes(80 * MIB)})
    lying = bomb.replace(struct.pack("<I", 80 * MIB), struct.pack("<I", 1000))
    assert lying != bomb
    for data in (bomb, lying, zipped({"fra.txt": b"1"}) * 2 + b"PK\x05\x06" + bytes(30)):
        path.write_bytes(data)
        with within(30, mib=16), pytest.raises(TextFileError):
            read_pairs(path)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["fra-eng.zip"]
    count("zip files", 7)
