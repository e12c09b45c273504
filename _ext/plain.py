"""Chapters as plain notebooks: MyST directives and roles become Markdown that Jupyter and Colab show.

`plain(notebook)` serves the notebooks that the book publishes; `without_solutions(text)` serves the student edition:
it takes the gated solutions out of a chapter, and from its quizzes what is right and why.
"""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

FENCE = re.compile(r"^(`{3,}|:{3,})\{([\w-]+)\}[ ]*(.*)$")
ANSWER = re.compile(r"^- \[([ xX])\] ", re.MULTILINE)
QUIZ = re.compile(r"^(`{3,})\{quiz\} (.*?)\n(.*?)^\1$", re.DOTALL | re.MULTILINE)


def without_solutions(text: str) -> str:
    """A chapter's source without its solutions; of a quiz, the question and the answers to choose from."""
    text = re.sub(
        r"^(`{3,})\{solution-start\}.*?^(`{3,})\{solution-end\}\n\2\n?", "", text, flags=re.DOTALL | re.MULTILINE
    )
    return QUIZ.sub(_bare_quiz, text)


def _bare_quiz(match: re.Match[str]) -> str:
    answers = [paragraphs(part)[0] for part in ANSWER.split(match[3])[2::2]]
    lines = "\n".join(f"- {' '.join(answer.split())}" for answer in answers)
    return f"{match[1]}{{admonition}} {match[2]}\n:class: question\n{lines}\n{match[1]}"


def paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text.strip())]


def plain(notebook: nbformat.NotebookNode, root: Path, folder: Path, glued: dict[str, str]) -> nbformat.NotebookNode:
    """The notebook with its Markdown made plain.

    `root` holds references.bib; paths of included code are taken from `folder`; `glued` holds the text of each key."""
    works = bibliography(root / "references.bib")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = roles(_directives(cell.source.splitlines(), folder), works, glued).strip()
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "markdown" or cell.source]
    return notebook


def read_glue(path: Path) -> dict[str, str]:
    """The values that a page glued, `{key: text}`, from the file that MyST-NB writes beside the executed notebook."""
    if not path.is_file():
        return {}
    found = {}
    for key, output in json.loads(path.read_text(encoding="utf-8")).items():
        data = {kind.rsplit("papermill.record/", 1)[-1]: value for kind, value in output["data"].items()}
        found[key] = str(data.get("text/markdown", data.get("text/plain", "")))
    return found


def bibliography(path: Path) -> dict[str, str]:
    """Key -> `Vaswani et al., 2017` for every entry of a BibTeX file."""
    works = {}
    for key, body in re.findall(
        r"^@\w+\{([^,\s]+),(.*?)^\}", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        author = re.search(r"author\s*=\s*\{(.*?)\},?\s*$", body, re.MULTILINE)
        year = re.search(r"year\s*=\s*\{?(\d{4})", body)
        names = [name.split(",")[0].strip() for name in (author[1] if author else key).split(" and ")]
        names = [re.sub(r"[{}\\\"'`^]", "", name) for name in names]
        short = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
        works[key] = f"{short}, {year[1]}" if year else short
    return works


# --- directives ------------------------------------------------------------------------------------------------------


def _directives(lines: list[str], folder: Path) -> str:
    done: list[str] = []
    while lines:
        line = lines.pop(0)
        fence = FENCE.match(line)
        if fence is None:
            if not re.match(r"^(\([\w-]+\)=|\{\.[\w-]+\})\s*$", line):  # a target, an attribute
                done.append(line)
            continue
        end = next((i for i, inner in enumerate(lines) if inner.strip() == fence[1]), len(lines))
        content, lines = lines[:end], lines[end + 1 :]
        options = {}
        while content and (option := re.match(r"^:([\w-]+):\s*(.*)$", content[0])):
            options[option[1]] = option[2]
            content.pop(0)
        done += _directive(fence[2], fence[3], options, content, folder)
    return "\n".join(done)


def _directive(name: str, title: str, options: dict[str, str], content: list[str], folder: Path) -> list[str]:
    if name == "literalinclude":
        return ["```python", included(folder / title, options.get("pyobject")), "```"]
    if name == "math":
        return ["$$", *content, "$$"]
    if name == "list-table":
        return _table(title, content)
    if name == "quiz":
        return _quiz(title, content)
    if name in ("exercise-start", "solution-start"):
        kind = name.removesuffix("-start").capitalize()
        return [f"### {kind}: {title}" if kind == "Exercise" else f"### {kind}", ""]
    if name in ("exercise-end", "solution-end", "course-map", "course-glossary", "glossary-words"):
        return []
    heading = title or (name.capitalize() if name in ("note", "tip", "warning", "important") else "")
    inner = _directives(content, folder).splitlines()
    if name in ("div", "grid", "grid-item-card"):
        return [f"**{heading}**", "", *inner] if heading else inner
    return [f"> {line}".rstrip() for line in ([f"**{heading}**", ""] if heading else []) + inner] + [""]


def included(path: Path, name: str | None) -> str:
    """The source of a file, or of one function or class in it."""
    text = path.read_text(encoding="utf-8")
    if name is None:
        return text.rstrip()
    node: Any = ast.parse(text)
    for part in name.split("."):
        node = next(one for one in node.body if getattr(one, "name", None) == part)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def _table(title: str, content: list[str]) -> list[str]:
    rows: list[list[str]] = []
    for line in content:
        if line.startswith("* - "):
            rows.append([line[4:].strip()])
        elif line.startswith("  - "):
            rows[-1].append(line[4:].strip())
        elif line.strip() and rows:
            rows[-1][-1] += " " + line.strip()
    if not rows:
        return []
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return [*([f"*{title}*", ""] if title else []), head, "|" + "---|" * len(rows[0]), *rest, ""]


def _quiz(title: str, content: list[str]) -> list[str]:
    before, *parts = ANSWER.split("\n".join(content))
    lines = [f"**{title}**", "", *before.strip().splitlines()]
    for mark, text in zip(parts[::2], parts[1::2], strict=True):
        answer, *why = paragraphs(text)
        verdict = "Not quite." if mark == " " else "Right."
        lines += ["", f"<details><summary>{' '.join(answer.split())}</summary>", "", f"**{verdict}**", ""]
        lines += ["\n\n".join(why), "", "</details>"]
    return [*lines, ""]


# --- roles -----------------------------------------------------------------------------------------------------------


def roles(text: str, works: dict[str, str], glued: dict[str, str]) -> str:
    def cite(keys: str) -> str:
        return "(" + "; ".join(works.get(key.strip(), key.strip()) for key in keys.split(",")) + ")"

    def glue(target: str) -> str:
        key, _, form = target.rpartition("::")[2].partition(":")
        value = glued.get(key, f"‹{key}›")
        if form and re.fullmatch(r"[-+]?[\d.]+(?:e[-+]?\d+)?", value):
            number = float(value)
            value = f"{int(number) if form.endswith('d') else number:{form}}"
        return value.strip("'")

    def title(target: str) -> str:
        return re.sub(r"\s*<[^>]*>$", "", target)

    def numbered(kind: str) -> Callable[[str], str]:
        return lambda numbers: f"{kind} {' and '.join(numbers.rsplit(',', 1))}".replace(",", ", ")

    def figure(target: str) -> str:
        return "the table" if "table" in target else "the figure"

    kinds: dict[str, Callable[[str], str]] = {"cite": cite, "glue": glue, "numref": figure}
    kinds |= {kind: numbered(kind) for kind in ("chapter", "chapters", "lab", "labs")}

    def role(match: re.Match[str]) -> str:
        return kinds.get(match[1].split(":")[0], title)(match[2])

    return re.sub(r"\{([\w:]+)\}`([^`]*)`", role, text)
