"""What the map counts as open: a chapter or lab whose page is in the book."""

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "_ext"))


def test_open_now_counts_pages_by_their_number():
    from course_map import open_now

    parts = [
        {"chapters": [{"number": 3, "labs": {1: "One"}}, {"number": 8}]},
        {"chapters": [{"number": 15, "labs": {8: "Eight", 9: "Nine"}}]},
    ]
    pages = {"intro", "chapters/00_how_to_read", "chapters/03_x", "chapters/15_y", "labs/executed/08_z"}
    assert open_now(parts, pages, "chapter") == "2 of 3 chapters"
    assert open_now(parts, pages, "lab") == "1 of 3 labs"


def test_every_chapter_and_lab_of_the_book_is_on_the_map():
    from course_map import read_table

    chapters = [chapter for part in read_table(ROOT / "chapters" / "course_map.yml") for chapter in part["chapters"]]
    labs = {number for chapter in chapters for number in chapter.get("labs", {})}
    numbers = {"chapters": {0} | {chapter["number"] for chapter in chapters}, "labs/executed": labs}
    book = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    for folder, known in numbers.items():
        found = {int(number) for number in re.findall(rf"- file: {folder}/(\d\d)_", book)}
        assert found
        assert found <= known, f"{folder}: in _toc.yml, not in course_map.yml"


def test_the_contents_call_the_parts_by_the_names_of_the_map():
    names = [part["part"] for part in yaml.safe_load((ROOT / "chapters" / "course_map.yml").read_text("utf-8"))]
    captions = [part["caption"] for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]]
    taught = [caption for caption in captions if caption not in ("Start", "Labs, as executed", "Back matter")]
    assert taught == [name for name in names if name in taught]
    assert len(taught) >= 4
