"""Controls for a reader at the notebook: a figure that follows a network, a map, a layer, a head and a threshold.

The figure stands in the cell as any other; the controls replace it in place. So the book's page, which has no kernel,
shows one still state. Without ipywidgets there is the still figure alone, and a line says so.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

Draw = Callable[..., Figure]  # (model, method, layer, head, share) -> a figure
MISSING = "ipywidgets is not installed: the figure stands still. `pip install ipywidgets`, restart, and it follows you."


class Controls:
    """Five controls and the figure that follows them.

    Parameters
    ----------
    draw
        `draw(model="name", method="name", layer="name", head=None, share=0.2)` makes the figure.
    names
        Model -> what the list calls it.
    layers, methods
        Model -> its layers, the last of which is shown first; and its maps, the first of which is.
    heads
        How many heads there are to choose from; None, the first choice, is their mean.
    share
        Of the pixels deleted first.

    Attributes
    ----------
    box
        The ipywidgets `model`, `method`, `layer`, `head` and `share`, which are attributes too; None where that package
        is missing.
    """

    def __init__(
        self,
        draw: Draw,
        names: Mapping[str, str],
        layers: Mapping[str, Sequence[str]],
        methods: Mapping[str, Sequence[str]],
        heads: int,
        share: float = 0.2,
    ) -> None:
        self._draw, self._layers, self._methods, self._handle = draw, layers, methods, None
        self.box = None
        first = next(iter(names))
        self._still = {
            "model": first,
            "method": methods[first][0],
            "layer": layers[first][-1],
            "head": None,
            "share": share,
        }
        if find_spec("ipywidgets") is None:
            return
        import ipywidgets

        wide = {"layout": ipywidgets.Layout(width="28em"), "style": {"description_width": "6em"}}
        self.model = ipywidgets.Dropdown(
            options=[(text, name) for name, text in names.items()], description="network", **wide
        )
        self.method = ipywidgets.Dropdown(options=list(methods[first]), description="map", **wide)
        self.layer = ipywidgets.Dropdown(
            options=list(layers[first]), value=layers[first][-1], description="layer", **wide
        )
        which = [("mean of the heads", None), *((f"head {k + 1}", k) for k in range(heads))]
        self.head = ipywidgets.Dropdown(options=which, value=None, description="head", **wide)
        self.share = ipywidgets.FloatSlider(
            value=share, min=0, max=1, step=0.05, description="deleted", continuous_update=False, **wide
        )
        self.box = ipywidgets.VBox([self.model, self.method, self.layer, self.head, self.share])
        self.model.observe(self._change_model, "value")
        for control in (self.method, self.layer, self.head, self.share):
            control.observe(self._redraw, "value")

    @property
    def state(self) -> dict[str, Any]:
        """What is chosen now, as `draw` takes it."""
        return {name: getattr(self, name).value for name in self._still} if self.box is not None else dict(self._still)

    def show(self) -> None:
        """Display the controls and under them the figure of their first state."""
        if self.box is None:
            print(MISSING)
        else:
            display(self.box)
        figure = self._draw(**self.state)
        self._handle = display(figure, display_id=True)
        plt.close(figure)

    def _change_model(self, change: Any) -> None:
        """Another network has other layers and maps: offer them, then draw once."""
        for control, offered, last in ((self.layer, self._layers, -1), (self.method, self._methods, 0)):
            control.unobserve(self._redraw, "value")
            own = list(offered[self.model.value])
            control.options, control.value = own, own[last]
            control.observe(self._redraw, "value")
        self._redraw(change)

    def _redraw(self, change: Any) -> None:
        if self._handle is not None:
            figure = self._draw(**self.state)
            self._handle.update(figure)
            plt.close(figure)
