"""Hostile input: grids, cards, names of labs, addresses; what is personal stays at home.

Archives, pictures and pickles are in the files beside, `test_hostile_*.py`.
"""

import http.server
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import requests
from PIL import Image

from helpers.data.decode import RULE
from helpers.data.fetching import FetchError, _stays, fetch
from helpers.data.registry import REGISTRY, RemoteFile, Source
from helpers.models.pretrained import build_model, saved
from helpers.records import Record
from helpers.records.personal import publishable
from helpers.records.runs import run_lab
from helpers.sweep.grid import GridError, read_grid

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


class Evil:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def evil(tmp_path):
    return Evil(tmp_path / "ran")


GRIDS = {
    "aliases of aliases": "a: &a [1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"{chr(98 + k)}: &{chr(98 + k)} [{', '.join(['*' + chr(97 + k)] * 9)}]\n" for k in range(12)),
    "an alias of itself": "parameters: &p {a: *p}\n",
    "a tag of Python": "lab: !!python/object/apply:os.mkdir [MARK]\n",
    "another one": "lab: !!python/name:os.system\n",
    "a module": "lab: !!python/module:os\n",
    "nested without end": "parameters: " + "[" * 20_000,
    "nested in a small way": "".join(" " * k + "a:\n" for k in range(300)) + " " * 300 + "b",
    "a megabyte": "lab: " + "x" * MIB,
    "a merge": "a: &a {lab: x}\nb: {<<: *a}\n",
    "a lab elsewhere": "lab: ../../x\nedition: smoke\n",
    "no text": "\x00\x01\x02",
    "a list": "- a\n",
}


@pytest.mark.parametrize("kind", GRIDS)
def test_a_hostile_grid_is_an_error_in_a_second(within, tmp_path, kind, evil, count):
    path = tmp_path / "grid.yaml"
    path.write_text(GRIDS[kind].replace("MARK", str(evil.mark)))
    with within(20, mib=32), pytest.raises(GridError):
        read_grid(path, ROOT)
    assert not evil.mark.exists()
    count("grids", 1)


@pytest.fixture
def classify():
    spec = importlib.util.spec_from_file_location("classify_hostile", ROOT / "scripts" / "classify.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_a_text_nested_without_end_is_an_error(tmp_path, classify, monkeypatch, capsys, count):
    deep = "[" * 200_000 + "]" * 200_000
    with pytest.raises(ValueError):
        Record.model_validate_json('{"lab": ' + deep + "}")
    with pytest.raises(ValueError):
        Record.model_validate({"parameters": json.loads("[" * 500 + "]" * 500)})
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path))
    saved.save(tmp_path / "models" / "m", build_model("xception_mini", 2, weights="none"), ["a", "b"], decoding=RULE)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert classify.main([str(tmp_path / "a.png")]) == 0
    card = tmp_path / "models" / "m" / saved.CARD
    for text in (deep, card.read_text().replace('"name"', f'"note": {deep}, "name"')):
        card.write_text(text)
        assert classify.main([str(tmp_path / "a.png")]) == 1
        assert "error: " in capsys.readouterr().err
    count("texts nested without end", 4)


def test_a_kept_model_that_names_a_file_elsewhere_does_not_get_it(tmp_path, count):
    ready = build_model("xception_mini", 2, weights="none")
    saved.save(tmp_path / "m", ready, ["a", "b"], decoding=RULE)
    card = json.loads((tmp_path / "m" / saved.CARD).read_text())
    (tmp_path / card["file"]).write_bytes((tmp_path / "m" / card["file"]).read_bytes())
    (tmp_path / "m" / card["file"]).unlink()
    for name in (f"../{card['file']}", str(tmp_path / card["file"])):
        (tmp_path / "m" / saved.CARD).write_text(json.dumps(card | {"file": name}))
        with pytest.raises(ValueError, match=r"card\.json: file: "):
            saved.load(tmp_path / "m")
    count("cards that name a file elsewhere", 2)


NOTEBOOK = {"cells": [{"cell_type": "code", "id": "c", "metadata": {}, "outputs": [], "execution_count": None,
                       "source": "open('ran', 'w')"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}  # fmt: skip


def test_only_a_notebook_of_the_course_is_run_as_a_lab(tmp_path, monkeypatch, count):
    course = tmp_path / "course"
    (course / "labs" / "editions" / "smoke").mkdir(parents=True)
    (course / "_toc.yml").write_text("root: intro\n")
    for name in ("x", "course/x", "course/labs/Evil", "course/labs/editions/smoke/x"):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(NOTEBOOK))
    for name in ("course/x", "course/labs/x", "course/labs/editions/x", "course/labs/editions/smoke/Evil", "x"):
        (tmp_path / f"{name}.yaml").write_text("edition: smoke\n")
    monkeypatch.chdir(course)
    monkeypatch.setenv("HELPERS_BUILD", str(tmp_path / "build"))
    names = ["../../x", "../x", "../labs/Evil", "Evil", str(tmp_path / "x"), "editions/smoke/x", "..", "", "~/x", "x\0",
             "01_a/../../../x", "../labs/../../x"]  # fmt: skip
    for name in names:
        with pytest.raises((FileNotFoundError, ValueError)):
            run_lab(name, "smoke")
        assert [path.name for path in tmp_path.rglob("ran")] == []
    for edition in ("../smoke", "/etc", ""):
        with pytest.raises((FileNotFoundError, ValueError)):
            run_lab("Evil", edition)
    count("names of labs that lead elsewhere", len(names) + 3)


def test_make_lab_with_a_name_that_leads_elsewhere_is_refused(count):
    if shutil.which("make") is None:
        pytest.skip("no make here")
    command = ["make", "-o", ".venv/.ready", "lab", "NAME=../../x", "EDITION=smoke"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode != 0
    assert 'no lab "../../x"' in done.stderr
    count("names of labs that lead elsewhere", 1)


def test_a_run_on_ones_own_photographs_is_published_without_a_word_of_them(tmp_path, monkeypatch, amount, count):
    """Lab 16 from end to end: whoever ran it, on which folder, whose faces."""
    if not amount(0, 1):
        pytest.skip("a lab of a quarter of a minute: make soak")
    home = tmp_path / "home" / "anna.mueller"
    for person in ("Ottokar", "Wiltrud"):
        for k in range(14):
            path = home / "Urlaub 2019" / person / f"IMG_{4000 + k}_{person}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(k + 100 * len(person)).integers(0, 256, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path, "PNG")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HELPERS_")}
    environment |= {
        "HOME": str(home),
        "USER": "anna.mueller",
        "LOGNAME": "anna.mueller",
        "PYTHONPATH": str(ROOT / "src"),
    }
    build = home / "_build"
    environment |= {
        "HELPERS_BUILD": str(build),
        "HELPERS_CACHE": str(home / "cache"),
        "IPYTHONDIR": str(home / ".ipython"),
    }
    command = [
        sys.executable,
        "-m",
        "helpers.records",
        "run",
        "16_your_photographs",
        "smoke",
        "-p",
        "data_dir",
        "~/Urlaub 2019",
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (path,) = build.glob("runs/smoke/*/*/record.json")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HELPERS_BUILD", str(build))
    record, notebook = (
        Record.model_validate_json(path.read_text()),
        json.loads(path.with_name("notebook.ipynb").read_text()),
    )
    secrets = ("anna", "mueller", "Urlaub", "Ottokar", "Wiltrud", "IMG_4", str(tmp_path))
    there = json.dumps(notebook) + record.model_dump_json()
    assert [s for s in secrets if s not in there] == [], "the run itself knows them"
    published, shown = publishable(record, notebook, ROOT / "src" / "helpers")
    text = json.dumps(shown, ensure_ascii=False) + published.model_dump_json()
    assert [secret for secret in secrets if secret.lower() in text.lower()] == []
    assert "image/png" not in text
    count("secrets of a run on one's own photographs", len(secrets))


class Server(http.server.ThreadingHTTPServer):
    """Answers every request with `answer(handler)`."""

    def __init__(self, answer) -> None:
        self.asked: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.asked.append(self.path)
                answer(self)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@contextmanager
def serving(answer):
    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def send(handler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def redirect(handler, where: str) -> None:
    handler.send_response(302)
    handler.send_header("Location", where)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """Puts a set of one file, of a right checksum, at an address into the registry."""
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("HELPERS_DATA", raising=False)
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    monkeypatch.setattr("helpers.data.fetching.RETRIES", 1)

    def put(url: str, content: bytes = b"right" * 100) -> bytes:
        import hashlib

        file = RemoteFile("toy.tar", len(content), hashlib.sha256(content).hexdigest(), (url,))
        monkeypatch.setitem(REGISTRY, "toy", Source("toy", (file,), "", "", "", ""))
        return content

    return put


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_redirect_to_another_machine_is_not_followed(toy, tmp_path, count):
    content = b"right" * 100
    with serving(lambda handler: send(handler, content)) as other:
        away = f"http://localhost:{other.server_port}/toy.tar"
        with serving(lambda handler: redirect(handler, away)) as first:
            toy(f"http://127.0.0.1:{first.server_port}/toy.tar")
            with pytest.raises(FetchError, match="leads to another place, http://localhost"):
                fetch("toy", "toy.tar", progress=False)
        assert other.asked == []
    assert left(tmp_path) == []
    count("redirects", 1)


def test_a_redirect_on_the_same_machine_is_followed(toy):
    content = b"right" * 100

    def answer(handler):
        redirect(handler, "/there") if handler.path == "/toy.tar" else send(handler, content)

    with serving(answer) as server:
        toy(f"http://127.0.0.1:{server.server_port}/toy.tar")
        assert fetch("toy", "toy.tar", progress=False).path.read_bytes() == content


@pytest.mark.parametrize(
    ("here", "there", "stays"),
    [
        ("https://a.org/x", "https://a.org/y", True),
        ("http://a.org/x", "https://a.org/x", True),
        ("https://a.org/x", "http://a.org/x", False),
        ("https://a.org/x", "https://b.org/x", False),
        ("https://a.org/x", "//b.org/x", False),
        ("https://a.org/x", "https://a.org.b.org/x", False),
        ("https://a.org/x", "https://a.org@b.org/x", False),
        ("https://a.org/x", "file:///etc/passwd", False),
        ("https://a.org/x", "ftp://a.org/x", False),
        ("https://a.org/x", "/y", True),
    ],
)
def test_where_a_redirect_may_lead(here, there, stays, count):
    answer = SimpleNamespace(is_redirect=True, url=here, headers={"location": there})
    if stays:
        _stays(answer)
    else:
        with pytest.raises(requests.RequestException, match="another place"):
            _stays(answer)
    count("redirects", 1)


def test_a_server_that_sends_without_end_is_left(within, toy, tmp_path, count):
    sent = [0]

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while sent[0] < 64 * MIB:
                handler.wfile.write(bytes(MIB))
                sent[0] += MIB
        except OSError:
            pass

    with serving(endless) as server:
        toy(f"http://127.0.0.1:{server.server_port}/toy.tar")
        with within(30), pytest.raises(FetchError, match="more bytes than the file has"):
            fetch("toy", "toy.tar", progress=False)
    time.sleep(0.1)
    assert sent[0] < 64 * MIB
    assert left(tmp_path) == []
    count("servers that send without end", 1)


def test_every_address_has_a_checksum_and_belongs_to_whom_the_registry_says(count):
    hosts = {url.split("/")[2] for source in REGISTRY.values() for file in source.files for url in file.urls}
    assert hosts == {"vision.stanford.edu"}
    files = [file for source in REGISTRY.values() if source.name != "toy" for file in source.files]
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) and file.bytes > 0 for file in files)
    count("files with a checksum", len(files))
