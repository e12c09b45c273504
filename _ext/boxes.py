"""Boxes whose content may hold cells that run: fine print, closed in place, and the steps of a picture.

    ```{fine-print} How sure is the alignment?
    ```
    Text, figures and code cells …
    ```{fine-print-end}
    ```

    ```{stepper}
    ```
    A cell that draws the first step, its text, the next cell …
    ```{stepper-end}
    ```

A directive's own content cannot hold cells; so what stands between the two marks, in one section, is moved into the
box: fine print is a dropdown of sphinx-design's, steps are shown one at a time by `static/course.js`.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_design.dropdown import DropdownDirective, DropdownHtmlTransform
from sphinx_design.shared import is_component

LOGGER = logging.getLogger(__name__)
BOX, STEPS = "fine-print", "stepper"


class FinePrint(DropdownDirective):
    """Opens the box; its title says what is inside."""

    required_arguments, optional_arguments, has_content = 1, 0, False

    def run_with_defaults(self) -> list[nodes.Node]:
        (box,) = super().run_with_defaults()
        assert isinstance(box, nodes.Element)
        box["classes"].append(BOX)
        box["container_classes"] = [*box["container_classes"], BOX]
        return [box]


class Steps(SphinxDirective):
    """Opens a box of steps, each a cell with what follows it."""

    def run(self) -> list[nodes.Node]:
        box = nodes.container(classes=[STEPS])
        self.set_source_info(box)
        return [box]


class end_of_box(nodes.Element):
    """Where a box ends; gone before anything is written."""


class End(SphinxDirective):
    """Closes the box that its name tells."""

    def run(self) -> list[nodes.Node]:
        node = end_of_box(box=self.name.removesuffix("-end"))
        self.set_source_info(node)
        return [node]


class FillBoxes(SphinxTransform):
    """Move what stands between the two marks into the box."""

    default_priority = 5  # before anything looks for figures, formulas or exercises

    def apply(self, **kwargs: Any) -> None:
        boxes = {kind: [] for kind in (STEPS, BOX)}  # in this order: steps may stand in fine print
        for node in self.document.findall(nodes.Element):
            for kind in boxes.keys() & set(node.get("classes", ())):
                boxes[kind].append(node)
        for kind, found in boxes.items():
            for box in found:
                self.fill(box, kind)
        for end in list(self.document.findall(end_of_box)):
            LOGGER.warning("{%s-end} without a {%s} before it in its section", end["box"], end["box"], location=end)
            end.parent.remove(end)

    def fill(self, box: nodes.Element, kind: str) -> None:
        """Move into `box` what stands between it and its end."""
        parent, inside = box.parent, []
        for sibling in parent.children[parent.index(box) + 1 :]:
            inside.append(sibling)
            if isinstance(sibling, end_of_box) and sibling["box"] == kind:
                break
        else:
            LOGGER.warning("{%s} %r has no {%s-end} in its section", kind, box.astext(), kind, location=box)
            return
        for sibling in inside:
            parent.remove(sibling)
        box.extend(inside[:-1])


class KeepTargets(SphinxPostTransform):
    """A link to a box leads to it: sphinx-design looks for targets at its title alone."""

    default_priority = DropdownHtmlTransform.default_priority - 1
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for box in self.document.findall(lambda node: is_component(node, "dropdown")):
            if box["has_title"]:
                box[0]["ids"] = [*box["ids"], *box[0]["ids"]]
                box["ids"] = []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive(BOX, FinePrint)
    app.add_directive(STEPS, Steps)
    for kind in (BOX, STEPS):
        app.add_directive(f"{kind}-end", End)
    app.add_transform(FillBoxes)
    app.add_post_transform(KeepTargets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
