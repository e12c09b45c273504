"""Controls for a reader at the notebook: a figure that follows a picture, a backbone, a layer and a threshold.

The figure stands in the cell as any other; the controls replace it in place. So a notebook that is run without a
reader shows one state, and the book's page, which has no kernel, shows the still picture alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

Draw = Callable[..., Figure]  # (picture, backbone, layer, threshold) -> a figure


class Controls:
    """Four controls and the figure that follows them.

    Parameters
    ----------
    draw
        `draw(picture=0, backbone="name", layer="name", threshold=0.5)` makes the figure.
    pictures
        What the pictures are called.
    layers
        Backbone -> its layers, the last of which is shown first.
    threshold
        Where it stands first, between 0 and 1.

    Attributes
    ----------
    picture
        The ipywidget that chooses one of the pictures.
    backbone
        That of the backbones.
    layer
        That of the backbone's layers.
    threshold
        The slider.
    """

    def __init__(
        self, draw: Draw, pictures: Sequence[str], layers: Mapping[str, Sequence[str]], threshold: float = 0.5
    ) -> None:
        self._draw, self._layers, self._handle = draw, layers, None
        first = next(iter(layers))
        wide = {"layout": ipywidgets.Layout(width="28em"), "style": {"description_width": "6em"}}
        choices = [(f"{number + 1}: {name}", number) for number, name in enumerate(pictures)]
        self.picture = ipywidgets.Dropdown(options=choices, description="picture", **wide)
        self.backbone = ipywidgets.Dropdown(options=list(layers), description="backbone", **wide)
        self.layer = ipywidgets.Dropdown(
            options=list(layers[first]), value=layers[first][-1], description="layer", **wide
        )
        self.threshold = ipywidgets.FloatSlider(
            value=threshold, min=0, max=1, step=0.05, description="threshold", continuous_update=False, **wide
        )
        self.box = ipywidgets.VBox([self.picture, self.backbone, self.layer, self.threshold])
        self.backbone.observe(self._change_backbone, "value")
        for control in (self.picture, self.layer, self.threshold):
            control.observe(self._redraw, "value")

    def show(self) -> None:
        """Display the controls and under them the figure of their first state."""
        display(self.box)
        figure = self._figure()
        self._handle = display(figure, display_id=True)
        plt.close(figure)

    def _figure(self) -> Figure:
        return self._draw(
            picture=self.picture.value,
            backbone=self.backbone.value,
            layer=self.layer.value,
            threshold=self.threshold.value,
        )

    def _change_backbone(self, change: Any) -> None:
        """Another backbone has other layers: offer them, then draw once."""
        self.layer.unobserve(self._redraw, "value")
        layers = list(self._layers[self.backbone.value])
        self.layer.options, self.layer.value = layers, layers[-1]
        self.layer.observe(self._redraw, "value")
        self._redraw(change)

    def _redraw(self, change: Any) -> None:
        if self._handle is not None:
            figure = self._figure()
            self._handle.update(figure)
            plt.close(figure)
