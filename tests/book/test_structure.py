"""The built book, read as files: its pages, links, pictures, weight, and what it would load."""

import json
import os
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
BOOK = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
SOURCE = Path(os.environ.get("BOOK_SOURCE", ROOT))
WEIGHT_LIMIT = 1_800_000  # bytes of a page with its scripts, styles, fonts: all but figures


@pytest.fixture(scope="module", autouse=True)
def built():
    if not (BOOK / "index.html").is_file():
        pytest.fail(f"there is no built book at {BOOK}: run `make book` first")


def pages() -> list[str]:
    found = [path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.html") if "_static" not in path.parts]
    return sorted(page for page in found if page != "index.html") or ["(no book)"]


@cache
def soup(page: str) -> BeautifulSoup:
    return BeautifulSoup((BOOK / page).read_text(encoding="utf-8"), "html.parser")


@cache
def targets(page: str) -> set[str]:
    """The names that a link can lead to on a page."""
    return {element["id"] for element in soup(page).find_all(id=True)}


def toc_files(node) -> list[str]:
    if isinstance(node, dict):
        own = [value for key, value in node.items() if key in ("root", "file")]
        return own + [file for value in node.values() for file in toc_files(value)]
    return [file for item in node for file in toc_files(item)] if isinstance(node, list) else []


def test_every_page_of_the_table_of_contents_is_built():
    files = toc_files(yaml.safe_load((SOURCE / "_toc.yml").read_text(encoding="utf-8")))
    assert len(files) >= 3
    assert len(set(files)) == len(files)
    assert [file for file in files if not (BOOK / f"{file}.html").is_file()] == []


@pytest.mark.parametrize("page", pages())
def test_internal_links_lead_somewhere(page):
    broken = []
    for link in soup(page).select("a[href]"):
        path, anchor = urldefrag(link["href"])
        if re.match(r"[a-z]+:", path) or "genindex" in path:
            continue
        target = (BOOK / page).parent / unquote(path.split("?")[0]) if path else BOOK / page
        if not target.exists() or (
            anchor
            and target.suffix == ".html"
            and unquote(anchor) not in targets(target.resolve().relative_to(BOOK.resolve()).as_posix())
        ):
            broken.append(link["href"])
    assert broken == []


@pytest.mark.parametrize("page", pages())
def test_every_figure_says_what_it_shows(page):
    """A picture has an alternative text of its own; a file name is what Sphinx writes where none is given."""
    silent = []
    for image in soup(page).select("article img"):
        alt = image.get("alt", "").strip()
        if len(alt) < 8 or re.search(r"\.(png|svg|jpe?g|gif)$", alt):
            cell = image.find_parent(class_="cell")
            source = cell.find(class_="cell_input") if cell else None
            silent.append(f"{alt!r} of {source.get_text().strip() if source else image.get('src')}")
    assert silent == []


def unlike_their_text(html: BeautifulSoup) -> list[str]:
    """Links and buttons whose accessible name does not hold the text they show (WCAG 2.5.3): who says what they read
    to their computer would not press them."""
    found = []
    for element in html.select("a[aria-label], button[aria-label], summary[aria-label], [role=button][aria-label]"):
        hidden = {id(text) for part in element.select(".visually-hidden, [aria-hidden=true]") for text in part.strings}
        shown = " ".join("".join(text for text in element.strings if id(text) not in hidden).split())
        if shown.lower() not in " ".join(element["aria-label"].split()).lower():
            found.append(f"{element['aria-label']!r} of {element.name} {shown!r}")
    return found


def test_a_name_without_the_text_is_found():
    html = '<button aria-label="Search">Search <kbd>Ctrl</kbd>+<kbd>K</kbd></button><a aria-label="Go home">home</a>'
    assert unlike_their_text(BeautifulSoup(html, "html.parser")) == ["'Search' of button 'Search Ctrl+K'"]


@pytest.mark.parametrize("page", pages())
def test_names_of_links_and_buttons_hold_the_text_they_show(page):
    assert unlike_their_text(soup(page)) == []


FIGURE = re.compile(r"data:(?:image|font)/[^\"'\\)]+")  # drawn by a cell or an explorer, and put into the page itself


def own_bytes(html: str) -> int:
    """Bytes of a page without the figures that are written into it: pictures, drawings, and explorers' arrays."""
    without = FIGURE.sub("", html)
    for drawing in re.findall(r"<svg[ >].*?</svg>", without, re.DOTALL):
        without = without.replace(drawing, "")
    arrays = re.findall(r'"data":\s*"([A-Za-z0-9+/=]{200,})"', without)  # the buffers of a widget's state
    return len(without.encode()) - sum(len(array) for array in arrays)


def test_figures_inside_a_page_do_not_count():
    array, picture = "A" * 5_000, "B" * 70_000
    html = f'<p>é</p><img src="data:image/png;base64,{picture}"><svg a="b"><path d="{array}"/></svg>"data": "{array}"'
    assert own_bytes(html) == len('<p>é</p><img src="">"data": ""'.encode())


def weight(page: str) -> dict[str, int]:
    """Bytes of the page and of every script and style it names, with the fonts and scripts these load."""
    parts = {page: own_bytes((BOOK / page).read_text(encoding="utf-8"))}
    for element in soup(page).select("script[src], link[rel=stylesheet][href], link[rel=preload][href]"):
        path = ((BOOK / page).parent / (element.get("src") or element["href"]).split("?")[0]).resolve()
        parts[path.relative_to(BOOK.resolve()).as_posix()] = path.stat().st_size
    if any(name.endswith("mathjax/startup.js") for name in parts):
        mathjax = BOOK / "_static" / "mathjax"
        loaded = ["core.js", "input/tex.js", "output/chtml.js", "output/chtml/fonts/tex.js", "a11y/assistive-mml.js"]
        parts |= {f"mathjax/{name}": (mathjax / name).stat().st_size for name in loaded}
    return parts


@pytest.mark.parametrize("page", pages())
def test_page_is_light(page):
    parts = weight(page)
    assert sum(parts.values()) < WEIGHT_LIMIT, sorted(parts.items(), key=lambda part: -part[1])[:6]


@pytest.mark.parametrize("page", pages())
def test_page_loads_nothing_from_elsewhere(page):
    loaders = soup(page).select("script[src], link[href], img[src], iframe[src], source[src], video[src], audio[src]")
    addresses = [element.get("src") or element.get("href") for element in loaders]
    assert [address for address in addresses if re.match(r"(https?:)?//", address)] == []
    assert not any("fontawesome.js" in address or "thebe" in address for address in addresses)


def test_styles_load_nothing_from_elsewhere():
    styles = list((BOOK / "_static").rglob("*.css"))
    assert len(styles) > 3
    elsewhere = re.compile(r"(?:url\(|@import )['\"]?(?:https?:)?//[^)'\"]+")
    assert [style.name for style in styles if elsewhere.search(style.read_text(encoding="utf-8"))] == []


def test_every_citation_is_in_the_references():
    cited = {
        link["href"].partition("#")[2]
        for page in pages()
        for link in soup(page).select("a[href*='references.html#']")
        if "bibtex" in link.get("class", []) or link["href"].partition("#")[2].startswith("id")
    }
    assert cited
    assert [anchor for anchor in sorted(cited) if soup("references.html").find(id=anchor) is None] == []


def test_every_work_is_listed_once():
    text = (SOURCE / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),", text, re.MULTILINE)
    titles = {
        re.sub(r"[{}]", "", title).lower() for title in re.findall(r"^\s+title = \{(.*)\},?$", text, re.MULTILINE)
    }
    assert len(keys) == len(set(keys)) == len(titles) > 30


@pytest.mark.parametrize("page", [page for page in pages() if page.startswith("labs/executed/")] or ["(no lab)"])
def test_a_labs_page_says_whose_run_it_is(page):
    name = Path(page).stem
    text = soup(page).find("article").get_text(" ")
    recorded = any((SOURCE / "results" / edition / f"{name}.json").is_file() for edition in ("cpu", "gpu"))
    own = any(any(SOURCE.glob(f"_build/runs/{edition}/{name}/*/record.json")) for edition in ("cpu", "gpu"))
    if not (recorded or own):
        assert "Not recorded yet" in text
        assert f"make lab NAME={name}" in " ".join(text.split()).replace(" = ", "=")
    else:
        assert ("Your own run" in text) or ("The recorded run" in text)


def test_search_index_knows_the_chapters():
    text = (BOOK / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    assert "intro" in index["docnames"]
    assert any("attent" in term for term in index["terms"])


def test_text_and_figures_share_the_family_colours():
    from helpers.plots.style import DARK, FAMILY_COLOURS

    style = (ROOT / "_ext" / "static" / "course.css").read_text(encoding="utf-8")
    assert dict(re.findall(r"--figure-(cnn|vit|deit|cait|classical): (#[0-9a-f]{6});", style)) == FAMILY_COLOURS
    dark = dict(re.findall(r"--family-(\w+): (#[0-9a-f]{6});", style.split('html[data-theme="dark"]')[1]))
    assert dark == {family: DARK[colour] for family, colour in FAMILY_COLOURS.items()}
