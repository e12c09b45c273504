"""Finding the files of a data set, and making sure that they are the right ones.

A file is looked for in the folders named by HELPERS_DATA, then in the user's cache, then it is downloaded. The first
folder of HELPERS_DATA that holds a set gives all of its files: images of one copy are never mixed with lists of
another. What a reader puts there is theirs: another checksum makes it a *local variant*, which the record states. A
file in our own cache, in contrast, is either what the registry says or an error.

A download comes from the address in the registry or from no other machine, has as many bytes as the registry says, and
is used once its checksum is right.
"""

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pooch
import requests
from requests.models import Response
from tqdm.auto import tqdm

from helpers.data.registry import REGISTRY, RemoteFile, Source
from helpers.sharing import READABLE, hold, inner_folder

CHUNK_BYTES = 1 << 20
RETRIES = 3


class FetchError(OSError):
    """A file that is nowhere, cannot be downloaded, or is not what the registry says."""


@dataclass(frozen=True)
class Found:
    """A file on this machine; `local_variant` says that it is not byte for byte the registry's."""

    name: str
    path: Path
    sha256: str
    bytes: int
    local_variant: bool

    def provenance(self) -> dict[str, str | int | bool]:
        """What a record says of this file (its place on this machine is nobody's business)."""
        return {
            "name": self.path.name,
            "sha256": self.sha256,
            "bytes": self.bytes,
            "local_variant": self.local_variant,
        }


def data_folders() -> list[Path]:
    """The folders that HELPERS_DATA names, in its order.

    Raises
    ------
    FetchError
        For one that does not exist: a mistyped folder must not turn into a large download.
    """
    folders = [Path(part).expanduser() for part in os.environ.get("HELPERS_DATA", "").split(os.pathsep) if part]
    for folder in folders:
        if not folder.is_dir():
            raise FetchError(f"HELPERS_DATA: expected folders that exist, got {folder} ({folder.absolute()})")
    return folders


def cache_dir() -> Path:
    """The user's own folder for downloads and decoded sets: HELPERS_CACHE, or the system's place for caches."""
    return Path(os.environ.get("HELPERS_CACHE") or pooch.os_cache("helpers")).expanduser()


def fetch(set_name: str, file_name: str, *, progress: bool = True) -> Found:
    """Find one file of a set on this machine, or download it.

    Raises
    ------
    ValueError
        For a set or file that the registry does not have.
    FetchError
        Which names the set, the URL, the size and the way out, when the file is nowhere or not what it should be.
    """
    if set_name not in REGISTRY:
        raise ValueError(f"data set: expected one of {', '.join(REGISTRY)}, got {set_name!r}")
    source = REGISTRY[set_name]
    file = source.file(file_name)
    folder = _folder_of(source)
    if folder is not None:
        return _from_folder(folder, source, file, progress)
    path = cache_dir() / set_name / file_name
    if not path.exists():
        if data_folders() and file.urls:
            size = f"{file.bytes / 1e6:,.1f} MB"
            print(f"no {set_name}/{file_name} in the folders of HELPERS_DATA: downloading {size}", file=sys.stderr)
        _download(source, file, path, progress=progress)
    found = sha256_of(path, progress=progress)
    if found != file.sha256:
        raise FetchError(
            f"{path}: expected sha256 {file.sha256} ({file.bytes:,} bytes), got {found} "
            f"({path.stat().st_size:,} bytes). Delete this file and run again."
        )
    return Found(file_name, path, found, path.stat().st_size, local_variant=False)


def _folder_of(source: Source) -> Path | None:
    """The first folder that holds a set: `<name>/` in a folder of HELPERS_DATA, or that folder itself, where it has
    the name of the set or its largest file."""
    largest = max(source.files, key=lambda file: file.bytes)
    for folder in data_folders():
        if _local(folder / source.name, *source.files):
            return folder / source.name
        telling = source.files if folder.resolve().name == source.name else (largest,)
        if _local(folder, *telling):
            return folder
    return None


def _local(folder: Path, *files: RemoteFile) -> Path | None:
    """The first of `files` in `folder`, plain or compressed."""
    candidates = (folder / (file.name + suffix) for file in files for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _from_folder(folder: Path, source: Source, file: RemoteFile, progress: bool) -> Found:
    path = _local(folder, file)
    if path is None:
        raise FetchError(
            f"{source.name}: {folder} (HELPERS_DATA) holds this set but neither {file.name} nor {file.name}.gz, and "
            "files of different copies are never mixed"
        )
    digest = sha256_of(path, progress=progress)
    known = file.sha256 if path.name == file.name else file.sha256_gz
    return Found(file.name, path, digest, path.stat().st_size, local_variant=digest != known)


def _download(source: Source, file: RemoteFile, path: Path, *, progress: bool) -> None:
    """Download to `path`, from the first address that has the file."""
    reasons = [] if file.urls else ["it can be downloaded nowhere"]
    for url in file.urls:
        try:
            inner_folder(path.parent)
            with hold(path.with_name(f"{path.name}.lock")):
                if not path.exists():  # two runs, one download
                    _download_from(url, file, path, progress)
            return
        except (requests.RequestException, ValueError) as error:  # ValueError: pooch found another checksum
            reasons.append(f"{url}: {_first_line(error)}")
        except OSError as error:  # of the disk: those of the network are the request's own
            way_out = "free some space, or let HELPERS_CACHE name a folder of yours"
            raise FetchError(f"{source.name}: {path.parent} cannot be written to ({error}): {way_out}") from error
    raise FetchError(
        f"{source.name}: no file {file.name} ({file.bytes / 1e6:,.1f} MB) here, and no download:\n  "
        + "\n  ".join(reasons)
        + f"\nWith a copy from elsewhere, set HELPERS_DATA to a folder that holds {source.name}/{file.name}. "
        f"About the set: {source.homepage}"
    )


def _download_from(url: str, file: RemoteFile, path: Path, progress: bool) -> None:
    """Download by pooch: written beside, checked, moved to `path` when it is right."""
    loader = _Careful(
        progressbar=progress,
        chunk_size=CHUNK_BYTES,
        timeout=30,
        headers={"Accept-Encoding": "identity"},
        hooks={"response": _stays},
    )
    loader.most_bytes = file.bytes
    with _folder_beside(path) as folder:
        keeper = pooch.create(
            path=folder,
            base_url="",
            registry={path.name: f"sha256:{file.sha256}"},
            urls={path.name: url},
            retry_if_failed=RETRIES,
        )
        done = Path(keeper.fetch(path.name, downloader=loader))
        done.chmod(READABLE)
        os.replace(done, path)


@contextlib.contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """A folder for a while. Pooch gives its temporary files names that nobody knows: here the next run finds those that
    a killed one left, whoever's they are."""
    folder = path.with_name(f".{path.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield inner_folder(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Careful(pooch.HTTPDownloader):
    """Takes no more bytes than the file has: a server that sends without end would fill the disk."""

    most_bytes = 0

    def __call__(self, url: str, output_file: Any, pooch: Any, check_only: bool = False) -> bool | None:
        with open(output_file, "wb") as file:
            return super().__call__(url, _Bounded(file, self.most_bytes), pooch, check_only)


class _Bounded:
    """A file that takes so many bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self.file, self.room, self.flush = file, room, file.flush

    def write(self, data: bytes) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise requests.RequestException("more bytes than the file has: it is another one")
        return self.file.write(data)


def _stays(response: Response, **_: Any) -> None:
    """Refuses an answer that leads to another machine, or from https to http."""
    if response.is_redirect:
        here, there = urlsplit(response.url), urlsplit(urljoin(response.url, response.headers["location"]))
        if there.hostname != here.hostname or there.scheme not in ("https", here.scheme):
            raise requests.RequestException(f"it leads to another place, {there.scheme}://{there.netloc}")


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


_DIGESTS: dict[tuple[str, int, int], str] = {}


def sha256_of(path: Path, *, progress: bool = True) -> str:
    """The sha256 of a file, hexadecimal; remembered while it keeps its size and its time of change."""
    status = path.stat()
    key = (str(path.absolute()), status.st_size, status.st_mtime_ns)
    if key not in _DIGESTS:
        digest = hashlib.sha256()
        quick = status.st_size < 64 * CHUNK_BYTES  # well under a second: no bar
        bar = tqdm(
            total=status.st_size,
            desc=f"checking {path.name}",
            unit="B",
            unit_scale=True,
            disable=quick or not progress,
        )
        with path.open("rb") as file, bar:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                bar.update(len(chunk))
        _DIGESTS[key] = digest.hexdigest()
    return _DIGESTS[key]
