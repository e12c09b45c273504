"""Addresses outside: which are asked, and what counts as gone."""

import importlib.util
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("links", ROOT / "scripts" / "links.py")
links = importlib.util.module_from_spec(spec)
spec.loader.exec_module(links)

ANSWERS = {"/here": 200, "/moved": 301, "/closed": 403, "/away": 404, "/broken": 503}


class Host(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.answer(405 if self.path == "/no-head" else ANSWERS.get(self.path, 404))

    def do_GET(self):
        self.answer(200 if self.path == "/no-head" else ANSWERS.get(self.path, 404))

    def answer(self, status: int) -> None:
        self.send_response(status)
        if status == 301:
            self.send_header("Location", "/here")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def host():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """A book of no page, no data sets, no pauses."""
    (tmp_path / "chapters").mkdir()
    for name, value in (("HTML", tmp_path), ("REGISTRY", {}), ("PAUSE_S", 0), ("TIMEOUT_S", 5)):
        monkeypatch.setattr(links, name, value)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/here", ""),
        ("/moved", ""),
        ("/no-head", ""),
        ("/closed", "look: 403"),
        ("/broken", "look: 503"),
        ("/away", "gone: 404"),
    ],
)
def test_what_a_host_answers_is_judged(host, path, said):
    assert links.ask(host + path).startswith(said)
    assert bool(links.ask(host + path)) == bool(said)


def test_no_host_at_all_is_gone():
    assert links.ask("http://127.0.0.1:9/nobody").startswith("gone: ")


def test_the_book_is_read_and_what_is_gone_is_an_error_with_its_page(host, small, capsys):
    page = f'<a href="{host}/here#part">1</a><a href="{host}/closed">2</a><a href="other.html">3</a>'
    (small / "index.html").write_text(page + f'<a href="{host}/someone/course/edit/main/a.md">edit</a>')
    assert links.main() == 0
    assert "2 addresses: 0 gone, 1 for a person to look at" in capsys.readouterr().out
    (small / "chapters" / "1.html").write_text(f'<a href="{host}/away">4</a>')
    assert links.main() == 1
    assert f"gone: 404  {host}/away  in chapters/1.html" in capsys.readouterr().out


def test_data_sets_are_asked_too(monkeypatch):
    from helpers.data.registry import REGISTRY

    monkeypatch.setattr(links, "REGISTRY", REGISTRY)
    found = links.named()
    assert found["https://www.manythings.org/anki/"] == {"data set fra_eng"}
    assert any(address.endswith("images.tar") for address in found)


def test_without_a_book_it_says_so(capsys):
    assert links.main() == 1
    assert "the book is not built yet" in capsys.readouterr().err
