"""Figures take the colours of the page around them."""

import base64
import importlib.util
import io
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image, ImageColor

from helpers.plots.style import DARK, FAMILY_COLOURS, INK

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("both_themes", ROOT / "_ext" / "both_themes.py")
themes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(themes)


def figure_as_svg():
    """Left half in a family's colour, right half in ink, on white; two by one inches."""
    figure = plt.figure(figsize=(2, 1), layout="none")
    for left, colour in ((0, FAMILY_COLOURS["vit"]), (0.5, INK)):
        figure.add_axes((left, 0, 0.5, 0.5), facecolor=colour).set(xticks=[], yticks=[])
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return themes.both_themes(file.getvalue())


def test_a_figure_is_as_large_as_its_inches_say_at_the_pixels_of_the_book():
    opening = figure_as_svg().split("<svg", 1)[1].split(">", 1)[0]
    assert 'width="220"' in opening
    assert 'height="110"' in opening
    assert "pt" not in opening.replace("http", "")


def test_the_ground_of_a_hatch_follows_the_theme_too():
    figure = plt.figure(figsize=(1, 1))
    figure.add_axes((0, 0, 1, 1)).bar(0, 1, facecolor="white", edgecolor=INK, hatch="//")
    file = io.StringIO()
    figure.savefig(file, format="svg")
    text = themes.both_themes(file.getvalue())
    assert '<rect x="0" y="0" width="73" height="73" fill="#ffffff"/>' in text
    assert f'[fill="#ffffff"]{{fill:{DARK["#ffffff"]} !important}}' in text


@pytest.mark.parametrize("text", ["", "<p>no figure</p>", "<svg viewBox='0 0 1 1'></svg>"])
def test_what_is_no_figure_is_refused(text):
    with pytest.raises(ValueError, match="expected an SVG"):
        themes.both_themes(text)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_page_decides_and_not_the_system(chromium, theme, system):
    picture = base64.b64encode(figure_as_svg().encode()).decode()
    page = chromium.new_page(viewport={"width": 400, "height": 200})
    page.emulate_media(color_scheme=system)
    page.set_content(f'<html style="color-scheme: {theme}"><img src="data:image/svg+xml;base64,{picture}"></html>')
    page.wait_for_function("document.images[0].complete")
    shown = Image.open(io.BytesIO(page.locator("img").screenshot())).convert("RGB")
    page.close()
    at = {"#ffffff": (110, 25), FAMILY_COLOURS["vit"]: (55, 85), INK: (165, 85)}
    for colour, place in at.items():
        expected = ImageColor.getrgb(DARK[colour] if theme == "dark" else colour)
        assert shown.getpixel(place) == expected, colour
