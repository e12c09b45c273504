"""What the chapter quotes of its studies, `16_maps` and `16_controls`: gains, who is told apart, what swaps do."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from helpers.measure.intervals import Estimate
from helpers.pages.c16 import controls, maps, rivals
from helpers.pages.c16.readers import CUES, NETWORKS
from helpers.pages.c16.ruler import mean_over_pictures, share_told_apart, told_apart
from helpers.plots.tables import whole_percent
from helpers.records import read_record

STUDY = "16_maps"
WORTH = "worth of the cue"
KINDS = ("deletion", "insertion")
OF_CONTROLS = (controls.PLACE, controls.ELSEWHERE, rivals.PAIR)  # maps that only the second study deletes by
SHORT = {"vit_mini": "ViT", "xception_mini": "CNN"}
Row = dict[str, Any]


@cache
def rows(study: str = STUDY) -> list[Row]:
    """All rows of a study: `python -m helpers.pages.c16.study`, or `controls`."""
    found: list[Row] = read_record(study, "cpu").model_dump()["runs"]
    return found


def some(part: str, study: str = STUDY, **known: Any) -> list[Row]:
    """The rows of a part that have these values.

    Raises
    ------
    ValueError
        Without one.
    """
    found = [r for r in rows(study) if r["part"] == part and all(r[key] == value for key, value in known.items())]
    if not found:
        raise ValueError(f"{study}: no row of {part!r} with {known}")
    return found


def one(part: str, study: str = STUDY, **known: Any) -> Row:
    """The only row of a part that has these values.

    Raises
    ------
    ValueError
        Without one, or with several.
    """
    found = some(part, study, **known)
    if len(found) != 1:
        raise ValueError(f"{study}: expected one row of {part!r} with {known}, got {len(found)}")
    return found[0]


def gains(network: str, method: str, kind: str = "deletion") -> np.ndarray:
    """What a map saves over chance, for each picture the mean of both readers, (n,); photographs for Lite0."""
    if network == "efficientnet_lite0":
        return np.array(one("photographs", network=network, method=method)[kind])
    if method in OF_CONTROLS and kind == "deletion":
        both = [one("deletion", controls.STUDY, network=network, reader=cue, method=method)["gain"] for cue in CUES]
        return np.mean(both, axis=0)
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


def judges(network: str) -> slice:
    """The half of the pictures that chose no layer."""
    return slice(len(gains(network, maps.GRADIENT)) // 2, None)


def judged(network: str, method: str, against: str | None = None, kind: str = "deletion") -> Estimate:
    """Gain of a map, or the same minus the gain of another, on the pictures that chose no layer."""
    own = gains(network, method, kind)
    return mean_over_pictures((own if against is None else own - gains(network, against, kind))[judges(network)])


def ahead(network: str, method: str, of: str) -> Estimate:
    """Gain of a map by deletion minus the gain of another, on all pictures: where no layer was chosen."""
    return mean_over_pictures(gains(network, method) - gains(network, of))


def handed(network: str, method: str, whose: str, against: str | None = None) -> Estimate:
    """Gain on the judges, deleted on a network, of a map made for another (`whose`); or, `against` a map of the
    network's own, what this one gains more."""
    both = [
        one("handed over", controls.STUDY, network=network, reader=cue, method=method, **{"map of": whose})["gain"]
        for cue in CUES
    ]
    foreign = np.mean(both, axis=0)
    return mean_over_pictures((foreign if against is None else gains(network, against) - foreign)[judges(network)])


def handed_table(chosen: dict[str, str]) -> list[Row]:
    """Gains of Grad-CAM at the chosen layers on their own network, for the other cue, and on the other network; beside
    them the maps that ask no network."""
    found: list[Row] = []
    for network, layer in chosen.items():
        method, (other,) = maps.grad_cam_name(layer), [name for name in chosen if name != network]
        on = {network: judged(network, method), other: handed(other, method, rivals.OTHER_NETWORK)}
        found.append({"map": f"{SHORT[network]}'s {plain(method)}"} | _on_both(on))
        found.append(
            {"map": "the same, for the other cue"} | _on_both({network: handed(network, method, rivals.OTHER_READER)})
        )
    for method in (maps.BLOB, controls.PLACE, rivals.PAIR):
        found.append({"map": method} | _on_both({network: judged(network, method) for network in chosen}))
    return found


def _on_both(on: dict[str, Estimate]) -> Row:
    return {f"on the {SHORT[name]}": with_sign(on[name].value) if name in on else None for name in NETWORKS}


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


def held(network: str, method: str, against: str = controls.OWN) -> Estimate:
    """Pairs told apart when a map is held against the truths of its dog, of other dogs, or what is special to it."""
    found = np.array(one("pairs", controls.STUDY, network=network, method=method)[against])
    return mean_over_pictures(found) if against == controls.OTHERS else share_told_apart(found)


def held_difference(network: str, method: str, against: str, of: str | None = None) -> Estimate:
    """Pairs told apart by the truth of its own dog, minus by other truths; or, `of` another map, minus that map's."""
    own = np.array(one("pairs", controls.STUDY, network=network, method=method)[controls.OWN])
    rival = one("pairs", controls.STUDY, network=network, method=method if of is None else of)[against]
    return mean_over_pictures(own - np.array(rival))


def pairs_table(network: str, methods: Sequence[str]) -> list[Row]:
    """How often the pairs of each map are told apart, by which truths, in %; intervals where no dogs are shared."""
    found = []
    for method in methods:
        row: Row = {"map": plain(method), controls.OWN: f"{100 * held(network, method).value:.0f}"}
        if method == controls.TEMPLATE:
            row |= {controls.OTHERS: None, "what is special": None}
        else:
            row[controls.OTHERS] = f"{100 * held(network, method, controls.OTHERS).value:.0f}"
            row["what is special"] = whole_percent(held(network, method, controls.SPECIAL))
        found.append(row)
    return found


def alike(network: str, method: str, where: str) -> float:
    """How alike a map stays when the weights of the head (`first`) or of the whole network (`all`) are shuffled."""
    return float(one("control", network=network, method=method)[where])


def with_sign(value: float, digits: int = 2) -> str:
    """A number with its true sign; nothing is `-0.00`."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def two_digits(value: float) -> str:
    """A number with a sign only if it is below zero."""
    return with_sign(value).removeprefix("+")


def signed(estimate: Estimate, digits: int = 2) -> str:
    """Value and interval, all with their signs: `+0.04 [+0.01, +0.08]`."""
    if estimate.low is None or estimate.high is None:
        return with_sign(estimate.value, digits)
    ends = ", ".join(with_sign(end, digits) for end in (estimate.low, estimate.high))
    return f"{with_sign(estimate.value, digits)} [{ends}]"


def report(network: str, methods: Sequence[str], kinds: Sequence[str] = KINDS) -> list[Row]:
    """The report card: a row a map, its gains on the judges, and what shuffled weights leave of it."""
    found = []
    for method in methods:
        row: Row = {"map": plain(method)}
        heads = {"gain": kinds[0]} if len(kinds) == 1 else {f"gain, {kind}": kind for kind in kinds}
        row |= {head: with_sign(judged(network, method, kind=kind).value) for head, kind in heads.items()}
        for name, where in (("alike: head shuffled", "first"), ("all shuffled", "all")):
            row[name] = with_sign(alike(network, method, where))
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


def without_look(reader: str, instead: str) -> float:
    """Share of answers that stay when the class token's last look is taken away."""
    return float(np.mean(one("removed", controls.STUDY, reader=reader, instead=instead)["stay"]))


def guided(reader: str, weights: str) -> Estimate:
    """Share of dogs that a reader without attention names rightly with these weights."""
    return mean_over_pictures(reads(reader, weights))


def reads(reader: str, weights: str) -> np.ndarray:
    """Which dogs a reader without attention names rightly, 0 or 1, (n,); weights of either study."""
    known = {row["weights"] for row in some("guide")}
    return np.array(
        one("guide", STUDY if weights in known else controls.STUDY, reader=reader, weights=weights)["right"]
    )


def guided_difference(reader: str, weights: str, against: str = "equal") -> Estimate:
    """The same minus the share with other weights, picture by picture."""
    return mean_over_pictures(reads(reader, weights) - reads(reader, against))


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
