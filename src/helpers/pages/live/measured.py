"""What eight bits change, and what is known of the three networks: the table of the live page."""

import copy
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from helpers.data.samples import sample_photographs
from helpers.pages.live.networks import NETWORKS, build, packed, source_file
from helpers.pages.live.packing import put_into


@dataclass(frozen=True)
class EightBits:
    """The page's weights against the weights they come from, on the same photographs.

    Attributes
    ----------
    photographs
        How many.
    same_first
        On how many of them the likeliest class is the same.
    largest
        The largest difference of a logit.
    megabytes
        Of text that the page loads.
    """

    photographs: int
    same_first: int
    largest: float
    megabytes: float


def eight_bits(name: str) -> EightBits:
    """Compare on the sample photographs.

    Raises
    ------
    FileNotFoundError
        If the weights are not installed.
    """
    model, picture = build(name)
    network = packed(name)
    page = put_into(copy.deepcopy(model), network.tensors)
    images = np.stack(list(sample_photographs(picture["size"]).values()))  # (n, S, S, 3)
    inputs = (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - picture["mean"]) / picture["std"]
    with torch.no_grad():
        whole, cut = model(inputs), page(inputs)  # (n, K)
    return EightBits(
        len(images),
        int((whole.argmax(1) == cut.argmax(1)).sum()),
        float((whole - cut).abs().max()),
        sum(map(len, network.chunks())) / 1e6,
    )


def accuracy(name: str) -> dict[str, Any] | None:
    """Top-1 on the official validation photographs of Tiny ImageNet: {"value", "low", "high"}, n; None if not ours."""
    if NETWORKS[name].released:
        return None
    told = json.loads(source_file(name).with_suffix(".json").read_text(encoding="utf-8"))
    return {**told["epochs"][-1]["test_top1"], "n": told["data"]["n_test"]}


def table() -> list[dict[str, Any]]:
    """A row a network; one that is not installed says so."""
    rows = []
    for name, network in NETWORKS.items():
        row: dict[str, Any] = {"network": network.title}
        try:
            found = eight_bits(name)
        except FileNotFoundError:
            rows.append(row | {"loads": "not installed"})
            continue
        top = accuracy(name)
        row["loads"] = f"{found.megabytes:.1f} MB"
        row["right on photographs it never saw"] = "not measured here" if top is None else _percent(top)
        row["same first class in eight bits"] = f"{found.same_first} of {found.photographs}"
        row["largest change of a logit"] = f"{found.largest:.2f}"
        rows.append(row)
    return rows


def _percent(top: dict[str, Any]) -> str:
    return f"{100 * top['value']:.1f} % [{100 * top['low']:.1f}, {100 * top['high']:.1f}], n = {top['n']:,}"
