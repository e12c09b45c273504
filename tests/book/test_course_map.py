"""What the map counts as open: a chapter or lab whose page is in the book."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "_ext"))


def test_open_now_counts_pages_by_their_number():
    from course_map import open_now, read_table

    parts = read_table(ROOT / "chapters" / "course_map.yml")
    pages = {"intro", "chapters/00_how_to_read", "chapters/03_x", "chapters/15_y", "labs/executed/08_z"}
    assert open_now(parts, pages, "chapter") == "2 of 18 chapters"
    assert open_now(parts, pages, "lab") == "1 of 15 labs"
