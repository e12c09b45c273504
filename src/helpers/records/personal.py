"""What recording leaves out: photographs under terms, whatever is a user's own, and paths of the machine.

A run is personal where it saw a user's own photographs, or a parameter names a file or a folder. Of such a run the
numbers are kept, and of its texts those made of the course's own words; its notebook keeps no output.
"""

import ast
import copy
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from helpers.records.places import build_folder
from helpers.records.schema import Record
from helpers.records.source import code_cells, code_tree

LEFT_OUT = "left out"
OWN_PARAMETERS = re.compile(r"picture|model_name|(.*_)?(dir|file|path|folder|root)")
KNOWN_WEIGHTS = ("hub", "package", "shipped", "photographs", "none", "random")  # anything else is a folder
PATH = re.compile(r"[/\\]|^~|^\.|\.\w{1,5}$")
WORD = re.compile(r"\w+")
ALWAYS = ("seed", "value", "low", "high", "n", "covers")  # keys that a valid record needs
KEPT_TYPES = ("text/plain", "text/markdown", "text/html")
KEPT_TAGS = ("table", "thead", "tbody", "tr", "th", "td", "caption", "p", "b", "strong", "i", "em", "code", "pre", "br")
TAG = re.compile(r"<\s*/?\s*([a-z][\w:-]*)", re.IGNORECASE)
EMBEDDED = re.compile(r"data:|url\s*\(|!\[", re.IGNORECASE)
PHOTOGRAPH_NOTE = (
    "*A figure that may show the data stood here. Their terms allow research and teaching but no publication, so a"
    " recorded run leaves it out: run the lab to see it.*"
)
PRINTED_NOTE = (
    "*A figure with a photograph that is not the course's own stood here. Its licence lets it be shown, but such"
    " pictures stay out of the course's repository: run the lab to see it.*"
)
PRINTED = "photograph"  # the tag of a cell that shows such a one, whatever the lab's data are
PERSONAL_NOTE = "*An output stood here. It may show what is a user's own, so the recorded run leaves it out.*"


def personal_parameters(record: Record) -> list[str]:
    """The parameters that name a file or a folder of the user's."""

    def is_path(name: str, value: Any) -> bool:
        if isinstance(value, (list, dict)):
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            return any(is_path(str(key), one) for key, one in inner)
        if value is None or not isinstance(value, str):
            return False
        own = OWN_PARAMETERS.fullmatch(name) or (name == "weights" and value not in KNOWN_WEIGHTS)
        return bool(own or re.search(r"[/\\]|^~|^\.", value))

    return [name for name, value in record.parameters.items() if is_path(name, value)]


def publishable(record: Record, notebook: dict[str, Any], package: Path) -> tuple[Record, dict[str, Any]]:
    """The record and the executed notebook as they may be published; `left_out` of the record says what is missing.

    Parameters
    ----------
    package
        The folder of the course's package: texts of a personal run are kept where its words are the code's.
    """
    notebook = _bare_metadata(copy.deepcopy(notebook))
    own = personal_parameters(record)
    if own or (record.data is not None and record.data.terms == "user"):
        record = _without_own(record, own, _course_words(notebook, package))
        _drop_outputs(notebook, PERSONAL_NOTE, lambda cell, output: False)
        _write_parameters(notebook, record)
        notebook["metadata"].pop("widgets", None)
    elif record.data is not None and record.data.terms == "restricted":
        record = record.model_copy(update={"left_out": ["photographs, whose terms allow no publication"]})
        _drop_outputs(notebook, PHOTOGRAPH_NOTE, _shows_no_photograph)
        notebook["metadata"].pop("widgets", None)
    elif _drop_outputs(
        notebook, PRINTED_NOTE, lambda cell, out: not _is_printed(cell) or _shows_no_photograph(cell, out)
    ):
        record = record.model_copy(update={"left_out": ["a photograph that is not the course's own"]})
        notebook["metadata"].pop("widgets", None)
    if record.left_out:
        note = f"*This recorded run leaves out: {'; '.join(record.left_out)}.*"
        cell = {"cell_type": "markdown", "id": "left-out", "metadata": {}, "source": note}
        notebook["cells"].insert(1, cell)
    return record, _without_places(notebook)


def without_photographs(notebook: dict[str, Any], note: str) -> dict[str, Any]:
    """A copy of an executed notebook with a note, in Markdown, in the place of each output that may show a photograph;
    texts, tables and charts stay."""
    notebook = copy.deepcopy(notebook)
    _drop_outputs(notebook, note, _shows_no_photograph)
    notebook["metadata"].pop("widgets", None)
    return notebook


# --- notebooks -------------------------------------------------------------------------------------------------------


def _bare_metadata(notebook: dict[str, Any]) -> dict[str, Any]:
    """Only what a reader's Jupyter and the book need: papermill notes paths, parameters and times."""
    kept = {key: notebook["metadata"][key] for key in ("helpers", "widgets") if key in notebook["metadata"]}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook["metadata"] = {"kernelspec": kernel, "language_info": {"name": "python"}, **kept}
    for cell in notebook["cells"]:
        cell["metadata"] = {key: cell["metadata"][key] for key in ("tags", "mystnb") if key in cell["metadata"]}
    return notebook


def _is_printed(cell: dict[str, Any]) -> bool:
    return PRINTED in cell["metadata"].get("tags", ())


def _drop_outputs(notebook: dict[str, Any], note: str, keeps: Callable[[dict, dict], bool]) -> bool:
    """Put a note in the place of each output that may not stay, one for all of a cell; returns whether any went."""
    dropped = False
    data = {"text/markdown": note, "text/plain": note.strip("*")}
    replacement = {"output_type": "display_data", "data": data, "metadata": {}}
    for cell in notebook["cells"]:
        outputs = []
        for output in cell.get("outputs", ()):
            if keeps(cell, output):
                outputs.append(output)
            else:
                dropped = True
                if replacement not in outputs:
                    outputs.append(copy.deepcopy(replacement))
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs
    return dropped


def _shows_no_photograph(cell: dict[str, Any], output: dict[str, Any]) -> bool:
    """Charts draw numbers only; elsewhere text and tables stay, and nothing that could hold a picture."""
    bundle = output.get("data", {})
    if "chart" in cell["metadata"].get("tags", ()) or output["output_type"] in ("stream", "error"):
        return True
    texts = ["".join(value) if isinstance(value, list) else str(value) for value in bundle.values()]
    return all(kind in KEPT_TYPES for kind in bundle) and not any(
        EMBEDDED.search(text) or any(tag.lower() not in KEPT_TAGS for tag in TAG.findall(text))
        for kind, text in zip(bundle, texts, strict=True)
        if kind != "text/plain"
    )


def _write_parameters(notebook: dict[str, Any], record: Record) -> None:
    """Papermill's own cell once more, from the record without what is left out."""
    for cell in notebook["cells"]:
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            targets = [n.targets[0] for n in ast.parse("".join(cell["source"])).body if isinstance(n, ast.Assign)]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            lines = [f"{name} = {record.parameters[name]!r}" for name in names if name in record.parameters]
            cell["source"] = "\n".join(["# Parameters", *lines])


def _without_places(notebook: dict[str, Any]) -> dict[str, Any]:
    """Outputs name no folder of the machine that ran the lab: `~` stands for the home, `.` for where it ran, `_build`
    for the folder of what is built."""
    named = {(str(Path.cwd()), "."), (str(Path.home()), "~"), (str(build_folder()), "_build")}
    places = sorted(named, key=lambda pair: -len(pair[0]))

    def cleaned(value: Any) -> Any:
        if isinstance(value, str):
            for folder, sign in places:
                value = value.replace(folder, sign) if len(folder) > 1 else value
            return value
        if isinstance(value, list):
            return [cleaned(inner) for inner in value]
        return {key: cleaned(inner) for key, inner in value.items()} if isinstance(value, dict) else value

    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = cleaned(cell["outputs"])
    return notebook


# --- records ---------------------------------------------------------------------------------------------------------


def _course_words(notebook: dict[str, Any], package: Path) -> set[str]:
    """Every word in the code of the lab and of the package, without comments and docstrings."""
    sources = [cell for cell in code_cells(notebook) if not cell.startswith("# Parameters\n")]
    sources += [path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py"))]
    return _words(ast.unparse(code_tree(source)) for source in sources)


def _without_own(record: Record, own: list[str], words: set[str]) -> Record:
    names = _words(record.data.class_names or [] if record.data else [])
    paths = _words(str(record.parameters[name]) for name in own)

    def is_courses(text: str) -> bool:
        found = _words([text])
        plain = all(word in words or re.fullmatch(r"\d{1,3}", word) for word in found)
        return plain and not PATH.search(text) and names.isdisjoint(found)

    def bare(value: Any) -> Any:
        """Numbers as they are, texts and keys only where they are the course's own words."""
        if isinstance(value, str):
            return value if is_courses(value) and paths.isdisjoint(_words([value])) else LEFT_OUT
        if isinstance(value, list):
            return [bare(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        keys = [k if k in ALWAYS or is_courses(k) else f"{LEFT_OUT} {i}" for i, k in enumerate(value, 1)]
        return dict(zip(keys, map(bare, value.values()), strict=True))

    left_out = [f"the parameters {', '.join(own)}"] if own else []
    left_out += ["all outputs of the notebook", "names of files and classes, and texts that may hold them"]
    changes: dict[str, Any] = {
        "left_out": left_out,
        "parameters": record.parameters | dict.fromkeys(own, LEFT_OUT),
        "runs": bare(record.runs),
        "summary": bare(record.summary),
        "skipped": bare(record.skipped),
    }
    if record.data is not None:
        provenance = bare(record.data.provenance)
        changes["data"] = record.data.model_copy(update={"class_names": None, "provenance": provenance})
    return Record.model_validate(record.model_copy(update=changes).model_dump())


def _words(texts: Iterable[str]) -> set[str]:
    return {word.lower() for text in texts for word in WORD.findall(text)}
