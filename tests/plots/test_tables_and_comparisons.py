"""Tables and figures of a comparison: what they write, and what they refuse."""

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

from helpers.pages.c15.figures import design_square
from helpers.pages.l08 import figures as training
from helpers.pages.l08 import pictures
from helpers.plots import style
from helpers.plots.tables import NBSP, findings_table, markdown_table, percent, points, whole_percent

mpl.use("Agg")


def estimate(value, low=None, high=None):
    return SimpleNamespace(value=value, low=low, high=high)


def test_a_table_aligns_numbers_right_and_escapes_bars():
    text = markdown_table([{"name": "a|b", "n": 1200, "share": 0.25}, {"name": "c", "n": 3, "share": None}]).data
    assert text.splitlines() == [
        "| name | n | share |",
        "|---|---:|---|",
        "| a\\|b | 1,200 | 0.25 |",
        "| c | 3 | – |",
    ]


def test_a_table_without_rows_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        markdown_table([])


def test_intervals_are_written_with_true_minus_signs_and_never_broken():
    assert points(estimate(-0.122, -0.155, -0.089)) == f"−12.2{NBSP}points{NBSP}[−15.5,{NBSP}−8.9]"
    near = points(estimate(-0.0417, -0.0829, -0.000462)), points(estimate(0.001, 0.00002, 0.00149))
    assert near == (f"−4.2{NBSP}points{NBSP}[−8.3,{NBSP}−0.05]", f"+0.1{NBSP}points{NBSP}[+0.002,{NBSP}+0.1]")
    assert points(estimate(0.0, -0.0, 0.0)) == f"+0.0{NBSP}points{NBSP}[+0.0,{NBSP}+0.0]"
    assert whole_percent(estimate(0.98, 0.9, 1.06)) == "98 [90, 100]"
    assert whole_percent(estimate(0.5)) == "50 [50, 50]"
    assert points(estimate(0.0825)) == f"+8.2{NBSP}points"
    assert percent(estimate(0.5, 0.4, 0.6)) == f"50.0{NBSP}%{NBSP}[40.0,{NBSP}60.0]"


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("legacy_xception", "cnn"),
        ("vit_mini", "vit"),
        ("deit_tiny", "deit"),
        ("cait_xxs24", "cait"),
        ("resnet50", "cnn"),
    ],
)
def test_every_model_has_the_colour_of_its_family(name, family):
    assert style.colour_of(name) == style.FAMILY_COLOURS[family]


def test_an_unknown_family_is_refused():
    with pytest.raises(ValueError, match="no family for the model name 'mystery'"):
        style.colour_of("mystery")


def test_the_square_writes_the_differences_of_the_values_it_is_given():
    values = {("vit_mini", "full"): 0.6, ("vit_mini", "top10"): 0.3, ("xception_mini", "full"): 0.7}
    values["xception_mini", "top10"] = 0.5
    figure = design_square(("xception_mini", "vit_mini"), ("top10", "full"), values)
    texts = " ".join(text.get_text() for text in figure.axes[0].texts)
    for expected in ("+20.0 points", "−10.0 points", "+10.0 points", "30.0 %"):
        assert expected in texts


def test_the_square_says_what_was_compared_only_where_nothing_was_measured():
    models, tunings = ("xception_mini", "vit_mini"), ("top10", "full")
    measured = design_square(models, tunings, {(model, tuning): 0.5 for model in models for tuning in tunings})
    for figure, label, empty in ((design_square(models, tunings), "what was compared", 2), (measured, "opposite", 0)):
        ax = figure.axes[0]
        assert any(text.get_text().startswith(label) for text in ax.texts)
        white = [patch for patch in ax.patches if patch.get_facecolor()[:3] == (1, 1, 1)]
        assert len(white) == empty
        assert figure.get_size_inches()[0] <= 5.5
        assert min(text.get_fontsize() for text in ax.texts) >= 10


def test_accuracy_bars_draw_every_cell_its_interval_and_its_seeds():
    row = SimpleNamespace(
        model="vit_mini", tuning="full", top1=estimate(0.5, 0.4, 0.6), by_seed=[estimate(0.45), estimate(0.55)]
    )
    ax = training.accuracy_bars([row], chance=0.1).axes[0]
    drawn = [line.get_xdata() for line in ax.lines]
    assert any(np.allclose(x, [40, 60]) for x in drawn)
    assert any(np.allclose(x, [45, 55]) for x in drawn)


def test_learning_curves_draw_one_line_a_run():
    runs = [
        {"model": m, "tuning": "full", "epochs": [{"loss": 2.0}, {"loss": 1.0}]} for m in ("vit_mini", "xception_mini")
    ]
    figure = training.learning_curves(runs, "loss", "loss")
    assert [len(ax.lines) for ax in figure.axes] == [1, 1]


def test_time_is_split_into_its_three_parts():
    rows = [{"model": "vit_mini", "tuning": "full", "data_s": 1.0, "train_s": 5.0, "evaluate_s": 2.0}]
    bars = training.time_split(rows).axes[0].patches
    assert [bar.get_width() for bar in bars] == [1.0, 5.0, 2.0]


def test_confused_pairs_need_a_confusion():
    images = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="nothing to show"):
        pictures.confused_pairs(images, np.array([0, 1]), np.array([0, 1]), [], ["a", "b"])


def test_the_gallery_marks_right_and_wrong_in_words_as_well_as_colour():
    images = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    figure = pictures.prediction_gallery(images, np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]), ["cat", "dog"])
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["✓ cat 90 %", "✗ cat 80 %\nis: dog"]


def test_the_contact_sheet_shows_each_class_once():
    images = np.zeros((6, 8, 8, 3), dtype=np.uint8)
    figure = pictures.contact_sheet(images, np.array([0, 0, 1, 1, 2, 2]), ["a", "b", "c"])
    assert [ax.get_title() for ax in figure.axes if ax.get_title()] == ["a", "b", "c"]


def test_findings_that_are_counted_have_no_interval_to_show():
    counted = SimpleNamespace(value=50176.0, low=None, high=None, n=1, covers="nothing")
    drawn = SimpleNamespace(value=-0.02, low=-0.03, high=-0.01, n=797, covers="seeds")
    table = findings_table({"pixels": counted}).data
    assert "50,176" in table
    assert "interval" not in table
    both = findings_table({"pixels": counted, "difference": drawn}, points=True).data
    assert "−3.0 to −1.0" in both
    assert "exact" in both
