"""What the chapter quotes of its study, `16_maps`: gains, layers, correlations, who is told apart, what swaps do."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from helpers.measure.intervals import Estimate
from helpers.pages.c16 import maps
from helpers.pages.c16.readers import CUES, NETWORKS
from helpers.pages.c16.ruler import mean_over_pictures, share_told_apart, told_apart
from helpers.records import read_record

STUDY = "16_maps"
WORTH = "worth of the cue"
KINDS = ("deletion", "insertion")
Row = dict[str, Any]


@cache
def rows() -> list[Row]:
    """All rows of the study: `python -m helpers.pages.c16.study`."""
    found: list[Row] = read_record(STUDY, "cpu").model_dump()["runs"]
    return found


def some(part: str, **known: Any) -> list[Row]:
    """The rows of a part that have these values.

    Raises
    ------
    ValueError
        Without one.
    """
    found = [row for row in rows() if row["part"] == part and all(row[key] == value for key, value in known.items())]
    if not found:
        raise ValueError(f"{STUDY}: no row of {part!r} with {known}")
    return found


def one(part: str, **known: Any) -> Row:
    """The only row of a part that has these values.

    Raises
    ------
    ValueError
        Without one, or with several.
    """
    found = some(part, **known)
    if len(found) != 1:
        raise ValueError(f"{STUDY}: expected one row of {part!r} with {known}, got {len(found)}")
    return found[0]


def gains(network: str, method: str, kind: str = "deletion") -> np.ndarray:
    """What a map saves over chance, for each picture the mean of both readers, (n,); photographs for Lite0."""
    if network == "efficientnet_lite0":
        return np.array(one("photographs", network=network, method=method)[kind])
    return np.mean([one("ruler", network=network, reader=cue, method=method)[kind] for cue in CUES], axis=0)


def gain(network: str, method: str, kind: str = "deletion") -> Estimate:
    """The same with its interval over pictures."""
    return mean_over_pictures(gains(network, method, kind))


def layer_gains(network: str, half: slice = slice(None)) -> dict[str, Estimate]:
    """Gain by deletion of Grad-CAM at each layer of a network, on all pictures or a part."""
    return {
        layer: mean_over_pictures(gains(network, maps.grad_cam_name(layer))[half]) for layer in maps.LAYERS[network]
    }


def chosen_layer(network: str) -> str:
    """The layer whose Grad-CAM gains most by deletion on the first half of the pictures; the other half judges it."""
    half = len(gains(network, maps.GRADIENT)) // 2
    found = layer_gains(network, slice(None, half))
    return max(found, key=lambda layer: found[layer].value)


def judged(network: str, method: str, against: str) -> Estimate:
    """Gain of a map minus gain of another, by deletion, on the half of the pictures that chose no layer."""
    half = len(gains(network, method)) // 2
    return mean_over_pictures((gains(network, method) - gains(network, against))[half:])


def finds(network: str, method: str) -> Estimate:
    """Rank correlation of a map with the worth of the cue in each cell, mean of both readers."""
    return mean_over_pictures(
        np.mean([one("ruler", network=network, reader=cue, method=method)["finds"][cue] for cue in CUES], axis=0)
    )


def apart(network: str, method: str) -> Estimate:
    """How often the two maps of a picture say whose they are; one half is guessing."""
    found = {cue: one("ruler", network=network, reader=cue, method=method)["finds"] for cue in CUES}
    own = [np.array(found[cue][cue]) for cue in CUES]
    crossed = [np.array(found[cue][other]) for cue, other in (CUES, CUES[::-1])]
    return share_told_apart(told_apart(own, crossed))


def alike(network: str, method: str, where: str) -> float:
    """How alike a map stays when the weights of the head (`first`) or of the whole network (`all`) are shuffled."""
    return float(one("control", network=network, method=method)[where])


def report(network: str, methods: Sequence[str]) -> list[Row]:
    """The report card: a row a map, both rulers, who is told apart, and what shuffled weights leave of it."""
    found = []
    for method in methods:
        row: Row = {"map": plain(method)}
        row |= {kind: f"{gain(network, method, kind).value:+.2f}".replace("-", "\N{MINUS SIGN}") for kind in KINDS}
        row["pairs told apart %"] = f"{100 * apart(network, method).value:.0f}"
        for name, where in (("alike, head shuffled", "first"), ("all shuffled", "all")):
            row[name] = f"{alike(network, method, where):+.2f}".replace("-", "\N{MINUS SIGN}")
        found.append(row)
    return found


def cues(network: str, reader: str) -> Row:
    """How often a reader is right, and how often another coat or another build changes its answer."""
    return one("cues", network=network, reader=reader)


def same(reader: str, swap: str) -> float:
    """Share of answers that stay with other weights in the ViT."""
    return float(one("swaps", reader=reader, swap=swap)["same"])


def divergence(reader: str, swap: str) -> Estimate:
    """How far the other weights are from the real ones, mean over pictures."""
    return mean_over_pictures(one("swaps", reader=reader, swap=swap)["divergence"])


def guided(reader: str, weights: str) -> Estimate:
    """Share of dogs that a reader without attention names rightly with these weights."""
    return mean_over_pictures(one("guide", reader=reader, weights=weights)["right"])


def guided_difference(reader: str, weights: str, against: str = "equal") -> Estimate:
    """The same minus the share with other weights, picture by picture."""
    pair = [np.array(one("guide", reader=reader, weights=name)["right"]) for name in (weights, against)]
    return mean_over_pictures(pair[0] - pair[1])


def parts(network: str, reader: str, method: str, picture: int = 0) -> tuple[list[list[float]], list[float]]:
    """Map and deletion curve of one of the shown dogs."""
    found = one("ruler", network=network, reader=reader, method=method)["shown"][picture]
    return found["map"], found["curve"]


def names() -> list[tuple[str, str]]:
    """All pairs of network and reader of the study."""
    return [(network, cue) for network in NETWORKS for cue in CUES]


def plain(method: str) -> str:
    """A map's name for readers: `Grad-CAM, blocks.1.norm1` is `Grad-CAM, block 2`; others stay."""
    found = re.fullmatch(r"Grad-CAM, blocks\.(\d)\.norm1", method)
    return f"Grad-CAM, block {int(found[1]) + 1}" if found else method
