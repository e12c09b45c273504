"""Links to the repository and to Colab, where `GITHUB_REPOSITORY` says whose book is built; and what they lead to.

Colab opens notebooks only. The book publishes one for each lab and chapter, in `notebooks/` beside its pages, with the
repository and commit written into its first code cell, which installs the package there.
"""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from plain import plain, read_glue
from sphinx.application import Sphinx

UNKNOWN = "source = None  # the book writes here where this notebook came from"
COURSE = "from-convolution-to-attention"
INSTALL = f"""# On Colab: install the course's package. Where it is installed already, this does nothing.
import subprocess
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

{UNKNOWN}
found = find_spec("helpers")
if found is None or found.origin is None:  # nothing of this name, or a folder without code
    if source is None:
        raise ModuleNotFoundError("the package helpers is missing: open this lab from the book, or see README.md")
    kept = [f"{{d.name}}=={{d.version}}" for d in distributions() if d.name in ("numpy", "torch", "torchvision")]
    course = f"{COURSE}[labs] @ {{source}}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", course, *kept], check=True)
elif "{COURSE}" not in Path(found.origin).read_text(encoding="utf-8", errors="replace"):
    raise ImportError(
        f"{{found.origin}} stands in the way of the course's package helpers: rename it, restart the kernel"
    )"""


def branch() -> str:
    """The branch that links point to: of a pull request its source, not GitHub's `12/merge`."""
    return os.environ.get("GITHUB_HEAD_REF") or os.environ.get("GITHUB_REF_NAME") or "main"


def runtime() -> str:
    """What this book was built and its notebooks were executed with; Colab's own versions are named by no one."""
    return f"Python {'.'.join(platform.python_version_tuple()[:2])}, torch {version('torch')}"


def link_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """The edit link of a lab's page leads to the lab itself; labs and chapters get a Colab link, every page says at its
    foot where to report an error."""
    repository, buttons = os.environ.get("GITHUB_REPOSITORY"), context.get("header_buttons", [])
    if not repository:
        return
    report = f"https://github.com/{repository}/issues/new?title={quote(f'Error on {pagename}')}"
    context["theme_extra_footer"] = (
        f'<p class="report">Something wrong on this page? <a href="{report}">Tell us</a>.</p>'
    )
    for button in _flat(buttons):
        if "/edit/" in button.get("url", ""):
            button["url"] = button["url"].replace("/labs/executed/", "/labs/")
    if (target := notebook_of(app, pagename)) is None:
        return
    url = f"https://colab.research.google.com/github/{repository}/blob/gh-pages/{target[0]}"
    tip = f"Open in Colab; tested with {runtime()}"
    button = {"type": "link", "url": url, "text": "Colab", "tooltip": tip, "icon": "fas fa-rocket"}
    group = {"tooltip": "Run this page", "icon": "fas fa-rocket", "label": "launch-buttons"}
    buttons.append({"type": "group", "buttons": [button], **group})


def _flat(buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for button in buttons for inner in button.get("buttons", [button])]


def notebook_of(app: Sphinx, page: str) -> tuple[str, Path] | None:
    """Where the book publishes a page's notebook, and the file it is made from; None for a page that has none."""
    lab = Path(app.srcdir) / "labs" / f"{page.removeprefix('labs/executed/')}.ipynb"
    if page.startswith("labs/executed/") and lab.is_file():
        return f"notebooks/labs/{lab.name}", lab
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
    if page.startswith("chapters/") and executed.is_file():
        return f"notebooks/{page}.ipynb", executed
    return None


def publish_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Write the notebook of each lab and chapter where its Colab link looks for it."""
    repository = os.environ.get("GITHUB_REPOSITORY")
    if error is not None or not repository:
        return
    source = f"git+https://github.com/{repository}@{os.environ.get('GITHUB_SHA') or branch()}"
    for page in app.env.found_docs:
        if (found := notebook_of(app, page)) is not None:
            target = Path(app.outdir) / found[0]
            target.parent.mkdir(parents=True, exist_ok=True)
            notebook = nbformat.read(found[1], as_version=4)
            if page.startswith("chapters/"):
                root = Path(app.srcdir)
                notebook = plain(notebook, root, root / "chapters", read_glue(found[1].with_suffix(".glue.json")))
            nbformat.write(installing(notebook, source), target)


def installing(notebook: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    """The notebook with `source`, an address that pip takes, in its first code cell, which chapters get here."""
    filled = INSTALL.replace(UNKNOWN, f'source = "{source}"')
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if cells and cells[0].source == INSTALL:
        cells[0].source = filled
    else:
        notebook.cells.insert(min(1, len(notebook.cells)), nbformat.v4.new_code_cell(filled, id="install"))
    return notebook
