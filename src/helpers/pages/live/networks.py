"""The three networks of the live page: how to build each, what its outputs are called, and its terms."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any

from torch import nn

from helpers.models.efficientnet import STAGES
from helpers.models.port import from_reference
from helpers.models.pretrained import build_model
from helpers.models.pretrained.cards import OURS, TERMS
from helpers.models.pretrained.package import LICENCE, PACKAGE, package_file
from helpers.pages.live.packing import Packed, pack

FOLDER = Path(__file__).parent
CLASSES = FOLDER / "tiny_imagenet.tsv"  # wnid and words of the 194 outputs of our networks, in their order
APACHE = FOLDER / "apache-2.0.txt"  # the package holds its notice alone
CONVERTED = "Converted by us for this page: batch norms folded, matrices cut to eight bits."


@dataclass(frozen=True)
class Network:
    """One network of the page.

    Attributes
    ----------
    title
        What the page calls it.
    family
        "cnn" or "vit".
    released
        Whether its weights are somebody else's release, which a published book leaves out unless asked.
    weights
        Which weights of `helpers.models.pretrained.build_model`.
    config
        What the forward pass in JavaScript needs to know.
    """

    title: str
    family: str
    released: bool
    weights: str
    config: dict[str, Any]

    @property
    def terms(self) -> str:
        """What is known of the licence of its weights."""
        return LICENCE if self.released else TERMS[self.weights]


NETWORKS = {
    "vit_mini": Network("ViT-mini", "vit", False, "photographs", {"patch": 8, "depth": 6, "heads": 4}),
    "xception_mini": Network("Xception-mini", "cnn", False, "photographs", {}),
    "efficientnet_lite0": Network(
        "EfficientNet-Lite0", "cnn", True, "package", {"stages": [[depth, s] for depth, _, s, _, _ in STAGES]}
    ),
}


def build(name: str) -> tuple[nn.Module, dict[str, Any]]:
    """The network in eval mode, as this course writes it, and {"size", "mean", "std"} of its pictures.

    Raises
    ------
    FileNotFoundError
        If the package of released weights is not installed.
    """
    network = NETWORKS[name]
    ready = build_model(name, len(class_names(name)), weights=network.weights, with_head=True)
    model = from_reference(ready.model)[0].float() if network.released else ready.model
    return model.eval(), {"size": ready.image_size, "mean": ready.mean[0], "std": ready.std[0]}


def packed(name: str) -> Packed:
    """The network as the page holds it."""
    network = NETWORKS[name]
    model, picture = build(name)
    return pack(
        model,
        name=name,
        title=network.title,
        family=network.family,
        config=network.config,
        classes=class_names(name),
        terms=network.terms,
        converted=CONVERTED,
        **picture,
    )


def class_names(name: str) -> list[str]:
    """A word or two for each output, in the order of the outputs: 1000, or the 194 of Tiny ImageNet without dogs."""
    if NETWORKS[name].released:
        from timm.data import ImageNetInfo

        known = ImageNetInfo()
        words = [known.index_to_description(index) for index in range(known.num_classes())]
    else:
        words = [line.split("\t")[1] for line in CLASSES.read_text(encoding="utf-8").splitlines()]
    return [word.split(",")[0] for word in words]


def source_file(name: str) -> Path:
    """The file that its weights come from.

    Raises
    ------
    FileNotFoundError
        If the package of released weights is not installed.
    """
    return package_file() if NETWORKS[name].released else OURS[NETWORKS[name].weights] / f"{name}.safetensors"


def licence_text(name: str) -> str:
    """The full text that goes beside the weights: the package's own licence file, or ours."""
    if NETWORKS[name].released:
        found = [entry for entry in files(PACKAGE) or [] if entry.name.startswith("LICENSE")]
        text = Path(str(found[0].locate())).read_text(encoding="utf-8") + "\n" + APACHE.read_text(encoding="utf-8")
    else:
        text = (source_file(name).parent / "LICENSE-weights").read_text(encoding="utf-8")
    return f"{NETWORKS[name].title}. {CONVERTED} {NETWORKS[name].terms}.\n\n{text}"


def fingerprint(name: str) -> str:
    """What an exported network depends on: its weights and the code that writes it."""
    digest = hashlib.sha256(source_file(name).read_bytes())
    for path in (FOLDER / "packing.py", FOLDER / "networks.py", FOLDER / "export.py", CLASSES, APACHE):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
