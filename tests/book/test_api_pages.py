"""The pages of the package: every module stands on one of them, and every docstring reads as the book will read it."""

import importlib
import inspect
import io
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import roles
from sphinx.ext.napoleon import Config, NumpyDocstring

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "_ext"))
import api_docs  # noqa: E402

PACKAGE = ROOT / "src" / "helpers"
MODULES = sorted(
    ".".join(("helpers", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if not path.stem.startswith("_") or path.stem == "__init__"
)


def shown(directive: str, pages: list[Path]) -> list[str]:
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    parts = [part for found in re.findall(rf"\{{{directive}\}} (.+)", text) for part in found.split()]
    return sorted(module for part in parts for module in api_docs.modules_of(part))


def test_every_module_stands_on_one_page_and_once_in_the_list():
    library = [module for module in MODULES if module != "helpers" and not module.startswith("helpers.pages")]
    assert shown("api-part", sorted((ROOT / "api").glob("*.md"))) == library  # what serves one page alone is left out
    assert shown("api-modules", [ROOT / "api.md"]) == library


def documented(module: ModuleType) -> list[tuple[str, str, Any]]:
    """What autodoc shows of a module: kind, name, and the thing itself."""
    found: list[tuple[str, str, Any]] = [("module", module.__name__, module)]
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            found.append(("class", name, thing))
            inner = [(key, value) for key, value in vars(thing).items() if not key.startswith("_")]
            found += [("property", f"{name}.{key}", value) for key, value in inner if isinstance(value, property)]
            found += [("method", f"{name}.{key}", value) for key, value in inner if inspect.isfunction(value)]
        elif inspect.isfunction(thing):
            found.append(("function", name, thing))
    return [entry for entry in found if inspect.getdoc(entry[2])]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_read_as_restructuredtext(name, monkeypatch):
    monkeypatch.setattr(roles, "_roles", dict(roles._roles))
    for role in ("py:class", "py:func", "py:mod", "class", "func", "mod", "meth", "attr", "obj"):
        roles.register_local_role(role, lambda *given, **_: ([nodes.Text(given[2])], []))
    settings = Config(napoleon_google_docstring=False, napoleon_use_ivar=True)
    seen = 0
    for kind, inner, thing in documented(importlib.import_module(name)):
        lines = (inspect.getdoc(thing) or "").split("\n")
        lines = str(NumpyDocstring("\n".join(lines), settings, what=kind, name=inner)).split("\n")
        api_docs.to_roles(None, kind, inner, thing, None, lines)
        complaints = io.StringIO()
        publish_doctree("\n".join(lines), settings_overrides={"warning_stream": complaints, "report_level": 2})
        assert complaints.getvalue() == "", f"{name}.{inner}"
        types = re.findall(r"^:(?:var|r)?type[^:]*: (.+)$", "\n".join(lines), re.MULTILINE)
        assert not [entry for entry in types if re.match(r"\w+ \w|.*\.$", entry)], f"{name}.{inner}: prose as a type"
        seen += 1
    assert seen


def test_marks_of_markdown_become_roles():
    lines = ["from `zoom`[0] to =$a$"]
    api_docs.to_roles(None, "function", "f", None, None, lines)
    assert lines == [r"from ``zoom``\ [0] to =\ :math:`a`"]
    lines = ["`x` is $\\frac{1}{2}$ of |y|, ``z`` and :math:`a}` too; `w`."]
    api_docs.to_roles(None, "function", "f", None, None, lines)
    assert lines == ["``x`` is :math:`\\frac{1}{2}` of \\|y\\|, ``z`` and :math:`a}` too; ``w``."]
