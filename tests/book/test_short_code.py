"""Shown code loses its docstrings and nothing else."""

import ast
import importlib.util
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).resolve().parents[2] / "_ext"
spec = importlib.util.spec_from_file_location("short_code", EXTENSIONS / "short_code.py")
short = importlib.util.module_from_spec(spec)
spec.loader.exec_module(short)

CODE = '''class Layer:
    """What it is.

    Parameters
    ----------
    x
    """

    def forward(self, x):
        """One line."""
        text = """no docstring"""
        return x + len(text)  # a comment
'''


def test_docstrings_go_and_code_comments_and_other_texts_stay():
    shown = short.without_docstrings(CODE)
    assert shown == (
        "class Layer:\n    def forward(self, x):\n"
        '        text = """no docstring"""\n        return x + len(text)  # a comment\n'
    )
    ast.parse(shown)


def test_an_indented_excerpt_keeps_its_indent():
    method = "\n".join(CODE.splitlines()[8:])
    assert short.without_docstrings(method).startswith("    def forward(self, x):\n        text")


@pytest.mark.parametrize("code", ["for x in y:", 'def f():\n    """Only this."""\n', "x = 1\n"])
def test_what_is_no_whole_code_or_has_nothing_else_stays_as_it_is(code):
    assert short.without_docstrings(code).rstrip() == code.rstrip()
