"""Links to a repository: none where the build knows no repository, right ones for the fork that builds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[2]
LAB = "08_xception_vs_vit"
KERNEL = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\n---\n"
TOC = f"format: jb-book\nroot: intro\nchapters: [{{file: chapters/one}}, {{file: labs/executed/{LAB}}}]\n"


def build(folder: Path, **environment: str) -> Path:
    """A book of three pages with the course's configuration and extension."""
    for name in ("chapters", "labs", "src"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(ROOT / "_ext", folder / "_ext", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "_config.yml", folder)
    shutil.copy(ROOT / "references.bib", folder)
    (folder / "_toc.yml").write_text(TOC)
    (folder / "intro.md").write_text("# A small book\n")
    (folder / "chapters" / "one.md").write_text(f"{KERNEL}# One\n\nText.\n")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Lab 08")]), folder / "labs" / f"{LAB}.ipynb")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
    jupyter_book = str(Path(sys.executable).with_name("jupyter-book"))
    command = [jupyter_book, "build", str(folder), "-W", "-n", "--keep-going"]
    done = subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / "html"


def outside(page: Path) -> set[str]:
    links = re.findall(r'href="(https?://[^"]+)"', page.read_text(encoding="utf-8"))
    return {link for link in links if "issues/new" not in link}


def test_without_a_repository_no_page_links_to_one(tmp_path):
    book = build(tmp_path / "book")
    assert [outside(page) for page in sorted(book.rglob("*.html"))] == [set()] * len(list(book.rglob("*.html")))
    assert not (book / "notebooks").exists()
    assert not any("issues/new" in page.read_text(encoding="utf-8") for page in book.rglob("*.html"))


def test_links_lead_to_the_fork_and_branch_that_build(tmp_path):
    book = build(tmp_path / "book", GITHUB_REPOSITORY="someone/fork", GITHUB_REF_NAME="dev", GITHUB_SHA="0123abc")
    branch, home, colab = (
        "dev",
        "https://github.com/someone/fork",
        "https://colab.research.google.com/github/someone/fork/blob",
    )
    assert outside(book / "chapters" / "one.html") == {
        home,
        f"{home}/edit/{branch}/chapters/one.md",
        f"{colab}/gh-pages/notebooks/chapters/one.ipynb",
    }
    assert outside(book / "labs" / "executed" / f"{LAB}.html") == {
        home,
        f"{home}/edit/{branch}/labs/{LAB}.ipynb",
        f"{colab}/gh-pages/notebooks/labs/{LAB}.ipynb",
    }
    tip = f"Open in Colab; tested with Python {sys.version_info[0]}.{sys.version_info[1]}, torch "
    assert tip in (book / "chapters" / "one.html").read_text(encoding="utf-8")
    for page in ("chapters/one", f"labs/executed/{LAB}", "intro", "search"):
        foot = BeautifulSoup((book / f"{page}.html").read_text(encoding="utf-8"), "html.parser").find(
            "p", class_="report"
        )
        assert foot.a["href"] == f"{home}/issues/new?title=Error%20on%20{page}"
    for page in ("chapters/one", f"labs/{LAB}"):
        notebook = nbformat.read(book / "notebooks" / f"{page}.ipynb", as_version=4)
        nbformat.validate(notebook)
        first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
        assert 'source = "git+https://github.com/someone/fork@0123abc"' in first


def test_links_of_a_pull_request_lead_to_its_own_branch(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "_ext"))
    import launch

    monkeypatch.setenv("GITHUB_REF_NAME", "12/merge")
    monkeypatch.setenv("GITHUB_HEAD_REF", "topic")
    assert launch.branch() == "topic"
    monkeypatch.delenv("GITHUB_HEAD_REF")
    monkeypatch.setenv("GITHUB_REF_NAME", "dev")
    assert launch.branch() == "dev"
