"""Addresses outside: which are asked, and what counts as gone."""

import importlib.util
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("links", ROOT / "scripts" / "links.py")
links = importlib.util.module_from_spec(spec)
spec.loader.exec_module(links)

ANSWERS = {"/here": 200, "/moved": 301, "/closed": 403, "/away": 404, "/broken": 503, "/enough": 429}


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
        ("/away", "gone: 404 Not Found"),
        ("/enough", "look: 429"),
    ],
)
def test_what_a_host_answers_is_judged(host, path, said):
    assert links.ask(host + path).startswith(said)
    assert bool(links.ask(host + path)) == bool(said)


def test_a_host_that_does_not_answer_is_told_from_an_address_that_is_gone():
    refused = links.ask("http://127.0.0.1:9/nobody")
    assert refused.startswith("no answer: ")
    assert refused.endswith("Connection refused")
    assert links.ask("http://no.such.host.invalid/").startswith("no answer: ")
    assert links.ask("http://127.0.0.1:port/").startswith("no answer: ")


def test_what_is_no_web_server_does_not_end_the_run():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk():
            for _ in range(2):
                with server.accept()[0] as one:
                    one.sendall(b"220 a mail server\r\n")

        threading.Thread(target=talk, daemon=True).start()
        assert links.ask(f"http://127.0.0.1:{server.getsockname()[1]}/").startswith("no answer: 220 a mail server")


def test_a_silent_host_is_asked_twice_and_no_more():
    found = links.ask_host([f"http://127.0.0.1:9/{number}" for number in range(4)])
    assert [said.startswith("no answer: not asked") for said in found.values()] == [False, False, True, True]


def test_a_host_that_has_had_enough_is_asked_no_more(host):
    found = links.ask_host([f"{host}{path}" for path in ("/here", "/enough", "/away")])
    assert list(found.values()) == ["", "look: 429 Too Many Requests", "look: not asked, its host has had enough (429)"]


def test_a_host_waits_between_two_questions(host, monkeypatch):
    waits = []
    monkeypatch.setattr(links, "PAUSE_S", 7)
    monkeypatch.setattr(links.time, "sleep", waits.append)
    links.ask_host([f"{host}/here", f"{host}/away"])
    assert waits == [7, 7, 7, 7]  # after the first; between HEAD and GET of the second, and behind it


def test_without_a_network_it_says_so_once_and_nothing_of_any_address(small, capsys):
    (small / "index.html").write_text('<a href="http://127.0.0.1:9/1">1</a><a href="http://127.0.0.1:10/2">2</a>')
    assert links.main() == 1
    said = capsys.readouterr()
    assert said.out == "2 addresses of 2 hosts, a second apart for each host\n"
    assert said.err.startswith(
        "make links: none of these hosts answers, so there is no network here: 127.0.0.1:10, 127.0.0.1:9 ("
    )
    assert "Connection refused" in said.err


def test_one_host_that_answers_is_a_network(host, small, capsys):
    (small / "index.html").write_text(f'<a href="{host}/here">1</a><a href="http://127.0.0.1:10/2">2</a>')
    assert links.main() == 1
    told = capsys.readouterr().out
    assert "Connection refused  http://127.0.0.1:10/2  in index.html" in told
    assert "2 addresses: 0 gone, 1 without an answer, 0 for a person to look at" in told


def test_the_book_is_read_and_what_is_gone_is_an_error_with_its_page(host, small, capsys):
    page = f'<a href="{host}/here#part">1</a><a href="{host}/closed">2</a><a href="other.html">3</a>'
    (small / "index.html").write_text(page + f'<a href="{host}/someone/course/edit/main/a.md">edit</a>')
    assert links.main() == 0
    assert "2 addresses: 0 gone, 0 without an answer, 1 for a person to look at" in capsys.readouterr().out
    for number in range(1, 6):
        (small / "chapters" / f"{number}.html").write_text(f'<a href="{host}/away">4</a>')
    assert links.main() == 1
    told = capsys.readouterr().out
    assert f"gone: 404 Not Found  {host}/away  in chapters/1.html, chapters/2.html, chapters/3.html and 2 more" in told


def test_data_sets_are_asked_too(monkeypatch):
    from helpers.data.registry import REGISTRY

    monkeypatch.setattr(links, "REGISTRY", REGISTRY)
    found = links.named()
    assert found["https://www.manythings.org/anki/"] == {"data set fra_eng"}
    assert any(address.endswith("images.tar") for address in found)


def test_without_a_book_it_says_so(capsys):
    assert links.main() == 1
    assert "the book is not built yet" in capsys.readouterr().err
