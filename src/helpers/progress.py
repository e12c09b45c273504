"""A progress bar for a terminal and for a notebook, executed by hand or by papermill.

In a notebook the bar is one line of text that is updated in place. Unlike a widget it needs no extension, and what an
executed notebook keeps of it is its last state, not an empty box. Where `make lab` runs the notebook, whoever waits
looks at a terminal: there the bar is drawn, under papermill's bar of cells.
"""

import functools
import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

from tqdm import tqdm

TERMINAL = "HELPERS_TERMINAL"  # set by `make lab`: the terminal that it was started in
shown = True  # False in a process that is one of several: one bar counts for all


def progress_bar(
    total: int, description: str, *, unit: str, initial: int = 0, show: bool = True, **options: Any
) -> tqdm:
    """A tqdm bar in the form that suits where it is shown.

    Parameters
    ----------
    total, initial
        How many units there are, and how many are done already.
    description
        Stands before the bar.
    unit
        What is counted.
    show
        False makes it silent.
    options
        Passed to tqdm.
    """
    kind, file = tqdm, sys.stderr
    if in_notebook():
        terminal = _terminal(os.environ.get(TERMINAL)) if show else None
        if terminal is None:
            kind, file = CellBar, io.StringIO()
        else:
            file, options = terminal, {"position": 1, "leave": False} | options
    return kind(
        total=total,
        desc=description,
        unit=unit,
        initial=initial,
        disable=not (show and shown),
        file=file,
        mininterval=0.5,
        **options,
    )


@functools.lru_cache
def _terminal(path: str | None) -> TextIO | None:
    """The terminal to write to; None without one, or where it has been closed since."""
    try:
        return open(path, "w", encoding="utf-8") if path else None  # for as long as the kernel lives
    except OSError:
        return None


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


class CellBar(tqdm):
    """A tqdm bar that shows its text through one display of the notebook."""

    @staticmethod
    def status_printer(file: Any) -> Callable[[str], None]:  # called once by tqdm when the bar is made
        from IPython.display import display

        handle = display({"text/plain": ""}, raw=True, display_id=True)
        return lambda text: handle.update({"text/plain": text.strip()}, raw=True)
