"""The five explorers, and the controls of lab 16, in a real JupyterLab, started here on loopback, with a kernel."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import nbformat
import pytest

pytestmark = pytest.mark.browser

CELLS = {
    "attention": """\
import numpy as np
from helpers.pages.c03.explorer import BackpropExplorer
from helpers.pages.c10.explorer import PatchExplorer
from helpers.widgets import AttentionExplorer, AttentionMap, IntervalExplorer
from helpers.pages.c09.explorer import SoftmaxExplorer
words = ["la", "voiture", "verte"]
weights = np.array([[0.9, 0.06, 0.04], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
AttentionExplorer(AttentionMap(weights, words, words))""",
    "backpropagation": "BackpropExplorer(point=3.0)",
    "softmax": "softmax = SoftmaxExplorer.draw()\nsoftmax",
    "patches": "PatchExplorer(np.full((56, 56, 3), 128, np.uint8))",
    "intervals": "IntervalExplorer()",
}
CONTROLS = """\
%matplotlib inline
import matplotlib.pyplot as plt
from helpers.pages.l16.controls import Controls
def draw(picture, backbone, layer, threshold):
    figure, ax = plt.subplots(figsize=(2, 2))
    ax.set_title(f"{picture} {backbone} {layer} {threshold}")
    return figure
Controls(draw, ["cat", "dog"], {"one": ["fine", "coarse"], "two": ["first", "last"]}).show()"""
SEEN = 'print("the kernel sees", softmax.dimension)'


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab whose folder holds one notebook with the explorers, not yet run."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(source) for source in [*CELLS.values(), CONTROLS, SEEN]]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "explorers.ipynb")
    own = {
        name: str(folder / name.lower()) for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR")
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(command, cwd=folder, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(Path(own["JUPYTER_RUNTIME_DIR"]), server, folder / "lab.log")
    finally:
        server.terminate()
        server.wait(timeout=60)
        log.close()


def _address(runtime: Path, server: subprocess.Popen, log: Path) -> str:
    for _ in range(240):
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(URLError, json.JSONDecodeError):  # it is written before the server listens
                url = json.loads(path.read_text())["url"]
                urllib.request.urlopen(f"{url}api/status", timeout=30).close()
                return url
        assert server.poll() is None, log.read_text()[-3000:]
        time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not start in two minutes:\n{log.read_text()[-3000:]}")


def _wait_for_kernel(page, url: str) -> None:
    """Wait until Lab is connected to its kernel: it says "idle" before it has one, and then drops what is run."""
    for _ in range(240):
        reply = page.request.get(f"{url}api/kernels")  # the server answers 500 in the moment a kernel is made
        kernels = reply.json() if reply.ok else [{}]
        if [(kernel.get("execution_state"), kernel.get("connections")) for kernel in kernels] == [("idle", 1)]:
            page.locator(".jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"JupyterLab was not connected to a kernel in two minutes: {kernels}")


@pytest.fixture(scope="module")
def notebook(chromium, lab):
    """The notebook, opened and run in JupyterLab."""
    page = chromium.new_page(viewport={"width": 1280, "height": 5000})  # all cells in sight: Lab draws only those
    page.set_default_timeout(120_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{lab}lab/tree/explorers.ipynb?reset")
    _wait_for_kernel(page, lab)
    page.locator(".lm-MenuBar-item", has_text="Run").click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
    for name in CELLS:
        page.locator(f'.explorer[data-explorer="{name}"]').first.wait_for()
    yield page
    assert errors == []
    page.close()


def explorer(notebook, name):
    return notebook.locator(f'.explorer[data-explorer="{name}"]').first


def said(notebook, name):
    return explorer(notebook, name).locator(".explorer-output").first.inner_text()


def says_more(notebook, name, before):
    """Whether an explorer's text changes within seconds: in Lab a change goes by way of the widget's model."""
    for _ in range(100):
        if said(notebook, name) != before:
            return True
        notebook.wait_for_timeout(50)
    return False


def test_every_explorer_is_drawn_once_and_says_what_it_shows(notebook):
    for name in CELLS:
        assert notebook.locator(f'.explorer[data-explorer="{name}"]').count() == 1
        assert len(said(notebook, name)) > 20, name


def test_words_by_mouse_and_keyboard(notebook):
    here = explorer(notebook, "attention")
    here.get_by_role("option", name="voiture", exact=True).click()
    assert said(notebook, "attention").startswith('"voiture" reads "voiture" 0.80')
    notebook.keyboard.press("ArrowRight")
    assert said(notebook, "attention").startswith('"verte" reads "verte" 0.80')


def test_steps_by_mouse_and_slope_by_keyboard(notebook):
    before = said(notebook, "backpropagation")
    explorer(notebook, "backpropagation").get_by_role("button", name="Next").click()
    assert says_more(notebook, "backpropagation", before)
    before = said(notebook, "tangent")
    explorer(notebook, "tangent").get_by_label("step h").press("ArrowLeft")
    assert says_more(notebook, "tangent", before)


def test_patches_by_keyboard(notebook):
    here = explorer(notebook, "patches")
    assert "196 patches" in said(notebook, "patches")
    here.get_by_label("patch side").select_option("32")
    assert "49 patches" in said(notebook, "patches")


def test_intervals_by_keyboard(notebook):
    before = said(notebook, "intervals")
    explorer(notebook, "intervals").get_by_label("test images").first.press("ArrowLeft")
    assert says_more(notebook, "intervals", before)


def test_the_kernel_knows_what_the_reader_set(notebook):
    """A change in the page reaches the Python object: the last cell, run again, prints it."""
    slider = explorer(notebook, "softmax").get_by_label("dimension")
    before = said(notebook, "softmax")
    slider.press("End")
    assert said(notebook, "softmax") != before
    dimension = said(notebook, "softmax").split("d = ")[1].split(",")[0].replace(",", "")
    notebook.locator(".jp-CodeCell", has_text="the kernel sees").locator(".cm-content").click()
    notebook.keyboard.press("Control+Enter")
    notebook.locator(".jp-OutputArea-output", has_text=f"the kernel sees {dimension}").wait_for()


def test_the_figure_of_lab_16_follows_its_controls_in_place(notebook):
    cell = notebook.locator(".jp-CodeCell", has_text="from helpers.pages.l16.controls")
    figure = cell.locator(".jp-OutputArea-output img")
    figure.first.wait_for()
    seen = [figure.first.get_attribute("src")]
    for control, option in (("picture", "2: dog"), ("layer", "fine"), ("backbone", "two")):
        cell.get_by_label(control).select_option(option)
        for _ in range(200):
            if figure.first.get_attribute("src") not in seen:
                break
            notebook.wait_for_timeout(50)
        seen.append(figure.first.get_attribute("src"))
    assert len(set(seen)) == 4, "the figure did not follow"
    assert figure.count() == 1, "the figure stands in the cell once, replaced in place"
    assert cell.get_by_label("layer").input_value() == "last"
