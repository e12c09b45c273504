"""Boxes: what stands between two marks is in a box, fine print closed, and cells have run; links lead to it."""

import subprocess
import sys
from pathlib import Path

from bs4 import BeautifulSoup

EXTENSIONS = Path(__file__).resolve().parents[2] / "_ext"
CONF = f"""import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions, html_theme, nb_execution_mode = ["myst_nb", "sphinx_design", "boxes"], "basic", "force"
"""
HEAD = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\n---\n# A page\n\n"


def build(folder: Path, text: str) -> tuple[BeautifulSoup, str]:
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(HEAD + text)
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(folder), str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return BeautifulSoup((folder / "out" / "index.html").read_text(), "html.parser"), done.stderr


def test_text_and_cells_between_the_marks_are_in_a_closed_box_that_links_reach(tmp_path):
    page, said = build(
        tmp_path,
        "before {ref}`the count <count>`\n\n(count)=\n```{fine-print} The count, line by line\n```\n"
        "inside\n\n```{code-cell} python3\nprint(6 * 7)\n```\n\n```{fine-print-end}\n```\n\nafter\n",
    )
    assert "index.md" not in said
    (box,) = page.find_all("details")
    assert not box.has_attr("open")
    assert box.summary.get_text().strip() == "The count, line by line"
    assert "inside" in box.get_text()
    assert "42" in box.select_one(".cell_output").get_text()
    assert "after" not in box.get_text()
    assert box["id"] == "count"
    assert page.find("a", href="#count").get_text() == "the count"


def test_a_box_without_an_end_and_an_end_without_a_box_are_said(tmp_path):
    _, said = build(tmp_path, "```{fine-print} One\n```\nopen\n\n## Next\n\n```{fine-print-end}\n```\n")
    assert "{fine-print} 'One' has no {fine-print-end} in its section" in said
    assert "{fine-print-end} without a {fine-print} before it" in said


def test_steps_hold_their_cells_and_texts_in_order(tmp_path):
    step = "```{code-cell} python3\nprint(6 * 7 + %d)\n```\n\ntext %d\n\n"
    page, said = build(
        tmp_path, "before\n\n```{stepper}\n```\n\n" + step % (0, 1) + step % (1, 2) + "```{stepper-end}\n```\n\nafter\n"
    )
    assert "index.md" not in said
    (box,) = page.select("div.stepper")
    assert [child.name for child in box.find_all(recursive=False)] == ["div", "p", "div", "p"]
    assert [box.select(".cell_output")[k].get_text().strip() for k in (0, 1)] == ["42", "43"]
    assert "after" not in box.get_text()
