"""Archives from strangers: every member that is evil or broken is refused by name, and nothing is extracted."""

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from helpers.data.archives import ArchiveError, check_archive, read_archive

GOOD = {"Images/a/1.jpg": b"one" * 300, "Images/a/2.jpg": b"two", "Images/b/3.jpg": bytes(512)}


def write_tar(path: Path, files: dict[str, bytes], extra: list[tarfile.TarInfo] = (), mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in extra:
            archive.addfile(member)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_content_comes_back_in_order(tmp_path, mode, form):
    long = {"Images/" + "x" * 150 + ".jpg": b"long name"}
    path = tmp_path / "images.tar"
    with tarfile.open(path, mode, format=form) as archive:
        archive.addfile(special("./Images/", tarfile.DIRTYPE))
        for name, data in (GOOD | (long if form != tarfile.USTAR_FORMAT else {})).items():
            member = tarfile.TarInfo("./" + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    expected = GOOD | (long if form != tarfile.USTAR_FORMAT else {})
    assert check_archive(path) == [("Images", True), *((name, False) for name in expected)]
    assert dict(read_archive(path)) == expected


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (special("../x", tarfile.REGTYPE), "leaves the folder"),
        (special("Images/../../x", tarfile.REGTYPE), "leaves the folder"),
        (special("Images\\..\\x", tarfile.REGTYPE), "leaves the folder"),
        (special("..", tarfile.DIRTYPE), "leaves the folder"),
        (special("/etc/x", tarfile.REGTYPE), "absolute"),
        (special("C:/x", tarfile.REGTYPE), "absolute"),
        (special("Images/link", tarfile.SYMTYPE, "/etc/passwd"), "symbolic link to '/etc/passwd'"),
        (special("Images/inside", tarfile.SYMTYPE, "a/1.jpg"), "symbolic link"),
        (special("Images/hard", tarfile.LNKTYPE, "Images/a/1.jpg"), "hard link"),
        (special("Images/zero", tarfile.CHRTYPE), "device"),
        (special("Images/disk", tarfile.BLKTYPE), "device"),
        (special("Images/pipe", tarfile.FIFOTYPE), "pipe"),
        (special("Images/a/1.jpg", tarfile.REGTYPE), "same name"),
        (special("./Images//a/1.jpg", tarfile.REGTYPE), "same name"),
        (special("Images/new\nline", tarfile.REGTYPE), "no plain path"),
        (special("Images/back\\slash", tarfile.REGTYPE), "no plain path"),
    ],
)
def test_evil_member_is_refused_by_name(tmp_path, member, reason, mode):
    path = write_tar(tmp_path / "evil.tar", GOOD, [member], mode)
    with pytest.raises(ArchiveError, match=reason) as caught:
        check_archive(path)
    assert str(path) in str(caught.value)
    assert [name for name, _ in caught.value.members] == [member.name]
    with pytest.raises(ArchiveError, match=reason):
        list(read_archive(path))


def test_all_evil_members_are_listed_at_once(tmp_path):
    evil = [
        special("../x", tarfile.REGTYPE),
        special("Images/link", tarfile.SYMTYPE, "/"),
        special("Images/pipe", tarfile.FIFOTYPE),
    ]
    path = write_tar(tmp_path / "evil.tar", GOOD, evil)
    with pytest.raises(ArchiveError) as caught:
        check_archive(path)
    assert [name for name, _ in caught.value.members] == ["../x", "Images/link", "Images/pipe"]


def test_nothing_is_written_beside_an_evil_archive(tmp_path):
    folder = tmp_path / "inner"
    folder.mkdir()
    path = write_tar(folder / "evil.tar", {"../escaped": b"x"})
    with pytest.raises(ArchiveError):
        list(read_archive(path))
    assert [p.name for p in tmp_path.rglob("*")] == ["inner", "evil.tar"]


@pytest.mark.parametrize("compressed", [False, True])
def test_archive_cut_short_anywhere_is_refused(tmp_path, compressed):
    """Also on the border between two members, where tarfile itself sees nothing amiss."""
    whole = write_tar(tmp_path / "whole.tar", GOOD).read_bytes()
    used = 512 * (1 + 2 + 1 + 1 + 1 + 1)  # three headers, and content of 900, 3 and 512 bytes in blocks of 512
    for keep in (1, 100, 511, 512, 700, 1536, 2048, used - 1, used, used + 512):
        path = tmp_path / "cut.tar"
        data = whole[:keep]
        path.write_bytes(gzip.compress(data) if compressed else data)
        with pytest.raises(ArchiveError, match=r"cut\.tar"):
            check_archive(path)
    path.write_bytes(whole[: used + 1024])
    assert len(check_archive(path)) == 3


def test_broken_header_in_the_middle_is_not_taken_for_the_end(tmp_path):
    data = bytearray(write_tar(tmp_path / "whole.tar", GOOD).read_bytes())
    data[1536 + 10] ^= 0xFF  # the name in the second header: its checksum is wrong now
    path = tmp_path / "broken.tar"
    path.write_bytes(data)
    with tarfile.open(path) as archive:
        assert len(archive.getnames()) == 1  # what we guard against
    with pytest.raises(ArchiveError, match=r"follows 'Images/a/1\.jpg'"):
        check_archive(path)


def test_members_hidden_behind_the_end_mark_are_refused(tmp_path):
    first = write_tar(tmp_path / "first.tar", GOOD).read_bytes()
    path = tmp_path / "two.tar"
    path.write_bytes(first + write_tar(tmp_path / "evil.tar", {"../x": b"x"}).read_bytes())
    with pytest.raises(ArchiveError, match="broken"):
        check_archive(path)


def test_gzip_with_a_wrong_checksum_or_cut_short_is_refused(tmp_path):
    data = bytearray(write_tar(tmp_path / "whole.tar.gz", GOOD, mode="w:gz").read_bytes())
    path = tmp_path / "broken.tar.gz"
    path.write_bytes(data[:-12])
    with pytest.raises(ArchiveError, match=r"broken\.tar\.gz"):
        check_archive(path)
    data[-5] ^= 0xFF  # CRC32 stands in bytes -8..-5
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="CRC"):
        check_archive(path)


@pytest.mark.parametrize("content", [b"", b"this is no archive\n" * 100, b"\x1f\x8bnor this"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "images.tar"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"images\.tar"):
        check_archive(path)


def test_member_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.data.archives.MAX_MEMBER_BYTES", 500)
    path = write_tar(tmp_path / "images.tar", GOOD)
    with pytest.raises(ArchiveError, match="more than 500") as caught:
        check_archive(path)
    assert [name for name, _ in caught.value.members] == ["Images/a/1.jpg", "Images/b/3.jpg"]


def test_random_damage_never_raises_anything_else(tmp_path):
    whole = np.frombuffer(write_tar(tmp_path / "whole.tar", GOOD).read_bytes()[:5120], np.uint8)
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.tar"
    refused = 0
    for _ in range(300):
        data = whole.copy()
        at = rng.integers(0, 3072, rng.integers(1, 6))
        data[at] = rng.integers(0, 256, len(at))
        path.write_bytes(data.tobytes())
        try:
            list(read_archive(path))
        except ArchiveError:
            refused += 1
    assert 100 < refused < 300  # damage inside of a file's content is not the archive's business
