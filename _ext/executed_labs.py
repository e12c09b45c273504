"""The page of a lab: its executed notebook, whose run it is, and whether the lab has changed since.

For every `labs/executed/<name>` in the table of contents a page is written before Sphinx reads the book, from

1. the reader's newest finished run, `_build/runs/{cpu,gpu}/<name>/<run>/`: the notebook and its record,
2. else the recorded run, `results/{gpu,cpu}/<name>.ipynb` with its record beside it: the gpu edition where there
   is one, with links to the other,
3. else nothing: a page that says "not recorded yet" and gives the command.

Chapters never read a reader's run; only these pages show it. Smoke runs are tests and are never shown. A record and a
notebook of two different runs are never shown together. A reader's own photographs stand on the page only where the
run was made with `show_in_book`.
"""

import base64
import json
import math
import os
import re
import shlex
import struct
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import yaml
from comparison import beside_the_recorded
from course_map import TABLE, read_table

from helpers.records import NOT_HASHED, DataInfo, Record, Run, finished_runs, read_run, stale_reasons
from helpers.records.personal import without_photographs
from helpers.records.recording import edition_parameters

EDITIONS = ("gpu", "cpu")  # the recorded run of the first is shown
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
OWN_PICTURES = (
    "*A figure with your photographs stood here. It is in the executed notebook; a run with `-p show_in_book true` "
    "shows it on this page.*"
)
PROGRESS = re.compile(r"\d+ ?%\||\d+(\.\d+)?(it|s|img|images|step|batch)/(s|it)\b")
FOUND = "What this run found (after you have predicted)"
TEXTS = ("phrases", "fra_eng")  # data of sentences, whose classes are words
NOT_COMPARED = "compared with no recorded run"  # news for the terminal; the page has its own box
SHORT_LIST = 8
TALLEST = 0.9  # height over width of a chart at the top of a page


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
    """The run that the page shows: the reader's newest finished one, else the recorded one, else None.

    Raises
    ------
    ValueError
        If a record and the notebook beside it come from two different runs.
    """
    own = [run for edition in EDITIONS for run in finished_runs(root / "_build" / "runs" / edition / name)]
    return max(own, key=lambda run: run.record.finished_at) if own else next(iter(recorded_runs(root, name)), None)


def recorded_runs(root: Path, name: str) -> list[Run]:
    """The recorded runs of a lab, that of the gpu edition first.

    Raises
    ------
    ValueError
        If a record and the notebook beside it come from two different runs.
    """
    notebooks = [root / "results" / edition / f"{name}.ipynb" for edition in EDITIONS]
    pairs = [(path, path.with_suffix(".json")) for path in notebooks]
    return [read_run(notebook, record) for notebook, record in pairs if notebook.is_file() and record.is_file()]


def write_page(root: Path, name: str) -> Path:
    """Write `labs/executed/<name>.ipynb` where it differs from what is there; returns its path."""
    run, lab = find_run(root, name), root / "labs" / f"{name}.ipynb"
    if run is None:
        page = _stub(lab, name)
    else:
        page = clean(nbformat.reads(json.dumps(_shown(run)), as_version=4))
        page.cells[1:1] = [
            nbformat.v4.new_markdown_cell(banner(root, run, lab), id="whose-run-this-is"),
            *_first_chart(page),
        ]
    for index, cell in enumerate(page.cells):
        cell.setdefault("id", f"cell-{index}")
    text = nbformat.writes(page) + "\n"
    path = root / "labs" / "executed" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def _first_chart(page: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The first chart of the lab again, for the top of the page, folded; none of a picture taller than a screen."""
    for cell in page.cells:
        if "chart" in cell.metadata.get("tags", ()):
            pictures = [output for output in cell.outputs if _height(output.get("data", {})) < TALLEST]
            if not pictures:
                return []
            prompts = {"code_prompt_show": f"{FOUND}: the first chart", "code_prompt_hide": "Hide the chart"}
            shown = nbformat.v4.new_code_cell(
                "# the first chart of this lab", id="headline-chart", outputs=pictures[:1]
            )
            mystnb = {**cell.metadata.get("mystnb", {}), **prompts}
            shown.metadata = nbformat.from_dict({"tags": ["remove-input", "hide-output"], "mystnb": mystnb})
            return [shown]
    return []


def _height(data: dict[str, Any]) -> float:
    """Height of a picture over its width; infinite where there is none."""
    if found := re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', data.get("image/svg+xml", "")):
        return float(found[2]) / float(found[1])
    start = base64.b64decode(data.get("image/png", ""))[:24]
    if start.startswith(b"\x89PNG") and len(start) == 24:
        width, height = struct.unpack(">II", start[16:])
        return height / width
    return math.inf


def _shown(run: Run) -> dict[str, Any]:
    """The executed notebook; of a run on a reader's own photographs without them, unless the reader asked for them."""
    parameters, data = run.record.parameters, run.record.data
    own = parameters.get("picture") is not None or (data is not None and data.terms == "user")
    if own and not parameters.get("show_in_book"):
        return without_photographs(run.notebook(), OWN_PICTURES)
    return run.notebook()


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
    """Whose run it is, what came out, from what, and how to run it again, in Markdown; details folded."""
    record = run.record
    own = (root / "_build") in run.record_path.parents
    memory = f", at most {record.peak_memory_gib:.1f} GiB of memory" if record.peak_memory_gib else ""
    facts = [
        f"`{record.edition}` edition",
        _data_text(record.data) if record.data else "no data",
        _device_text(record.device),
        f"{_duration(record.wall_s)}{memory}",
        _date(record.finished_at),
    ]
    links = [_link("executed notebook", root, run.notebook_path), _link("its record", root, run.record_path)]
    links += [_link("lab without outputs", root, lab)] if lab.is_file() else []
    whose = (
        "Your latest finished run. The chapters keep reading the recorded one."
        if own
        else "The run recorded in the repository, until you make one of your own."
    )
    small = []
    if record.edition == "cpu":
        small = ["The cpu edition is sized for a laptop: a rehearsal of the protocol, not the answer to the question."]
        if record.data is not None and record.data.terms == "user":
            small = ["Its intervals hold for your photographs, and for the models and the training that it names."]
    table = "\n".join(f"| {key} | {value} |" for key, value in _rows(root, run))
    changed = [reason for reason in stale_reasons(record, root) if reason != NOT_HASHED]
    parts = [
        f"::::{{admonition}} {'Your own run' if own else 'The recorded run'}\n"
        f":class: {'tip' if own else 'note'} run-banner",
        *_headline(record, changed),
        f"{' · '.join(facts)}. {' '.join([whose, *small])}{_chapters(root, record.lab)}",
        f"Run it again, and this page shows yours:\n\n```bash\n{_command(root, record)}\nmake book\n```",
        f":::{{dropdown}} Parameters, code and downloads\n| | |\n|---|---|\n{table}\n\n{' · '.join(links)}\n:::\n::::",
    ]
    parts += beside_the_recorded(record) if own else []
    if changed:
        parts.append(
            ":::{dropdown} The code has changed since this run\n:class-container: stale-run\nThe code below is the code"
            f" that ran; what follows is not what it was: {', '.join(f'`{r}`' for r in changed)}. The command above"
            " runs the current code.\n:::"
        )
    return "\n\n".join(parts)


def _headline(record: Record, changed: Sequence[str]) -> list[str]:
    """What the lab found, where its page in the package says it; folded, for who has not predicted yet. Of a run of
    other code, which may have summed up otherwise, it is left out where it cannot be said, and that is said."""
    module = f"helpers.pages.l{record.lab[:2]}.headline"
    if not record.summary or not find_spec(module):
        return []
    try:
        told = import_module(module).headline(record)
    except (LookupError, TypeError, ValueError) as error:
        if not changed:
            raise
        told = (
            f"The code has changed since this run, and its record lacks what the summary needs ({error}): run it again."
        )
    return [f":::{{dropdown}} {FOUND}\n{told}\n:::"]


def _chapters(root: Path, lab: str) -> str:
    """Which chapter it goes with, by the map of the course."""
    parts = read_table(root / TABLE) if (root / TABLE).is_file() else []
    numbers = [one["number"] for part in parts for one in part["chapters"] if int(lab[:2]) in one.get("labs", {})]
    return "".join(f" The lab goes with {{chapter}}`{number}`." for number in numbers)


def _command(root: Path, record: Record) -> str:
    """The command that makes this run again: its edition, and each parameter that is not the edition's own."""
    command = f"make lab NAME={record.lab} EDITION={record.edition}"
    files = (f"{record.lab}.ipynb", f"editions/{record.edition}/{record.lab}.yaml")
    if not all((root / "labs" / file).is_file() for file in files):
        return command
    own = edition_parameters(root, record.lab, record.edition)
    other = {k: v for k, v in record.parameters.items() if k in own and v != own[k] and k != "piece"}
    if not other:
        return command
    quoted = " ".join(f"-p {name} {shlex.quote(_argument(value))}" for name, value in other.items())
    return f'{command} PARAMS="{quoted}"'


def _argument(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _link(text: str, root: Path, path: Path) -> str:
    return f"{{download}}`{text} <{Path(os.path.relpath(path, root / 'labs' / 'executed')).as_posix()}>`"


def _rows(root: Path, run: Run) -> list[tuple[str, str]]:
    """The lines of the banner's table."""
    record = run.record
    hashed = "" if record.modules is not None else f" ({NOT_HASHED})"
    rows = [
        ("Code", f"`helpers {record.code_version}`, torch {record.libraries.get('torch', '?')}{hashed}"),
        ("Parameters", ", ".join(f"`{key}={_short(value)}`" for key, value in record.parameters.items())),
    ]
    others = [one for one in recorded_runs(root, record.lab) if one.record_path != run.record_path]
    for one in others:
        links = [_link("notebook", root, one.notebook_path), _link("record", root, one.record_path)]
        text = f"`{one.record.edition}` edition, {_date(one.record.finished_at)}: {' · '.join(links)}"
        rows.append(("Also recorded", text))
    return rows


def _date(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"


def _data_text(data: DataInfo) -> str:
    if data.name in TEXTS:
        counts = f"{data.n_train:,} sentences to learn from, {data.n_test:,} to translate"
        return f"`{data.name}`: {data.num_classes} English words and signs, {counts}"
    counts = f"{data.n_train:,} train, {data.n_val:,} validation, {data.n_test:,} test images"
    local = "; **a local variant of the published files**" if data.local_variant else ""
    skipped = f"; {data.skipped} broken images skipped" if data.skipped else ""
    return f"`{data.name}`: {data.num_classes} classes, {counts}{local}{skipped}"


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
    """The executed notebook fit for reading: no progress bars, imports and parameters folded, widgets that work alone.

    The first cell becomes the title alone, so that the banner can stand under it."""
    state = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    alone = {key: value for key, value in state.items() if value.get("model_module") == "anywidget"}
    notebook.metadata.pop("widgets", None)
    if alone:
        notebook.metadata["widgets"] = {WIDGET_STATE: {"state": alone, "version_major": 2, "version_minor": 0}}
    setup = next((i for i, c in enumerate(notebook.cells) if "parameters" in c.metadata.get("tags", ())), 0)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            cell.source = cell.source.replace("](../", "](../../")  # the page lies one folder deeper than the lab
            continue
        tags = cell.metadata.get("tags", ())
        if index < setup or {"parameters", "injected-parameters"} & set(tags):
            what = "parameters of this run" if "injected-parameters" in tags else "parameters and what they mean"
            what = "imports" if index < setup else what
            cell.metadata["tags"] = [*dict.fromkeys([*tags, "hide-input"])]
            cell.metadata["mystnb"] = {"code_prompt_show": f"Show the {what}", "code_prompt_hide": f"Hide the {what}"}
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
        lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in output.text.split("\n")]
        output.text = "\n".join(line for line in lines if not line.startswith(NOT_COMPARED))
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
