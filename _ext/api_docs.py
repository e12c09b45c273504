"""The pages of the package: every public module, from its own docstrings.

- ``{api-part} helpers.layers``: the modules of a part, each under a heading, with what is public in it. A module that
  is added appears by itself. The option `omit` leaves modules out, `only` chooses them.
- ``{api-modules} helpers.layers``: the same modules as a list, with the first sentence of each.

Docstrings are written for people who read source: `x` for code, $x$ for mathematics. Here they become what
reStructuredText calls them.
"""

import ast
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

SOURCE = Path(__file__).resolve().parents[1] / "src"
OUTSIDE = (
    r"(datetime|types|contextlib|dataclasses|functools|argparse|nn|npt|plt|PIL|IPython|anywidget|ipywidgets)(\..*)?"
)
PROSE = re.compile(r"[A-Za-z_][\w.]*(\[.*\])?$")


def modules_of(part: str) -> list[str]:
    """The modules of a package in alphabetical order, the package itself first; of a module, itself."""
    path = SOURCE / part.replace(".", "/")
    if not path.is_dir():
        if not path.with_suffix(".py").is_file():
            raise ValueError(f"there is no module {part} in {SOURCE.name}/")
        return [part]
    inner = sorted(file.stem for file in path.glob("*.py") if not file.stem.startswith("_"))
    return [part, *(f"{part}.{name}" for name in inner)]


def first_sentence(module: str) -> str:
    """What the first line of a module's docstring says. Raises ValueError where there is none."""
    path = SOURCE / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{module} has no docstring")
    return " ".join(text.split("\n\n")[0].split())


def names(text: str) -> list[str]:
    return text.replace(",", " ").split()


class _Modules(SphinxDirective):
    """The modules that the arguments name, without those of `omit`."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"omit": directives.unchanged}  # noqa: RUF012

    def modules(self) -> list[str]:
        omitted = set(names(self.options.get("omit", "")))
        found = [module for part in names(self.arguments[0]) for module in modules_of(part)]
        for module in found:
            path = SOURCE / module.replace(".", "/")
            self.env.note_dependency(str(path / "__init__.py" if path.is_dir() else path.with_suffix(".py")))
        return [module for module in found if module.rsplit(".", 1)[-1] not in omitted]


class ApiPart(_Modules):
    """``{api-part} helpers.layers``."""

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for module in self.modules():
            lines += [f"## `{module}`", "", "```{eval-rst}", f".. automodule:: {module}", "   :members:"]
            lines += ["   :member-order: bysource", "   :exclude-members: model_config, __init__", "```", ""]
        holder = nodes.container()
        self.state.nested_parse(
            StringList(lines, source=self.env.docname), self.content_offset, holder, match_titles=True
        )
        return holder.children


class ApiModules(_Modules):
    """``{api-modules} helpers.layers``."""

    def run(self) -> list[nodes.Node]:
        lines = [f"- {{py:mod}}`{module}`: {first_sentence(module)}" for module in self.modules()]
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, holder)
        return holder.children


FLOW = [
    ("data", "Data", "photographs, drawn dogs, text: arrays with their labels"),
    ("layers", "Layers", "one concept a file"),
    ("models", "Models", "one architecture a file, equal to the published one"),
    ("training", "Training", "one loop that knows neither data set nor model"),
    ("measure", "Measurement", "accuracies with intervals, costs, maps"),
    ("pages", "Records, figures, explorers", "numbers with their provenance, and what a page draws of them"),
]


class ApiFlow(SphinxDirective):
    """``{api-flow}``: the one way data flows, as a list of steps that lead to their pages."""

    def run(self) -> list[nodes.Node]:
        steps = nodes.enumerated_list(classes=["data-flow"])
        for page, title, line in FLOW:
            target = addnodes.pending_xref(
                "", refdomain="std", reftype="doc", reftarget=f"/api/{page}", refexplicit=True
            )
            target["refdoc"] = self.env.docname
            target += nodes.strong("", title)
            steps += nodes.list_item("", nodes.paragraph("", "", target), nodes.paragraph("", line))
        return [steps]


# --- docstrings ------------------------------------------------------------------------------------------------------


SECTION = re.compile(r"-{3,}\s*$")


def settle(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Before napoleon: prose that follows a section (a closing "Raises ValueError where ...") would be read as one more
    parameter, so it moves before the first section; a property's first colon would be read as the end of a type."""
    if what in ("attribute", "property", "data"):
        lines[:] = [line.replace(": ", " \\: ", 1) if index == 0 else line for index, line in enumerate(lines)]
    heads = [
        index - 1 for index, line in enumerate(lines) if index and SECTION.match(line) and lines[index - 1].strip()
    ]
    if not heads:
        return
    before, blocks = lines[: heads[0]], "\n".join(lines[heads[0] :]).split("\n\n")
    prose = [block for block in blocks if _is_prose(block)]
    rest = "\n\n".join(block for block in blocks if not _is_prose(block))
    lines[:] = [*before, *(line for block in prose for line in [*block.split("\n"), ""]), *rest.split("\n")]


def _is_prose(block: str) -> bool:
    rows = [row for row in block.split("\n") if row.strip()]
    flat = rows and not any(row[0].isspace() or SECTION.match(row) for row in rows)
    return bool(flat) and " " in rows[0] and " : " not in rows[0]


def only_ours(app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Methods that a base class of another library writes into ours are not ours to document."""
    module = getattr(thing, "__module__", None)
    return True if isinstance(module, str) and callable(thing) and not module.startswith("helpers") else None


def translate(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """After napoleon: marks of Markdown become those of reStructuredText, and prose in a type's place becomes prose."""
    text = "\n".join(lines)
    text = re.sub(
        r"(?<![\w`$\\])\$(?!\s)([^$\n]+(?:\n[^$\n]+)?)\$", lambda m: f":math:`{' '.join(m[1].split())}`", text
    )
    text = re.sub(r"(?<![:`\w])`([^`\n:]+(?:\n[^`\n]+)?)`(?![`_])", lambda m: f"``{' '.join(m[1].split())}``", text)
    text = re.sub(r"^:rtype: (.+)$", lambda m: m[0] if PROSE.match(m[1]) else f":returns: {m[1]}", text, flags=re.M)
    text = re.sub(r"^:type \*{0,2}\w+: (.+)$", lambda m: m[0] if PROSE.match(m[1]) else "", text, flags=re.M)
    lines[:] = text.split("\n")


def configure(app: Sphinx, config: Config) -> None:
    config.nitpick_ignore_regex = [*config.nitpick_ignore_regex, ("py:.*", OUTSIDE)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("api-part", ApiPart)
    app.add_directive("api-modules", ApiModules)
    app.add_directive("api-flow", ApiFlow)
    app.connect("config-inited", configure)
    app.connect("autodoc-process-docstring", settle, priority=100)
    app.connect("autodoc-process-docstring", translate, priority=900)
    app.connect("autodoc-skip-member", only_ours)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
