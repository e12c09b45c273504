"""The pages of the package: every public module, from its own docstrings.

- ``{api-part} helpers.layers``: the modules of a part, each under a heading, with what is public in it. A module that
  is added appears by itself.
- ``{api-modules} helpers.layers``: the same modules as a list, with the first sentence of each.

Docstrings are numpy's, and napoleon reads them. Only marks change on the way: `x` for code and $x$ for mathematics, as
people write them in source, become the roles of reStructuredText.
"""

import ast
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from numpy.typing import ArrayLike
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import stringify_annotation

SOURCE = Path(__file__).resolve().parents[1] / "src"
OUTSIDE = (  # what docstrings and signatures name that has no page here
    r"(ast|datetime|types|xml|contextlib|dataclasses|functools|argparse|os|re|nn|npt|plt|IPython|anywidget|ipywidgets|tqdm"
    r"|accelerate|filelock|pydantic_core|sklearn|scipy|helpers\.reading\.Model|Module|ArrayLike|JsonValue|T)(\..*)?"
)
ARRAY_LIKE = stringify_annotation(ArrayLike, "smart")
MARKS = re.compile(
    r"(?P<done>:[\w:.+-]+:`[^`]+`|``.+?``)"
    r"|(?<![\\\w])\$(?P<formula>\S[^$]*?)\$"
    r"|(?<!\w)`(?P<code>[^`]+)`"
    r"|(?P<bar>(?<!\\)\|)",
    re.DOTALL,
)


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
    """What the first line of a module's docstring says.

    Raises
    ------
    ValueError
        Where there is none.
    """
    path = SOURCE / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{module} has no docstring")
    return " ".join(text.split("\n\n")[0].split())


class _Modules(SphinxDirective):
    """The modules of the parts that the argument names."""

    required_arguments = 1
    final_argument_whitespace = True

    def modules(self) -> list[str]:
        found = [module for part in self.arguments[0].split() for module in modules_of(part)]
        for module in found:
            path = SOURCE / module.replace(".", "/")
            self.env.note_dependency(str(path / "__init__.py" if path.is_dir() else path.with_suffix(".py")))
        return found


class ApiPart(_Modules):
    """``{api-part} helpers.layers``."""

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for module in self.modules():
            lines += [f"## `{module}`", "", "```{eval-rst}", f".. automodule:: {module}", "   :members:"]
            lines += [
                "   :member-order: bysource",
                "   :ignore-module-all:",
                "   :exclude-members: model_config",
                "```",
                "",
            ]
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


def only_ours(app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Methods that a base class of another library writes into ours are not ours to document."""
    module = getattr(thing, "__module__", None)
    return True if isinstance(module, str) and callable(thing) and not module.startswith("helpers") else None


def to_roles(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """After napoleon: code and mathematics as people write them become what reStructuredText calls them."""
    lines[:] = MARKS.sub(_mark, "\n".join(lines)).split("\n")


def _mark(match: re.Match[str]) -> str:
    if match["formula"]:
        text = f":math:`{' '.join(match['formula'].split())}`"
    elif match["code"]:
        text = f"``{' '.join(match['code'].split())}``"
    else:
        return r"\|" if match["bar"] else match[0]
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    left = "" if not before or before in " \n-:/'\"<([{" else "\\ "  # nothing that shows, but ends a word
    right = "" if not after or after in " \n-:/'\">)]}.,;!?" else "\\ "
    return left + text + right


def name_arrays(app: Sphinx, what: str, name: str, *_: Any) -> None:
    """numpy's ArrayLike is a union of a dozen types; the pages call it by its name."""
    for annotations in app.env.temp_data.get("annotations", {}).values():
        for key, written in annotations.items():
            annotations[key] = written.replace(ARRAY_LIKE, "ArrayLike")


def configure(app: Sphinx, config: Config) -> None:
    config.napoleon_use_ivar = True
    config.html_domain_indices = False  # the index of modules would repeat `api.md`, with pictures that say nothing
    config.nitpick_ignore_regex = [*config.nitpick_ignore_regex, ("py:.*", OUTSIDE)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("api-part", ApiPart)
    app.add_directive("api-modules", ApiModules)
    app.add_directive("api-flow", ApiFlow)
    app.connect("config-inited", configure)
    app.connect("autodoc-process-docstring", to_roles, priority=900)
    app.connect("autodoc-skip-member", only_ours)
    app.connect("autodoc-process-signature", name_arrays, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
