"""Fine print: a closed box in place, whose content may hold cells that run.

    ```{fine-print} How sure is the alignment?
    ```
    Text, figures and code cells …
    ```{fine-print-end}
    ```

A directive's own content cannot hold cells; so what stands between the two marks, in one section, is moved into a
dropdown of sphinx-design's.
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
BOX = "fine-print"


class FinePrint(DropdownDirective):
    """Opens the box; its title says what is inside."""

    required_arguments, optional_arguments, has_content = 1, 0, False

    def run_with_defaults(self) -> list[nodes.Node]:
        (box,) = super().run_with_defaults()
        assert isinstance(box, nodes.Element)
        box["classes"].append(BOX)
        box["container_classes"] = [*box["container_classes"], BOX]
        return [box]


class end_of_fine_print(nodes.Element):
    """Where the box ends; gone before anything is written."""


class FinePrintEnd(SphinxDirective):
    """Closes the box."""

    def run(self) -> list[nodes.Node]:
        node = end_of_fine_print()
        self.set_source_info(node)
        return [node]


class FillBoxes(SphinxTransform):
    """Move what stands between the two marks into the box."""

    default_priority = 5  # before anything looks for figures, formulas or exercises

    def apply(self, **kwargs: Any) -> None:
        ends = {id(end) for end in self.document.findall(end_of_fine_print)}
        for box in list(self.document.findall(lambda node: BOX in getattr(node, "attributes", {}).get("classes", ()))):
            parent, inside = box.parent, []
            for sibling in parent.children[parent.index(box) + 1 :]:
                inside.append(sibling)
                if id(sibling) in ends:
                    break
            else:
                LOGGER.warning("fine print %r has no {fine-print-end} in its section", box.astext(), location=box)
                continue
            for sibling in inside:
                parent.remove(sibling)
            ends.remove(id(inside[-1]))
            box.extend(inside[:-1])
        for end in list(self.document.findall(end_of_fine_print)):
            LOGGER.warning("{fine-print-end} without a {fine-print} before it in its section", location=end)
            end.parent.remove(end)


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
    app.add_directive(f"{BOX}-end", FinePrintEnd)
    app.add_transform(FillBoxes)
    app.add_post_transform(KeepTargets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
