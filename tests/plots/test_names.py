"""Names of classes in figures and tables: no formula, no broken row, no box."""

import warnings

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from markdown_it import MarkdownIt
from matplotlib import font_manager

from helpers.pages.l08 import pictures
from helpers.plots import names
from helpers.plots.names import in_figure, in_markdown
from helpers.plots.tables import markdown_table

CAT, FACE = "\u732b", "\U0001f63a"
HOSTILE = ("a$b$c", "cost: $5 or $x_{$", r"back\slash $\frac{$", "a|b", "`code", "<script>", "new\nline", "*x* _y_", "")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Only the fonts that come with Matplotlib, nothing said yet, and settings put back."""
    own = [entry for entry in font_manager.fontManager.ttflist if entry.fname.startswith(mpl.get_data_path())]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    monkeypatch.setattr(names, "_SAID", [])
    with mpl.rc_context():
        mpl.use("Agg")
        yield


def make_font(path, characters, family="Made Up"):
    """A font whose glyphs are squares."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(point)
    pen.closePath()
    glyphs = [".notdef", *(f"g{i}" for i in range(len(characters)))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({ord(c): f"g{i}" for i, c in enumerate(characters)})
    builder.setupGlyf(dict.fromkeys(glyphs, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (800, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    font_manager.fontManager.addfont(str(path))


def draw(class_names):
    """All figures of lab 08 that show class names, drawn."""
    count = len(class_names)
    images, labels = np.zeros((2 * count, 8, 8, 3), np.uint8), np.repeat(np.arange(count), 2)
    wrong = np.roll(labels, 1)
    figures = [
        pictures.contact_sheet(images, labels, class_names),
        pictures.prediction_gallery(images, labels, np.eye(count)[wrong], class_names),
        pictures.confused_pairs(images, labels, wrong, [(0, 1)], class_names),
        pictures.single(images[0], class_names[0]),
    ]
    for figure in figures:
        figure.canvas.draw()
    return figures


def test_every_figure_takes_hostile_names_as_they_are():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = draw(HOSTILE)
    shown = [ax.get_title() for ax in figures[0].axes]
    assert "a\\$b\\$c" in shown
    for figure in figures:
        for ax in figure.axes:
            title = ax.title
            assert not title._preprocess_math(title.get_text())[1], "taken for a formula"


def test_characters_without_a_font_are_said_once_and_still_tell_names_apart(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Matplotlib's own: one for each glyph and figure
        draw((CAT, FACE, "dog"))
    told = capsys.readouterr().err
    assert told.count("no installed font has") == 1
    assert CAT in told
    assert in_figure(CAT) == "<U+732B>" != in_figure(FACE)
    assert capsys.readouterr().err == ""


def test_an_installed_font_that_has_the_characters_is_taken(tmp_path, capsys):
    make_font(tmp_path / "made_up.ttf", [CAT, FACE])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = draw((CAT + " cat", FACE, "dog"))
    assert figures[0].axes[0].get_title() == CAT + " cat"
    assert mpl.rcParams["font.family"][-1] == "Made Up"
    assert mpl.rcParams["font.family"][0] == "sans-serif"  # letters stay in the book's font
    assert capsys.readouterr().err == ""


def test_a_font_of_last_resort_has_a_box_for_everything_and_counts_for_nothing(tmp_path, capsys):
    make_font(tmp_path / "last.ttf", [CAT, FACE], family=".LastResort")  # macOS has one; Matplotlib brings another
    assert in_figure(CAT) == "<U+732B>"
    assert "no installed font has" in capsys.readouterr().err


def test_joiners_and_variants_are_left_out():
    assert in_figure("a\u200d\ufe0fb\u202ec") == "abc"


@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_a_name_in_a_table_is_one_cell_of_plain_text(name):
    table = markdown_table([{"class": in_markdown(name), "n": 1}]).data
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    cells = [t for t in tokens if t.type == "inline"]
    assert len(cells) == 4
    assert {child.type for child in cells[2].children} <= {"text", "text_special"}
    assert "".join(child.content for child in cells[2].children) == " ".join(name.split())
