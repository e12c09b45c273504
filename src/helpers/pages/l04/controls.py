"""A box in which a reader types a French sentence, and the figure that follows it."""

from collections.abc import Callable
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import Markdown, display
from matplotlib.figure import Figure

Draw = Callable[[str], tuple[str, Figure | None]]  # a sentence -> what is said of it in Markdown, and a map


class SentenceBox:
    """A line of text, what the translators make of it, and a map.

    The answer stands in the cell as any other output; the box replaces it in place. So a notebook that is run without a
    reader shows the first sentence, and so does the book's page, which has no kernel.

    Parameters
    ----------
    draw
        Makes the answer.
    first
        The sentence that is there at first.

    Attributes
    ----------
    text
        The ipywidget of the line; a new sentence counts when Enter is pressed or the line is left.
    """

    def __init__(self, draw: Draw, first: str) -> None:
        self._draw = draw
        self._handles: tuple[Any, ...] = ()
        self.text = ipywidgets.Text(
            value=first,
            description="French",
            continuous_update=False,
            layout=ipywidgets.Layout(width="95%"),
        )
        self.text.observe(self._changed, "value")

    def show(self) -> None:
        """Display the line, the answers and the map of the first sentence."""
        display(self.text)
        said, figure = self._answer()
        self._handles = (display(said, display_id=True), display(figure, display_id=True))
        plt.close("all")

    def _answer(self) -> tuple[Any, Any]:
        said, figure = self._draw(self.text.value)
        return Markdown(said), Markdown("") if figure is None else figure

    def _changed(self, change: Any) -> None:
        if self._handles:
            for handle, new in zip(self._handles, self._answer(), strict=True):
                handle.update(new)
            plt.close("all")
