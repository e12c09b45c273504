"""Pictures for readers without JavaScript: an explorer's output holds a widget and a picture of its first view; the
page shows the widget, and the picture inside <noscript>."""

from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import SelectMimeType
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

WIDGET, PICTURE = "application/vnd.jupyter.widget-view+json", "image/png"


class KeepStill(SphinxPostTransform):
    """Put the picture of a widget's output beside the widget, before one of the two is chosen."""

    default_priority = SelectMimeType.default_priority - 1
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            by_type = {part["mime_type"]: part for part in bundle.children}
            if {WIDGET, PICTURE} <= set(by_type):
                opening, closing = (nodes.raw("", tag, format="html") for tag in ("<noscript>", "</noscript>"))
                by_type[WIDGET].extend([opening, *by_type[PICTURE].children, closing])


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(KeepStill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
