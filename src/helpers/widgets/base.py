"""What every explorer shares: one script, one style, its data in one trait, and a still picture.

An explorer is an anywidget. In JupyterLab and Colab it runs beside a kernel; in the static book the page's loader runs
the same script on the state that was saved with the page. It takes arrays and labels, never a model.
"""

import base64
import inspect
import io
from pathlib import Path
from typing import Any

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.figure import Figure

FOLDER = Path(__file__).parent
MAX_BYTES = 60_000  # script, style and data of one explorer


class Explorer(anywidget.AnyWidget):
    """Base of the explorers: `script` names the file beside this one (and the .css of its name, if there is one),
    `data` is what it draws.

    Parameters
    ----------
    data
        JSON-able: numbers, texts, lists, dicts; arrays as made by `pack`. What has an order is a list: a notebook that
        is saved sorts the keys of a dict.
    alt
        What the still picture shows, for readers who cannot see it.
    traits
        First values of the explorer's own synced traits.

    Raises
    ------
    ValueError
        If script, style and data together weigh more than 60 kB.
    """

    script = ""  # file name, e.g. "softmax.js"; it defines `render({ model, el })` after the lines of common.js

    data = traitlets.Dict().tag(sync=True)
    _css = (FOLDER / "explorer.css").read_text(encoding="utf-8")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "script" in cls.__dict__:  # not in the class of one instance, where add_traits has put _esm as a trait
            own = Path(inspect.getfile(cls)).parent / cls.script  # beside the class, in this folder or a page's
            style = own.with_suffix(".css")
            styles = [FOLDER / "explorer.css", *([style] if style.exists() else [])]
            cls._esm = "\n".join(path.read_text(encoding="utf-8") for path in (FOLDER / "common.js", own))
            cls._css = "\n".join(path.read_text(encoding="utf-8") for path in styles)
        super().__init_subclass__(**kwargs)

    def __init__(self, data: dict[str, Any], alt: str, **traits: Any) -> None:
        self.alt = alt
        super().__init__(data=data, **traits)
        weight = self.weight()
        if weight > MAX_BYTES:
            raise ValueError(f"{type(self).__name__}: expected at most {MAX_BYTES} bytes in all, got {weight}")

    def weight(self) -> int:
        """Bytes that a page carries for this explorer."""
        import json

        return sum(len(text.encode()) for text in (self._esm, self._css, json.dumps(self.data)))

    def still(self) -> Figure:
        """The explorer's first view as a figure: for paper, and for readers without JavaScript."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        figure = self.still()
        picture = io.BytesIO()
        figure.savefig(picture, format="png", bbox_inches="tight")
        plt.close(figure)
        data, metadata = bundle
        data["image/png"] = base64.b64encode(picture.getvalue()).decode()
        return data, {**metadata, "alt": self.alt}


def pack(array: Any, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    """An array as bytes, 256 levels from low to high: {"shape", "low", "high", "bytes"}, for `unpack` of common.js.

    Raises
    ------
    ValueError
        If a value lies outside [low, high] or is not finite.
    """
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all() or (values.size and (values.min() < low - 1e-6 or values.max() > high + 1e-6)):
        raise ValueError(f"pack: expected finite values in [{low}, {high}], got {values.min()} to {values.max()}")
    levels = np.rint((values - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    return {
        "shape": list(values.shape),
        "low": low,
        "high": high,
        "bytes": base64.b64encode(levels.tobytes()).decode(),
    }


def pack_image(image: Any, side: int | None = None) -> dict[str, Any]:
    """A picture, uint8 (H, W, 3), as a data address for an <img>: {"src", "width", "height"}.

    Raises
    ------
    ValueError
        If it is not uint8 (H, W, 3).
    """
    from PIL import Image

    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"image: expected uint8 (H, W, 3), got {pixels.dtype} {pixels.shape}")
    picture = Image.fromarray(pixels)
    if side is not None:
        picture = picture.resize((side, side), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, format="WEBP", quality=88)
    source = "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
    return {"src": source, "width": picture.width, "height": picture.height}
