"""The square of chapter 15: its figures are those of the records, and a record that does not fit is refused."""

import pytest

from helpers.pages.c15 import square
from helpers.plots.tables import points
from helpers.records import read_record


@pytest.fixture
def record():
    return read_record("08_xception_vs_vit", "cpu")


def cell(record, model, tuning):
    (found,) = (c for c in record.summary["cells"] if (c["model"], c["tuning"]) == (model, tuning))
    return found


def test_the_square_has_four_corners_and_no_scratch(record):
    assert square.models_of(record) == ("xception_mini", "vit_mini")
    corners = square.corners(record)
    assert set(corners) == {(m, t) for m in ("xception_mini", "vit_mini") for t in ("top10", "full")}
    assert corners["vit_mini", "full"] == cell(record, "vit_mini", "full")["test_top1"]["value"]


def test_the_fine_print_is_told_from_the_two_seeds(record):
    told = square.seed_figures(record)["seeds_told"].data
    (step,) = (d["difference"] for d in record.summary["differences"] if d["name"] == "xception_mini: full – top10")
    assert points(square.SimpleNamespace(**step)) in told
    assert ("the interval holds 0" in told) == (step["low"] <= 0 <= step["high"])
    assert "quantile is 12.7 instead" in told


def test_the_audit_is_told_and_a_record_without_one_is_refused(record):
    audit = record.summary["leak_audit"]
    assert f"{audit['n_found']} of the 8,580 official test names" in square.seed_figures(record)["audit_told"].data
    record.summary["leak_audit"] = None
    with pytest.raises(ValueError, match="expected an audit"):
        square.seed_figures(record)


def test_the_table_has_a_row_a_cell_and_says_what_intervals_cover(record):
    table = square.accuracy_table(record).data
    assert table.count("\n| ") == 1 + len(record.summary["cells"])
    assert "2 seeds; intervals of 95 %, they cover both" in table
    full = cell(record, "xception_mini", "full")
    row = next(line for line in table.splitlines() if line.startswith("| Xception | full"))
    assert row.startswith(f"| Xception | full | {100 * full['test_top1']['value']:.1f}\xa0% [")
    assert row.endswith(f"| {round(full['macs_per_image'] / 1e6)} |")
    record.parameters["seeds"] = 1
    for one in record.summary["cells"]:
        one["test_top1"]["covers"] = "test sampling"
    assert "1 seed; intervals of 95 %, they cover test sampling only" in square.accuracy_table(record).data


def test_cells_whose_intervals_cover_different_things_are_refused(record):
    record.summary["cells"][0]["test_top1"]["covers"] = "seeds"
    with pytest.raises(ValueError, match=r"all cover the same, got \['both', 'seeds'\]"):
        square.accuracy_table(record)


def test_a_record_of_one_model_is_refused(record):
    record.summary["cells"] = [c for c in record.summary["cells"] if c["model"] == "vit_mini"]
    with pytest.raises(ValueError, match="expected two models"):
        square.models_of(record)
