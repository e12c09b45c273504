"""The page of a lab: its executed notebook, whose run it is, and whether the lab has changed since.

For every `labs/executed/<name>` in the table of contents a page is written before Sphinx reads the book, from

1. the reader's newest finished run, `_build/labs/{cpu,gpu}/<name>.ipynb` with its record in `_build/records/`,
2. else the recorded run, `results/{cpu,gpu}/<name>.ipynb` with its record beside it,
3. else nothing: a page that says "not recorded yet" and gives the command.

Chapters never read a reader's run; only these pages show it. Smoke runs are tests and are never shown.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml

EDITIONS = ("cpu", "gpu")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
PROGRESS = re.compile(r"\d+ ?%\||\d+(\.\d+)?(it|s|img|images|step|batch)/(s|it)\b")
SHORT_LIST = 8


@dataclass(frozen=True)
class Run:
    """One finished run: its notebook, its record, and whether it is the reader's own."""

    notebook: Path
    record_path: Path
    record: dict[str, Any]
    own: bool


def lab_names(toc: Path) -> list[str]:
    """Names of the labs whose executed page stands in the table of contents."""

    def files(node: Any) -> list[str]:
        if isinstance(node, dict):
            here = [node["file"]] if isinstance(node.get("file"), str) else []
            return here + [name for value in node.values() for name in files(value)]
        return [name for item in node for name in files(item)] if isinstance(node, list) else []

    pages = files(yaml.safe_load(toc.read_text(encoding="utf-8")))
    return [page.removeprefix("labs/executed/") for page in pages if page.startswith("labs/executed/")]


def find_run(root: Path, name: str) -> Run | None:
    """The run that the page shows: the reader's newest finished one, else the recorded one, else None."""
    own, recorded = [], []
    for edition in EDITIONS:
        pairs = (
            (own, root / "_build" / "labs" / edition, root / "_build" / "records" / edition),
            (recorded, root / "results" / edition, root / "results" / edition),
        )
        for found, notebooks, records in pairs:
            notebook, record = notebooks / f"{name}.ipynb", records / f"{name}.json"
            if notebook.is_file() and record.is_file() and _finished(notebook):
                found.append(Run(notebook, record, json.loads(record.read_text("utf-8")), found is own))
    if own:
        return max(own, key=lambda run: run.record["finished_at"])
    return recorded[0] if recorded else None


def _finished(notebook: Path) -> bool:
    """False while papermill is still writing the notebook, or where a cell failed. A notebook without papermill's
    notes was recorded by `make record`, which takes finished runs only."""
    notes = json.loads(notebook.read_text("utf-8"))["metadata"].get("papermill")
    return notes is None or bool(notes.get("end_time") and not notes.get("exception"))


def write_page(root: Path, name: str) -> Path:
    """Write `labs/executed/<name>.ipynb` where it differs from what is there; returns its path."""
    run, lab = find_run(root, name), root / "labs" / f"{name}.ipynb"
    if run is None:
        page = _stub(lab, name)
    else:
        page = clean(nbformat.read(run.notebook, as_version=4))
        page.cells[1:1] = [nbformat.v4.new_markdown_cell(banner(root, run, lab), id="whose-run-this-is")]
    for index, cell in enumerate(page.cells):
        cell.setdefault("id", f"cell-{index}")
    text = nbformat.writes(page) + "\n"
    path = root / "labs" / "executed" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def _stub(lab: Path, name: str) -> nbformat.NotebookNode:
    title = f"Lab {name[:2]}: {name[3:].replace('_', ' ')}"
    if lab.is_file():
        sources = [cell.source for cell in nbformat.read(lab, as_version=4).cells if cell.cell_type == "markdown"]
        title = next((line[2:] for text in sources for line in text.splitlines() if line.startswith("# ")), title)
    text = (
        f"# {title}\n\n:::{{admonition}} Not recorded yet\n:class: warning\n"
        "No finished run of this lab is recorded, and none of yours was found. Make one, then build the book again:\n\n"
        f"```bash\nmake lab NAME={name} EDITION=cpu\nmake book\n```\n:::\n"
    )
    return _page_settings(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="stub")]))


def _page_settings(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Papermill ran the notebook: the book never does."""
    notebook.metadata["mystnb"] = {"execution_mode": "off"}
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "display_name": "Python 3", "language": "python"})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


# --- what the page says about its run --------------------------------------------------------------------------------


def banner(root: Path, run: Run, lab: Path) -> str:
    """Whose run it is, from what, when, on what and with which code, in Markdown."""
    record = run.record
    data = record.get("data") or {}
    rows = [
        ("Edition", f"`{record['edition']}`"),
        ("Data", _data_text(data) if data else "none"),
        ("Device", _device_text(record["device"])),
        ("Date", f"{record['finished_at'][:10]}, after {_duration(record['wall_s'])}"),
        ("Code", f"`helpers {record['code_version']}`, torch {record['libraries'].get('torch', '?')}"),
        ("Parameters", ", ".join(f"`{key}={_short(value)}`" for key, value in record["parameters"].items())),
    ]
    table = "\n".join(f"| {key} | {value} |" for key, value in rows)
    whose = "Your own run" if run.own else "The recorded run"
    what = (
        "This page shows your latest finished run of the lab. The chapters keep reading the recorded one."
        if run.own
        else f"This page shows the run recorded in the repository, until `make lab NAME={lab.stem}` makes one of yours."
    )
    up = "../../"
    links = [
        f"{{download}}`executed notebook <{up}{run.notebook.relative_to(root).as_posix()}>`",
        f"{{download}}`its record <{up}{run.record_path.relative_to(root).as_posix()}>`",
    ]
    if lab.is_file():
        links.append(f"{{download}}`lab without outputs <{up}{lab.relative_to(root).as_posix()}>`")
    parts = [
        f":::{{admonition}} {whose}\n:class: {'tip' if run.own else 'note'} run-banner\n{what}\n\n"
        f"| | |\n|---|---|\n{table}\n\nDownload: {' · '.join(links)}\n:::"
    ]
    if record["edition"] == "cpu":
        parts.append(
            ":::{admonition} A small edition\n:class: run-note\nThe cpu edition is sized for a laptop. Read its figures"
            " as a rehearsal of the protocol, not as the answer to the question.\n:::"
        )
    if lab.is_file() and _source_hash(lab) != record["source_sha256"]:
        again = f"make lab NAME={lab.stem} EDITION={record['edition']}"
        parts.append(
            ":::{admonition} The lab has changed since this run\n:class: warning stale-run\nThe code below is the code"
            f" that ran. It is not the lab's current code; `{again}` runs that.\n:::"
        )
    return "\n\n".join(parts)


def _source_hash(lab: Path) -> str:
    from helpers.records import notebook_sha256  # late: the package is not needed to read the rest of the book

    return notebook_sha256(lab)


def _data_text(data: dict[str, Any]) -> str:
    counts = f"{data['n_train']:,} train, {data['n_val']:,} validation, {data['n_test']:,} test images"
    local = "; **a local variant of the published files**" if data.get("local_variant") else ""
    skipped = f"; {data['skipped']} broken images skipped" if data.get("skipped") else ""
    return f"`{data['name']}`: {data['num_classes']} classes, {counts}{local}{skipped}"


def _device_text(device: dict[str, Any]) -> str:
    if device.get("gpu"):
        return f"{device.get('gpu_count', 1)} × {device['gpu']}"
    return f"{device.get('cores', '?')} CPU cores ({device.get('machine', '?')}), {device.get('memory_gib', '?')} GiB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= 40 else f"…{value[-36:]}"
    if isinstance(value, list) and len(value) > SHORT_LIST:
        return f"[{len(value)} values]"
    return str(value).replace("|", "/").replace("`", "'")


# --- what the page leaves out ----------------------------------------------------------------------------------------


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The executed notebook fit for reading: no progress bars, papermill's parameters folded, widgets that work alone.

    The first cell becomes the title alone, so that the banner can stand under it."""
    state = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    alone = {key: value for key, value in state.items() if value.get("model_module") == "anywidget"}
    notebook.metadata.pop("widgets", None)
    if alone:
        notebook.metadata["widgets"] = {WIDGET_STATE: {"state": alone, "version_major": 2, "version_minor": 0}}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.metadata["tags"] = [*cell.metadata["tags"], "hide-input"]
            cell.metadata["mystnb"] = {
                "code_prompt_show": "Show the parameters of this run",
                "code_prompt_hide": "Hide the parameters of this run",
            }
        cell.outputs = [output for output in map(_clean_output, cell.outputs) if _keep(output, alone)]
    title, rest = _split_title(notebook.cells[0].source if notebook.cells else "")
    notebook.cells[:1] = [nbformat.v4.new_markdown_cell(title, id="title")] + (
        [nbformat.v4.new_markdown_cell(rest, id="opening")] if rest else []
    )
    return _page_settings(notebook)


def _split_title(source: str) -> tuple[str, str]:
    lines = source.strip().splitlines()
    if not lines or not lines[0].startswith("# "):
        raise ValueError(f"a lab opens with its title, '# …', in a Markdown cell; got {source[:60]!r}")
    return lines[0], "\n".join(lines[1:]).strip()


def _clean_output(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if output.output_type == "stream":  # what a terminal would show: the text after the last carriage return
        output.text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in output.text.split("\n"))
    return output


def _keep(output: nbformat.NotebookNode, alone: dict[str, Any]) -> bool:
    if output.output_type == "stream":
        lines = [line for line in output.text.splitlines() if line.strip() and not PROGRESS.search(line)]
        if output.name == "stderr":
            output.text = "\n".join(lines)
        return bool(lines)
    data = output.get("data", {})
    if WIDGET_VIEW in data:
        return data[WIDGET_VIEW].get("model_id") in alone
    text = (
        data["text/plain"].strip() if set(data) == {"text/plain"} else None
    )  # a bar without a widget, or a closed one
    return text is None or bool(text and not (output.output_type == "display_data" and PROGRESS.search(text)))
