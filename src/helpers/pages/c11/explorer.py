"""The memory explorer: two networks, batch, patch and resolution; how many bytes, and where the two cross."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.pages.c11.memory import Network, crossing
from helpers.plots.style import FAMILY_COLOURS, INK, RC
from helpers.widgets.base import Explorer

SIZES, PATCHES, LARGEST = (224, 288, 384), (16, 32), 256
FIRST: dict[str, Any] = {"one": "ViT-B", "other": "MobileNetV2", "image_size": 224, "patch": 32, "batch": 8}


def bytes_text(count: float) -> str:
    """Bytes as MiB, from 1,024 of them on as GiB."""
    mib = count / 2**20
    return f"{mib:.0f} MiB" if mib < 1024 else f"{mib / 1024:.1f} GiB"


def told(one: Network, other: Network, batch: int, image_size: int, patch: int) -> str:
    """What the explorer says, in a sentence."""
    parts = []
    for network in (one, other):
        kept, fixed = network.per_image(image_size, patch), network.fixed(image_size, patch)
        parts.append(
            f"{network.name}: {bytes_text(network.total(batch, image_size, patch))}, of which {bytes_text(fixed)} stay "
            f"whatever the batch, {bytes_text(kept)} an image"
        )
    where = crossing(one, other, image_size, patch)
    if one is other or where is None:
        end = "They do not cross"
    else:
        end = f"They cross at a batch of {where:.0f}" if where <= LARGEST else "They cross beyond this axis"
    return f"Batch {batch}. {parts[0]}. {parts[1]}. {end}."


class MemoryExplorer(Explorer):
    """Choose two networks and turn batch, patch and resolution: memory of a training step, in 32-bit floats."""

    script = "explorer.js"

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = {network.name: network for network in networks}
        rows: list[dict[str, Any]] = [
            {"name": n.name, "shape": None if n.shape is None else list(n.shape), "parameters": n.parameters}
            | {"kept": n.bytes_at_224}
            for n in networks
        ]
        data = {"networks": rows, "sizes": list(SIZES), "patches": list(PATCHES), "largest": LARGEST} | FIRST
        super().__init__(
            data,
            alt="Memory of a training step against the batch, both on logarithmic axes, a line a network. "
            + self.first_words(),
        )

    def first_words(self) -> str:
        """What it says when it opens."""
        one, other = (self.networks[FIRST[key]] for key in ("one", "other"))
        return told(one, other, FIRST["batch"], FIRST["image_size"], FIRST["patch"])

    def still(self) -> Figure:
        """Both lines, direct labels."""
        batches = 2 ** np.arange(0, 8.01, 0.25)
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(4.6, 3.1))
            for key, colour in (("one", FAMILY_COLOURS["vit"]), ("other", FAMILY_COLOURS["cnn"])):
                network = self.networks[FIRST[key]]
                gib = [network.total(int(b), FIRST["image_size"], FIRST["patch"]) / 2**30 for b in batches]
                ax.plot(batches, gib, color=colour)
                ax.annotate(
                    network.name, (batches[-1], gib[-1]), xytext=(4, -3), textcoords="offset points", color=colour
                )
            ax.set(xscale="log", yscale="log", xlabel="images in a batch", ylabel="GiB", xlim=(1, 1400))
            ax.set_xticks([1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"])
            ax.minorticks_off()
            ax.tick_params(colors=INK)
        return figure
