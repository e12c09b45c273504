"""The square of chapter 15: its figures are those of the records, and a record that does not fit is refused."""

import pytest

from helpers.pages.c15 import square
from helpers.plots.tables import points
from helpers.records import read_record


@pytest.fixture
def record():
    return read_record("08_xception_vs_vit", "cpu")


@pytest.fixture
def photographs():
    return read_record("08_xception_vs_vit", "cpu", "dogs2400")


def cell(record, model, tuning):
    (found,) = (c for c in record.summary["cells"] if (c["model"], c["tuning"]) == (model, tuning))
    return found


def test_the_square_has_four_corners_and_no_scratch(record):
    assert square.models_of(record) == ("xception_mini", "vit_mini")
    corners = square.corners(record)
    assert set(corners) == {(m, t) for m in ("xception_mini", "vit_mini") for t in ("top10", "full")}
    assert corners["vit_mini", "full"] == cell(record, "vit_mini", "full")["test_top1"]["value"]


def test_the_figures_are_those_of_the_record(record):
    figures = square.square_figures(record)
    assert figures["n_test"] == record.data.n_test
    assert figures["chance"] == pytest.approx(100 / record.data.num_classes)
    assert figures["share_vit_mini"] == 100 * cell(record, "vit_mini", "top10")["trained_share"]
    assert figures["total_vit_mini"].replace(",", "") == str(cell(record, "vit_mini", "full")["trained_parameters"])
    corners = square.corners(record)
    gain = 100 * (corners["vit_mini", "full"] - corners["xception_mini", "top10"])
    assert figures["corner_text"].data.startswith(f"{gain:+.1f}".replace("-", "−"))
    assert figures["student"] == pytest.approx(12.706, abs=1e-3)  # two seeds, one degree of freedom
    assert figures["interaction_seeds"].data.count(" and ") == 1


@pytest.mark.parametrize(("low", "said"), [(-0.1, "holds 0"), (0.001, "leaves 0 out")])
def test_the_verdict_follows_the_interval_of_the_tuning_step(record, low, said):
    (step,) = (d for d in record.summary["differences"] if d["name"] == "xception_mini: full – top10")
    step["difference"]["high"] += low - step["difference"]["low"]  # as wide as before
    step["difference"]["low"] = low
    assert said in square.square_figures(record)["verdict"].data


def test_the_moral_asks_whether_the_winner_stays_the_same(record):
    assert "same each time" in square.square_figures(record)["moral"].data
    (at_top10,) = (d for d in record.summary["differences"] if d["name"] == "top10: vit_mini – xception_mini")
    for part in ("value", "low", "high"):
        at_top10["difference"][part] *= -1
    assert "Even the winner depends" in square.square_figures(record)["moral"].data


def test_photographs_are_compared_with_drawn_dogs(record, photographs):
    figures = square.photograph_figures(record, photographs)
    assert figures["dogs_seen"] == f"{photographs.runs[0]['history']['images_seen']:,}"
    assert figures["photo_full_vit_mini"] == 100 * cell(photographs, "vit_mini", "full")["test_top1"]["value"]
    drawn, photo = (
        {d["name"]: square.SimpleNamespace(**d["difference"]) for d in r.summary["differences"]}
        for r in (record, photographs)
    )
    assert figures["drawn_gain_vit_mini"].data == points(drawn["vit_mini: full – scratch"])
    assert figures["photo_gain_xception_mini"].data == points(photo["xception_mini: full – scratch"])


def test_images_seen_are_read_from_old_records_and_new_ones(photographs):
    counted = photographs.runs[0]["history"]["images_seen"]
    assert square.images_seen(photographs) == counted
    for run in photographs.runs:
        run["history"]["seen"] = run["history"].pop("images_seen")
    assert square.images_seen(photographs) == counted
    photographs.runs[0]["history"]["seen"] += 1
    with pytest.raises(ValueError, match="one count of images in all histories"):
        square.images_seen(photographs)
    for run in photographs.runs:
        del run["history"]["seen"]
    with pytest.raises(ValueError, match=r"got \[None\]"):
        square.images_seen(photographs)


def test_the_table_has_a_row_a_cell_and_says_what_intervals_cover(record, photographs):
    table = square.accuracy_table(record).data
    assert table.count("\n| ") == 1 + len(record.summary["cells"])
    assert "2 seeds; intervals of 95 %, they cover both" in table
    full = cell(record, "xception_mini", "full")
    row = next(line for line in table.splitlines() if line.startswith("| Xception | full"))
    assert row.startswith(f"| Xception | full | {100 * full['test_top1']['value']:.1f}\xa0% [")
    assert row.endswith(f"| {round(full['macs_per_image'] / 1e6)} |")
    assert "1 seed; intervals of 95 %, they cover test sampling only" in square.accuracy_table(photographs).data


def test_cells_whose_intervals_cover_different_things_are_refused(record):
    record.summary["cells"][0]["test_top1"]["covers"] = "seeds"
    with pytest.raises(ValueError, match=r"all cover the same, got \['both', 'seeds'\]"):
        square.accuracy_table(record)


def test_a_record_of_one_model_is_refused(record):
    record.summary["cells"] = [c for c in record.summary["cells"] if c["model"] == "vit_mini"]
    with pytest.raises(ValueError, match="expected two models"):
        square.models_of(record)
