"""The networks, lessons and maps of lab 12, and what was said of them before the first run."""

from dataclasses import dataclass

from helpers.measure.findings import Statement

COAT, BUILD, BOTH = "coat", "build", "both"
LESSONS = (COAT, BUILD, BOTH)  # what had to be learned: the one cue, the other, or either of two that always agree
NETWORKS = ("xception_mini", "vit_mini")
SHORT = {"xception_mini": "CNN", "vit_mini": "ViT"}
CNN, VIT = NETWORKS


@dataclass(frozen=True)
class Method:
    """One way to make a map.

    Attributes
    ----------
    label
        What figures and tables call it.
    networks
        Of which networks it can be made.
    asks
        Whether it asks the network at all; one that does not cannot tell the cue, by construction.
    layer
        Network -> the layer of a Grad-CAM.
    """

    label: str
    networks: tuple[str, ...] = NETWORKS
    asks: bool = True
    layer: tuple[tuple[str, str], ...] = ()


METHODS: dict[str, Method] = {
    "gradient": Method("gradient at the pixels"),
    "cam_last": Method("Grad-CAM at the last layer", layer=((CNN, "exit"), (VIT, "blocks.5.norm1"))),
    "cam_fine": Method("Grad-CAM at a finer layer", layer=((CNN, "entry.7"), (VIT, "blocks.1.norm1"))),
    "attention": Method("attention of the last block", networks=(VIT,)),
    "rollout": Method("attention rollout", networks=(VIT,)),
    "occlusion": Method("occlusion cell by cell"),
    "blob": Method("a blob in the middle", asks=False),
    "contrast": Method("the picture's edges", asks=False),
}
ASKING = tuple(name for name, method in METHODS.items() if method.asks)


def methods_of(network: str) -> list[str]:
    """The maps that can be made of a network, in their order."""
    return [name for name, method in METHODS.items() if network in method.networks]


Term = tuple[int, str, str]  # sign, network, map
MISPLACED = "not judged: its places failed the check"  # said of every map of such a network
OUTLINE = (2.0, 3.0)  # pixels on either side of the outline that are the build's; the first width is drawn


def _told(text: str, network: str, more: str, less: str = "", yes: bool = True) -> Statement:
    """A sentence that can be false, of one network: whether a map tells the cue at all, or more than another."""
    terms: tuple[Term, ...] = ((1, network, more), (-1, network, less)) if less else ((1, network, more),)
    return Statement(f"{SHORT[network]}: {text}", "yes" if yes else "no", yes, terms)


# Written down, with what was expected, before the first map was drawn.
STATEMENTS: tuple[Statement, ...] = (
    _told("the gradient tells the cue", CNN, "gradient"),
    _told("Grad-CAM at the last layer tells the cue", CNN, "cam_last", yes=False),
    _told("Grad-CAM at a finer layer tells the cue", CNN, "cam_fine"),
    _told("occlusion tells the cue", CNN, "occlusion"),
    _told("the gradient tells the cue", VIT, "gradient"),
    _told("Grad-CAM at the last block tells the cue", VIT, "cam_last", yes=False),
    _told("Grad-CAM at block 2 tells the cue", VIT, "cam_fine"),
    _told("attention of the last block tells the cue", VIT, "attention", yes=False),
    _told("rollout tells the cue", VIT, "rollout", yes=False),
    _told("occlusion tells the cue", VIT, "occlusion"),
    _told("Grad-CAM tells more at the finer layer", CNN, "cam_fine", "cam_last"),
    _told("Grad-CAM tells more at block 2", VIT, "cam_fine", "cam_last"),
    _told("the gradient tells more than attention", VIT, "gradient", "attention"),
    _told("occlusion tells more than attention", VIT, "occlusion", "attention"),
)
