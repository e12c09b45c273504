"""Reading tar archives from strangers: nothing is extracted to disk, and nothing is read before all has been checked.

A tar archive can name members that leave the folder, link to other files, or stand for devices; it can end in the
middle of a member, and Python's `tarfile` takes a broken header for the end of the archive without a word. Here one
pass from the first byte to the last refuses all of it, compressed or not, and its error lists every such member.
A small compressed file can unpack to any number of bytes, members and names: each has a limit, and so has a header,
which `tarfile` reads as a whole.
"""

import gzip
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

WAY_OUT = "Delete this archive and get it again, or pack it anew without what is named here."
MAX_MEMBER_BYTES = 256 << 20  # no photograph, list or annotation is as large; a decompression bomb is
MAX_BYTES = 8 << 30  # of all members, unpacked; Stanford Dogs has 0.8
MAX_MEMBERS = 200_000  # `tarfile` keeps them all in memory; Stanford Dogs has 20,700
MAX_HEADER_BYTES = 1 << 16  # of a long name or a table of attributes
MAX_NAMES = 64 << 20  # characters of all names
MAX_SHARED = 64  # attributes that an archive gives to all of its members: each member gets a copy
SHOWN = 100  # members that a message lists


class ArchiveError(ValueError):
    """An archive that is broken or holds members that no data set needs; `members` lists (name, reason)."""

    def __init__(self, path: Path, reason: str = "", members: list[tuple[str, str]] | None = None) -> None:
        self.path = path
        self.members = members or []
        lines = [f"{path}: {reason}"] if reason else [f"{path}: {len(self.members)} members are refused"]
        lines += [f"  {name!r}: {why}" for name, why in self.members[:SHOWN]]
        lines += [f"  and {len(self.members) - SHOWN} more"] if len(self.members) > SHOWN else []
        super().__init__("\n".join([*lines, WAY_OUT]))


def check_archive(path: Path) -> list[tuple[str, bool]]:
    """Read an archive from end to end and list its members, (name, whether it is a folder), in its order.

    Raises
    ------
    ArchiveError
        Naming the archive and all members that are refused: a path that leaves the folder, absolute, a link, a device,
        a member twice; or saying where the archive breaks.
    """
    return [(name, data is None) for name, data in _walk(path, read=False)]


def read_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files of an archive, (name, content), in its order; one file is held in memory at a time.

    Raises
    ------
    ArchiveError
        As `check_archive` does, but only at its end: check first.
    """
    for name, data in _walk(path, read=True):
        if data is not None:
            yield name, data


def _walk(path: Path, read: bool) -> Iterator[tuple[str, bytes | None]]:
    """Every acceptable member; folders have None, unread files empty bytes. Raises at the end what was refused."""
    refused: list[tuple[str, str]] = []
    seen: set[str] = set()
    last = "its beginning"
    try:
        with _open(path) as file:
            reader = _Reader(file)
            with tarfile.open(fileobj=reader, mode="r:") as archive:  # type: ignore[call-overload]
                for member in archive:
                    last = repr(member.name)
                    reader.count(member, len(archive.pax_headers))
                    name = str(PurePosixPath(member.name))
                    reason = _refusal(member, name, seen)
                    seen.add(name)
                    if reason is not None:
                        refused.append((member.name, reason))
                        continue
                    if member.isdir():
                        yield name, None
                    else:
                        yield name, _content(archive, member, reader) if read else b""
            _check_end(path, reader, last, refused)
    except (ArchiveError, MemoryError):
        raise
    except Exception as error:  # tarfile, gzip and zlib raise whatever a broken header provokes
        reason = f"no tar archive, or one that breaks after {last} ({type(error).__name__}: {error})"
        raise ArchiveError(path, reason, refused) from error
    if refused:
        raise ArchiveError(path, members=refused)


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if compressed else path.open("rb")  # type: ignore[return-value]


class _Reader:
    """A file that is read forwards and within limits, and remembers the last block it gave: where `tarfile` stopped.

    A negative size in a header would lead `tarfile` back to what it has read, for ever, or read all there is at once.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.block = b""
        self.limit = MAX_HEADER_BYTES  # of one reading
        self.members = self.names = 0

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self.limit:
            raise ValueError(f"a header of {size:,} bytes, expected 0 to {self.limit:,}")
        self.block = self.file.read(size)
        return self.block

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset < self.file.tell():
            raise ValueError("a member that points back")
        if offset > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES:,} bytes, unpacked")
        return self.file.seek(offset, whence)

    def count(self, member: tarfile.TarInfo, shared: int) -> None:
        """One more member; ValueError where it is one too many."""
        self.members += 1
        self.names += len(member.name) + len(member.linkname)
        limits = {"members": (self.members, MAX_MEMBERS), "characters of names": (self.names, MAX_NAMES)}
        limits["shared attributes"] = (shared, MAX_SHARED)
        for what, (found, limit) in limits.items():
            if found > limit:
                raise ValueError(f"more than {limit:,} {what}")
        member.pax_headers = {}  # they have been applied, and `tarfile` keeps its members

    def tell(self) -> int:
        return self.file.tell()


def _check_end(path: Path, reader: _Reader, last: str, refused: list[tuple[str, str]]) -> None:
    """An archive ends with two blocks of zeros and, up to the end of the file, nothing else."""
    size, zero = len(reader.block), not any(reader.block)
    while chunk := reader.read(MAX_HEADER_BYTES):  # in a compressed archive this reaches the checksum, too
        size += len(chunk)
        if reader.tell() > MAX_BYTES:
            raise ArchiveError(path, f"more than {MAX_BYTES:,} bytes, unpacked", refused)
        zero = zero and not any(chunk.strip(b"\0"))
    if size < 1024:
        raise ArchiveError(path, f"cut short: no end mark after {last}", refused)
    if not zero:
        raise ArchiveError(path, f"broken: neither a member nor the end mark follows {last}", refused)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, reader: _Reader) -> bytes:
    file = archive.extractfile(member)
    reader.limit = MAX_MEMBER_BYTES
    data = file.read() if file is not None else b""
    reader.limit = MAX_HEADER_BYTES
    if len(data) != member.size:
        raise tarfile.ReadError(f"expected {member.size} bytes in {member.name!r}, got {len(data)}")
    return data


def _refusal(member: tarfile.TarInfo, name: str, seen: set[str]) -> str | None:
    """Why a member is refused, or None."""
    if member.issym() or member.islnk():
        return f"a {'symbolic' if member.issym() else 'hard'} link to {member.linkname!r}"
    if member.ischr() or member.isblk():
        return "a device"
    if member.isfifo():
        return "a pipe"
    if member.issparse() or not (member.isdir() or member.isreg()):
        return "neither a plain file nor a folder"
    if member.name.startswith("/") or re.match(r"[A-Za-z]:", member.name):
        return "an absolute path"
    if ".." in re.split(r"[/\\]", member.name):
        return "a path that leaves the folder"
    if "\\" in name or not name.isprintable() or (name == "." and not member.isdir()):
        return "a name that is no plain path"
    if name in seen and not member.isdir():
        return "a member of the same name comes before it"
    if member.size > MAX_MEMBER_BYTES:
        return f"{member.size:,} bytes, more than {MAX_MEMBER_BYTES:,}"
    return None
