"""Code shown without its docstrings: the page explains it in sentences, and the package's own pages describe it."""

import ast
import textwrap
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.directives.code import LiteralInclude


def without_docstrings(code: str) -> str:
    """The code, an excerpt perhaps, without the docstrings of what it defines; as it is where it is not whole."""
    try:
        tree = ast.parse(textwrap.dedent(code))
    except SyntaxError:
        return code
    lines = code.splitlines()
    documented = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    dropped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and len(node.body) > 1 and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            end = docstring.end_lineno or docstring.lineno
            dropped.update(range(docstring.lineno - 1, end))
            if end < len(lines) and not lines[end].strip():  # the empty line after it
                dropped.add(end)
    return "\n".join(line for number, line in enumerate(lines) if number not in dropped) + "\n"


class ShortInclude(LiteralInclude):
    """`literalinclude` of Python without docstrings."""

    def run(self) -> list[nodes.Node]:
        found = super().run()
        for top in found:
            for block in top.findall(nodes.literal_block):
                if block.get("language") in (None, "python", "python3"):
                    text = without_docstrings(block.astext())
                    block.rawsource = text
                    block.children = []
                    block += nodes.Text(text)
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("literalinclude", ShortInclude, override=True)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
