"""Finding files: HELPERS_DATA before the cache before a download, and never a wrong file under a right name."""

import gzip
import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from helpers.data import fetching
from helpers.data.fetching import FetchError, cache_dir, data_folders, fetch, sha256_of
from helpers.data.registry import REGISTRY, RemoteFile, Source

CONTENT = b"not a dog, but nobody asked " * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Answers with `answers` in turn (the last one for ever): CONTENT, other bytes, a status, or "cut"."""

    def __init__(self) -> None:
        self.answers: list[bytes | int | str] = [CONTENT]
        self.asked = 0
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Server = self.server
        answer = server.answers[min(server.asked, len(server.answers) - 1)]
        server.asked += 1
        if isinstance(answer, int):
            self.send_error(answer)
            return
        body = CONTENT if answer == "cut" else answer
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer == "cut" else body)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)  # between retries
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def toy(monkeypatch, tmp_path, server):
    """A set of two files in the registry, an empty cache, and no HELPERS_DATA."""
    url = f"http://127.0.0.1:{server.server_port}/toy.tar"
    files = (
        RemoteFile("toy.tar", len(CONTENT), DIGEST, (url,)),
        RemoteFile("names.txt", 4, hashlib.sha256(b"dogs").hexdigest()),
    )
    monkeypatch.setitem(REGISTRY, "toy", Source("toy", files, "ours", "nobody", "nobody2026", "http://toy.invalid"))
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HELPERS_DATA", raising=False)
    return tmp_path


def put(folder, name="toy.tar", content=CONTENT):
    (folder / "toy").mkdir(parents=True, exist_ok=True)
    (folder / "toy" / name).write_bytes(content)
    return folder


def cached(folder):
    return [path.name for path in (folder / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_download_is_verified_and_asked_for_once(toy, server):
    found = fetch("toy", "toy.tar", progress=False)
    assert found.path == toy / "cache" / "toy" / "toy.tar"
    assert found.path.read_bytes() == CONTENT
    assert (found.sha256, found.bytes, found.local_variant) == (DIGEST, len(CONTENT), False)
    assert fetch("toy", "toy.tar", progress=False) == found
    assert server.asked == 1


@pytest.mark.parametrize("failure", [503, "cut", b"another file"])
def test_download_is_tried_again(toy, server, failure):
    server.answers = [failure, failure, CONTENT]
    assert fetch("toy", "toy.tar", progress=False).sha256 == DIGEST
    assert server.asked == 3


@pytest.mark.parametrize(
    ("failure", "reason"), [(404, "404"), ("cut", "IncompleteRead|broken"), (b"another", "hash|SHA256")]
)
def test_failed_download_names_the_way_out_and_leaves_nothing(toy, server, failure, reason):
    server.answers = [failure]
    with pytest.raises(FetchError, match=reason) as caught:
        fetch("toy", "toy.tar", progress=False)
    message = str(caught.value)
    for part in ("toy", "toy.tar", f"http://127.0.0.1:{server.server_port}/toy.tar", "MB", "HELPERS_DATA"):
        assert part in message
    assert server.asked == 1 + fetching.RETRIES
    assert cached(toy) == []


def test_interrupted_download_leaves_nothing(toy, server, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("pooch.core.hash_matches", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch("toy", "toy.tar", progress=False)
    assert cached(toy) == []


def test_what_a_killed_download_left_goes_and_everybody_may_read_the_file(toy, server):
    left = toy / "cache" / "toy" / ".toy.tar.part"
    left.mkdir(parents=True)
    (left / "tmpabc").write_bytes(CONTENT[:100])
    found = fetch("toy", "toy.tar", progress=False)
    assert cached(toy) == ["toy.tar"]
    assert not left.exists()
    assert found.path.stat().st_mode & 0o777 == 0o644


def test_mirror_is_used_when_the_first_address_fails(toy, server, monkeypatch):
    good = REGISTRY["toy"].files[0].urls[0]
    file = RemoteFile("toy.tar", len(CONTENT), DIGEST, ("http://127.0.0.1:9/closed", good))
    monkeypatch.setitem(REGISTRY, "toy", Source("toy", (file,), "", "", "", ""))
    assert fetch("toy", "toy.tar", progress=False).sha256 == DIGEST


def test_file_without_address_says_how_to_provide_it(toy):
    with pytest.raises(FetchError, match=r"downloaded nowhere(.|\n)*HELPERS_DATA(.|\n)*toy/names\.txt"):
        fetch("toy", "names.txt")


def test_wrong_file_in_the_cache_is_an_error_and_not_overwritten(toy, server):
    put(toy / "cache", content=b"damaged")
    with pytest.raises(FetchError, match=f"expected sha256 {DIGEST}.*Delete"):
        fetch("toy", "toy.tar", progress=False)
    assert server.asked == 0


def test_helpers_data_comes_before_the_cache(toy, server, monkeypatch):
    put(toy / "cache")
    monkeypatch.setenv("HELPERS_DATA", str(put(toy / "mine")))
    found = fetch("toy", "toy.tar", progress=False)
    assert found.path == toy / "mine" / "toy" / "toy.tar"
    assert not found.local_variant
    assert server.asked == 0


def test_other_content_in_helpers_data_is_a_local_variant(toy, monkeypatch):
    monkeypatch.setenv("HELPERS_DATA", str(put(toy / "mine", content=b"mini")))
    found = fetch("toy", "toy.tar", progress=False)
    assert found.local_variant
    assert found.provenance() == {
        "name": "toy.tar",
        "sha256": hashlib.sha256(b"mini").hexdigest(),
        "bytes": 4,
        "local_variant": True,
    }


def test_compressed_file_in_helpers_data_stands_for_the_plain_one(toy, monkeypatch):
    monkeypatch.setenv("HELPERS_DATA", str(put(toy / "mine", "toy.tar.gz", gzip.compress(CONTENT))))
    found = fetch("toy", "toy.tar", progress=False)
    assert (found.path.name, found.local_variant) == ("toy.tar.gz", True)


def test_first_folder_that_holds_the_set_gives_all_of_its_files(toy, monkeypatch):
    first, second = put(toy / "first", "names.txt", b"mine"), put(put(toy / "second"), "names.txt", b"dogs")
    (toy / "none").mkdir()
    monkeypatch.setenv("HELPERS_DATA", os.pathsep.join(map(str, (toy / "none", first, second))))
    assert fetch("toy", "names.txt").local_variant
    with pytest.raises(FetchError, match=r"first.*holds this set but neither toy\.tar nor toy\.tar\.gz"):
        fetch("toy", "toy.tar")
    monkeypatch.setenv("HELPERS_DATA", os.pathsep.join(map(str, (toy / "none", second, first))))
    assert not fetch("toy", "names.txt").local_variant
    assert not fetch("toy", "toy.tar", progress=False).local_variant


@pytest.mark.parametrize("name", ["toy", "TOY copy"])
def test_the_own_folder_of_the_set_is_recognised(toy, server, monkeypatch, name):
    put(toy / "mine").joinpath("toy").rename(toy / "mine" / name)
    monkeypatch.setenv("HELPERS_DATA", str(toy / "mine" / name))
    assert fetch("toy", "toy.tar", progress=False).path == toy / "mine" / name / "toy.tar"
    assert server.asked == 0


def test_a_folder_that_shares_only_a_small_file_is_not_taken_for_the_set(toy, server, monkeypatch):
    (toy / "other").mkdir()
    (toy / "other" / "names.txt").write_bytes(b"cats")  # the largest file of the set is the one that tells
    monkeypatch.setenv("HELPERS_DATA", str(toy / "other"))
    assert fetch("toy", "toy.tar", progress=False).path.is_relative_to(toy / "cache")
    assert server.asked == 1


def test_a_download_says_that_helpers_data_holds_no_copy(toy, server, monkeypatch, capsys):
    (toy / "empty").mkdir()
    monkeypatch.setenv("HELPERS_DATA", str(toy / "empty"))
    fetch("toy", "toy.tar", progress=False)
    assert "no toy/toy.tar in the folders of HELPERS_DATA" in capsys.readouterr().err


def test_the_home_folder_is_expanded(toy, server, monkeypatch):
    put(toy / "mine")
    monkeypatch.setenv("HOME", str(toy))
    monkeypatch.setenv("HELPERS_DATA", "~/mine")
    monkeypatch.setenv("HELPERS_CACHE", "~/kept")
    assert fetch("toy", "toy.tar", progress=False).path == toy / "mine" / "toy" / "toy.tar"
    assert cache_dir() == toy / "kept"


def test_mistyped_helpers_data_is_an_error_not_a_download(toy, server, monkeypatch):
    monkeypatch.setenv("HELPERS_DATA", str(toy / "absent"))
    with pytest.raises(FetchError, match="absent"):
        fetch("toy", "toy.tar")
    assert server.asked == 0


def test_helpers_data_may_be_empty(monkeypatch):
    monkeypatch.setenv("HELPERS_DATA", "")
    assert data_folders() == []


def test_unknown_set_or_file_names_the_choices(toy):
    with pytest.raises(ValueError, match=r"stanford_dogs.*'cats'"):
        fetch("cats", "images.tar")
    with pytest.raises(ValueError, match=r"toy\.tar, names\.txt, got 'images\.tar'"):
        fetch("toy", "images.tar")


def test_checksum_is_computed_again_when_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    assert sha256_of(path) == hashlib.sha256(b"one").hexdigest()
    with monkeypatch.context() as patch:
        patch.setattr(fetching.hashlib, "sha256", None)  # a second reading would fail
        sha256_of(path)
    path.write_bytes(b"three")
    assert sha256_of(path) == hashlib.sha256(b"three").hexdigest()


def test_every_set_says_whose_it_is_and_how_it_is_checked():
    for source in REGISTRY.values():
        assert source.licence
        assert source.citation
        assert source.homepage
        for file in source.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.bytes > 0
    assert {file.name for file in REGISTRY["stanford_dogs"].files} == {"images.tar", "annotation.tar", "lists.tar"}
