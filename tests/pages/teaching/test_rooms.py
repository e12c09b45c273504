"""What the teacher's page says of the labs comes from their records, and nothing is called offline by oversight."""

from pathlib import Path

import pytest

from helpers.pages.teaching.rooms import as_table, rooms, wants
from helpers.records import read_record

ROOT = Path(__file__).resolve().parents[3]


def test_drawn_data_and_shipped_weights_want_nothing():
    assert wants({"dataset": "breeds", "weights": "shipped", "hub": "cached"}) == wants({}) == []


def test_what_comes_from_outside_is_named_once():
    assert wants({"dataset": "stanford_dogs", "weights": "hub"}) == ["Stanford Dogs", "released weights"]
    assert wants({"weights": "hub", "hub": "download"}) == ["released weights"]


@pytest.mark.parametrize(("key", "value"), [("dataset", "new_set"), ("weights", "elsewhere"), ("hub", "always")])
def test_what_is_not_known_is_not_called_offline(key, value):
    with pytest.raises(ValueError, match=value):
        wants({key: value})


def test_every_lab_has_its_row_from_its_own_record():
    rows = {row["number"]: row for row in rooms(ROOT)}
    assert sorted(rows) == sorted(int(path.name[:2]) for path in (ROOT / "labs").glob("*.ipynb"))
    record = read_record("08_xception_vs_vit", "cpu")
    assert rows[8]["minutes"] == record.wall_s / 60
    assert rows[8]["gib"] == record.peak_memory_gib
    assert rows[8]["larger"] == ["Stanford Dogs", "released weights"]
    assert rows[1]["larger"] == []


def test_the_table_shows_a_dash_where_memory_was_not_asked_for():
    row = {
        "number": 3,
        "minutes": 0.4,
        "processor_minutes": None,
        "gib": None,
        "cores": 2,
        "wants": [],
        "larger": ["Tiny ImageNet"],
    }
    assert as_table([row]) == [
        {
            "lab": "{lab}`3`",
            "minutes": "under 1",
            "memory, GiB": "–",
            "the gpu edition reads": "Tiny ImageNet",
        }
    ]
    shown = as_table([row, row | {"wants": ["Stanford Dogs"]}])
    assert [one["from outside"] for one in shown] == ["nothing", "Stanford Dogs"]


def test_minutes_of_one_processor_show_where_a_record_counts_them():
    row = {"number": 3, "minutes": 9.0, "processor_minutes": 4.2, "gib": None, "cores": 2, "wants": [], "larger": []}
    shown = as_table([row, row | {"processor_minutes": None}])
    assert [one["of one processor"] for one in shown] == ["4", "–"]
