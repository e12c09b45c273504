"""The networks, lessons and maps of lab 12, and what was said of them before the first run."""

from dataclasses import dataclass

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


Term = tuple[int, str]  # sign, method


@dataclass(frozen=True)
class Statement:
    """A sentence that can be false, of one network: it holds where a signed sum of what maps tell lies above zero.

    Attributes
    ----------
    text
        The sentence.
    network
        Of which network.
    terms
        A sign and a map each; one asks whether the map tells the cue at all, two whether it tells more than another.
    expected
        "yes", "no", or empty where nothing was expected.
    """

    text: str
    network: str
    terms: tuple[Term, ...]
    expected: str = ""


# Written down, with what was expected, before the first map was drawn.
STATEMENTS: tuple[Statement, ...] = (
    Statement("CNN: the gradient tells the cue", CNN, ((1, "gradient"),), "yes"),
    Statement("CNN: Grad-CAM at the last layer tells the cue", CNN, ((1, "cam_last"),), "no"),
    Statement("CNN: Grad-CAM at a finer layer tells the cue", CNN, ((1, "cam_fine"),), "yes"),
    Statement("CNN: occlusion tells the cue", CNN, ((1, "occlusion"),), "yes"),
    Statement("ViT: the gradient tells the cue", VIT, ((1, "gradient"),), "yes"),
    Statement("ViT: Grad-CAM at the last block tells the cue", VIT, ((1, "cam_last"),), "no"),
    Statement("ViT: Grad-CAM at block 2 tells the cue", VIT, ((1, "cam_fine"),), "yes"),
    Statement("ViT: attention of the last block tells the cue", VIT, ((1, "attention"),), "no"),
    Statement("ViT: rollout tells the cue", VIT, ((1, "rollout"),), "no"),
    Statement("ViT: occlusion tells the cue", VIT, ((1, "occlusion"),), "yes"),
    Statement("CNN: Grad-CAM tells more at the finer layer", CNN, ((1, "cam_fine"), (-1, "cam_last")), "yes"),
    Statement("ViT: Grad-CAM tells more at block 2", VIT, ((1, "cam_fine"), (-1, "cam_last")), "yes"),
    Statement("ViT: the gradient tells more than attention", VIT, ((1, "gradient"), (-1, "attention")), "yes"),
    Statement("ViT: occlusion tells more than attention", VIT, ((1, "occlusion"), (-1, "attention")), "yes"),
)
